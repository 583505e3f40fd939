"""The plan as files a person can read and edit between stages: ``graph.json`` and ``plan.md`` of the run."""

from __future__ import annotations

import hashlib

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import PlanError
from repowright.agent.run import Run
from repowright.agent.workflows.generate.plan import UNIT_KINDS, Library, Plan
from repowright.graph.errors import GraphError
from repowright.graph.kinds import NodeKind
from repowright.graph.lint import lint
from repowright.graph.markdown import from_markdown, to_markdown
from repowright.graph.model import RPG
from repowright.graph.serial import from_json, to_json
from repowright.graph.tags import BASE_TYPE
from repowright.repo_tools import outline, python_source


def write_plan_files(plan: Plan, run: Run) -> str:
    """Write both files and return their hashes, by which an edit is noticed."""
    graph, text = to_json(plan.rpg).encode(), to_markdown(plan.rpg).encode()
    write_atomically(run.graph, graph)
    write_atomically(run.plan, text)
    return f"{_hash(graph)} {_hash(text)}"


def edited_plan(plan: Plan, exported: str, run: Run, stage: str, library: Library) -> Plan | None:
    """Return the plan as a person edited it since it was written; ``None`` if nobody did.

    Raises
    ------
    PlanError
        If the edited file cannot be read, breaks an invariant or fails the linter, or both files were edited.
    """
    graph, text = (path.read_bytes() if path.is_file() else b"" for path in (run.graph, run.plan))
    was_graph, _, was_text = exported.partition(" ")
    changed = [
        path for path, now, was in ((run.graph, graph, was_graph), (run.plan, text, was_text)) if _hash(now) != was
    ]
    if not changed:
        return None
    if len(changed) > 1:
        raise PlanError("both graph.json and plan.md were edited", "keep the edits of one and restore the other")
    try:
        rpg = from_json(graph.decode()) if changed[0] == run.graph else from_markdown(text.decode(), plan.rpg)
        found = [finding.message for finding in lint(rpg, stage) if finding.severity == "error"]
    except (GraphError, UnicodeDecodeError) as error:
        raise PlanError(f"{changed[0].name} as edited is no plan: {error}", "mend it and resume") from error
    if found:
        raise PlanError(f"{changed[0].name} as edited: {found[0]}", "mend it and resume")
    return _with_records(plan, _with_purposes(plan.rpg, rpg), library)


def _with_purposes(before: RPG, rpg: RPG) -> RPG:
    """Let a purpose that was re-worded count: the Markdown shows the phrase, the prompts the whole text."""
    for node in rpg.nodes(NodeKind.REPOSITORY, NodeKind.AREA, NodeKind.FILE):
        known = before.node(node.id) if node.id in before else node
        if (node.feature != known.feature and node.doc == known.doc) or not node.doc:
            rpg.update(node.id, doc=node.feature)
    return rpg


def _with_records(plan: Plan, rpg: RPG, library: Library) -> Plan:
    """Carry the units' records over; a function whose signature or specification changed gets a new skeleton."""
    units = {one: address for one, address in plan.units.items() if one in rpg}
    for one in units:
        node, before = rpg.node(one), plan.rpg.node(one)
        if node.kind is NodeKind.FILE or (node.signature, node.doc) == (before.signature, before.doc):
            continue
        if node.kind is not NodeKind.FUNCTION:
            raise PlanError(
                f"{node.label}: the interface of a class cannot be edited here",
                "edit functions, or start anew",
            )
        record = library.get(units[one])
        skeleton = outline.with_head(record.skeleton, node.name, node.signature, node.doc)
        broken = python_source.syntax_error(skeleton)
        if broken:
            raise PlanError(f"{node.label}: the edited signature does not parse: {broken}", "mend it and resume")
        units[one] = library.put(record.model_copy(update={"skeleton": skeleton}))
    unwritten = [node for node in rpg.nodes(*UNIT_KINDS) if node.id not in units and BASE_TYPE not in node.tags]
    if unwritten and plan.units:
        raise PlanError(
            f"{unwritten[0].label} was added after the interfaces were designed",
            "add features and files before the stage interfaces",
        )
    return Plan(rpg, units, dict(plan.integration))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
