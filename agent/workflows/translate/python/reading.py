"""Reading a model's Python: what can be understood is taken, what breaks a rule is refused by name."""

from __future__ import annotations

from repowright.agent.workflows.translate.answers.asked import LENGTH, AnswerReading, Asked, Fault, Note, Refusal
from repowright.agent.workflows.translate.answers.blocks import CodeBlock, Dialect, find_blocks
from repowright.agent.workflows.translate.answers.lacking import about_rest, without_code
from repowright.agent.workflows.translate.answers.placing import place_block
from repowright.agent.workflows.translate.python.strictness import judge_file, judge_signatures, judge_tests
from repowright.repo_tools.python_items import complete_part, read_source, splice


def _is_python(text: str) -> bool:
    source = read_source(text)
    return any(not each.is_bare for each in source.items)


PYTHON = Dialect(("py", "pyi", "toml"), frozenset({"", "python", "py", "python3"}), "py", "#", _is_python)


def names_in(text: str) -> set[str]:
    """Paths of the items of a text."""
    return {each.path for each in read_source(text).items}


def read_answer(answer: str, asked: Asked, finish_reason: str = "stop") -> AnswerReading:
    """Read one answer.

    Parameters
    ----------
    finish_reason
        As the endpoint tells it; ``length`` says that the answer was cut off.
    """
    cut = finish_reason == LENGTH
    found = find_blocks(answer, PYTHON)
    if not found.blocks:
        return without_code(answer, asked, cut)
    reader = _Reader(asked)
    for block in found.blocks:
        whole = block.closed or not (cut or read_source(block.text).problem)
        cut = cut or not whole
        reader.take(block if whole else CodeBlock(complete_part(block.text), block.path, False))
    return reader.reading(list(found.notes), cut)


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
        path = place_block(block, self._asked, names_in)
        if not path:
            self._strays += bool(block.text.strip())
            return
        self._refusals += judge_tests(path, block.text, self._asked)
        if path in self._asked.tests:
            return
        if path not in self._asked.wanted:
            if "".join(block.text.split()) != "".join(self._asked.files[path].split()):
                self._refusals.append(Refusal(Fault.FROZEN, path, "this file must stay as it is"))
            return
        problem = read_source(block.text).problem
        if problem:
            self._refusals.append(Refusal(Fault.UNREADABLE, path, f"this is no Python, {problem}"))
            return
        self._refusals += judge_signatures(path, block.text, self._asked)
        self._splice(path, block)

    def _splice(self, path: str, block: CodeBlock) -> None:
        wanted = self._asked.wanted[path]
        done = splice(self._files.get(path, self._asked.files[path]), block.text, wanted)
        self._files[path] = done.text
        self._taken |= dict.fromkeys(f"{path}::{item}" for item in done.replaced)
        others = (names_in(block.text) & names_in(self._asked.files[path])) - set(wanted)
        owners = {each.rpartition("::")[0] for each in wanted}
        self._left_out = self._left_out or bool(others - owners)

    def reading(self, notes: list[Note], cut: bool) -> AnswerReading:
        """Judge the files as they are now."""
        remaining = tuple(each for each in self._asked.items() if each not in self._taken)
        for path, text in self._files.items():
            taken = frozenset(each.removeprefix(f"{path}::") for each in self._taken if each.startswith(f"{path}::"))
            self._refusals += judge_file(path, text, taken, self._asked)
        unreadable = any(each.fault is Fault.UNREADABLE for each in self._refusals)
        if not unreadable:
            self._refusals += about_rest(remaining, ".py", cut, self._strays, bool(self._taken))
        if self._left_out:
            notes.append(Note.NOT_ASKED)
        refusals = tuple(dict.fromkeys(self._refusals))
        return AnswerReading(self._files, tuple(self._taken), refusals, tuple(notes), remaining)
