"""What is told of an answer that lacks something, whatever its language."""

from __future__ import annotations

from collections.abc import Sequence

from repowright.agent.workflows.translate.answers.asked import AnswerReading, Asked, Fault, Refusal


def about_rest(remaining: Sequence[str], suffix: str, cut: bool, strays: int, any_taken: bool) -> list[Refusal]:
    """Tell of the items that an answer does not hold; nothing where it holds all.

    Parameters
    ----------
    suffix
        Of the files that items are in.
    strays
        How many blocks belong to no file asked for.
    """
    if not remaining:
        return []
    names = ", ".join(each.rpartition(f"{suffix}::")[2] for each in remaining)
    if cut:
        return [Refusal(Fault.CUT_OFF, "", f"the answer ends before {names}")]
    if strays and not any_taken:
        told = f"the code of the answer belongs to no file asked for; wanted: {names}"
        return [Refusal(Fault.NO_SUCH_FILE, "", told)]
    return [Refusal(Fault.MISSING, "", f"the answer leaves out {names}")]


def without_code(answer: str, asked: Asked, cut: bool) -> AnswerReading:
    """Read an answer that holds no block of code."""
    if cut:
        refusal = Refusal(Fault.CUT_OFF, "", "the answer ends before its first line of code")
    elif not answer.strip():
        refusal = Refusal(Fault.EMPTY, "", "the answer is empty")
    else:
        refusal = Refusal(Fault.DECLINED, "", f"the answer holds no code: {' '.join(answer.split())[:120]}")
    return AnswerReading({}, refusals=(refusal,), remaining=asked.items())
