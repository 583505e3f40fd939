"""Wishes and who grants them: the gate where a rule or the mode knows, else the user, whose answer is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from repowright.agent.approvals.gate import Answer, Call, Choice, Gate, Question
from repowright.agent.chat.events import ApprovalAsk, ApprovalDecided, Mode, Note
from repowright.agent.chat.ledger_file import LedgerFile
from repowright.agent.chat.wishes import Refused, Wish
from repowright.agent.errors import UserError
from repowright.agent.events import Event


class Permission:
    """Grants the wishes of one session.

    Parameters
    ----------
    attended
        Whether somebody is there to ask; if not, what would be asked is refused.
    """

    def __init__(
        self, gate: Gate, ledger: LedgerFile, emit: Callable[[Event], object], *, attended: bool = True
    ) -> None:
        self._gate = gate
        self._ledger = ledger
        self._emit = emit
        self._attended = attended
        self._open: dict[str, asyncio.Future[Answer]] = {}
        self.refused_by_nobody = 0
        """How many wishes were refused because nobody was there to ask."""

    async def __call__(self, wish: Wish) -> None:
        """Return when the wish is granted.

        Raises
        ------
        Refused
            If it is not.
        """
        decision = await self._gate.allowed(wish.what, lambda question: self._ask(wish, question))
        if decision.kept:
            self._ledger.update(allowed=tuple(rule.model_dump() for rule in self._gate.session_rules))
        if decision.saved is not None:
            self._emit(Note(text=f"kept in {decision.saved}: {'; '.join(map(str, decision.kept))}"))
        if not decision.allowed:
            raise Refused(decision.reason)

    async def ask_if_attended(self, wish: Wish) -> None:
        """Return when a wish that is no part of a turn is granted; with nobody there only a rule grants it.

        Raises
        ------
        Refused
            If it is not.
        """
        judged = self._gate.judge(wish.what)
        if not self._attended and judged.verdict != "allow":
            raise Refused(judged.why)
        await self(wish)

    def may_read(self, path: str) -> bool:
        """Tell whether a file may be read unasked."""
        return self._gate.judge(Call("read", "read", paths=(path,))).verdict == "allow"

    def set_mode(self, mode: Mode) -> None:
        """Change the mode from the next wish on."""
        self._gate.mode = mode
        self._ledger.update(mode=mode)

    def decide(self, approval: str, choice: Choice, reason: str) -> None:
        """Answer an open question.

        Raises
        ------
        UserError
            If it is not open.
        """
        waiting = self._open.get(approval)
        if waiting is None or waiting.done():
            raise UserError(f"the approval {approval} is not open", "it was decided, or its turn is over")
        waiting.set_result(Answer(choice, reason))

    async def _ask(self, wish: Wish, question: Question) -> Answer:
        approval = self._ledger.next_approval()
        self._emit(
            ApprovalAsk(
                approval=approval,
                call=wish.call,
                tool=wish.what.tool,
                title=wish.title,
                detail=wish.detail,
                reason=question.why,
                scope=question.scope,
            )
        )
        if self._attended:
            answer = await self._answer(approval, wish)
            told = ApprovalDecided(
                approval=approval, call=wish.call, decision=answer.choice, reason=answer.reason, by="user"
            )
        else:
            self.refused_by_nobody += 1
            answer = Answer("deny", "approval is needed and nobody can be asked")
            told = ApprovalDecided(
                approval=approval, call=wish.call, decision="deny", reason=answer.reason, by="nobody"
            )
        self._emit(told)
        return answer

    async def _answer(self, approval: str, wish: Wish) -> Answer:
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open[approval] = waiting
        try:
            return await waiting
        except asyncio.CancelledError:
            self._emit(ApprovalDecided(approval=approval, call=wish.call, decision="deny", by="cancelled"))
            raise
        finally:
            del self._open[approval]
