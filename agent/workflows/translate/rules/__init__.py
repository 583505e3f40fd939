"""Repairs without a model: rules for frequent diagnostics, each kept only where the compiler then says less."""

from repowright.agent.workflows.translate.rules.fix import Fix, Replacement, Rule
from repowright.agent.workflows.translate.rules.repairing import RULES, Repaired, repair_by_rules, standing

__all__ = ["RULES", "Fix", "Repaired", "Replacement", "Rule", "repair_by_rules", "standing"]
