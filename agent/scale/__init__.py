"""Many runs at once: one process and one run folder each, on this machine or on a cluster."""

from repowright.agent.scale.command import Command, Finished
from repowright.agent.scale.fleet import Fleet, run_many
from repowright.agent.scale.local import LocalFleet
from repowright.agent.scale.ray_fleet import RayFleet

__all__ = ["Command", "Finished", "Fleet", "LocalFleet", "RayFleet", "run_many"]
