"""What was changed: the files on the left, the diff of one on the right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from repowright.tui.app.widgets.message import harmless

MOST_LINES = 2_000


@dataclass(frozen=True)
class ChangedFile:
    """A file as it was changed; ``diff`` is unified, and empty where only its path is known."""

    path: str
    summary: str
    diff: str


class DiffView(Horizontal):
    """Keeps every file's changes, the latest first.

    Parameters
    ----------
    read
        Returns the text of a file as it stands, for one whose diff is not known.
    """

    def __init__(self, read: Callable[[str], str], id: str | None = None) -> None:
        super().__init__(id=id)
        self._read = read
        self._files: dict[str, ChangedFile] = {}
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Lay the two parts out."""
        yield OptionList(id="diff-files", markup=False)
        with VerticalScroll(id="diff-scroll"):
            yield Static("nothing was changed yet", id="diff-text", markup=False)

    def add(self, changed: ChangedFile) -> None:
        """Show a file's change; an earlier one of the same file goes below it."""
        before = self._files.get(changed.path)
        diff = f"{changed.diff}\n{before.diff}" if before and before.diff != changed.diff else changed.diff
        self._files[changed.path] = ChangedFile(changed.path, changed.summary, diff)
        options = self.query_one("#diff-files", OptionList)
        label = _label(changed)
        if before is None:
            options.add_option(Option(label, id=changed.path))
        else:
            options.replace_option_prompt(changed.path, label)
        if not self._shown or self._shown == changed.path:
            self._show(changed.path)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id:
            self._show(event.option_id)

    def _show(self, path: str) -> None:
        self._shown = path
        diff = self._files[path].diff
        self.query_one("#diff-text", Static).update(coloured(diff) if diff else Text(harmless(self._read(path))))


def _label(changed: ChangedFile) -> Text:
    folder, _, name = harmless(changed.path).rpartition("/")
    where = (f"\n  {folder}", "dim") if folder else ""
    return Text.assemble(name, (f"  {changed.summary}", "dim"), where, no_wrap=True, overflow="ellipsis")


def coloured(diff: str) -> Text:
    """Return a unified diff with its added and removed lines told apart; sign and colour both say it."""
    lines = harmless(diff).splitlines()
    text = Text()
    for line in lines[:MOST_LINES]:
        text.append(f"{line}\n", _style(line))
    if len(lines) > MOST_LINES:
        text.append(f"{len(lines) - MOST_LINES:,} more lines\n", "dim italic")
    return text


def _style(line: str) -> str:
    if line.startswith(("+++", "---", "diff ", "index ")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
