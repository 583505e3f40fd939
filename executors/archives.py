"""What may be taken out of an archive that nobody vouches for."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

BLOCK = 512
KIND = slice(156, 157)
LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
KINDS = frozenset(
    {tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE}
    | {tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, *LONG_NAMES}
)
"""What GNU tar writes unasked: no extended header (read in the square of its length), no sparse map (sized at will)."""
MOST_LONG_NAMES = 2
"""Before one entry: of itself and of what it links to. Each more is one call deeper for a reader."""


def check_archive(data: bytes) -> None:
    """Refuse an archive that leads ``tarfile`` back for ever, too deep or into extended headers.

    Raises
    ------
    tarfile.TarError
        Naming the header.
    """
    names = 0
    for kind, size in _headers(data):
        names = names + 1 if kind in LONG_NAMES else 0
        if not 0 <= size <= len(data) or kind not in KINDS or names > MOST_LONG_NAMES:
            raise tarfile.ReadError(f"a header of kind {kind!r} and {size} bytes has no place in it")


def is_plain(entry: tarfile.TarInfo, archive_bytes: int) -> bool:
    """Whether an entry is a regular file whose bytes really lie in the archive.

    A sparse one is not: ten kilobytes of archive may declare gigabytes, which reading would make of zeros.
    """
    return entry.isreg() and not entry.issparse() and entry.size <= archive_bytes


def _headers(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Kind and size of each header up to the first that is empty; what follows is not read by others either."""
    place = 0
    while (header := data[place : place + BLOCK]).strip(b"\0"):
        size = _size(header)
        yield header[KIND], size
        has_data = header[KIND] in LONG_NAMES or header[KIND] == tarfile.REGTYPE
        place += BLOCK + (-(-size // BLOCK) * BLOCK if has_data else 0)


def _size(header: bytes) -> int:
    try:
        return tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape").size
    except tarfile.TarError as err:
        raise tarfile.ReadError(f"a header cannot be read: {err}") from err
