from __future__ import annotations

from pathlib import Path

import pytest

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.llm import Unusable
from repowright.agent.workflows.generate import describe
from repowright.agent.workflows.generate.code.attribution import Case, Judgement, count
from repowright.agent.workflows.generate.code.evidence import evidence_key, verdict
from repowright.agent.workflows.generate.code.workspace import (
    integration_path,
    package_files,
    path_of_tests,
    snake,
    standing,
)
from repowright.agent.workflows.generate.code.writing import code_problems, failure_text, function_name
from repowright.agent.workflows.generate.delivery_files import packaging
from repowright.agent.workflows.generate.interface_checks import unit_problems
from repowright.agent.workflows.generate.layout import (
    Area,
    Areas,
    Category,
    EntryPoint,
    File,
    Structure,
    apply_areas,
    apply_structure,
)
from repowright.agent.workflows.generate.plan import Library, Plan, UnitRecord, module_name, settle_states
from repowright.agent.workflows.generate.proposal import Feature, Proposal, proposal_problems
from repowright.agent.workflows.generate.shared_data import BaseTypeFile, BaseTypes, Flow, Flows
from repowright.executors import Ended, Limits, TestOutcome, TestReport, TestResult
from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.model import RPG, Place

NO_STUDIO = None  # none of these answers is stored


@pytest.fixture
def proposed() -> Plan:
    rpg = RPG.new("shop", "sell things", package="src/shop", tags=("has-entry-point",))
    area = rpg.add(NodeKind.AREA, "Unsorted", rpg.root.id)
    for phrase in ("add an item", "show the total", "run the program"):
        rpg.add(NodeKind.FEATURE, phrase, area.id, feature=phrase, doc=f"It can {phrase}.")
    return Plan(rpg)


def sorted_into_areas(plan: Plan) -> Plan:
    cart = Area(name="Cart", purpose="Hold items.", categories=[Category(name="Items", features=["F1", "F3"])])
    line = Area(name="Command Line", purpose="Run.", categories=[Category(name="Main", features=["F2"])])
    return apply_areas(plan, Areas(areas=[cart, line]), NO_STUDIO)  # type: ignore[arg-type]


def structure(*files: File, entry: EntryPoint | None = None) -> Structure:
    return Structure(files=list(files), entry_point=entry or EntryPoint(path="src/shop/cli.py", function="main"))


CART = File(path="src/shop/cart.py", area="Cart", purpose="Cart.", features=["F1", "F3"], depends_on=[])
CLI = File(
    path="src/shop/cli.py", area="Command Line", purpose="CLI.", features=["F2"], depends_on=["src/shop/cart.py"]
)


@pytest.fixture
def planned(proposed: Plan, tmp_path: Path) -> tuple[Plan, Library]:
    plan = apply_structure(sorted_into_areas(proposed), structure(CART, CLI), NO_STUDIO)  # type: ignore[arg-type]
    library = Library(ArtifactStore(tmp_path))
    for order, (path, name, code) in enumerate(
        [
            ("src/shop/cart.py", "total", 'def total(items: list[int]) -> int:\n    """Sum."""\n    ...\n'),
            (
                "src/shop/cli.py",
                "main",
                "from shop.cart import total\n\n\n"
                'def main(argv: list[str] | None = None) -> int:\n    """Run."""\n    ...\n',
            ),
        ]
    ):
        file = plan.rpg.find(path)
        assert file is not None
        node = plan.rpg.add(NodeKind.FUNCTION, name, file.id, place=Place(path, name))
        plan.units[node.id] = library.put(UnitRecord(id=node.id, name=name, path=path, order=order, skeleton=code))
    total, main = unit(plan, "total"), unit(plan, "main")
    plan.rpg.connect(main, total, EdgeKind.CALLS)
    return plan, library


def unit(plan: Plan, name: str) -> str:
    (node,) = plan.rpg.by_name(NodeKind.FUNCTION, name)
    return node.id


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "My Tool"}, "lower case"),
        ({"package": "json"}, "not a free"),
        ({"package": "class"}, "not a free"),
        ({"package": "My-Tool"}, "not a free"),
        ({"features": []}, "empty"),
    ],
)
def test_proposal_that_cannot_become_a_plan(changes: dict[str, object], words: str) -> None:
    sound = Proposal(
        name="my-tool", package="my_tool", purpose="p", command_line=False, features=[Feature(phrase="a", detail="b")]
    )
    assert proposal_problems(sound) == []
    (problem,) = proposal_problems(sound.model_copy(update=changes))
    assert words in problem


def test_areas_must_take_every_feature_once(proposed: Plan) -> None:
    answer = Areas(areas=[Area(name="A", purpose="p", categories=[Category(name="c", features=["F1", "F1", "F9"])])])
    with pytest.raises(Unusable) as caught:
        apply_areas(proposed, answer, NO_STUDIO)  # type: ignore[arg-type]
    text = "\n".join(caught.value.problems)
    assert "F9" in text and "F1 is assigned 2 times" in text and "F2 (run the program) is not assigned" in text


def test_areas_replace_the_unsorted_one(proposed: Plan) -> None:
    plan = sorted_into_areas(proposed)
    assert [area.name for area in plan.rpg.nodes(NodeKind.AREA)] == ["Cart", "Command Line"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"path": "shop/cart.py"}, "not a .py file below src/shop/"),
        ({"path": "src/shop/__init__.py"}, "made from the plan"),
        ({"area": "Nowhere"}, "no area 'Nowhere'"),
        ({"depends_on": ["src/shop/none.py"]}, "no file of the plan"),
        ({"depends_on": ["src/shop/cart.py"]}, "depends on itself"),
    ],
)
def test_structure_with_an_impossible_file(proposed: Plan, changes: dict[str, object], words: str) -> None:
    plan = sorted_into_areas(proposed)
    with pytest.raises(Unusable) as caught:
        apply_structure(plan, structure(CART.model_copy(update=changes), CLI), NO_STUDIO)  # type: ignore[arg-type]
    assert words in "\n".join(caught.value.problems)


def test_structure_of_a_program_names_its_entry_point(proposed: Plan) -> None:
    plan = sorted_into_areas(proposed)
    with pytest.raises(Unusable, match="entry_point"):
        apply_structure(plan, Structure(files=[CART, CLI], entry_point=None), NO_STUDIO)  # type: ignore[arg-type]


def test_flow_needs_areas_and_a_type(proposed: Plan) -> None:
    from repowright.agent.workflows.generate.shared_data import apply_flows

    plan = sorted_into_areas(proposed)
    wrong = Flow(source="Cart", target="Moon", name="x", data_type="list[", transformation="t")
    with pytest.raises(Unusable) as caught:
        apply_flows(plan, Flows(flows=[wrong]), NO_STUDIO)  # type: ignore[arg-type]
    assert "no area 'Moon'" in str(caught.value) and "no Python type" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("class A(:\n", "line 1"),
        ("X = 1\n", "defines no type"),
        ("import numpy\n\n\nclass A:\n    x: numpy.ndarray\n", "imports numpy"),
        ("class A:\n    x: Missing\n", "Missing"),
    ],
)
def test_base_types_that_cannot_be_imported(proposed: Plan, code: str, words: str) -> None:
    from repowright.agent.workflows.generate.shared_data import apply_base_types

    plan = sorted_into_areas(proposed)
    file = BaseTypeFile(path="src/shop/types.py", area="Cart", purpose="p", code=code)
    with pytest.raises(Unusable) as caught:
        apply_base_types(plan, BaseTypes(files=[file]), NO_STUDIO)  # type: ignore[arg-type]
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("skeleton", "words"),
    [
        ("def total(:\n", "does not parse"),
        ("def total() -> int: ...\n", "no docstring"),
        ('def other() -> int:\n    """D."""\n', "total"),
        ('def total(x: Item) -> int:\n    """D."""\n', "Item"),
        ('import numpy\n\n\ndef total() -> int:\n    """D."""\n', "only the standard library"),
        ('from shop.cli import main\n\n\ndef total() -> int:\n    """D."""\n', "a cycle"),
        ('from shop.cli import gone\n\n\ndef total() -> int:\n    """D."""\n', "no such unit"),
    ],
)
def test_interface_that_cannot_enter_the_plan(planned: tuple[Plan, Library], skeleton: str, words: str) -> None:
    plan, _ = planned
    file = plan.rpg.find("src/shop/cart.py")
    assert file is not None
    problems = unit_problems(plan, file, "total", "function", skeleton, [], siblings=["total"])
    assert words in "\n".join(problems)


def test_use_of_what_is_not_planned_is_named(planned: tuple[Plan, Library]) -> None:
    plan, _ = planned
    file = plan.rpg.find("src/shop/cli.py")
    assert file is not None
    skeleton = 'def main() -> int:\n    """D."""\n'
    problems = unit_problems(plan, file, "main", "function", skeleton, ["src/shop/x.py:y", "z"], siblings=["main"])
    assert "src/shop/x.py:y, which is not in the plan" in problems[0] and "path:name" in problems[1]


def test_code_may_stand_on_what_the_plan_lists_alone(planned: tuple[Plan, Library]) -> None:
    plan, library = planned
    record = library.get(plan.units[unit(plan, "main")])
    right = record.skeleton.replace("...", "return total([])")
    assert code_problems(plan, record, right) == []
    assert "does not parse" in code_problems(plan, record, "def main(")[0]
    assert any("argv" in problem for problem in code_problems(plan, record, right.replace("argv", "args")))
    plan.rpg.disconnect(unit(plan, "main"), unit(plan, "total"), EdgeKind.CALLS)
    assert any("does not list it" in problem for problem in code_problems(plan, record, right))


def test_workspace_stubs_all_that_is_not_written(planned: tuple[Plan, Library]) -> None:
    plan, library = planned
    total, main = unit(plan, "total"), unit(plan, "main")
    code = library.get(plan.units[total]).skeleton.replace("...", "return sum(items)")
    files = package_files(plan, library, [main], {total}, {total: code})
    assert b"return sum(items)" in files["src/shop/cart.py"]
    assert b'NotImplementedError("main")' in files["src/shop/cli.py"]
    assert "src/shop/__init__.py" in files and "pyproject.toml" in files
    alone = package_files(plan, library, [total], (), None)
    assert "src/shop/cli.py" not in alone and b"NotImplementedError" in alone["src/shop/cart.py"]


def test_generations_and_closure_follow_the_calls(planned: tuple[Plan, Library]) -> None:
    plan, _ = planned
    total, main = unit(plan, "total"), unit(plan, "main")
    assert plan.generations() == [[total], [main]]
    assert plan.closure([main]) == {total, main} and plan.dependents(total) == [main]
    assert describe.direct_dependencies(plan, main) == [total]


def test_plan_comes_back_from_the_store(planned: tuple[Plan, Library], tmp_path: Path) -> None:
    plan, _ = planned
    store = ArtifactStore(tmp_path)
    again = Plan.load(store, plan.save(store))
    assert again.rpg == plan.rpg and again.units == plan.units


def test_packaging_has_the_command_and_its_module(planned: tuple[Plan, Library]) -> None:
    files = packaging(planned[0])
    assert b'shop = "shop.cli:main"' in (files["pyproject.toml"] or b"")
    assert b"raise SystemExit(main())" in (files["src/shop/__main__.py"] or b"")


def test_names_become_paths(planned: tuple[Plan, Library]) -> None:
    plan, _ = planned
    assert snake("WriteAheadLog") == "write_ahead_log" and snake("HTTPServer") == "http_server"
    assert path_of_tests(plan, unit(plan, "total")) == "tests/unit/test_cart_total.py"
    assert integration_path(plan.rpg.nodes(NodeKind.AREA)[1]) == "tests/integration/test_command_line.py"
    assert module_name("src/shop/a/b.py") == "shop.a.b"
    assert function_name("tests/unit/t.py::TestA::test_b[x-1]") == "TestA::test_b"


def case(plan: Plan) -> Case:
    return Case(unit(plan, "main"), "main", "", "", {}, plan.closure([unit(plan, "main")]), unit(plan, "main"))


def votes(*given: str) -> list[Judgement]:
    return [
        Judgement.model_validate({"blame": one.split()[0], "culprit": one.split()[1], "reason": "r"}) for one in given
    ]


@pytest.mark.parametrize(
    ("given", "blame", "culprit"),
    [
        (("test main", "test main"), "test", "main"),
        (("code main", "test main", "test main"), "test", "main"),
        (("code main", "test main", "plan main"), "code", "main"),
        (("code total", "code shop.cart.total"), "code", "main"),
        (("code total", "code src/shop/cart.py:total"), "code", "total"),
        (("code total", "code main", "code `total`"), "code", "total"),
        (("code nobody", "code nobody"), "code", "main"),
        (("test total", "test total"), "test", "main"),
    ],
)
def test_votes_are_counted(planned: tuple[Plan, Library], given: tuple[str, ...], blame: str, culprit: str) -> None:
    plan, _ = planned
    found = count(plan, case(plan), votes(*given))
    assert (found.blame, plan.rpg.node(found.culprit).name) == (blame, culprit)


def report(*outcomes: TestOutcome, ended: Ended = Ended.EXITED) -> TestReport:
    results = tuple(TestResult(f"tests/t.py::test_{number}", one, "m", "d") for number, one in enumerate(outcomes))
    bad = any(one is not TestOutcome.PASSED for one in outcomes)
    return TestReport(results, int(bad), ended, 0.1)


def test_evidence_is_the_same_where_every_test_ends_the_same() -> None:
    one, two = report(TestOutcome.PASSED, TestOutcome.FAILED), report(TestOutcome.PASSED, TestOutcome.FAILED)
    assert verdict(one) == verdict(two) != verdict(report(TestOutcome.PASSED, TestOutcome.PASSED))
    assert verdict(report(TestOutcome.PASSED, ended=Ended.TIME)) == verdict(report(ended=Ended.MEMORY))


def test_evidence_key_covers_files_selection_and_bounds() -> None:
    files = {"a.py": b"x"}
    key = evidence_key(files, ["t"], Limits(), None)
    assert key == evidence_key(dict(files), ["t"], Limits(wall_s=5), None)
    changed = [
        evidence_key({"a.py": b"y"}, ["t"], Limits(), None),
        evidence_key(files, ["u"], Limits(), None),
        evidence_key(files, ["t"], Limits(memory_mb=1), None),
        evidence_key(files, ["t"], Limits(), "src"),
    ]
    assert key not in changed and len(set(changed)) == 4


def test_failures_are_told_in_full_and_in_bounds() -> None:
    text = failure_text(report(*[TestOutcome.FAILED] * 9), most=2)
    assert text.count("failed tests/t.py") == 2 and text.endswith("and 7 more")
    assert "limit on memory" in failure_text(report(ended=Ended.MEMORY))


def test_tests_may_use_units_of_earlier_generations_alone(planned: tuple[Plan, Library]) -> None:
    plan, _ = planned
    total, main = unit(plan, "total"), unit(plan, "main")
    plan.rpg.disconnect(main, total, EdgeKind.CALLS)
    both = "from shop.cart import total\nfrom shop.cli import main\n"
    assert standing(plan, main, both) == {main}  # built side by side
    plan.rpg.connect(main, total, EdgeKind.CALLS)
    plan.levels = None
    plan.rpg.disconnect(main, total, EdgeKind.CALLS)
    plan.levels = {total: 0, main: 1}
    assert standing(plan, main, both) == {main, total}
    assert standing(plan, total, both) == {total}


def test_state_of_a_file_is_that_of_the_least_it_holds(planned: tuple[Plan, Library]) -> None:
    plan, _ = planned
    plan.rpg.update(unit(plan, "total"), state=State.VERIFIED)
    for feature in plan.rpg.nodes(NodeKind.FEATURE):
        plan.rpg.remove(feature.id)
    settle_states(plan, all_verified=False)
    cart, line = (plan.rpg.find(path) for path in ("src/shop/cart.py", "src/shop/cli.py"))
    assert cart is not None and cart.state is State.VERIFIED
    assert line is not None and line.state is State.PLANNED
    assert plan.rpg.root.state is State.PLANNED
