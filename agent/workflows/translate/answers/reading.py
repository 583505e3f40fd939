"""Reading a model's answer: whatever can be understood is taken, whatever breaks a rule is refused by name.

Of 100 recorded answers to CRUST-bench 61 lacked the header they were asked for and 65 were cut off: how answers
are read decides scores. What an answer says beside the items asked for is left out, never trusted.
"""

from __future__ import annotations

from repowright.agent.workflows.translate.answers.asked import LENGTH, AnswerReading, Asked, Fault, Note, Refusal
from repowright.agent.workflows.translate.answers.blocks import CodeBlock, find_blocks
from repowright.agent.workflows.translate.answers.lacking import about_rest, without_code
from repowright.agent.workflows.translate.answers.placing import place_block
from repowright.agent.workflows.translate.answers.strictness import judge_file, judge_signatures, judge_tests
from repowright.repo_tools.rust_source import ItemKind, read_items, splice

_BLOCKS = frozenset({ItemKind.IMPL, ItemKind.TRAIT, ItemKind.MODULE})
DEEPEST_ITEM = 4
"""Columns that an item is indented at most: a method in its block."""


def read_answer(answer: str, asked: Asked, finish_reason: str = "stop") -> AnswerReading:
    """Read one answer.

    Parameters
    ----------
    finish_reason
        As the endpoint tells it; ``length`` says that the answer was cut off.
    """
    cut = finish_reason == LENGTH
    found = find_blocks(answer)
    if not found.blocks:
        return without_code(answer, asked, cut)
    reader = _Reader(asked)
    notes = list(found.notes)
    for block in found.blocks:
        whole = block.closed or not (cut or _ends_open(block.text))
        cut = cut or not whole
        reader.take(block if whole else CodeBlock(_complete_part(block.text), block.path, False))
    return reader.reading(notes, cut)


class _Reader:
    """Puts the blocks of one answer into the files, the later ones over the earlier."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._files: dict[str, str] = {}
        self._taken: dict[str, None] = {}
        self._refusals: list[Refusal] = []
        self._strays = 0
        self._left_out = False

    def take(self, block: CodeBlock) -> None:
        """Put one block where it belongs."""
        path = place_block(block, self._asked)
        if not path:
            self._strays += bool(block.text.strip())
            return
        self._refusals += judge_tests(path, block.text, self._asked)
        if path in self._asked.tests:
            return
        if path not in self._asked.wanted:
            self._refuse_frozen(path, block)
            return
        self._refusals += judge_signatures(path, block.text, self._asked)
        self._splice(path, block)

    def _refuse_frozen(self, path: str, block: CodeBlock) -> None:
        if "".join(block.text.split()) != "".join(self._asked.files[path].split()):
            detail = "this file must stay as it is"
            self._refusals.append(Refusal(Fault.FROZEN, path, detail))

    def _splice(self, path: str, block: CodeBlock) -> None:
        wanted = self._asked.wanted[path]
        done = splice(self._files.get(path, self._asked.files[path]), block.text, wanted)
        self._files[path] = done.text
        self._taken |= dict.fromkeys(f"{path}::{item}" for item in done.replaced)
        given = {item.path for item in read_items(self._asked.files[path].encode()).functions()}
        answered = {item.path for item in read_items(block.text.encode()).functions()}
        self._left_out = self._left_out or bool((answered & given) - set(wanted))

    def reading(self, notes: list[Note], cut: bool) -> AnswerReading:
        """Judge the files as they are now."""
        remaining = tuple(each for each in self._asked.items() if each not in self._taken)
        for path, text in self._files.items():
            taken = frozenset(each.removeprefix(f"{path}::") for each in self._taken if each.startswith(f"{path}::"))
            self._refusals += judge_file(path, text, taken, self._asked)
        self._refusals += about_rest(remaining, ".rs", cut, self._strays, bool(self._taken))
        if self._left_out:
            notes.append(Note.NOT_ASKED)
        return AnswerReading(
            self._files, tuple(self._taken), tuple(dict.fromkeys(self._refusals)), tuple(notes), remaining
        )


def _ends_open(text: str) -> bool:
    """Tell whether a text stops within an item."""
    return bool(read_items(text.encode()).problems)


def _complete_part(text: str) -> str:
    """The items of a text that was cut off, without the one it stops in.

    A block of methods is closed behind its last complete method.
    """
    lines = text.rstrip().splitlines()
    for end in range(len(lines), 0, -1):
        last = lines[end - 1].rstrip()
        if not last.endswith(("}", ";")) or len(last) - len(last.lstrip()) > DEEPEST_ITEM:
            continue
        part = "\n".join(lines[:end])
        if not read_items(part.encode()).problems:
            return part
        closed = read_items(f"{part}\n}}".encode())
        outer = [item for item in closed.items if "::" not in item.path.removesuffix(item.name)]
        # Closed behind a statement, a function that is half there would look complete.
        if not closed.problems and outer and outer[-1].kind in _BLOCKS:
            return closed.text
    return ""
