"""The image of the Docker sandbox: its name, its labels, and finding it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from repowright.executors.docker.client import Daemon
from repowright.executors.docker.failures import daemon_errors
from repowright.executors.images.toolchains import TOOLCHAINS, in_order
from repowright.executors.images.tools import PINS
from repowright.executors.sandbox import SandboxUnavailable

REPOSITORY = "repowright-python"
RECIPE = 1
"""Raised when the content of the image changes shape."""
BASE_IMAGE = "python:3.12-slim-bookworm"
BASE_DIGEST = "sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254"
"""The index of python:3.12.14-slim-bookworm, all platforms."""
IMAGE_VARIABLE = "REPOWRIGHT_IMAGE"
BASE_VARIABLE = "REPOWRIGHT_BASE_IMAGE"
"""Another base, such as a mirror's: ``repository@sha256:...`` of a Debian with Python 3.11 or later."""
ORIGIN_LABEL = "repowright.origin"
"""What an image was made from: a name with a digest, ``debian`` or ``host``."""
TOOLCHAINS_LABEL = "repowright.toolchains"
VERSION_LABEL = "repowright.toolchain"
"""Followed by a toolchain's name: its version."""
DEPENDENCIES_LABEL = "repowright.dependencies"
"""Of an image into which dependencies were installed: the key of their lock."""
LAYERS_LABEL = "repowright.layers"
"""Hash of how the toolchains were added: a layer of another recipe is not used."""
LAYERS_RECIPE = 1
"""Raised when the content of a toolchain's layer changes shape."""
BASE_LABEL = "repowright.base"
"""Id of the image that a layer was put on."""


def base_reference() -> str:
    """The image that a registry is asked for, pinned by digest."""
    return os.environ.get(BASE_VARIABLE) or f"{BASE_IMAGE}@{BASE_DIGEST}"


def image_name() -> str:
    """``repowright-python:<hash of the recipe>``."""
    recipe = json.dumps([RECIPE, base_reference(), PINS], sort_keys=True)
    return f"{REPOSITORY}:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def find_image(daemon: Daemon, toolchains: Iterable[str] = ()) -> str:
    """Return the image that ``REPOWRIGHT_IMAGE`` names, else the one that was built, with ``toolchains``.

    Raises
    ------
    SandboxUnavailable
        If the daemon does not have it; nothing is pulled or built.
    """
    named = os.environ.get(IMAGE_VARIABLE)
    image = named or image_name()
    if not daemon.has_image(image):
        hint = f"correct or unset {IMAGE_VARIABLE}" if named else "make it with: repowright sandbox build"
        raise SandboxUnavailable(f"Docker has no image {image}", hint)
    wanted = [each.name for each in in_order(toolchains)]
    if not wanted:
        return image
    layer = find_layer(daemon, image, wanted) or _layer_with(daemon, image, wanted)
    if layer is None:
        hint = f"make it with: repowright sandbox build {' '.join(f'--with {name}' for name in wanted)}"
        raise SandboxUnavailable(f"Docker has no image with the toolchains {', '.join(wanted)}", hint)
    return layer


def find_layer(daemon: Daemon, base: str, toolchains: Iterable[str]) -> str | None:
    """Return the newest image that holds exactly ``toolchains`` on top of the image ``base``, or None."""
    wanted = " ".join(each.name for each in in_order(toolchains))
    return next((layer.image for layer in layers_on(daemon, base) if layer.toolchains == wanted), None)


@dataclass(frozen=True)
class Layer:
    """An image made by adding toolchains to another."""

    image: str
    toolchains: str
    """Their names, in the order they were added."""
    created: int


def layers_on(daemon: Daemon, base: str) -> list[Layer]:
    """Return the images with toolchains on top of the image ``base``, newest first."""
    labels = [f"{BASE_LABEL}={image_id(daemon, base)}", TOOLCHAINS_LABEL]
    with daemon_errors("list images"):
        found = daemon.api.images(filters={"label": labels})
    dependencies = image_labels(daemon, base).get(DEPENDENCIES_LABEL)
    layers = [
        Layer(str(tag), str(each["Labels"][TOOLCHAINS_LABEL]), int(each["Created"]))
        for each in found
        if each["Labels"].get(DEPENDENCIES_LABEL) == dependencies and _is_current(each["Labels"])
        for tag in each.get("RepoTags") or []
    ]
    return sorted(layers, key=lambda layer: (-layer.created, layer.image))


def layers_recipe(toolchains: Iterable[str]) -> str:
    """Hash of the recipes of toolchains, in the order they are added."""
    facts = [LAYERS_RECIPE, [[name, TOOLCHAINS[name].packages] for name in toolchains]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def _is_current(labels: Mapping[str, str]) -> bool:
    names = labels[TOOLCHAINS_LABEL].split()
    return set(names) <= set(TOOLCHAINS) and labels.get(LAYERS_LABEL) == layers_recipe(names)


def _layer_with(daemon: Daemon, base: str, wanted: Iterable[str]) -> str | None:
    """The smallest image that holds more than was asked for."""
    having = [layer for layer in layers_on(daemon, base) if set(wanted) <= set(layer.toolchains.split())]
    return min(having, key=lambda layer: (len(layer.toolchains.split()), -layer.created)).image if having else None


def image_id(daemon: Daemon, image: str) -> str:
    """Return an image's own digest, that of its configuration."""
    with daemon_errors("inspect an image"):
        return str(daemon.api.inspect_image(image)["Id"])


def image_labels(daemon: Daemon, image: str) -> dict[str, str]:
    """Return an image's labels."""
    with daemon_errors("inspect an image"):
        return dict(daemon.api.inspect_image(image)["Config"].get("Labels") or {})
