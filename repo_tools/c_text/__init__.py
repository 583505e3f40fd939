"""C as the checks of a translation handle it: functions cut to prototypes, types of parameters, mutants.

Text only: no file is preprocessed, what a macro hides stays hidden.
"""

from repowright.repo_tools.c_text.cutting import Cut, cut_functions
from repowright.repo_tools.c_text.functions import CFunction, CParameter, read_functions
from repowright.repo_tools.c_text.mutants import CMutant, mutants_of
from repowright.repo_tools.c_text.types import CTypes, ScalarType, read_types
from repowright.repo_tools.c_text.variables import CVariable, read_variables

__all__ = [
    "CFunction",
    "CMutant",
    "CParameter",
    "CTypes",
    "CVariable",
    "Cut",
    "ScalarType",
    "cut_functions",
    "mutants_of",
    "read_functions",
    "read_types",
    "read_variables",
]
