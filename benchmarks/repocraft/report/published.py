"""What others have published, as data: never re-run here, so never more than a neighbour to look across to."""

from __future__ import annotations

from dataclasses import dataclass

MARK = "published, not re-run"
MEAN = "mean of six"

_ZEROREPO = "ZeroRepo, arXiv 2509.16198"
_ENCODER = "RPG-Encoder, arXiv 2602.02084"
_REPO0 = "Repo0, arXiv 2608.19854"

_NAMES = {
    "requests": "HttpEasy",
    "sympy": "SymbolicMath",
    "statsmodels": "StatModeler",
    "django": "PyWebEngine",
    "pandas": "TableKit",
    "scikit-learn": "MLKit-Py",
}


@dataclass(frozen=True)
class Published:
    """One row of a published table; ``None`` where the table says nothing.

    Parameters
    ----------
    project
        Name on the package index, or `MEAN`.
    coverage, novelty, passed, voted
        Percent.
    source, table
        The paper, and where in it.
    note
        What keeps the row from being comparable.
    """

    system: str
    model: str
    project: str
    source: str
    table: str
    coverage: float | None = None
    passed: float | None = None
    voted: float | None = None
    novelty: float | None = None
    files: float | None = None
    lines: int | None = None
    tokens: int | None = None
    note: str = ""

    @property
    def alias(self) -> str:
        """What the benchmark calls the project."""
        return _NAMES.get(self.project, self.project)


def rows_for(projects: frozenset[str]) -> list[Published]:
    """Return the means over six projects, and the rows of some projects, in the order of the papers."""
    return [row for row in ROWS if row.project == MEAN or row.project in projects]


def _mean(
    system: str,
    model: str,
    figures: tuple[float | None, float | None, float | None, float | None],
    size: tuple[float, int, int],
) -> Published:
    coverage, novelty, passed, voted = figures
    return Published(system, model, MEAN, _ZEROREPO, "main table", coverage, passed, voted, novelty, *size)


def _each(
    system: str,
    model: str,
    where: tuple[str, str],
    rows: dict[str, tuple[float | None, float, float | None, int | None]],
    note: str = "",
) -> tuple[Published, ...]:
    return tuple(
        Published(system, model, project, *where, coverage, passed, voted, lines=lines, note=note)
        for project, (coverage, passed, voted, lines) in rows.items()
    )


_MAIN = (
    _mean("MetaGPT", "o3-mini", (16.6, 0.0, 4.5, 10.2), (2.3, 225, 2_180)),
    _mean("MetaGPT", "Qwen3-Coder", (17.1, 0.0, 3.2, 9.4), (8.5, 327, 3_369)),
    _mean("ChatDev", "o3-mini", (18.3, 9.2, 2.6, 10.5), (5.8, 410, 4_458)),
    _mean("ChatDev", "Qwen3-Coder", (22.1, 3.9, 6.9, 11.6), (6.3, 541, 5_422)),
    _mean("OpenHands", "o3-mini", (22.0, 0.3, 5.1, 16.9), (9.8, 292, 2_713)),
    _mean("OpenHands", "Qwen3-Coder", (21.7, 0.0, 5.8, 11.2), (8.3, 458, 4_778)),
    _mean("Paper2Code", "o3-mini", (21.7, 5.2, 6.0, 15.8), (7.2, 548, 5_921)),
    _mean("Paper2Code", "Qwen3-Coder", (30.2, 5.5, 4.9, 15.9), (8.8, 1_365, 14_555)),
    _mean("Codex CLI", "o3-pro", (28.4, 0.0, 11.0, 20.0), (5.3, 612, 6_249)),
    _mean("Gemini CLI", "gemini-2.5-pro", (42.0, 0.6, 14.5, 37.9), (15.2, 1_485, 14_922)),
    _mean("Claude Code", "claude-sonnet-4", (54.2, 6.7, 33.9, 52.5), (33.3, 10_587, 105_236)),
    _mean("ZeroRepo", "o3-mini", (81.5, 13.6, 69.7, 75.0), (271.5, 23_977, 260_761)),
    _mean("ZeroRepo", "Qwen3-Coder", (75.1, 9.2, 57.3, 68.0), (389, 36_941, 445_512)),
    _mean("real projects", "", (None, None, 81.0, 92.0), (345, 97_820, 951_614)),
)

_ZEROREPO_EACH = (
    *_each(
        "ZeroRepo",
        "o3-mini",
        (_ZEROREPO, "tables by project"),
        {
            "scikit-learn": (97.9, 73.5, 78.7, 31_596),
            "requests": (100.0, 64.0, 72.0, 6_192),
            "django": (79.2, 74.1, 84.4, 27_647),
            "pandas": (72.4, 81.4, 88.3, 37_331),
            "statsmodels": (77.3, 76.4, 81.1, 24_141),
        },
    ),
    *_each(
        "ZeroRepo",
        "Qwen3-Coder",
        (_ZEROREPO, "tables by project"),
        {
            "scikit-learn": (85.1, 63.6, 74.6, 60_553),
            "requests": (95.5, 54.0, 64.0, 15_559),
            "django": (68.8, 56.4, 64.8, 48_058),
            "pandas": (65.8, 48.0, 64.8, 32_387),
            "statsmodels": (77.3, 66.2, 73.9, 47_370),
        },
    ),
    *_each(
        "Claude Code",
        "claude-sonnet-4",
        (_ZEROREPO, "tables by project"),
        {
            "scikit-learn": (59.6, 27.5, None, None),
            "requests": (50.0, 36.0, None, None),
            "django": (64.6, 33.9, None, None),
            "pandas": (52.6, 53.1, None, None),
            "statsmodels": (34.1, 18.4, None, None),
        },
    ),
    *_each(
        "real project",
        "",
        (_ZEROREPO, "tables by project"),
        {
            "scikit-learn": (None, 85.1, 98.3, None),
            "requests": (None, 72.3, 87.2, None),
            "django": (None, 81.6, 86.5, None),
            "pandas": (None, 90.6, 94.0, None),
            "statsmodels": (None, 87.2, 96.2, None),
        },
    ),
)

_RECONSTRUCTION = (_ENCODER, "reconstruction table")
_FED = "rebuilt from the project's own graph or documentation, not from a specification"

_ENCODER_ROWS = (
    Published("real projects", "", MEAN, *_RECONSTRUCTION, 100.0, 94.8, 98.8, None, 345, 97_725, 718_946, _FED),
    Published("from API docs", "GPT-4.1", MEAN, *_RECONSTRUCTION, 64.6, 50.0, 63.4, None, 209, 6_079, 158_948, _FED),
    Published(
        "from API docs", "GPT-5-mini", MEAN, *_RECONSTRUCTION, 74.2, 52.6, 71.4, None, 143, 13_414, 125_625, _FED
    ),
    Published("from its RPG", "GPT-4.1", MEAN, *_RECONSTRUCTION, 93.5, 85.8, 93.4, None, 206, 35_190, 346_865, _FED),
    Published("from its RPG", "GPT-5-mini", MEAN, *_RECONSTRUCTION, 98.5, 86.0, 97.7, None, 226, 60_871, 550_432, _FED),
    *_each(
        "from its RPG",
        "GPT-5-mini",
        (_ENCODER, "reconstruction by project"),
        {
            "requests": (100.0, 88.4, 95.3, None),
            "scikit-learn": (100.0, 82.8, 99.5, None),
            "sympy": (95.8, 81.4, 96.6, None),
            "statsmodels": (97.7, 91.4, 100.0, None),
            "pandas": (97.4, 80.1, 97.4, None),
            "django": (100.0, 91.9, 97.5, None),
        },
        _FED,
    ),
)

_REPO0_EACH = tuple(
    row
    for system, model, figures in (
        ("RPG (run by Repo0)", "GPT-5-mini", ((90.9, 31.5), (70.4, 77.9), (60.4, 47.3))),
        ("Repo0", "GPT-5-mini", ((100.0, 51.0), (80.7, 85.5), (80.5, 74.4))),
        ("RPG (run by Repo0)", "DeepSeek-V3.2", ((95.5, 61.6), (64.7, 39.3), (68.8, 46.5))),
        ("Repo0", "DeepSeek-V3.2", ((100.0, 78.1), (78.4, 69.0), (79.2, 74.1))),
        ("real project", "", ((100.0, 94.1), (100.0, 94.2), (100.0, 96.3))),
    )
    for row in _each(
        system,
        model,
        (_REPO0, "main table"),
        {
            project: (coverage, passed, None, None)
            for project, (coverage, passed) in zip(("requests", "statsmodels", "django"), figures, strict=True)
        },
    )
)

ROWS = (*_MAIN, *_ZEROREPO_EACH, *_ENCODER_ROWS, *_REPO0_EACH)
"""All rows; SymbolicMath's own table is missing from the ZeroRepo paper."""
