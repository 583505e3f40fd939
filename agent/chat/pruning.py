"""Checkpoints that nothing goes back to are removed: a session is set back along its entries, not its checkpoints."""

from __future__ import annotations

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

THREAD = "chat"
_OLDER = "thread_id = ? AND checkpoint_id < (SELECT MAX(checkpoint_id) FROM checkpoints WHERE thread_id = ?)"


async def prune(saver: AsyncSqliteSaver) -> None:
    """Keep the newest checkpoint alone, so that a session's database does not grow with its length."""
    async with saver.lock:
        for table in ("writes", "checkpoints"):
            await saver.conn.execute(f"DELETE FROM {table} WHERE {_OLDER}", (THREAD, THREAD))
        await saver.conn.commit()
