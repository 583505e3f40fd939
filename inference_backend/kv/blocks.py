"""Which pages are whose: counted references, shared prefixes, and what is thrown away when none is free."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from repowright.inference_backend.errors import OutOfPages


class PageAllocator:
    """Hands out the pages of a pool.

    A page is free, held by one or more sequences, or cached: nobody holds it, but it has a name and is found again
    by it. Cached pages are thrown away when no page is free, the least recently used first.

    Parameters
    ----------
    pages
        Pages of the pool.
    """

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self._free = list(range(pages - 1, -1, -1))
        self._held: dict[int, int] = {}
        self._cached: OrderedDict[int, None] = OrderedDict()
        self._by_name: dict[bytes, int] = {}
        self._names: dict[int, bytes] = {}

    @property
    def available(self) -> int:
        """Pages that can be allocated: free ones and cached ones."""
        return len(self._free) + len(self._cached)

    @property
    def held(self) -> int:
        """Pages that somebody holds."""
        return len(self._held)

    @property
    def cached(self) -> int:
        """Pages that nobody holds, but that are kept to be found again."""
        return len(self._cached)

    def holders(self, page: int) -> int:
        """Return how many references a page has."""
        return self._held.get(page, 0)

    def allocate(self, count: int) -> list[int]:
        """Return pages with one reference each; cached ones are thrown away where too few are free.

        Raises
        ------
        OutOfPages
            If too few are available; none is taken then.
        """
        if count > self.available:
            raise OutOfPages(f"{count} pages are wanted and {self.available} of {self.pages} are available")
        return [self._take() for _ in range(count)]

    def hold(self, pages: Iterable[int]) -> None:
        """Add a reference to pages that are held or cached."""
        for page in pages:
            if page in self._cached:
                del self._cached[page]
            elif page not in self._held:
                raise ValueError(f"page {page} is free: nobody can hold what it contained")
            self._held[page] = self._held.get(page, 0) + 1

    def release(self, pages: Sequence[int]) -> None:
        """Take a reference off each page of a sequence, given in the order of the text.

        The last page of a text counts as less recently used than those before it: a prefix without its end can
        still be shared, an end without its beginning cannot.
        """
        for page in reversed(pages):
            count = self._held.get(page, 0)
            if not count:
                raise ValueError(f"page {page} is held by nobody")
            if count > 1:
                self._held[page] = count - 1
                continue
            del self._held[page]
            if page in self._names:
                self._cached[page] = None
            else:
                self._free.append(page)

    def name(self, page: int, name: bytes) -> None:
        """Let a held page be found by its name; where another page has the name already, that one stays it."""
        if page not in self._held:
            raise ValueError(f"page {page} is held by nobody")
        if name in self._by_name or page in self._names:
            return
        self._by_name[name] = page
        self._names[page] = name

    def find(self, names: Sequence[bytes]) -> list[int]:
        """Return the pages of the longest known prefix of a chain of names; no reference is added."""
        found: list[int] = []
        for name in names:
            page = self._by_name.get(name)
            if page is None:
                break
            found.append(page)
        return found

    def can_admit(self, shared: Sequence[int], fresh: int) -> bool:
        """Tell whether a sequence that shares pages can get so many more: shared ones stop being available."""
        idle = sum(page in self._cached for page in shared)
        return self.available - idle >= fresh

    def forget(self) -> None:
        """Throw all cached pages away."""
        while self._cached:
            self._free.append(self._evict())

    def _take(self) -> int:
        page = self._free.pop() if self._free else self._evict()
        self._held[page] = 1
        return page

    def _evict(self) -> int:
        page, _ = self._cached.popitem(last=False)
        del self._by_name[self._names.pop(page)]
        return page
