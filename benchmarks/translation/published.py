"""What others published, and what was measured of their recorded answers: constants, each with where it is from."""

from __future__ import annotations

from dataclasses import dataclass

LEADERBOARD = "leaderboard of CRUST-bench, January 2026"
RERUN = "answers recorded in benedikt-schesch/CRUST-bench (April 2026), run offline by this harness's rule"
WHOLE_SET = 100
FIRST, COMPILED, TESTED = "first answer", "with compiler repair", "with test repair"
SETTINGS = (FIRST, COMPILED, TESTED)


@dataclass(frozen=True)
class Published:
    """One row: of so many projects, how many build and how many pass all tests."""

    system: str
    setting: str
    builds: int
    passes: int
    source: str = LEADERBOARD
    projects: int = WHOLE_SET


@dataclass(frozen=True)
class OtherSet:
    """A figure that is of another set or another measure, and is no row beside ours."""

    system: str
    told: str
    source: str


def _three(system: str, *pairs: tuple[int, int]) -> tuple[Published, ...]:
    return tuple(Published(system, name, *pair) for name, pair in zip(SETTINGS, pairs, strict=True))


CRUST: tuple[Published, ...] = (
    *_three("GPT-5 (high)", (48, 26), (92, 43), (85, 70)),
    *_three("Gemini 3 Pro preview", (48, 23), (88, 41), (83, 66)),
    *_three("Claude 4.5 Opus", (47, 26), (61, 32), (59, 42)),
    *_three("o3", (35, 19), (68, 31), (63, 48)),
    *_three("Claude Opus 4", (43, 22), (78, 29), (65, 40)),
    *_three("o1", (32, 15), (69, 28), (54, 37)),
    *_three("Claude 3.7", (26, 13), (54, 23), (49, 32)),
    Published("SWE-agent (Claude 3.7)", FIRST, 41, 32),
    *_three("GPT-4o", (18, 7), (52, 18), (42, 22)),
    Published("GPT-5.4", COMPILED, 94, 53, RERUN),
    Published("GPT-5.4", TESTED, 91, 69, RERUN),
    Published("Kimi K2.5", TESTED, 53, 43, RERUN),
)
"""CRUST-bench, all 100 projects."""

OTHERS: tuple[OtherSet, ...] = (
    OtherSet("SACTOR", "85 % of units unidiomatic, 52 % idiomatic, of 50 CRUST-bench samples", "2503.12511v3"),
    OtherSet("EvoC2Rust (DeepSeek-V3)", "Vivo-Bench: 99.07 % of modules compile, 98.50 % pass", "2508.04295"),
    OtherSet("EvoC2Rust (DeepSeek-V3)", "C2R-Bench: 92.25 % of modules compile, 89.53 % pass", "2508.04295"),
    OtherSet("RustMap (GPT-4o)", "49 of 124 Rosetta programs print and return what C does", "2503.17741, run again"),
    OtherSet("Rustine", "23 programs, all compile, 87 % of assertions pass, about 0.50 usd a project", "2511.20617"),
    OtherSet("GPT-5.4 with test repair", "8.8 clippy warnings per 1,000 lines; unsafe code in 3 of 100 crates", RERUN),
)
