"""A run: one folder that holds all that a workflow needs to go on after it was ended at any point.

::

    <id>/
        manifest.json       what the run is, and how it ended
        spec.md             the specification as it was given
        checkpoints.sqlite  the state of the workflow
        record/             every reply of the model, by the hash of its request
        artifacts/          graphs, files and logs, by their own hash
        seed.json           the plan a graph gave, if the run was begun from one
        events.jsonl        what happened, one event a line
        graph.json          the graph as it stands
        plan.md             the plan, for people
        report.html         the report, for people
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.atomic import write_atomically
from repowright.agent.errors import RunDamaged, UserError
from repowright.agent.event_log import EventLog, read_events
from repowright.agent.events import Event
from repowright.agent.graph_origin import GraphOrigin
from repowright.agent.manifest import MANIFEST, Manifest, Status, Workflow, read_manifest, write_manifest
from repowright.agent.run_lock import is_locked, lock_run
from repowright.agent.settings import Settings, remember
from repowright.agent.spec import Spec, spec_from_bytes


class Run:
    """One run and the paths of its parts; make it with ``create`` or ``open``."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def create(
        cls,
        root: Path,
        spec: Spec,
        settings: Settings,
        out: Path | None,
        clock: Callable[[], float],
        replay: Path | None = None,
        workflow: Workflow = "generate",
        from_graph: GraphOrigin | None = None,
    ) -> Run:
        """Make the folder of a new run below ``root``.

        Raises
        ------
        UserError
            If the folder cannot be made.
        """
        created = clock()
        try:
            folder = _new_folder(root, f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(created))}-{spec.slug}")
            write_atomically(folder / "spec.md", spec.text.encode())
        except OSError as err:
            raise UserError(
                f"cannot make a run in {root}: {err.strerror}", "set REPOWRIGHT_HOME to a writable folder"
            ) from err
        manifest = Manifest(
            workflow=workflow,
            id=folder.name,
            created=created,
            title=spec.title,
            spec_hash=spec.hash,
            spec_origin=spec.origin,
            settings=remember(settings),
            out=str(out) if out else "",
            replay=str(replay) if replay else "",
            from_graph=from_graph,
        )
        write_manifest(folder, manifest)
        return cls(folder, manifest)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Open the run in ``folder``; ``runs.find_run`` opens one by its id.

        Raises
        ------
        RunDamaged
            If the manifest is missing, garbled or of a newer version.
        """
        return cls(folder, read_manifest(folder))

    @property
    def id(self) -> str:
        """The folder's name: time (UTC) and title."""
        return self.manifest.id

    @property
    def out(self) -> Path:
        """Where the project is delivered."""
        return Path(self.manifest.out)

    @property
    def checkpoints(self) -> Path:
        """The database of the workflow's state."""
        return self.folder / "checkpoints.sqlite"

    @property
    def record(self) -> Path:
        """The folder of the recorded replies."""
        return self.folder / "record"

    @property
    def artifacts(self) -> ArtifactStore:
        """The content-addressed store of the run."""
        return ArtifactStore(self.folder / "artifacts")

    @property
    def event_log(self) -> Path:
        """The file of the events."""
        return self.folder / "events.jsonl"

    @property
    def graph(self) -> Path:
        """The graph as it stands, as canonical JSON."""
        return self.folder / "graph.json"

    @property
    def plan(self) -> Path:
        """The plan as Markdown."""
        return self.folder / "plan.md"

    @property
    def report(self) -> Path:
        """The report page."""
        return self.folder / "report.html"

    @property
    def status(self) -> Status:
        """How the run stands; one whose process died while it was running is ``interrupted``."""
        if self.manifest.status == "running" and not is_locked(self.folder):
            return "interrupted"
        return self.manifest.status

    def spec(self) -> Spec:
        """Read the specification back.

        Raises
        ------
        RunDamaged
            If it is missing or no longer the one the run was made for.
        """
        try:
            data = (self.folder / "spec.md").read_bytes()
        except OSError as err:
            raise RunDamaged(f"the run {self.id} has lost its spec.md", "start a new run") from err
        spec = spec_from_bytes(data, self.manifest.spec_origin)
        if spec.hash != self.manifest.spec_hash:
            raise RunDamaged(f"spec.md of the run {self.id} was changed", "start a new run for a new specification")
        return spec

    def update_status(self, status: Status) -> None:
        """Write how the run stands."""
        self.manifest = self.manifest.model_copy(update={"status": status})
        write_manifest(self.folder, self.manifest)

    def lock(self) -> AbstractContextManager[None]:
        """Hold the run against other processes for the time of a ``with`` block; see ``lock_run``."""
        return lock_run(self.folder)

    def log(self) -> EventLog:
        """Return a subscriber that appends to the run's events."""
        return EventLog(self.event_log)

    def events(self) -> list[Event]:
        """Read the events so far; see ``read_events``."""
        return list(read_events(self.event_log))


def _new_folder(root: Path, name: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = root / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def is_run(folder: Path) -> bool:
    """Tell whether the folder has a manifest at all."""
    return (folder / MANIFEST).is_file()
