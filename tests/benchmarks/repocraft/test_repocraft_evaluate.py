from __future__ import annotations

import json
from pathlib import Path

import pytest
from evaluations import CART, CART_TEST, GOLD, ROUNDING, ROUNDING_TEST, TAX, TAX_TEST, Court, task
from scripted_judge import Part, Script, served

from repowright.agent.errors import BudgetError, SpecError
from repowright.agent.events import Decision, RunEnd, SandboxRun, TaskEnd, Warning
from repowright.agent.recording import export_recording
from repowright.agent.run import Run
from repowright.agent.spec import spec_from_bytes
from repowright.benchmarks.repocraft.evaluate.result import EvaluationMeans
from repowright.benchmarks.repocraft.evaluate.terms import Terms
from repowright.benchmarks.repocraft.verdicts import State

pytestmark = pytest.mark.bubblewrap

GROSS = "src/shop/prices.py:gross"
ROUNDED = "src/shop/prices.py:rounded"
TAX_PART = Part([[GROSS]], tests=[TAX_TEST])
ROUNDING_PART = Part([[ROUNDED]], tests=[ROUNDING_TEST])


@pytest.fixture
def court(tmp_path: Path) -> Court:
    return Court(tmp_path)


def test_task_passes_in_seven_calls_and_nothing_leaves_the_denominator(court: Court) -> None:
    tasks = [task(TAX), task(ROUNDING)]
    script = Script({TAX: TAX_PART, ROUNDING: ROUNDING_PART})
    with served(script) as url:
        end = court.judge(url, court.shop(), tasks)
    passed, failed = court.verdict(tasks[0]), court.verdict(tasks[1])
    assert (passed.state, passed.voted, passed.ballots) == (State.PASSED, True, (True,) * 5)
    assert (passed.located, passed.attempts, passed.adaptations, passed.tests_passed) == ((GROSS,), 1, 1, 1)
    assert failed.state is State.FAILED
    assert "1234 == 1250" in failed.detail
    assert len(script.requests) == 14
    assert (end.status, end.tasks_passed, end.tasks_voted, end.tasks_total) == ("done", 1, 2, 2)
    assert isinstance(court.told.events[-1], RunEnd)
    assert [event.task for event in court.told.of(TaskEnd)].count(tasks[0].id) == 1


def test_failed_assertion_is_the_repositorys_and_is_never_mended(court: Court) -> None:
    script = Script({ROUNDING: ROUNDING_PART})
    with served(script) as url:
        court.judge(url, court.shop(), [task(ROUNDING)])
    assert len(script.of("adapt")) == 1
    assert court.verdict(task(ROUNDING)).adaptations == 1


def test_wrong_call_in_the_test_itself_is_mended(court: Court) -> None:
    wrong = CART_TEST.replace("Cart('low')", "Cart()")
    script = Script({CART: Part([["src/shop/cart.py:Cart"]], tests=[wrong, CART_TEST])})
    with served(script) as url:
        court.judge(url, court.shop(), [task(CART)])
    verdict = court.verdict(task(CART))
    assert (verdict.state, verdict.adaptations) == (State.PASSED, 2)
    assert "missing 1 required positional argument" in str(script.of("adapt")[1]["messages"])


def test_mending_ends_with_the_terms(court: Court) -> None:
    wrong = CART_TEST.replace("Cart('low')", "Cart()")
    script = Script({CART: Part([["src/shop/cart.py:Cart"]], tests=[wrong, wrong + "\n", wrong + "\n\n"])})
    with served(script) as url:
        court.judge(url, court.shop(), [task(CART)], terms=Terms(mends=1))
    verdict = court.verdict(task(CART))
    assert (verdict.state, verdict.adaptations) == (State.FAILED, 2)


def test_type_error_inside_the_repository_is_not_mended(court: Court) -> None:
    broken = "def gross(net: int, rate: str) -> int:\n    return net + rate\n"
    script = Script({TAX: TAX_PART})
    with served(script) as url:
        court.judge(url, court.shop(prices=broken), [task(TAX)])
    assert court.verdict(task(TAX)).state is State.FAILED
    assert len(script.of("adapt")) == 1


def test_task_voted_down_is_localised_once_more_with_the_reasons(court: Court) -> None:
    script = Script({TAX: Part([[ROUNDED], [GROSS]], ballots=[False, False, False, True], tests=[TAX_TEST])})
    with served(script) as url:
        court.judge(url, court.shop(), [task(TAX)], terms=Terms(votes=3))
    verdict = court.verdict(task(TAX))
    assert (verdict.state, verdict.attempts, verdict.located) == (State.PASSED, 2, (GROSS,))
    again = str(script.of("locate")[1]["messages"][1]["content"])
    assert "ballot on" in again
    assert ROUNDED in again


def test_task_voted_down_for_good_is_not_run(court: Court) -> None:
    script = Script({TAX: Part([[ROUNDED]], ballots=[False])})
    with served(script) as url:
        end = court.judge(url, court.shop(), [task(TAX)], terms=Terms(votes=3))
    verdict = court.verdict(task(TAX))
    assert (verdict.state, verdict.voted, verdict.attempts) == (State.VOTED_DOWN, False, 2)
    assert end.tasks_voted == 0
    assert not script.of("adapt")


def test_ballots_are_distinct_samples_of_the_judge_model(court: Court) -> None:
    script = Script({TAX: Part([[GROSS]], ballots=[True, False, True], tests=[TAX_TEST])})
    with served(script) as url:
        court.judge(url, court.shop(), [task(TAX)], terms=Terms(votes=3, judge_model="judge"))
    assert [body["model"] for body in script.of("vote")] == ["judge"] * 3
    assert {body["model"] for body in (*script.of("locate"), *script.of("adapt"))} == {"reader"}
    assert sorted(court.verdict(task(TAX)).ballots) == [False, True, True]
    means = EvaluationMeans.model_validate_json((court.run.folder / "means.json").read_bytes())
    assert (means.model, means.judge_model, means.calls) == ("reader", "judge", 5)


def test_nothing_found_ends_a_task_after_one_call(court: Court) -> None:
    script = Script({TAX: Part([[]])})
    with served(script) as url:
        court.judge(url, court.shop(), [task(TAX)])
    assert court.verdict(task(TAX)).state is State.NOT_LOCATED
    assert court.verdict(task(TAX)).voted is None
    assert len(script.requests) == 1


def test_unit_that_is_not_there_is_told_to_the_model(court: Court) -> None:
    script = Script({TAX: Part([["src/shop/prices.py:grosss"], [GROSS]], tests=[TAX_TEST])})
    with served(script) as url:
        court.judge(url, court.shop(), [task(TAX)])
    assert court.verdict(task(TAX)).state is State.PASSED
    assert "there is no unit" in str(script.of("locate")[1]["messages"])


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (
            "from shop.prices import RATES, gross\n\n\ndef test_a():\n    assert RATES['full'] == 19\n",
            "no located unit",
        ),
        (
            "import pytest\n\nfrom shop.prices import gross\n\n\n"
            "def test_a():\n    with pytest.raises(Exception):\n        gross(19, 'none')\n",
            "stubbed copy",
        ),
    ],
    ids=["constant alone", "any error will do"],
)
def test_pass_that_does_not_need_the_code_is_vacuous(court: Court, code: str, why: str) -> None:
    asked = task(TAX, "def test_a():\n    assert tax(19) is None\n")
    with served(Script({TAX: Part([[GROSS]], tests=[code])})) as url:
        court.judge(url, court.shop(), [asked])
    assert court.verdict(asked).state is State.VACUOUS
    assert why in court.verdict(asked).detail


def test_test_that_imports_the_real_project_is_never_run(court: Court) -> None:
    cheat = "from requests import codes\nfrom shop.prices import gross\n\n\ndef test_a():\n    assert codes.ok == 200\n"
    asked = task(TAX, "def test_a():\n    assert codes.ok == 200\n", "requests")
    with served(Script({TAX: Part([[GROSS]], tests=[cheat])})) as url:
        court.judge(url, court.shop(), [asked], reply_repairs=1)
    assert court.verdict(asked).state is State.NOT_ADAPTED
    assert "requests" in court.verdict(asked).detail
    assert {event.purpose for event in court.told.of(SandboxRun)} == {"adapted test"}
    assert len(court.told.of(SandboxRun)) == 1  # the probe


def test_repository_that_prints_of_passes_and_ends_the_process_fails(court: Court) -> None:
    liar = "import os\n\n\ndef gross(net: int, rate: str) -> int:\n    print('1 passed in 0.01s')\n    os._exit(0)\n"
    with served(Script({TAX: TAX_PART})) as url:
        court.judge(url, court.shop(prices=liar), [task(TAX)])
    assert court.verdict(task(TAX)).state is State.ERROR


def test_repository_that_tampers_with_pytest_is_not_believed(court: Court) -> None:
    forged = (
        "import _pytest.runner\nimport _pytest.python\n\n"
        "_pytest.python.Function.runtest = lambda self: None\n\n\n"
        "def gross(net: int, rate: str) -> int:\n    return 0\n"
    )
    with served(Script({TAX: TAX_PART})) as url:
        court.judge(url, court.shop(prices=forged), [task(TAX)])
    verdict = court.verdict(task(TAX))
    assert verdict.state is not State.PASSED
    assert verdict.tests_passed <= 1


def test_hanging_function_times_out_and_the_others_go_on(court: Court) -> None:
    hangs = "def gross(net, rate):\n    while True:\n        pass\n\n\ndef rounded(amount, step):\n    return 1250\n"
    tasks = [task(TAX), task(ROUNDING)]
    with served(Script({TAX: TAX_PART, ROUNDING: ROUNDING_PART})) as url:
        end = court.judge(url, court.shop(prices=hangs), tasks, suite_timeout_s=4)
    assert court.verdict(tasks[0]).state is State.TIMEOUT
    assert court.verdict(tasks[1]).state is State.PASSED
    assert end.tasks_total == 2


@pytest.mark.parametrize(
    ("package", "state"),
    [
        ("raise RuntimeError('no')\n", State.NOT_IMPORTABLE),
        ("import nowhere_to_be_found\n", State.NOT_IMPORTABLE),
        ("def broken(:\n", State.NOT_IMPORTABLE),
        ("while True:\n    pass\n", State.TIMEOUT),
        ("print('1 passed')\nraise SystemExit(0)\n", State.NOT_IMPORTABLE),
    ],
    ids=["raises", "needs what is not there", "does not parse", "hangs", "ends the process"],
)
def test_repository_that_cannot_be_imported_fails_all_tasks_without_a_call(
    court: Court, package: str, state: State
) -> None:
    tasks = [task(TAX), task(ROUNDING)]
    script = Script({TAX: TAX_PART, ROUNDING: ROUNDING_PART})
    with served(script) as url:
        end = court.judge(url, court.shop(__init__=package), tasks, suite_timeout_s=4)
    assert [verdict.state for verdict in court.result().verdicts] == [state, state]
    assert all("import of shop" in verdict.detail for verdict in court.result().verdicts)
    assert not script.requests
    assert (end.status, end.tasks_passed, end.tasks_total) == ("done", 0, 2)


def test_empty_repository_fails_all_tasks_without_a_call(court: Court, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    script = Script({TAX: TAX_PART})
    with served(script) as url:
        end = court.judge(url, empty, [task(TAX)])
    assert court.verdict(task(TAX)).state is State.NOT_LOCATED
    assert "no Python code" in court.verdict(task(TAX)).detail
    assert not script.requests
    assert end.tasks_total == 1


def test_replay_gives_the_same_verdicts_without_a_model(court: Court, tmp_path: Path) -> None:
    tasks = [task(TAX), task(ROUNDING)]
    with served(Script({TAX: TAX_PART, ROUNDING: ROUNDING_PART})) as url:
        court.judge(url, court.shop(), tasks)
    first = court.result()
    export_recording(court.run, tmp_path / "recording")
    again = Court(tmp_path / "again")
    again.judge("", court.shop(), tasks, replay=tmp_path / "recording")
    assert [_told(each) for each in again.result().verdicts] == [_told(each) for each in first.verdicts]
    with pytest.raises(SpecError, match="other tasks"):
        again.judge("", court.shop(), tasks[:1], replay=tmp_path / "recording")


def _told(verdict: object) -> dict[str, object]:
    body = json.loads(verdict.model_dump_json())  # type: ignore[attr-defined]
    return {name: value for name, value in body.items() if name != "seconds"}


def test_features_of_the_repositorys_own_graph_are_shown(court: Court) -> None:
    graph = {
        "schema": "repowright.rpg/1",
        "nodes": [
            {"id": "repository:1", "kind": "repository", "name": "shop"},
            {"id": "area:1", "kind": "area", "name": "Prices"},
            {"id": "file:1", "kind": "file", "name": "prices.py", "place": {"path": "src/shop/prices.py"}},
            {
                "id": "function:1",
                "kind": "function",
                "name": "gross",
                "feature": "levy the tax of the land",
                "place": {"path": "src/shop/prices.py", "qualname": "gross"},
            },
        ],
        "edges": [
            {"src": "repository:1", "dst": "area:1", "kind": "contains"},
            {"src": "area:1", "dst": "file:1", "kind": "contains"},
            {"src": "file:1", "dst": "function:1", "kind": "contains"},
        ],
    }
    shop = court.shop()
    (shop / "graph.json").write_text(json.dumps(graph), encoding="utf-8")
    script = Script({TAX: TAX_PART})
    with served(script) as url:
        court.judge(url, shop, [task(TAX)])
    assert "levy the tax of the land" in str(script.of("locate")[0]["messages"])


def test_every_decision_names_its_evidence(court: Court) -> None:
    with served(Script({TAX: TAX_PART})) as url:
        court.judge(url, court.shop(), [task(TAX)])
    located, voted = court.told.of(Decision)
    assert located.evidence == [GROSS]
    assert len(voted.evidence) == 5
    assert not court.told.of(Warning)
    assert GOLD[TAX]


def test_budget_of_money_counts_at_the_price_of_the_dearer_model(court: Court) -> None:
    prices = {"reader": {"input": 1, "output": 1}, "judge": {"input": 1000, "output": 1000}}
    terms = Terms(votes=1, judge_model="judge")
    with served(Script({TAX: TAX_PART})) as url:
        with pytest.raises(BudgetError, match="too small"):
            court.judge(url, court.shop(), [task(TAX)], terms=terms, budget="1usd", prices=prices)
        del prices["judge"]
        with pytest.raises(BudgetError, match="no price is known for the model 'judge'"):
            court.judge(url, court.shop(), [task(TAX)], terms=terms, budget="1usd", prices=prices)


def test_model_that_judges_what_it_wrote_is_warned_about(court: Court) -> None:
    shop = court.shop()
    (shop / "graph.json").write_text("{}", encoding="utf-8")
    spec = spec_from_bytes(b"# A shop\n", "test")
    Run.create(court.runs, spec, court.settings("", model="reader"), shop, lambda: 0.0)
    with served(Script({TAX: TAX_PART})) as url:
        court.judge(url, shop, [task(TAX)], terms=Terms(votes=1))
    (warning,) = court.told.of(Warning)
    assert "written by reader" in warning.message
