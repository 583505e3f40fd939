import io
from typing import get_args

from repowright.agent import events as e
from repowright.tui.chat_words import CHAT_WORDS
from repowright.tui.lines import LinePrinter, line_of

EXPECTED = """\
   0:00  run       A list, m-1, sandbox docker, into /o, 5usd
   0:01  stage     proposal: features
   0:03  reply     generate.propose (core): 1.2k + 300 tokens, 2.0s, 0.020 usd
   0:03  rejected  generate.propose (core): 1 problem: no area
   0:04  check     proposal, round 1: 1 finding: area A is empty
   0:04  decision  A: kept, because it is needed
   0:05  stage     proposal done in 4.0s, 1 open finding
   0:06  stage     code: unit by unit
   0:06  unit      begins Store in src/a/store.py
   0:06  unit      begins main in src/a/cli.py
   0:07  reply     generate.tests (Store): 1.2k + 300 tokens, 2.0s, 0.020 usd
   0:07  reply     generate.tests (main): 1.2k + 300 tokens, answered before
   0:07  retry     generate.tests: 429, again in 2.0s
   0:08  rejected  1 test of Store: passes on the stub
   0:08  sandbox   stub gate of Store: 7 failed (1.0s)
   0:09  sandbox   unit tests of Store: 7 passed (1.0s)
   0:09  file      src/a/store.py (40 lines)
   0:09  commit    0123456789 Add Store
   0:10  unit      verified Store in src/a/store.py (7 tests, 1 attempt)
   0:10  progress  code: 1 of 2
   0:11  sandbox   unit tests of main: 2 failed, ended by the time limit (1m 00s)
   0:12  blame     main: 1 failing test blamed on code (main)
   0:13  repair    main, code, attempt 1: not fixed
   0:13  budget    4.1 usd of 5 usd (warn)
   0:14  warning   network: connect to 10.0.0.1:80
   0:14  unit      failed main in src/a/cli.py (2 tests, 4 attempts): never returns
   0:14  progress  code: 2 of 2
   0:15  stage     code done in 9.0s
   0:16  end       failing: 1 of 2 units verified, 7 tests passed, 2 failed, 3.0k tokens, 0.040 usd, 16.0s
"""


def test_a_run_reads_as_one_line_an_event(story: list[e.Event]) -> None:
    stream = io.StringIO()
    with LinePrinter(stream) as printer:
        for event in story:
            printer(event)
    assert stream.getvalue() == EXPECTED


def test_every_kind_of_event_but_what_passes_has_a_line(story: list[e.Event]) -> None:
    ended = e.TaskEnd(task="requests-1", state="failed", detail="1 == 2", votes=[True, False], seconds=2.0)
    told = {event.type for event in [*story, ended] if line_of(event)} | {"error"}
    known = {kind.model_fields["type"].default for kind in get_args(get_args(e.Event)[0])}
    assert known - told - set(CHAT_WORDS) == {"llm.call", "chat.delta", "tool.progress", "context"}
    assert line_of(e.Failure(error="X", message="it broke", hint="mend it")) == "error     it broke (mend it)"


def test_names_from_a_model_cannot_drive_the_terminal_or_break_the_line() -> None:
    line = line_of(e.Warning(message="a\x1b[2Jb\nc\x9bd\u202ee"))
    assert line == "warning   a [2Jb c d e"
