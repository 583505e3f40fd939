"""A resolution for people: what was wrong, the evidence, and the tests before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repowright.agent.workflows.resolve.records import Comparison, Resolution, Verdict

_LISTED = 20
_HEADS = {
    Verdict.RESOLVED: "A test failed before the patch and passes after it; no affected test is broken.",
    Verdict.UNREPRODUCED: "No affected test is broken, but no test shows that the issue is gone: read the patch.",
    Verdict.FAILING: "Tests fail after the patch: do not apply it as it is.",
    Verdict.UNVERIFIED: "UNVERIFIED: no test could be run, neither before nor after the patch.",
    Verdict.NO_PATCH: "There is no patch: nothing was changed.",
}


def report_text(resolution: Resolution) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(resolution)) + "\n"


def _lines(resolution: Resolution) -> Iterator[str]:
    yield f"# {resolution.title}"
    yield ""
    yield f"**{resolution.verdict}.** {_HEADS[resolution.verdict]}"
    if resolution.why_unverified:
        yield ""
        yield f"Why: {resolution.why_unverified}."
    yield from _section("What was wrong", resolution.wrong or "The model does not say.")
    if resolution.files:
        yield from _section("What the patch does", resolution.change or "The model does not say.")
        yield ""
        yield from (f"- `{path}`" for path in resolution.files)
    yield from _section("Evidence", "Functions that localisation names, the likeliest first:")
    yield ""
    yield from _suspects(resolution)
    yield ""
    yield from _reproduction(resolution)
    yield from _section("Tests", "")
    yield from _tests(resolution.tests)
    environment = "the packages of the lock" if resolution.environment == "lock" else "the standard library alone"
    yield ""
    yield f"They ran in a sandbox without network, with {environment} beside pytest."


def _section(title: str, text: str) -> list[str]:
    return ["", f"## {title}", "", *([text] if text else [])]


def _suspects(resolution: Resolution) -> list[str]:
    named = [f"- `{each.entity}`" + (f": {each.reason}" if each.reason else "") for each in resolution.suspects]
    return named or ["- none"]


def _reproduction(resolution: Resolution) -> list[str]:
    found = resolution.reproduction
    if not found.path:
        return [f"No test shows the issue: {found.reason or 'none was written'}"]
    now = {
        "yes": "It passes after the patch, and is part of it.",
        "still fails": "It does not pass after the patch, and is not part of it.",
        "no": "",
    }
    told = [f"A new test, `{found.path}`, fails before the patch: {found.reason}", now[resolution.reproduced]]
    return [*told, "", "```text", *found.failure.strip().splitlines(), "```"]


def _tests(tests: Comparison) -> Iterator[str]:
    if not tests.ran:
        yield f"None were run: {tests.why}."
        return
    yield "| | before | after |"
    yield "| --- | --- | --- |"
    yield f"| pass | {tests.passed_before} | {tests.passed} |"
    yield f"| fail | {tests.failed_before} | {tests.failed} |"
    yield ""
    more = f"; {tests.left_out} further ones were left out" if tests.left_out else ""
    yield f"Chosen because {tests.why}{more}." if tests.why else "The test of the issue alone."
    if tests.unfinished:
        yield f"A run was cut short: {tests.unfinished}."
    for title, names in (
        ("Broken by the patch", tests.broken),
        ("Fixed by the patch", tests.fixed),
        ("Failing before and after", tests.still_failing),
    ):
        yield from _listed(title, names)


def _listed(title: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = [f"- and {len(names) - _LISTED} more"] if len(names) > _LISTED else []
    return ["", f"{title}:", "", *(f"- `{name}`" for name in names[:_LISTED]), *more]
