"""``repowright bench translation encode``: what is reached without a model."""

from __future__ import annotations

from pathlib import Path

import click

from repowright.tui.commands.translation.options import cases_at, data_options, names_of, opened, sandbox_options, say

_EPILOG = """\b
Examples:
  repowright bench translation encode --data crust --out rows.jsonl
  repowright bench translation encode --data ./CRUST-bench --out rows.jsonl --clang ./libclang --project c_string
"""


@click.command(epilog=_EPILOG)
@data_options
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Rows, one JSON object a line."
)
@click.option(
    "--clang",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the unpacked libclang, to compare with.",
)
@sandbox_options
def encode(data: str, chosen: tuple[str, ...], out: Path, clang: Path | None, sandbox: str, jobs: int) -> None:
    """Read projects, order their units and compile their skeletons: no model is asked.

    Is every file read or refused with a reason, is the order valid, does the skeleton compile, does the encoder agree
    with clang. Projects that OUT has a row of are not measured again.
    """
    import tempfile

    from repowright.benchmarks.translation.clang_truth import Clang
    from repowright.benchmarks.translation.encoding_check import brief, measure, read_rows, summary, write_row
    from repowright.benchmarks.translation.preparing import Project

    cases = cases_at(data)
    rows = read_rows(out)
    reader = Clang(clang) if clang else None
    with opened(sandbox) as found:
        for name in names_of(cases, chosen):
            if name in rows:
                continue
            with tempfile.TemporaryDirectory() as folder:
                asked = Project(cases.case(name), Path(folder)).asked()
                rows[name] = measure(asked.folder, asked.interface, found, reader)
            write_row(out, rows[name])
            say(brief(rows[name]))
    click.echo(summary([rows[name] for name in sorted(rows)]))
