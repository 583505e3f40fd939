"""Answers of a form: JSON Schemas and calls of tools as grammars that say which tokens may come next."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from repowright.inference_backend.errors import BackendMissing
from repowright.inference_backend.schema_checks import Schema, SchemaUnusable, ToolUnusable, checked_schema

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase
    from xgrammar import CompiledGrammar

ANY_OBJECT: Schema = {"type": "object", "additionalProperties": True}
"""The schema of what `json_object` asks for."""

_CACHE_BYTES = 1 << 28
_INSTALL = "pip install 'repowright[local]'"
_SPACE = 0x20
_WORD = 32


class GrammarMask:
    """Lets only come what a grammar allows; a `TokenMask` of one answer.

    ``is_broken`` says that the vocabulary cannot write what the grammar wants.

    Parameters
    ----------
    known
        A bit for each token, ``int32 [1, V / 32]``: those that may come at all.
    """

    def __init__(self, compiled: CompiledGrammar, has_end: bool, known: Tensor) -> None:
        from xgrammar import GrammarMatcher, allocate_token_bitmask

        self._matcher = GrammarMatcher(compiled, terminate_without_stop_token=not has_end)
        self._bits = allocate_token_bitmask(1, compiled.tokenizer_info.vocab_size)
        self._known = known
        self.is_broken = False

    @property
    def is_finished(self) -> bool:
        """Whether the text is complete and nothing may follow."""
        return self.is_broken or bool(self._matcher.is_terminated())

    def mask(self, logits: Tensor) -> None:
        """Set what may not come next to minus infinity, in place; ``logits`` is ``float32 [V]``."""
        from xgrammar import apply_token_bitmask_inplace

        self._matcher.fill_next_token_bitmask(self._bits)
        self._bits &= self._known
        apply_token_bitmask_inplace(logits[None], self._bits.to(logits.device))

    def accept(self, token: int) -> None:
        """Take note of the token that came.

        One that the grammar forbids can come only where the vocabulary has none that it allows: the answer ends.
        """
        self.is_broken = not self._matcher.accept_token(token)


class Grammars:
    """Compiles grammars for one vocabulary, and keeps those that were compiled. For several threads.

    Parameters
    ----------
    vocabulary
        Length of the model's logits; the tokeniser may know fewer tokens.
    end_tokens
        Tokens that end an answer.
    """

    def __init__(self, tokeniser: PreTrainedTokenizerBase, vocabulary: int, end_tokens: frozenset[int]) -> None:
        require_grammars()
        from xgrammar import GrammarCompiler, TokenizerInfo

        info = TokenizerInfo.from_huggingface(
            tokeniser, vocab_size=vocabulary, stop_token_ids=sorted(end_tokens) or None
        )
        self.token_bytes: tuple[bytes, ...] = tuple(info.decoded_vocab)
        self._compiler = GrammarCompiler(info, max_threads=1, cache_limit_bytes=_CACHE_BYTES)
        self._has_end = bool(end_tokens)
        # xgrammar takes a special token for the letters of its name, and lets control characters into texts of bounded
        # length, which JSON forbids. Lines end only between the marks of calls.
        special = {token for token, added in tokeniser.added_tokens_decoder.items() if added.special} - end_tokens
        known = [b"" if token in special else each for token, each in enumerate(self.token_bytes)]
        self._on_one_line = _bits([bool(each) and min(each) >= _SPACE for each in known], end_tokens)
        plain = [each.replace(b"\n", b" ") for each in known]
        self._in_lines = _bits([bool(each) and min(each) >= _SPACE for each in plain], end_tokens)
        self._lock = threading.Lock()

    def json_schema(self, schema: Schema, strict: bool = True) -> GrammarMask:
        """Return what lets only JSON come that a schema accepts, on one line.

        Parameters
        ----------
        strict
            Objects have no other properties than those named, where the schema does not say so itself; and a schema
            with words that cannot be enforced is refused. Otherwise such words are ignored.

        Raises
        ------
        SchemaUnusable
            If the schema is malformed or too large.
        """
        checked_schema(schema, strict)
        text = json.dumps(schema)
        return self._mask(
            lambda: self._compiler.compile_json_schema(text, any_whitespace=False, strict_mode=strict),
            "the schema",
            self._on_one_line,
        )

    def tagged(self, form: Mapping[str, Any]) -> GrammarMask:
        """Return what lets only text of a structural tag come; see xgrammar's documentation of these.

        Raises
        ------
        ToolUnusable
            If a schema in it cannot be enforced.
        """
        text = json.dumps({"type": "structural_tag", "format": form})
        try:
            return self._mask(
                lambda: self._compiler.compile_structural_tag(text), "a tool's parameters", self._in_lines
            )
        except SchemaUnusable as err:
            raise ToolUnusable(err.message, err.hint) from err

    def _mask(self, compiled: Callable[[], CompiledGrammar], what: str, known: Tensor) -> GrammarMask:
        try:
            with self._lock:
                return GrammarMask(compiled(), self._has_end, known)
        except (RuntimeError, ValueError) as err:
            said = str(err).splitlines()[0].rpartition("cc:")[2].partition(": ")[2] or str(err).splitlines()[0]
            raise SchemaUnusable(f"{what} cannot be enforced: {said}", "mend or simplify it") from err


def require_grammars() -> None:
    """Check that the library of grammars is there.

    Raises
    ------
    BackendMissing
        If it is not.
    """
    import importlib.util

    if importlib.util.find_spec("xgrammar") is None:
        raise BackendMissing("xgrammar is not installed: answers cannot be held to a form", _INSTALL)


def _bits(allowed: list[bool], also: frozenset[int]) -> Tensor:
    """A mask as xgrammar keeps it: bit ``i % 32`` of word ``i // 32`` for token ``i``."""
    import torch

    padded = torch.tensor(allowed + [False] * (-len(allowed) % _WORD))
    padded[sorted(also)] = True
    words = (padded.reshape(-1, _WORD).long() << torch.arange(_WORD)).sum(1)
    return torch.where(words >= 1 << 31, words - (1 << 32), words).int()[None]
