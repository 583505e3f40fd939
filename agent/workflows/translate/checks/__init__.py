"""The check ladder: what a translated crate is held against, cheapest first, each rung in the sandbox."""

from repowright.agent.workflows.translate.checks.bench import CHECK_LIMITS, Bench
from repowright.agent.workflows.translate.checks.compile import ClippyCheck, CompileCheck, ParseCheck, UnsafeCheck
from repowright.agent.workflows.translate.checks.conversions import Conversion, Conversions, Converting
from repowright.agent.workflows.translate.checks.crate import CProgram, Crate, c_program
from repowright.agent.workflows.translate.checks.differential import Compared, DifferentialCheck, compare_with_c
from repowright.agent.workflows.translate.checks.finding import (
    Check,
    CheckName,
    Diagnostic,
    Finding,
    Suggestion,
    Verdict,
)
from repowright.agent.workflows.translate.checks.ladder import Climb, climb, full_ladder
from repowright.agent.workflows.translate.checks.sanitizer import Sanitized, SanitizerCheck, sanitize
from repowright.agent.workflows.translate.checks.swap import SwapCheck, Swapped
from repowright.agent.workflows.translate.checks.unit_tests import UnitTestCheck, run_binaries
from repowright.agent.workflows.translate.checks.vacuous import stubbed, vacuous_tests

__all__ = [
    "CHECK_LIMITS",
    "Bench",
    "CProgram",
    "Check",
    "CheckName",
    "Climb",
    "ClippyCheck",
    "Compared",
    "CompileCheck",
    "Conversion",
    "Conversions",
    "Converting",
    "Crate",
    "Diagnostic",
    "DifferentialCheck",
    "Finding",
    "ParseCheck",
    "Sanitized",
    "SanitizerCheck",
    "Suggestion",
    "SwapCheck",
    "Swapped",
    "UnitTestCheck",
    "UnsafeCheck",
    "Verdict",
    "c_program",
    "climb",
    "compare_with_c",
    "full_ladder",
    "run_binaries",
    "sanitize",
    "stubbed",
    "vacuous_tests",
]
