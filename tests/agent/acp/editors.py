"""An editor for tests: the official client side, which keeps what it is told and answers as it is set to."""

from __future__ import annotations

from typing import Any

from acp import RequestError, RequestPermissionResponse
from acp.schema import AllowedOutcome, DeniedOutcome, PermissionOption, ToolCallUpdate


class Editor:
    """Keeps what it is told, and answers questions as it is set to."""

    def __init__(self, answer: str = "once") -> None:
        self.answer = answer
        self.told: list[dict[str, Any]] = []
        self.options: list[PermissionOption] = []
        self.asked: list[ToolCallUpdate] = []

    async def session_update(self, session_id: str, update: Any, **more: Any) -> None:
        self.told.append(update.model_dump(exclude_none=True))

    async def request_permission(
        self, session_id: str, tool_call: ToolCallUpdate, options: list[PermissionOption], **more: Any
    ) -> RequestPermissionResponse:
        self.options, self.asked = options, [*self.asked, tool_call]
        if self.answer == "close":
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        if self.answer == "break":
            raise RequestError.internal_error({"details": "the editor is broken"})
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=self.answer))

    def on_connect(self, conn: Any) -> None:
        """Take the agent's side of the connection."""

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.told if each["session_update"] == kind]

    def text(self, kind: str) -> str:
        return "".join(each["content"]["text"] for each in self.of(kind))
