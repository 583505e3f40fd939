"""Where in a page's bytes everything lies: one page of one head holds 64 tokens of keys, or of values.

A code of ``b`` bits shares its byte with ``8 / b - 1`` others. Byte ``j`` of a token's row holds the channels
``j``, ``j + D/n``, ``j + 2 D/n``, ... (``n = 8 / b``), the first in its lowest bits: so a row unpacks into ``n``
contiguous slices of channels, each of which feeds a matrix product without being shuffled.

::

    keys     codes  u8  [64, D * b / 8]     half [64, D] for 16 bits
             scale  half [D]                per channel over the page; absent for 16 bits
             zero   half [D]
             low    half [D]                smallest and largest key of each channel (Quest)
             high   half [D]
    values   codes  u8  [64, D * b / 8]
             scale  half [64, D / group]    per token over a group of channels
             zero   half [64, D / group]

All fields begin at multiples of 16 bytes. A code ``c`` means ``c * scale + zero``.
"""

from __future__ import annotations

from dataclasses import dataclass

from repowright.inference_backend.config import PAGE, Bits, KVSpec

_HALF = 2
ALIGNMENT = 16


@dataclass(frozen=True)
class Field:
    """A part of a page: where it begins and how long it is, in bytes."""

    start: int
    size: int


@dataclass(frozen=True)
class KeyLayout:
    """The page of keys of one head."""

    dim: int
    bits: Bits
    codes: Field
    scale: Field
    zero: Field
    low: Field
    high: Field
    bytes: int


@dataclass(frozen=True)
class ValueLayout:
    """The page of values of one head."""

    dim: int
    bits: Bits
    group: int
    codes: Field
    scale: Field
    zero: Field
    bytes: int


@dataclass(frozen=True)
class PageLayout:
    """Both pages of a model's attention layer.

    Parameters
    ----------
    k_heads, v_heads
        Heads of keys and of values; they may differ (DiffQKV, arXiv 2501.13629), as may their dimensions.
    """

    k_heads: int
    v_heads: int
    keys: KeyLayout
    values: ValueLayout

    @property
    def page_bytes(self) -> int:
        """Bytes of one page over all heads, keys and values."""
        return self.k_heads * self.keys.bytes + self.v_heads * self.values.bytes


@dataclass(frozen=True)
class CodedLayout:
    """The page of keys, or of values, of one head whose sub-vectors are numbers of codebook entries.

    Parameters
    ----------
    width
        Channels of a sub-vector.
    entries
        Entries of a codebook: 256 take a byte a code, 64 take six bits, four codes in three bytes.
    """

    dim: int
    width: int
    entries: int
    codes: Field
    low: Field
    high: Field
    bytes: int

    @property
    def parts(self) -> int:
        """Sub-vectors of a head: codes of a token."""
        return self.dim // self.width

    @property
    def row(self) -> int:
        """Bytes of a token's codes."""
        return self.parts if self.entries == 256 else self.parts // 4 * 3


@dataclass(frozen=True)
class CodedPageLayout:
    """Both pages of an attention layer that is vector-quantised.

    ::

        keys     codes  u8  [64, row]      six bits: byte planes of row / 3, the code planes of `pack_six`
                 low    half [D]           as in `KeyLayout`
                 high   half [D]
        values   codes  u8  [64, row]
    """

    k_heads: int
    v_heads: int
    keys: CodedLayout
    values: CodedLayout

    @property
    def page_bytes(self) -> int:
        """Bytes of one page over all heads, keys and values."""
        return self.k_heads * self.keys.bytes + self.v_heads * self.values.bytes


def coded_layout(spec: KVSpec, k_heads: int, v_heads: int, k_dim: int, v_dim: int) -> CodedPageLayout:
    """Return the layout of a vector-quantised attention layer.

    One bit an element is 256 entries for 8 channels, 0.375 bits are 64 entries for 16 channels (rates as in AnTKV,
    arXiv 2506.19505; the paper's own sizes could not be read).

    Raises
    ------
    ValueError
        If the rate is neither, or a head's sub-vectors do not fill whole bytes.
    """
    if spec.codebook not in (1.0, 0.375):
        raise ValueError(f"no codebook has {spec.codebook:g} bits an element; 1 and 0.375 can be had")
    width, entries = (8, 256) if spec.codebook == 1.0 else (16, 64)
    if k_dim % 64 or v_dim % 64:
        raise ValueError(f"heads of {k_dim} and {v_dim} channels cannot be coded; multiples of 64 can")
    return CodedPageLayout(
        k_heads, v_heads, _coded(k_dim, width, entries, bounds=True), _coded(v_dim, width, entries, bounds=False)
    )


def _coded(dim: int, width: int, entries: int, *, bounds: bool) -> CodedLayout:
    parts = dim // width
    row = parts if entries == 256 else parts // 4 * 3
    bound = dim * _HALF if bounds else 0
    codes, low, high = _fields(PAGE * row, bound, bound)
    return CodedLayout(dim, width, entries, codes, low, high, _end(high))


def page_layout(spec: KVSpec, k_heads: int, v_heads: int, k_dim: int, v_dim: int) -> PageLayout:
    """Return the layout of an attention layer.

    Raises
    ------
    ValueError
        If a dimension cannot be packed: it must be a multiple of 16 and of the group of the values.
    """
    if k_dim % 16 or v_dim % 16:
        raise ValueError(f"heads of {k_dim} and {v_dim} channels cannot be packed; multiples of 16 can")
    return PageLayout(k_heads, v_heads, _keys(k_dim, spec.k_bits), _values(v_dim, spec.v_bits, spec.v_group))


def _keys(dim: int, bits: Bits) -> KeyLayout:
    scale = 0 if bits == 16 else dim * _HALF
    codes, scales, zeros, low, high = _fields(PAGE * dim * bits // 8, scale, scale, dim * _HALF, dim * _HALF)
    return KeyLayout(dim, bits, codes, scales, zeros, low, high, _end(high))


def _values(dim: int, bits: Bits, group: int) -> ValueLayout:
    group = min(group, dim)
    if dim % group:
        raise ValueError(f"values of {dim} channels do not divide into groups of {group}")
    scale = 0 if bits == 16 else PAGE * (dim // group) * _HALF
    codes, scales, zeros = _fields(PAGE * dim * bits // 8, scale, scale)
    return ValueLayout(dim, bits, group, codes, scales, zeros, _end(zeros))


def _fields(*sizes: int) -> list[Field]:
    found: list[Field] = []
    at = 0
    for size in sizes:
        found.append(Field(at, size))
        at = _aligned(at + size)
    return found


def _end(last: Field) -> int:
    return _aligned(last.start + last.size)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
