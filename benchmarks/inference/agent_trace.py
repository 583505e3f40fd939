"""A trace of agents' programs: what each turn asked and answered, in tokens, and how long its tool then ran.

``python -m repowright.benchmarks.inference.agent_trace --repos CLONES`` derives the one that ships anew: tokens are
those that the endpoint counted for the recorded tool loops in ``examples/``; pauses are those that were recorded with
the test runs, and for the other tools what their recorded calls take here (`agent_trace_pauses`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from random import Random

from repowright.benchmarks.inference.agent_trace_pauses import TEST_RUN, Call, measured

DATA = Path(__file__).parent / "data" / "agent_trace.json"
_EXAMPLES = Path(__file__).parents[2] / "examples"
_SEED = 0


@dataclass(frozen=True)
class Turn:
    """One call of the model.

    Parameters
    ----------
    prompt, answer
        Tokens.
    tool
        What the answer called; empty in a program's last turn.
    pause
        Seconds until the tool's result is there.
    """

    prompt: int
    answer: int
    tool: str = ""
    pause: float = 0.0


@dataclass(frozen=True)
class TracedProgram:
    """The turns of one tool loop: each prompt begins with the prompt and the answer before it."""

    name: str
    turns: tuple[Turn, ...]


def read_trace(path: Path = DATA) -> list[TracedProgram]:
    """Return the programs of a trace."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return [TracedProgram(each["name"], tuple(Turn(**turn) for turn in each["turns"])) for each in raw["programs"]]


def scaled(programs: Sequence[TracedProgram], tokens: int, pauses: float = 1.0) -> list[TracedProgram]:
    """Return a trace with all tokens divided by ``tokens`` and all pauses multiplied by ``pauses``.

    Each turn keeps a token of answer, and two more of prompt than what came before it.
    """
    return [TracedProgram(each.name, tuple(_scaled(each.turns, tokens, pauses))) for each in programs]


def _scaled(turns: Sequence[Turn], tokens: int, pauses: float) -> Iterator[Turn]:
    held = 0
    for turn in turns:
        prompt, answer = max(turn.prompt // tokens, held + 2), max(1, turn.answer // tokens)
        held = prompt + answer
        yield Turn(prompt, answer, turn.tool, turn.pause * pauses)


def derive(examples: Path, repositories: Path) -> list[TracedProgram]:
    """Return the tool loops of several turns that were recorded in a folder of examples."""
    loops = {name: calls for name, calls in _loops(examples) if len(calls) > 1}
    pauses = measured((call for calls in loops.values() for call in calls), examples, repositories)
    random = Random(_SEED)
    return [TracedProgram(name, tuple(_turns(calls, pauses, random))) for name, calls in sorted(loops.items())]


def _loops(examples: Path) -> Iterator[tuple[str, list[Call]]]:
    """Recorded calls by program, in the order in which their prompts grew."""
    replies = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(examples.rglob("reply/*.json"))]

    def name(reply: tuple[Path, dict[str, str]]) -> str:
        path, raw = reply
        return f"{path.parents[1].relative_to(examples)}: {raw['task']}, {raw['subject']}"

    for program, group in groupby(sorted(replies, key=name), name):
        calls = sorted((Call.of(raw) for _, raw in group), key=lambda call: call.prompt)
        if any(call.tools for call in calls):
            yield program, calls


def _turns(calls: Sequence[Call], pauses: Mapping[str, Sequence[float]], random: Random) -> Iterator[Turn]:
    for call in calls[:-1]:
        names = [each.tool for each in call.tools]
        tool = TEST_RUN if TEST_RUN in names else next(iter(names), "")
        seconds = sum(random.choice(pauses[each]) for each in names if each in pauses)
        yield Turn(call.prompt, call.answer, tool, round(seconds, 4))
    yield Turn(calls[-1].prompt, calls[-1].answer)


def main() -> None:
    """Derive the trace and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repos", type=Path, required=True, help="folder of clones, owner+name/repo")
    parser.add_argument("--examples", type=Path, default=_EXAMPLES)
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    programs = derive(given.examples, given.repos)
    lines = ",\n".join(json.dumps(asdict(each)) for each in programs)
    derived = json.dumps(" ".join(str(__doc__).split()))
    text = f'{{"derived": {derived},\n"programs": [\n{lines}\n]}}'
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(text + "\n", encoding="utf-8")
    print(f"{len(programs)} programs, {sum(len(each.turns) for each in programs)} turns")


if __name__ == "__main__":
    main()
