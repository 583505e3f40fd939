"""Heads of definitions: what of a class or function a plan says, taken from source and cut to what can stand alone."""

from repowright.repo_tools.heads.fitting import Verdicts
from repowright.repo_tools.heads.head import Head, MethodHead
from repowright.repo_tools.heads.module_names import ModuleNames, module_names
from repowright.repo_tools.heads.plain import is_plain_class

__all__ = ["Head", "MethodHead", "ModuleNames", "Verdicts", "is_plain_class", "module_names"]
