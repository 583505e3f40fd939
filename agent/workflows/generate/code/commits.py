"""The repository under construction: a commit for the plan, then one a unit, in the order of the plan."""

from __future__ import annotations

from collections.abc import Sequence

from repowright.agent.events import Commit
from repowright.agent.workflows.generate import delivery_files
from repowright.agent.workflows.generate.code.workspace import file_source, package_markers, path_of_tests
from repowright.agent.workflows.generate.plan import Plan, UnitRecord
from repowright.agent.workflows.generate.studio import Studio
from repowright.graph.kinds import NodeKind
from repowright.repo_tools.history import CommitSpec

AUTHOR = "Repowright"
EMAIL = "repowright@localhost"


def first_commit(plan: Plan, studio: Studio) -> str:
    """Commit the plan: packaging, packages, base types, and a stub for every unit."""
    files: dict[str, bytes | None] = {
        node.path: file_source(plan, studio.library, node, (), {}).encode() for node in plan.rpg.nodes(NodeKind.FILE)
    }
    files |= package_markers(plan, list(files)) | delivery_files.packaging(plan)
    spec = CommitSpec(
        files,
        f"Plan {plan.name}",
        f"{plan.purpose}\n\nStubs for all units; none is implemented.",
        studio.epoch,
    )
    return append(studio, "", [spec])


def unit_commits(plan: Plan, head: str, generation: Sequence[str], changed: Sequence[str], studio: Studio) -> str:
    """Commit each unit of a generation, then each earlier unit that had to be changed for one of them."""
    later = set(generation)
    done = {one for one, record in studio.library.records(plan).items() if record.code and one not in later}
    specs = []
    for one in [*generation, *(one for one in changed if one not in later)]:
        record = studio.library.get(plan.units[one])
        if not record.code and not record.tests:
            continue
        done.add(one)
        files: dict[str, bytes | None] = {
            record.path: file_source(plan, studio.library, plan.file_of(one), done, {}).encode()
        }
        if record.tests:
            files[path_of_tests(plan, one)] = record.tests.encode()
        specs.append(CommitSpec(files, _subject(record, one in later), _body(plan, record), studio.epoch + len(done)))
    return append(studio, head, specs)


def append(studio: Studio, head: str, specs: Sequence[CommitSpec]) -> str:
    """Write commits on top of ``head`` and return the new head."""
    made = studio.history.append(head, specs, AUTHOR, EMAIL)
    for sha, spec in zip(made, specs, strict=True):
        studio.emit(Commit(sha=sha, subject=spec.subject))
    return made[-1] if made else head


def _subject(record: UnitRecord, new: bool) -> str:
    verb = "Add" if new else "Mend"
    return f"{verb} {record.name} to {record.path}"[:72] if new else f"{verb} {record.name} in {record.path}"[:72]


def _body(plan: Plan, record: UnitRecord) -> str:
    node = plan.rpg.node(record.id)
    said = " ".join(node.doc.partition("\n\n")[0].split())
    features = [f"- {child.feature}" for child in plan.rpg.children(record.id) if child.kind is NodeKind.FEATURE]
    tests = f"{record.tests_total} tests pass." if record.state == "verified" else "Its tests do not all pass."
    if record.state == "verified" and not record.tests:
        tests = "A declaration, delivered as it came."
    return "\n\n".join(part for part in (said, "\n".join(features), tests) if part)
