"""The plan linter: what is wrong with a plan, found without a model."""

from repowright.graph.lint.finding import Finding
from repowright.graph.lint.metrics import cohesion, coupling
from repowright.graph.lint.stages import STAGES, lint

__all__ = ["STAGES", "Finding", "cohesion", "coupling", "lint"]
