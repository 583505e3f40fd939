"""The six real projects of RepoCraft, pinned, and the names they go by in the benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repowright.benchmarks.repocraft.errors import ProjectUnknown

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Project:
    """A project of the benchmark.

    Parameters
    ----------
    name
        On the package index.
    version, sdist_sha256
        The release its tests are taken from: the newest before 2025-09-15, as the reference pins none.
    package
        What it is imported as.
    alias
        What the benchmark calls it, so that a model is not told which project it writes again.
    renamed
        The package name of the mechanically renamed copy. It has as many letters as the real one, because
        names inside compiled modules are replaced in place.
    count
        Tasks in the paper (table 5).
    categories
        Reference feature categories in the paper.
    """

    name: str
    version: str
    sdist_sha256: str
    package: str
    alias: str
    renamed: str
    count: int
    categories: int

    @property
    def specification(self) -> Path:
        """What a generator is told."""
        return FOLDER / "specifications" / f"{self.alias.lower()}.md"

    @property
    def lock(self) -> Path:
        """Everything its tests need, itself included, in exact versions as of 2025-09-20."""
        return FOLDER / "locks" / f"{self.name}.txt"


PROJECTS = (
    Project(
        "requests",
        "2.32.5",
        "dbba0bac56e100853db0ea71b82b4dfd5fe2bf6d3754a8893c3af500cec7d7cf",
        "requests",
        "HttpEasy",
        "httpeasy",
        50,
        22,
    ),
    Project(
        "sympy",
        "1.14.0",
        "d3d3fe8df1e5a0b42f0e7bdf50541697dbe7d23746e894990c030e2b05e72517",
        "sympy",
        "SymbolicMath",
        "symbo",
        192,
        40,
    ),
    Project(
        "statsmodels",
        "0.14.5",
        "de260e58cccfd2ceddf835b55a357233d6ca853a1aa4f90f7553a52cc71c6ddf",
        "statsmodels",
        "StatModeler",
        "statmodeler",
        234,
        88,
    ),
    Project(
        "django",
        "5.2.6",
        "da5e00372763193d73cecbf71084a3848458cecf4cee36b9a1e8d318d114a87b",
        "django",
        "PyWebEngine",
        "webeng",
        165,
        42,
    ),
    Project(
        "pandas",
        "2.3.2",
        "ab7b58f8f82706890924ccdfb5f48002b83d2b5a3845976a9fb705d36c34dcdb",
        "pandas",
        "TableKit",
        "tabkit",
        175,
        81,
    ),
    Project(
        "scikit-learn",
        "1.7.2",
        "20e9e49ecd130598f1ca38a1d85090e1a600147b9c02fa6f15d69cb53d968fda",
        "sklearn",
        "MLKit-Py",
        "mlkitpy",
        236,
        47,
    ),
)


def project_named(name: str) -> Project:
    """Return a project by its name, package or alias, in any case.

    Raises
    ------
    ProjectUnknown
        If it is none of the six.
    """
    wanted = name.lower()
    for project in PROJECTS:
        if wanted in {project.name, project.package, project.alias.lower()}:
            return project
    raise ProjectUnknown(f"{name} is none of the six projects", f"one of {', '.join(each.name for each in PROJECTS)}")
