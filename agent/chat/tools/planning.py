"""The plan: a check list the agent keeps, which no compaction touches."""

from __future__ import annotations

from pydantic import BaseModel, Field

from repowright.agent.chat.tools.tool import ChatTool, Site, Told, acting


class Plan(BaseModel):
    """What ``plan`` takes."""

    plan: str = Field(description="the whole plan as a Markdown check list; empty to drop it")


def planning_tools() -> list[ChatTool]:
    """Return the tool that keeps the plan."""
    about = "Keep a plan for work of several steps, and tick off what is done."
    return [acting("plan", about, Plan, _plan)]


async def _plan(asked: Plan, site: Site) -> Told:
    return Told(text="the plan is kept" if asked.plan.strip() else "the plan is dropped", plan=asked.plan.strip())
