"""The converters of the SPECs as the swap takes them: compiled with the crate, not for its tests alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks import Conversion, Conversions, Crate
from repowright.agent.workflows.translate.idiomatic.converters import Converter, make_converters
from repowright.agent.workflows.translate.idiomatic.designing import Design
from repowright.agent.workflows.translate.idiomatic.project_types import ProjectTypes
from repowright.agent.workflows.translate.idiomatic.support import SUPPORT_MODULE
from repowright.agent.workflows.translate.skeleton.generate import build_skeleton
from repowright.agent.workflows.translate.studio import Layout
from repowright.repo_tools.c_source.translation_unit import TranslationUnit

_TESTS_ALONE = "#[cfg(test)]\n"
_TYPES = "src/types.rs"


@dataclass(frozen=True)
class DesignedConversions:
    """Makes the converters of a crate in any state.

    Parameters
    ----------
    layouts
        Text of the module of types in C's layout.
    """

    design: Design
    types: ProjectTypes
    units: Sequence[TranslationUnit]
    layouts: bytes

    def __call__(self, crate: Crate) -> Conversions:
        """Make them; none where the crate has a module of their name itself."""
        specs = [each for cluster in self.design.clusters if cluster.spec for each in cluster.spec.types]
        if not specs or _TYPES in crate.files:
            return Conversions()
        made = make_converters(specs, self.types, crate.rust_files(), self.units).made
        return Conversions(tuple(map(_conversion, made)), self.layouts, SUPPORT_MODULE.encode())


def designed_conversions(layout: Layout, design: Design) -> DesignedConversions | None:
    """Return what makes the converters of a design; nothing where no cluster of it has a SPEC."""
    if not any(each.spec for each in design.clusters):
        return None
    units = layout.encoded.units
    skeleton = build_skeleton(layout.encoded.project.name, units)
    return DesignedConversions(design, ProjectTypes(units), units, skeleton.files[_TYPES].encode())


def _conversion(made: Converter) -> Conversion:
    plain = {each.rpartition(" ")[2] for each in made.names}
    names = plain if any(" " in each for each in made.names) else plain | {f"@{each}" for each in plain}
    text = made.text.replace(_TESTS_ALONE, "", 1)
    left = tuple(each for each in made.left_out if each not in made.rooms)
    return Conversion(frozenset(names), made.rust, made.module, made.path, text, made.needs, left)
