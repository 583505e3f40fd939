"""The plan linter: what is wrong with a plan, found without a model."""

from repowright.graph.lint.finding import Finding
from repowright.graph.lint.metrics import cohesion, coupling
from repowright.graph.lint.stages import ENCODED, STAGES, lint, stage_of

__all__ = ["ENCODED", "STAGES", "Finding", "cohesion", "coupling", "lint", "stage_of"]
