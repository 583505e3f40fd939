from __future__ import annotations

import pytest

from repowright.agent.workflows.translate.answers.asked import AnswerReading, Asked, Fault, Note
from repowright.agent.workflows.translate.answers.continuing import join_continuation
from repowright.agent.workflows.translate.python.reading import read_answer

FILE = '''from __future__ import annotations

from p import other

most: list[int] = ...


class Queue:
    def push(self, value: int) -> int:
        """Adds."""
        raise NotImplementedError


def size(queue: Queue | None, deep: bool = False) -> int:
    """`q.c:3`."""
    raise NotImplementedError


def done() -> int:
    return 1
'''
TESTS = {"tests/test_q.py": "def test_size():\n    assert size(None) == 987654 or size(None) == b'secret'\n"}
ASKED = Asked(
    {"p/q.py": FILE, "p/other.py": "LIMIT = 3\n"},
    {"p/q.py": ("size", "Queue::push")},
    TESTS,
    "int size(void) { return 31; }",
)
PUSH = """class Queue:
    def push(self, value: int) -> int:
        # Full.
        return _kept(value)


def _kept(value):
    return value"""
SIZE = "def size(queue, deep=False):\n    return math.isqrt(4)"


def said(*parts: str, path: str = "p/q.py", mark: str = "python") -> str:
    return "\n\n".join(f"{path}\n```{mark}\n{part}\n```" for part in parts)


def faults(reading: AnswerReading) -> set[Fault]:
    return set(reading.faults)


def test_items_of_several_fences_go_to_their_places_and_heads_stay() -> None:
    reading = read_answer(said(PUSH, f"import math\n\n{SIZE}"), ASKED)
    assert reading.usable and set(reading.taken) == {"p/q.py::size", "p/q.py::Queue::push"}
    text = reading.files["p/q.py"]
    assert (
        'def size(queue: Queue | None, deep: bool = False) -> int:\n    """`q.c:3`."""\n    return math.isqrt(4)\n'
        in text
    )
    assert '        """Adds."""\n        # Full.\n        return _kept(value)\n' in text
    assert text.count("def _kept") == text.count("import math") == 1 and "def done() -> int:\n    return 1" in text
    assert Note.SEVERAL_BLOCKS in reading.notes


@pytest.mark.parametrize(
    "answer",
    [
        f"```python\nimport math\n\n{PUSH}\n\n\n{SIZE}\n```",
        f"# p/q.py\nimport math\n\n{PUSH}\n\n\n{SIZE}",
        f"Here it is.\n```py\nimport math\n\n{PUSH}\n\n\n{SIZE}",
    ],
    ids=["no header", "no fence", "open fence"],
)
def test_an_odd_form_is_understood(answer: str) -> None:
    reading = read_answer(answer, ASKED)
    assert reading.usable and reading.notes and "return math.isqrt(4)" in reading.files["p/q.py"]


@pytest.mark.parametrize(
    ("size", "fault"),
    [
        ("def size(queue):\n    return 1", Fault.SIGNATURE),
        ("def size(queue: int, deep: bool = False) -> int:\n    return 1", Fault.SIGNATURE),
        ("size = 3", Fault.SIGNATURE),
        ("def size(queue, deep=False):\n    raise NotImplementedError('later')", Fault.STUB),
        ("def size(queue, deep=False):\n    ...", Fault.STUB),
        ("def size(queue, deep=False):\n    import ctypes\n    return 1", Fault.FOREIGN),
        ("def size(queue, deep=False):\n    import subprocess\n    return 1", Fault.PROCESS),
        ("import os\n\n\ndef size(queue, deep=False):\n    return os.system('true')", Fault.PROCESS),
        ("def size(queue, deep=False):\n    return eval('1')", Fault.PROCESS),
        ("import random\n\n\ndef size(queue, deep=False):\n    return random._os.fork()", Fault.PROCESS),
        ("def size(queue, deep=False):\n    return getattr(queue, 'a' + 'b')", Fault.PROCESS),
        ("from sys import modules\n\n\ndef size(queue, deep=False):\n    return 1", Fault.PROCESS),
        ("import importlib\n\n\ndef size(queue, deep=False):\n    return 1", Fault.INCLUDED),
        ("import sys\n\n\ndef size(queue, deep=False):\n    return 'pytest' in sys.modules", Fault.TEST_SNIFFING),
        ("def size(queue, deep=False):\n    return 1 if queue == 987654 else 2", Fault.HARD_CODED),
        ("def size(queue, deep=False):\n    return {b'secret': 2}.get(queue)", Fault.HARD_CODED),
        ("def size(queue, deep=False):\n    return 1\n\n\ndef test_more():\n    pass", Fault.TESTS),
        ("def size(queue, deep=False:\n    return 1", Fault.UNREADABLE),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(size: str, fault: Fault) -> None:
    reading = read_answer(said(PUSH, size), ASKED)
    assert fault in faults(reading)


def test_members_may_be_called_as_dangerous_functions_are() -> None:
    answer = said(PUSH, "def size(queue, deep=False):\n    return queue.system + queue.argv + queue.modules")
    assert read_answer(answer, ASKED).usable


def test_a_value_that_the_c_knows_may_decide() -> None:
    asked = Asked(ASKED.files, {"p/q.py": ("size",)}, TESTS, "if (n == 0xF1206) return 2;")
    assert read_answer(said("def size(queue, deep=False):\n    return 2 if queue == 987654 else 1"), asked).usable


def test_other_files_and_tests_stay_as_they_are() -> None:
    good = said(PUSH, f"import math\n\n{SIZE}")
    assert faults(read_answer(good + "\n\n" + said("LIMIT = 4", path="p/other.py"), ASKED)) == {Fault.FROZEN}
    assert faults(read_answer(good + "\n\n" + said("def test_size(): pass", path="tests/test_q.py"), ASKED)) == {
        Fault.TESTS
    }


@pytest.mark.parametrize(
    ("answer", "finish", "fault"),
    [
        ("", "stop", Fault.EMPTY),
        ("I would rather not.", "stop", Fault.DECLINED),
        ("Let me think", "length", Fault.CUT_OFF),
        (said(PUSH), "stop", Fault.MISSING),
        ("```python\nx = 1\n\n\ndef other():\n    return 1\n```", "stop", Fault.NO_SUCH_FILE),
    ],
)
def test_an_answer_without_what_was_asked_for_says_why(answer: str, finish: str, fault: Fault) -> None:
    assert faults(read_answer(answer, ASKED, finish)) == {fault}


def test_a_cut_off_answer_keeps_what_is_whole_and_can_be_continued() -> None:
    whole = f"p/q.py\n```python\nimport math\n\n{PUSH}\n\n\n{SIZE}\n```"
    cut = whole[: whole.index("math.isqrt(4)") + len("math")]
    reading = read_answer(cut, ASKED, "length")
    assert reading.can_be_continued and reading.remaining == ("p/q.py::size",)
    rest = whole[len(cut) :]
    assert read_answer(join_continuation(cut, rest), ASKED).usable


def test_a_variable_keeps_its_annotation() -> None:
    reading = read_answer(said("most = [1,\n        2]"), Asked({"p/q.py": FILE}, {"p/q.py": ("most",)}))
    assert reading.usable and "most: list[int] = [1,\n        2]\n" in reading.files["p/q.py"]
