"""Where the newest tokens of each sequence wait, in half precision, until their block is full and can be packed."""

from __future__ import annotations

from collections import OrderedDict

from repowright.inference_backend.errors import InferenceError


class TailSlots:
    """Rows of the tails by block, for all layers alike.

    A block that is being filled belongs to one sequence: vLLM shares full ones only. Rows of sequences that ended are
    not given back, but taken by others, the least recently used first.

    Parameters
    ----------
    count
        Rows; several times as many as sequences run at a time.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = list(range(count - 1, -1, -1))
        self._of_block: OrderedDict[int, int] = OrderedDict()

    def open(self, block: int) -> int:
        """Return a row for a block whose first token comes now."""
        slot = self._of_block.pop(block, None)
        if slot is None:
            slot = self._free.pop() if self._free else self._of_block.popitem(last=False)[1]
        self._of_block[block] = slot
        return slot

    def find(self, block: int) -> int:
        """Return the row of a block that was begun.

        Raises
        ------
        InferenceError
            If it is not known any more: the tokens in it are lost.
        """
        if block not in self._of_block:
            raise InferenceError(
                f"block {block} goes on, but its tokens are gone", "lower --max-num-seqs, and report this"
            )
        self._of_block.move_to_end(block)
        return self._of_block[block]
