import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from repowright.agent.approvals.shell_parts import read_command

BASH = shutil.which("bash") or ""
PLAIN = r"""
a b git ; | || |& && & ( ) $( ` ' " \ # { } ! > < >> 2>&1 >& &> <( x=a $x = 1 , * ~ {} "$(b)" 'x=$(b)' $'a' ${x}
$((1)) $(( )) ${x:- <<'E' a= () a[ [0]=1 +x =( set
"""
OPENING = (
    "if|then|for x in|do|env|xargs|sh -c|bash -c|timeout 1|eval|cat|echo|time|[|case|exec|nice|find . -exec|-|-c|-e"
)
ENDING = ("; then ", "; fi", "; do ", "; done", " 'a; b'", " {} +", " \\;", " ", " ", " ", "\t")
LINES = ("\n", "\\\n", "<<E\n", "<<'E'\n", "\nE\n", "\nE)")
PIECES = (*PLAIN.split(), *(f"{word} " for word in OPENING.split("|")), *ENDING, *LINES)
STUB = '#!{bash}\nprintf "%s\\n" "${{0##*/}}" >> "$LOG"\n'


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("a", "b", "git"):
        stub = folder / name
        stub.write_text(STUB.format(bash=BASH))
        stub.chmod(0o755)
    for name in ("env", "xargs", "sh", "bash", "timeout", "cat", "find", "nice"):
        (folder / name).symlink_to(shutil.which(name) or "")
    return folder


def started(command: str, programs: Path, folder: Path) -> set[str]:
    folder.mkdir()
    log = folder.with_suffix(".log")
    environ = {"PATH": str(programs), "HOME": str(folder), "LOG": str(log)}
    subprocess.run(
        [BASH, "-c", command], cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=20
    )
    return set(log.read_text().split()) if log.exists() else set()


@pytest.mark.skipif(not BASH or os.name != "posix", reason="there is no bash on this machine")
@pytest.mark.parametrize("seed", range(4))
def test_bash_starts_nothing_that_was_not_read(seed: int, programs: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    understood = 0
    for number in range(3_000):
        command = "".join(chance.choices(PIECES, k=chance.randint(2, 12)))
        reading = read_command(command)
        if reading.unclear or not reading.parts:
            continue
        understood += 1
        if understood > 60:
            break
        read = {word.text for part in reading.parts for word in part.words[:1] if not word.assigns}
        read |= {word.text for part in reading.parts for word in part.words if part.words[0].assigns}
        assert started(command, programs, tmp_path / str(number)) <= read, command
    assert understood > 20
