import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from repowright.agent.errors import RunNotFound
from repowright.agent.settings import Settings
from repowright.benchmarks.repocraft.construction.building import Gathered, Wanted, gather
from repowright.benchmarks.repocraft.construction.leaks import Leaks
from repowright.benchmarks.repocraft.construction.records import FUNCTIONS, FoundTest
from repowright.benchmarks.repocraft.construction.release import Release
from repowright.benchmarks.repocraft.construction.with_model import ModelBuild, build_with_model
from repowright.benchmarks.repocraft.tasks import write_task_set
from repowright.benchmarks.speed.synthetic import endpoint

SOURCE = "from shapes import Square\n\n\n" + "\n\n".join(
    f"def test_{word}_{number}():\n    assert Square({number}).{word}() == {number}\n"
    for word in ("area", "edge")
    for number in range(5)
)
ALONE = "from shapes import Square\n\ndef test_repr():\n    assert repr(Square(1)) == 'square'\n"
_TEST = re.compile(r"^(T\d+) test_([a-z]+)_", re.MULTILINE)
_GROUP = re.compile(r"^@@ (G\d+):", re.MULTILINE)
Rule = Callable[[str, str], str]


def by_rule(system: str, user: str) -> str:
    if "group the tests" in system:
        named: dict[str, list[str]] = {}
        for one, word in _TEST.findall(user):
            named.setdefault(f"measure the {word} of squares", []).append(one)
        return json.dumps({"groups": [{"capability": cap, "tests": ids} for cap, ids in named.items()]})
    return json.dumps({"descriptions": [description(one) for one in _GROUP.findall(user)]})


def description(one: str, text: str = "A square tells how long its edges are and how much room it takes.") -> object:
    return {"id": one, "alg_description": text, "task_query": "You are testing that a square knows its own measures."}


@pytest.fixture
def found(tmp_path: Path) -> Gathered:
    root = tmp_path / "release"
    for name, text in {"shapes/__init__.py": "", "tests/test_many.py": SOURCE, "tests/test_one.py": ALONE}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return gather(Release("shapes", "1.0", "", root, "shapes"))


async def build(
    found: Gathered, folder: Path, rule: Rule = by_rule, replay: Path | None = None, **settings: object
) -> ModelBuild:
    with endpoint(rule) as url:
        chosen = Settings.model_validate({"model": "rules", "base_url": url, **settings})
        return await build_with_model(found, Wanted(found.release, count=10), chosen, folder, replay)


async def test_a_model_groups_and_describes(found: Gathered, tmp_path: Path) -> None:
    done = await build(found, tmp_path / "record")
    tasks = {task.cap: task for task in done.tasks.tasks}
    assert tasks["measure the area of squares"].functions == tuple(f"test_area_{number}" for number in range(5))
    assert {task.grouped_by for task in tasks.values() if len(task.functions) > 1} == {"model:rules"}
    assert {task.described_by for task in tasks.values()} == {"model:rules"}
    assert (done.problems, done.cost.calls) == ((), 2)


async def test_a_class_with_one_test_is_described_but_not_asked_about(found: Gathered, tmp_path: Path) -> None:
    task = next(task for task in (await build(found, tmp_path)).tasks.tasks if task.file == "tests/test_one.py")
    assert (task.grouped_by, task.described_by) == ("syntax", "model:rules")


async def test_what_was_answered_once_is_never_asked_again(found: Gathered, tmp_path: Path) -> None:
    first = await build(found, tmp_path / "record")
    second = await build(found, tmp_path / "record")
    assert (second.cost.calls, second.cost.replayed) == (0, 2)
    assert second.tasks == first.tasks


async def test_a_recording_gives_the_same_bytes_without_a_model(found: Gathered, tmp_path: Path) -> None:
    first = await build(found, tmp_path / "record")

    def refuse(system: str, user: str) -> str:
        raise AssertionError("no model may be asked")

    again = await build(found, tmp_path / "other", refuse, tmp_path / "record")
    for number, done in enumerate((first, again)):
        write_task_set(done.tasks, tmp_path / f"{number}.json")
    assert (tmp_path / "0.json").read_bytes() == (tmp_path / "1.json").read_bytes()


async def test_an_empty_recording_is_refused(found: Gathered, tmp_path: Path) -> None:
    with pytest.raises(RunNotFound):
        await build(found, tmp_path / "record", by_rule, tmp_path / "none")


async def test_tests_that_the_model_leaves_out_are_grouped_by_syntax(found: Gathered, tmp_path: Path) -> None:
    def forgetful(system: str, user: str) -> str:
        if "group the tests" not in system:
            return by_rule(system, user)
        groups = json.loads(by_rule(system, user))["groups"]
        return json.dumps({"groups": [{**groups[0], "tests": [*groups[0]["tests"], "T99"]}, groups[1]]})

    done = await build(found, tmp_path, forgetful)
    area = [task for task in done.tasks.tasks if task.functions[0].startswith("test_area")]
    assert {task.grouped_by for task in area} == {"syntax"}
    assert sum(len(task.functions) for task in area) == 5
    assert any("5 tests are grouped by syntax" in problem for problem in done.problems)


@pytest.mark.parametrize(
    "groups",
    [
        [{"capability": "measure the area of squares", "tests": ["T1", "T1", "T2"]}],
        [{"capability": "x", "tests": ["T1"]}],
        [{"capability": "call area_of on squares", "tests": ["T1"]}],
        [{"capability": "measure all there is", "tests": [f"T{number}" for number in range(1, 10)]}],
        [],
    ],
)
async def test_every_test_stays_in_one_group_whatever_the_model_says(
    groups: list[object], found: Gathered, tmp_path: Path
) -> None:
    def odd(system: str, user: str) -> str:
        return json.dumps({"groups": groups}) if "group the tests" in system else by_rule(system, user)

    done = await build(found, tmp_path, odd)
    names = [name for task in (*done.tasks.tasks, *done.tasks.reserve) for name in task.functions]
    assert len(names) == len(set(names)) == 11


async def test_a_description_that_shows_a_name_is_sent_back_and_replaced_by_the_template(
    found: Gathered, tmp_path: Path
) -> None:
    def leaky(system: str, user: str) -> str:
        if "group the tests" in system:
            return by_rule(system, user)
        text = "The Shapes package measures squares with Square.area() in a very exact way."
        return json.dumps({"descriptions": [description(one, text) for one in _GROUP.findall(user)]})

    done = await build(found, tmp_path, leaky)
    assert {task.described_by for task in done.tasks.tasks} == {"template"}
    assert done.cost.calls == 3
    assert all("described by the template: shows the name 'Shapes'" in problem for problem in done.problems)
    assert len(done.problems) == 3


async def test_a_leak_that_is_mended_counts_as_described(found: Gathered, tmp_path: Path) -> None:
    asked: list[str] = []

    def mending(system: str, user: str) -> str:
        if "group the tests" in system:
            return by_rule(system, user)
        asked.append(user)
        if len(asked) == 2:
            return json.dumps({"descriptions": [description("G1")]})
        answers = [description(one) for one in _GROUP.findall(user)]
        leak = description("G1", "Calls `area` of a square to learn its size.")
        return json.dumps({"descriptions": [leak, *answers[1:]]})

    done = await build(found, tmp_path, mending)
    assert {task.described_by for task in done.tasks.tasks} == {"model:rules"}
    assert (done.problems, len(asked)) == ((), 2)


async def test_a_spent_budget_leaves_what_is_not_asked_without_a_model(found: Gathered, tmp_path: Path) -> None:
    done = await build(found, tmp_path, budget="2900tok")
    assert {task.grouped_by for task in done.tasks.tasks if len(task.functions) > 1} == {"model:rules"}
    assert {task.described_by for task in done.tasks.tasks} == {"template"}
    assert done.problems and done.cost.calls == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Sends HTTP requests and reads the answers, e.g. over HTTP/1.1.", []),
        ("What the requests library does.", ["requests library"]),
        ("As in python-requests.", ["python-requests"]),
        (
            "Calls `get` with max_redirects in sessions.Session or send().",
            ["`get`", "max_redirects", "sessions.Session", "send()"],
        ),
        ("Keeps a CookieJar.", ["CookieJar"]),
        ("A LightGBM-like ensemble.", []),
    ],
)
def test_names_in_a_description_are_found_and_words_of_the_language_are_not(text: str, shown: list[str]) -> None:
    test = FoundTest("t.py", FUNCTIONS, "test_a", FUNCTIONS, (1, 2), "", (), (), ("requests.cookies.CookieJar",), 1)
    assert sorted(Leaks(["requests"], [test]).shown(text)) == sorted(shown)
