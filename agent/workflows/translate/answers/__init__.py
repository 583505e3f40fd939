"""Model answers: read with tolerance for their form and none for their content."""

from repowright.agent.workflows.translate.answers.asked import LENGTH, AnswerReading, Asked, Fault, Note, Refusal
from repowright.agent.workflows.translate.answers.continuing import halves, join_continuation, rest_of
from repowright.agent.workflows.translate.answers.reading import read_answer

__all__ = [
    "LENGTH",
    "AnswerReading",
    "Asked",
    "Fault",
    "Note",
    "Refusal",
    "halves",
    "join_continuation",
    "read_answer",
    "rest_of",
]
