"""A request on its way through the engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.engine.request import SampledToken, Usage
from repowright.inference_backend.engine.underway import UnderWay
from repowright.inference_backend.kv.hashes import next_name, page_names
from repowright.inference_backend.kv.place import Place


@dataclass(eq=False)
class Sequence(UnderWay):
    """A request and how far it has come.

    Parameters
    ----------
    tokens
        Prompt and answer so far.
    place
        Where it lies in the cache; None while it waits.
    names
        Names of its pages; see `kv.hashes`.
    cached
        Tokens of the prompt that were in the cache when it began.
    was_pinned
        It went on where a pinned turn of its program had ended.
    was_preempted
        Its pages were taken once, and it waited again.
    """

    root: bytes
    tokens: list[int] = field(default_factory=list)
    place: Place | None = None
    names: list[bytes] = field(default_factory=list)
    cached: int = 0
    drafted: int = 0
    accepted: int = 0
    was_pinned: bool = False
    was_preempted: bool = False

    _hashed: int = -1
    _all_names: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tokens = list(self.request.prompt)

    @property
    def generated(self) -> int:
        """Tokens of the answer so far."""
        return len(self.tokens) - len(self.request.prompt)

    @property
    def in_cache(self) -> int:
        """Tokens whose keys and values are in the cache."""
        return self.place.length if self.place else 0

    @property
    def is_prefilling(self) -> bool:
        """Whether more than the newest token is still to be taken in."""
        return len(self.tokens) - self.in_cache > 1

    @property
    def usage(self) -> Usage:
        """What it cost so far."""
        return Usage(len(self.request.prompt), self.cached, self.generated, self.drafted, self.accepted)

    def known_names(self) -> list[bytes]:
        """Names of the whole pages of all but the newest token; hashed once while it waits."""
        if self._hashed != len(self.tokens):
            self._hashed, self._all_names = len(self.tokens), page_names(self.root, self.tokens[:-1])
        return self._all_names

    def unnamed(self) -> list[tuple[int, bytes]]:
        """Name the pages that were sealed since the last call; return them with their names."""
        found: list[tuple[int, bytes]] = []
        pages = self.place.pages if self.place else []
        for number in range(len(self.names), len(pages)):
            before = self.names[-1] if self.names else self.root
            self.names.append(next_name(before, self.tokens[number * PAGE : (number + 1) * PAGE]))
            found.append((pages[number], self.names[-1]))
        return found

    def take(self, chosen: SampledToken, is_end: bool) -> str:
        """Add a token to the answer; return the text that is certain with it. An end token has none."""
        self.tokens.append(chosen.token)
        return "" if is_end else self.stream.push(chosen.token)
