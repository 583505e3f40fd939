"""The image of the Docker sandbox: its name, and finding it."""

from __future__ import annotations

import hashlib
import json
import os

from repowright.executors.docker.client import Daemon
from repowright.executors.images.tools import PINS
from repowright.executors.sandbox import SandboxUnavailable

REPOSITORY = "repowright-python"
RECIPE = 1
"""Raised when the content of the image changes shape."""
BASE_IMAGE = "python:3.12-slim-bookworm"
BASE_PYTHON = (3, 12)
IMAGE_VARIABLE = "REPOWRIGHT_IMAGE"


def image_name() -> str:
    """``repowright-python:<hash of the recipe>``."""
    recipe = json.dumps([RECIPE, BASE_IMAGE, PINS], sort_keys=True)
    return f"{REPOSITORY}:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def find_image(daemon: Daemon) -> str:
    """Return the image that ``REPOWRIGHT_IMAGE`` names, else the one that was built.

    Raises
    ------
    SandboxUnavailable
        If the daemon does not have it; nothing is pulled.
    """
    named = os.environ.get(IMAGE_VARIABLE)
    image = named or image_name()
    if not daemon.has_image(image):
        hint = f"correct or unset {IMAGE_VARIABLE}" if named else "make it with: repowright sandbox build"
        raise SandboxUnavailable(f"Docker has no image {image}", hint)
    return image
