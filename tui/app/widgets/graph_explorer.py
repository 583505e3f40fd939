"""The graph as a tree, with the neighbours and the code of the node under the cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, OptionList, Static, Tree
from textual.widgets.option_list import Option

from repowright.tui.app.widgets.message import harmless

if TYPE_CHECKING:
    from rich.syntax import Syntax
    from textual.widgets.tree import TreeNode

    from repowright.tui.app.graph_reading import Code, GraphReading, Neighbour, Row

_STATES = {"planned": "dim", "stubbed": "yellow", "implemented": "", "verified": "green"}


class GraphExplorer(Vertical):
    """Shows nothing until it is given a graph; the tree is filled where it is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search"),
        Binding("o", "open_code", "Open in editor"),
        Binding("m", "mention", "Mention"),
    ]

    @dataclass
    class CodeAsked(Message):
        """The code of a node should be opened in an editor."""

        path: str
        line: int

    @dataclass
    class Mentioned(Message):
        """A node should be named in the input line."""

        label: str

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._reading: GraphReading | None = None
        self._current = ""

    def compose(self) -> ComposeResult:
        """Lay search, tree, neighbours and code out."""
        yield Input(placeholder="search names and purposes", id="graph-search", compact=True)
        yield OptionList(id="graph-found", markup=False, classes="hidden")
        with Horizontal(id="graph-body"):
            tree: Tree[str] = Tree("no graph yet", id="graph-tree")
            tree.guide_depth = 2
            yield tree
            with Vertical(id="graph-side"):
                yield Static("", id="graph-facts", markup=False)
                yield OptionList(id="graph-near", markup=False)
                with VerticalScroll(id="graph-code-scroll"):
                    yield Static("", id="graph-code", markup=False)

    @property
    def reading(self) -> GraphReading | None:
        """The graph that is shown."""
        return self._reading

    def say(self, words: str) -> None:
        """Say in place of the tree why there is none yet."""
        if self._reading is None:
            self.query_one("#graph-tree", Tree).root.set_label(words)

    def show(self, reading: GraphReading) -> None:
        """Show a graph, or a newer state of it; the cursor stays on its node where that still exists."""
        self._reading = reading
        tree: Tree[str] = self.query_one("#graph-tree", Tree)
        tree.clear()
        tree.root.data = reading.root.id
        tree.root.set_label(f"{reading.root.name}  {reading.size:,} nodes")
        self._fill(tree.root)
        tree.root.expand()

    def reveal(self, node_id: str) -> None:
        """Open the tree down to a node and put the cursor on it."""
        if self._reading is None:
            return
        tree: Tree[str] = self.query_one("#graph-tree", Tree)
        place: TreeNode[str] = tree.root
        for step in self._reading.path_to(node_id)[1:]:
            self._fill(place)
            place.expand()
            place = next((child for child in place.children if child.data == step), place)
        self.call_after_refresh(tree.move_cursor, place)
        self._describe(node_id)

    def action_search(self) -> None:
        """Go to the search line."""
        self.query_one("#graph-search", Input).focus()

    def action_open_code(self) -> None:
        """Open the code of the current node in an editor."""
        if self._reading is not None and self._current:
            code = self._reading.code(self._current)
            if not code.problem:
                self.post_message(self.CodeAsked(code.path, code.first))

    def action_mention(self) -> None:
        """Name the current node in the input line."""
        if self._reading is not None and self._current:
            self.post_message(self.Mentioned(self._reading.facts(self._current)[0]))

    @on(Tree.NodeExpanded, "#graph-tree")
    def _expanded(self, event: Tree.NodeExpanded[str]) -> None:
        self._fill(event.node)

    @on(Tree.NodeHighlighted, "#graph-tree")
    def _highlighted(self, event: Tree.NodeHighlighted[str]) -> None:
        if event.node.data and event.node.data != self._current:
            self._describe(event.node.data)

    @on(Input.Changed, "#graph-search")
    def _typed(self, event: Input.Changed) -> None:
        found = self.query_one("#graph-found", OptionList)
        hits = self._reading.search(event.value) if self._reading and event.value.strip() else []
        found.clear_options()
        found.add_options(Option(Text(harmless(name), no_wrap=True, overflow="ellipsis"), id=key) for key, name in hits)
        found.set_class(not hits, "hidden")
        found.highlighted = 0 if hits else None

    @on(Input.Submitted, "#graph-search")
    def _submitted(self) -> None:
        self.query_one("#graph-found", OptionList).action_select()

    @on(OptionList.OptionSelected, "#graph-found")
    def _found(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.query_one("#graph-search", Input).value = ""
        self.query_one("#graph-tree", Tree).focus()
        self.reveal(event.option_id or "")

    @on(OptionList.OptionSelected, "#graph-near")
    def _neighbour_chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.reveal((event.option_id or "").partition(" ")[2])

    def _fill(self, place: TreeNode[str]) -> None:
        if self._reading is None or place.data is None or place.children:
            return
        for row in self._reading.children(place.data):
            place.add(_row(row), data=row.id, allow_expand=row.has_children)

    def _describe(self, node_id: str) -> None:
        if self._reading is None:
            return
        self._current = node_id
        label, facts = self._reading.facts(node_id)
        words = Text.assemble((harmless(label), "bold"), "\n", (harmless(facts), "dim"))
        self.query_one("#graph-facts", Static).update(words)
        near = self.query_one("#graph-near", OptionList)
        near.clear_options()
        near.add_options(
            Option(
                _neighbour(each),
                id=f"{number} {each.id}",
            )
            for number, each in enumerate(self._reading.neighbours(node_id))
        )
        near.display = near.option_count > 0
        self.query_one("#graph-code", Static).update(_code(self._reading.code(node_id)))


def _neighbour(near: Neighbour) -> Text:
    path, _, name = harmless(near.label).partition(":")
    where = (f"  {path}", "dim") if name else ""
    return Text.assemble((f"{near.verb:<11} ", "dim"), name or path, where, no_wrap=True, overflow="ellipsis")


def _row(row: Row) -> Text:
    name = Text.assemble((f"{row.mark} ", "dim"), (harmless(row.name), _STATES.get(row.state, "")))
    return Text.assemble(name, (f"  {harmless(row.said)}" if row.said else "", "dim italic"))


def _code(code: Code) -> Syntax | Text:
    from rich.syntax import Syntax

    if code.problem:
        return Text(code.problem, style="dim italic")
    lexer = Syntax.guess_lexer(code.path)
    return Syntax(harmless(code.text), lexer, theme="ansi_dark", line_numbers=True, start_line=code.first)
