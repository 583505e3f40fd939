from __future__ import annotations

import selectors
import subprocess
import sys

from repowright.executors.limits.capture import STDOUT, PipeSource


class LateSelector(selectors.DefaultSelector):
    """Misses the first look, in which the process then writes and ends: what a loaded machine does by chance."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__()
        self._process = process
        self._looked = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not self._looked:
            self._looked = True
            self._process.wait()
            return []
        return super().select(timeout)


def test_last_words_of_a_process_are_read_though_it_ended_between_two_looks() -> None:
    argv = [sys.executable, "-c", "print('last words')"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        source = PipeSource(process)
        late = LateSelector(process)
        for key in list(source._selector.get_map().values()):
            late.register(key.fileobj, key.events, key.data)
        source._selector.close()
        source._selector = late
        said = b""
        while (chunks := source.read(0.0)) is not None:
            said += b"".join(chunk.data for chunk in chunks if chunk.stream == STDOUT)
        source.close()
    assert said == b"last words\n"
