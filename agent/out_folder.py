"""The folder a project is delivered into, checked before anything is paid for."""

from __future__ import annotations

import tempfile
from pathlib import Path

from repowright.agent.errors import OutFolderError
from repowright.agent.spec import Spec
from repowright.repo_tools.git import enclosing_work_tree


def default_out(spec: Spec, folder: Path) -> Path:
    """Return where the project goes when the user names no place: ``<folder>/<slug of the title>``."""
    return folder / spec.slug


def check_out_folder(out: Path, runs: Path) -> Path:
    """Return ``out`` as an absolute path after checking that a new repository can be made there.

    Parameters
    ----------
    runs
        The folder of the runs, in which nothing may be delivered.

    Raises
    ------
    OutFolderError
        If it is a file or not empty, cannot be written, or lies in a git work tree or among the runs.
    """
    resolved = out.expanduser().resolve()
    if resolved.is_relative_to(runs.expanduser().resolve()):
        raise OutFolderError(f"{out} lies inside the folder of the runs", "choose another --out")
    _check_empty(out, resolved)
    work_tree = enclosing_work_tree(resolved)
    if work_tree is not None:
        raise OutFolderError(
            f"{out} lies inside the git work tree {work_tree}", "choose an --out outside of any repository"
        )
    _check_writable(out, resolved)
    return resolved


def _check_empty(out: Path, resolved: Path) -> None:
    try:
        if not resolved.exists():
            return
        if not resolved.is_dir():
            raise OutFolderError(f"{out} is a file", "choose a new or empty folder with --out")
        if any(resolved.iterdir()):
            raise OutFolderError(f"{out} is not empty", "choose a new or empty folder with --out")
    except OSError as err:
        raise OutFolderError(f"cannot read {out}: {err.strerror}", "choose another --out") from err


def _check_writable(out: Path, resolved: Path) -> None:
    ancestor = next(path for path in (resolved, *resolved.parents) if path.exists())
    try:
        with tempfile.TemporaryDirectory(dir=ancestor, prefix=".repowright-probe-"):
            pass
    except OSError as err:
        raise OutFolderError(f"cannot write {out}: {err.strerror} ({ancestor})", "choose another --out") from err
