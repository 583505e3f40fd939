"""One question to the model: answers that are cut off are continued or asked for in parts, then read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from repowright.agent.errors import ModelRefused
from repowright.agent.llm import Gateway, Message, Request
from repowright.agent.workflows.translate.answers.asked import LENGTH, AnswerReading, Asked, Fault, Refusal
from repowright.agent.workflows.translate.answers.continuing import halves, join_continuation, rest_of
from repowright.agent.workflows.translate.target import Target

CONTINUATIONS = 2
"""How often an answer that was cut off is continued before it is asked for in parts."""
DEPTH = 3
"""How often what is asked for is halved."""

_GO_ON = "Your answer was cut off. Go on exactly where it ends, without repeating anything and without a new heading."
_PART = "\n\n# For now\n\nYour answer would be too long. Write these items alone, the others follow later:\n\n{items}"


@dataclass
class Answered:
    """What came of a question.

    Parameters
    ----------
    text
        All that was said, parts one after the other.
    faults, notes
        Kinds of what was wrong, those of answers that were completed later too.
    """

    reading: AnswerReading
    text: str
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def ask(gateway: Gateway, target: Target, request: Request, asked: Asked, depth: int = DEPTH) -> Answered:
    """Ask for items of the crate.

    Raises
    ------
    BudgetSpent
        If the budget does not pay for it.
    ModelError
        If the model cannot be used; one that declines has answered, in a way that cannot be used.
    """
    try:
        reading, text, cuts = await _continued(gateway, target, request, asked)
    except ModelRefused as err:
        refusal = Refusal(Fault.DECLINED, "", err.message)
        return Answered(AnswerReading({}, refusals=(refusal,), remaining=asked.items()), "", [str(Fault.DECLINED)])
    faults = [str(Fault.CUT_OFF)] * cuts
    notes = [str(note) for note in reading.notes]
    if not reading.can_be_continued:
        return Answered(reading, text, [*faults, *sorted(str(each) for each in reading.faults)], notes)
    parts = halves(rest_of(asked, reading)) if depth else ()
    if len(parts) < 2 and not reading.taken:
        return Answered(reading, text, [*faults, str(Fault.CUT_OFF)], notes)
    whole = Answered(reading, text, faults, notes)
    for part in parts:
        whole = _joined(whole, await _ask_part(gateway, target, request, part, whole, depth - 1))
    return whole


async def _continued(
    gateway: Gateway, target: Target, request: Request, asked: Asked
) -> tuple[AnswerReading, str, int]:
    """Ask, and let the model go on while its answer is cut off; tell how often it was."""
    reply = await gateway.complete(request)
    if reply.finish_reason == LENGTH and not reply.text.strip():
        # All of the room went into thinking.
        request = replace(request, max_tokens=2 * request.max_tokens)
        reply = await gateway.complete(request)
    text, cuts = reply.text, 0
    reading = target.read(text, asked, reply.finish_reason)
    while reading.can_be_continued and cuts < CONTINUATIONS and text.strip():
        cuts += 1
        said = (Message(role="assistant", content=text), Message(role="user", content=_GO_ON))
        reply = await gateway.complete(replace(request, messages=(*request.messages, *said)))
        if not reply.text.strip():
            break
        text = join_continuation(text, reply.text)
        reading = target.read(text, asked, reply.finish_reason)
    return reading, text, cuts


async def _ask_part(
    gateway: Gateway, target: Target, request: Request, part: Asked, before: Answered, depth: int
) -> Answered:
    asked = replace(part, files={**part.files, **before.reading.files})
    *head, user = request.messages
    listed = "\n".join(f"- `{item}`" for item in asked.items())
    narrowed = user.model_copy(update={"content": user.content + _PART.format(items=listed)})
    return await ask(gateway, target, replace(request, messages=(*head, narrowed)), asked, depth)


def _joined(whole: Answered, part: Answered) -> Answered:
    files: Mapping[str, str] = {**whole.reading.files, **part.reading.files}
    taken = tuple(dict.fromkeys((*whole.reading.taken, *part.reading.taken)))
    others = tuple(each for each in whole.reading.refusals if each.fault is not Fault.CUT_OFF)
    refusals = tuple(dict.fromkeys((*others, *part.reading.refusals)))
    remaining = tuple(each for each in whole.reading.remaining if each not in taken)
    reading = AnswerReading(files, taken, refusals, whole.reading.notes, remaining)
    return Answered(reading, f"{whole.text}\n\n{part.text}", whole.faults + part.faults, whole.notes + part.notes)
