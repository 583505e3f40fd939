"""What a delivered repository has beside its code: packaging and the entry module, made from the plan."""

from __future__ import annotations

import json

from repowright.agent.workflows.generate.code.workspace import PYTEST_SETTINGS
from repowright.agent.workflows.generate.layout import entry_function
from repowright.agent.workflows.generate.plan import Plan, module_name
from repowright.graph.kinds import NodeKind

GITIGNORE = "__pycache__/\n*.egg-info/\n.pytest_cache/\n.coverage\nbuild/\ndist/\n"
GRAPH_FILE = "graph.json"


def packaging(plan: Plan) -> dict[str, bytes | None]:
    """Return ``pyproject.toml``, ``.gitignore`` and, where there is a command line, ``__main__.py``."""
    files: dict[str, bytes | None] = {
        "pyproject.toml": _pyproject(plan).encode(),
        ".gitignore": GITIGNORE.encode(),
    }
    entry = entry_point(plan)
    if entry:
        module, function = entry
        text = f'"""Run the command line."""\n\nfrom {module} import {function}\n\nraise SystemExit({function}())\n'
        files[f"{plan.rpg.root.path}/__main__.py"] = text.encode()
    return files


def entry_point(plan: Plan) -> tuple[str, str] | None:
    """Return module and function of the command line, if there is one."""
    for file in plan.rpg.nodes(NodeKind.FILE):
        if entry_function(file):
            return module_name(file.path), entry_function(file)
    return None


def _pyproject(plan: Plan) -> str:
    entry = entry_point(plan)
    scripts = f'\n[project.scripts]\n{plan.name} = "{entry[0]}:{entry[1]}"\n' if entry else ""
    return f"""\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{plan.name}"
version = "0.1.0"
description = {json.dumps(" ".join(plan.purpose.split()), ensure_ascii=False)}
readme = "README.md"
requires-python = ">=3.11"
dependencies = []

[project.optional-dependencies]
test = ["pytest"]
{scripts}
[tool.setuptools.packages.find]
where = ["src"]

{PYTEST_SETTINGS}"""
