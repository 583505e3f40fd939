"""The seed of a run: the plan that a graph gives, and what is to be said of how it came about."""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.atomic import write_atomically
from repowright.agent.errors import PlanError, RunDamaged
from repowright.agent.graph_origin import GraphOrigin, Keep
from repowright.agent.run import Run
from repowright.agent.spec import Spec, spec_from_bytes
from repowright.agent.workflows.generate.from_graph.interfaces_kept import Keeper
from repowright.agent.workflows.generate.from_graph.names import Names
from repowright.agent.workflows.generate.from_graph.naming import Renamer, checked_alias
from repowright.agent.workflows.generate.from_graph.original import Original
from repowright.agent.workflows.generate.from_graph.package import find_package
from repowright.agent.workflows.generate.from_graph.planting import Planted, plant_features, plant_files
from repowright.agent.workflows.generate.from_graph.reading import read_original
from repowright.agent.workflows.generate.from_graph.renamed import renamed
from repowright.agent.workflows.generate.from_graph.spec_text import spec_text
from repowright.agent.workflows.generate.from_graph.told import told
from repowright.agent.workflows.generate.plan import Library
from repowright.graph.lint import lint
from repowright.graph.model import RPG
from repowright.graph.serial import to_json
from repowright.graph.sources import NoSources, Sources

SEED = "seed.json"
DECIDED = {Keep.FEATURES: "areas", Keep.FILES: "structure", Keep.INTERFACES: "interfaces"}
"""The last stage that is decided by what is kept."""


class Note(BaseModel):
    """One thing to be said of the plan: a decision, why, and on what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    what: str
    why: str
    evidence: tuple[str, ...] = ()


class SeedRecord(BaseModel):
    """What a run remembers of its seed.

    Parameters
    ----------
    stage
        The last stage that is decided.
    plan
        Content address of the plan.
    warnings
        What the linter says of it; it has no errors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    plan: str
    notes: tuple[Note, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seed:
    """A plan that a run can be begun with.

    Parameters
    ----------
    spec
        The specification written from the graph, for who gives none.
    artifacts
        What the plan is made of, by content address.
    """

    origin: GraphOrigin
    spec: Spec
    record: SeedRecord
    artifacts: tuple[bytes, ...]

    def keep_in(self, run: Run) -> None:
        """Put the seed into a run's folder; resuming needs the graph no more."""
        for content in self.artifacts:
            run.artifacts.put(content)
        write_atomically(run.folder / SEED, f"{self.record.model_dump_json(indent=1)}\n".encode())


def seed_of_graph(rpg: RPG, sources: Sources, keep: Keep, alias: str = "") -> Seed:
    """Return the seed that a graph, encoded or planned, gives.

    Parameters
    ----------
    sources
        The code that the graph was made from, if it is at hand: decorators, fields and declarations stand there alone.
    alias
        The name the package shall have instead of its own; replaced in every text too.

    Raises
    ------
    PlanError
        If nothing in the graph can be planned, or the linter finds an error in what could.
    UserError
        If the alias cannot be the name of a package.
    """
    original = read_original(rpg, sources)
    rename = Renamer(original.package, checked_alias(alias) if alias else "", _project(rpg))
    known = renamed(original, rename)
    with tempfile.TemporaryDirectory(prefix="repowright-seed-") as folder:
        store = ArtifactStore(Path(folder))
        planted = _planted(known, rpg, sources, keep, rename, Library(store))
        warnings = _linted(planted, DECIDED[keep])
        address = planted.plan.save(store)
        artifacts = tuple(path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file())
    spec = spec_from_bytes(spec_text(known, keep).encode(), f"the graph of {known.package}")
    said = told(known, planted, keep, rename, [*artifacts, spec.text.encode()])
    notes = tuple(Note(**vars(one)) for one in said)
    origin = GraphOrigin(
        graph=hashlib.sha256(to_json(rpg).encode()).hexdigest(),
        keep=keep,
        name=original.package,
        alias=rename.new if rename.active else "",
        code=not isinstance(sources, NoSources),
    )
    return Seed(origin, spec, SeedRecord(stage=DECIDED[keep], plan=address, notes=notes, warnings=warnings), artifacts)


def read_seed(run: Run) -> SeedRecord | None:
    """Return what a run remembers of its seed; ``None`` for one that was begun from a specification alone.

    Raises
    ------
    RunDamaged
        If the seed is missing or garbled.
    """
    if run.manifest.from_graph is None:
        return None
    try:
        return SeedRecord.model_validate_json((run.folder / SEED).read_bytes())
    except (OSError, ValidationError) as error:
        raise RunDamaged(f"the run {run.id} has lost its {SEED}", "start a new run from the graph") from error


def _project(rpg: RPG) -> str:
    """Return what the repository is called, its version left off: ``requests`` for ``requests-2.32.5``."""
    return re.sub(r"[-_.]v?\d[\w.+-]*$", "", rpg.root.name)


def _planted(known: Original, rpg: RPG, sources: Sources, keep: Keep, rename: Renamer, library: Library) -> Planted:
    if keep is Keep.FEATURES:
        return plant_features(known)
    if keep is Keep.FILES:
        return plant_files(known)
    return Keeper(known, Names(rpg, sources, find_package(rpg)), rename, library).keep()


def _linted(planted: Planted, stage: str) -> tuple[str, ...]:
    """Return the linter's warnings.

    Raises
    ------
    PlanError
        If it finds an error.
    """
    found = lint(planted.plan.rpg, stage)
    errors = [finding.message for finding in found if finding.severity == "error"]
    if errors:
        hint = "keep less of it: --keep files or --keep features"
        raise PlanError(f"the graph gives no sound plan, {len(errors)} errors; the first: {errors[0]}", hint)
    return tuple(finding.message for finding in found)
