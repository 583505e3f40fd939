"""Drafts by a small model of the same vocabulary, with a cache of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.kv.blocks import PageAllocator
from repowright.inference_backend.kv.place import Place, must_seal, pages_after

_CHUNK = 512


@dataclass
class _Text:
    place: Place
    tokens: list[int] = field(default_factory=list)


class ModelDrafter:
    """Continues texts greedily with a small model.

    It keeps the cache of a few texts. Each is recognised by its beginning, so that only what is new since the last
    proposal is computed; the least recently used one makes room.

    Parameters
    ----------
    runner
        The small model; its cache is the drafter's alone.
    pages
        Pages of that cache.
    texts
        Texts kept; slots of that cache.
    """

    def __init__(self, runner: Runner, pages: int, texts: int) -> None:
        self._runner = runner
        self._window = runner.pool.spec.window
        self._pages = PageAllocator(pages)
        self._room = min(pages * PAGE // texts, runner.pool.shape.context)
        self._texts = [_Text(Place(slot)) for slot in range(texts)]

    def propose(self, text: Sequence[int], count: int) -> list[int]:
        """Return the likeliest continuation; none for a text that does not fit the small model's cache."""
        if not text or len(text) + count > self._room:
            return []
        known = self._known(text)
        new, found = list(text[len(known.tokens) :]), list[int]()
        likeliest = self._take_in(known, new)
        known.tokens += new
        while True:
            found.append(likeliest)
            if len(found) == count:
                break
            likeliest = self._decoded(known.place, likeliest)
        # What is not yet said is taken back where the window still holds it; else it is found out next time.
        if known.place.length > len(known.tokens):
            self._cut(known, len(known.tokens))
        return found

    def _known(self, text: Sequence[int]) -> _Text:
        """The kept text with the longest common beginning, cut to it; all but the newest token at most."""
        lengths = [_common(each.tokens, text) for each in self._texts]
        best = max(range(len(lengths)), key=lambda number: (lengths[number], -number))
        chosen = self._texts.pop(best if lengths[best] else 0)
        self._texts.append(chosen)
        self._cut(chosen, lengths[best])
        return chosen

    def _cut(self, known: _Text, length: int) -> None:
        place = known.place
        if length >= len(place.pages) * PAGE and (length == place.length or self._runner.pool.can_share):
            place.cut(length)
        else:
            self._pages.release(place.pages)
            place.pages, place.in_window, place.in_sliding, length = [], 0, 0, 0
        del known.tokens[length:]

    def _take_in(self, known: _Text, new: list[int]) -> int:
        likeliest = 0
        for begin in range(0, len(new), _CHUNK):
            chunk = new[begin : begin + _CHUNK]
            fresh = self._pages.allocate(pages_after(known.place, len(chunk), self._window))
            likeliest = int(self._runner.prefill(known.place, chunk, fresh).argmax())
        return likeliest

    def _decoded(self, place: Place, token: int) -> int:
        if must_seal(place, 1, self._window):
            self._runner.pool.seal(place, self._pages.allocate(1)[0])
        logits = self._runner.decode([place], [[token]])[0]
        self._runner.keep(place, 1)
        return int(logits[0].argmax())


def _common(one: Sequence[int], text: Sequence[int]) -> int:
    longest = min(len(one), len(text) - 1)
    return next((at for at in range(longest) if one[at] != text[at]), longest)
