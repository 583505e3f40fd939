"""What may be taken out of an archive that nobody vouches for."""

from __future__ import annotations

import tarfile


def is_plain(entry: tarfile.TarInfo, archive_bytes: int) -> bool:
    """Whether an entry is a regular file whose bytes really lie in the archive.

    A sparse one is not: ten kilobytes of archive may declare gigabytes, which reading would make of zeros.
    """
    return entry.isreg() and not entry.issparse() and entry.size <= archive_bytes
