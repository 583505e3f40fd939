"""One file's change as git writes it, so that ``git apply`` takes it."""

from __future__ import annotations

from repowright.repo_tools.edit import unified_diff

_EMPTY = "index 0000000..e69de29\n"


def file_patch(old: str | None, new: str, path: str) -> str:
    """Return the change of a file; empty if nothing differs.

    Parameters
    ----------
    old
        ``None`` for a new file.

    Examples
    --------
    >>> print(file_patch(None, "x = 1\\n", "a.py"), end="")
    diff --git a/a.py b/a.py
    new file mode 100644
    --- /dev/null
    +++ b/a.py
    @@ -0,0 +1 @@
    +x = 1
    """
    if old == new:
        return ""
    head = f"diff --git a/{path} b/{path}\n"
    if old is None:
        head += "new file mode 100644\n" + ("" if new else _EMPTY)
    return head + unified_diff(old, new, path)
