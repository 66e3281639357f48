"""A trie over token sequences, held as one sorted array: memory-lean for a million titles.

The sequences are sorted; a node of the trie is a range of rows that share their first tokens, so no node
is ever stored. Memory is 4 bytes per token and 16 per sequence. The trie knows token ids and row numbers;
what a row stands for is the caller's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Children", "Node", "TokenTrie"]

IntArray = NDArray[np.int32]
LongArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Node:
    """Sorted rows ``low`` to ``high`` (exclusive), which share their first `depth` tokens."""

    low: int
    high: int
    depth: int


@dataclass(frozen=True, slots=True)
class Children:
    """What may follow at a node.

    Attributes
    ----------
    tokens
        Tokens that may come next, ascending, int32, shape (n,).
    lows, highs
        Where each of them leads: ranges of sorted rows, shape (n,); see `node`.
    depth
        Depth of where they lead.
    ends
        Whether a sequence ends here.
    """

    tokens: IntArray
    lows: LongArray
    highs: LongArray
    depth: int
    ends: bool

    def __len__(self) -> int:
        return len(self.tokens)

    def node(self, i: int) -> Node:
        """Return where token number `i` of `tokens` leads."""
        return Node(int(self.lows[i]), int(self.highs[i]), self.depth)


class TokenTrie:
    """The sequences, sorted.

    Parameters
    ----------
    sequences
        Token ids of row 0, 1, 2, ...; rows may repeat, none may be empty.

    Raises
    ------
    ValueError
        If a sequence is empty.

    Examples
    --------
    >>> trie = TokenTrie([[7, 8], [7], [9], [7, 8]])
    >>> trie.children(trie.root).tokens.tolist()
    [7, 9]
    >>> node = trie.walk([7, 8])
    >>> trie.row(node), trie.row(node, excluded=trie.positions([0]))
    (0, 3)
    """

    def __init__(self, sequences: Iterable[Sequence[int]]) -> None:
        parts: list[IntArray] = []
        lengths: list[int] = []
        chunk: list[int] = []
        for sequence in sequences:
            lengths.append(len(sequence))
            chunk.extend(sequence)
            if len(chunk) > 1 << 20:  # a Python list costs eight times the array it becomes
                parts.append(np.array(chunk, dtype=np.int32))
                chunk = []
        parts.append(np.array(chunk, dtype=np.int32))
        flat = np.concatenate(parts)
        del parts, chunk
        sizes = np.array(lengths, dtype=np.int32)
        if len(sizes) and int(sizes.min()) < 1:
            raise ValueError(f"Sequence {int(sizes.argmin())} is empty; every row needs a token.")
        starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        order = _sorted_rows(flat, starts, sizes)
        self._rows: IntArray = order.astype(np.int32)
        sorted_sizes = sizes[order]
        self._starts: LongArray = np.concatenate([[0], np.cumsum(sorted_sizes, dtype=np.int64)])
        self._tokens: IntArray = np.empty_like(flat)
        for low in range(0, len(order), 1 << 16):  # in blocks: the index array would outweigh the tokens
            high = min(low + (1 << 16), len(order))
            size = sorted_sizes[low:high]
            begin = np.repeat(starts[order[low:high]], size)
            within = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
            self._tokens[self._starts[low] : self._starts[high]] = flat[begin + within]
        self._position: IntArray = np.empty(len(order), dtype=np.int32)
        self._position[self._rows] = np.arange(len(order), dtype=np.int32)
        self._wide: dict[Node, tuple[IntArray, LongArray, int]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self._rows.nbytes + self._starts.nbytes + self._tokens.nbytes + self._position.nbytes

    @property
    def root(self) -> Node:
        """The node before any token."""
        return Node(0, len(self), 0)

    def positions(self, rows: Iterable[int]) -> IntArray:
        """Return the sorted positions of rows, the form in which rows are excluded."""
        return np.unique(self._position[np.fromiter(rows, dtype=np.int64)])

    def row_at(self, position: int) -> int:
        """Return the row at a sorted position."""
        return int(self._rows[position])

    def sequence(self, row: int) -> list[int]:
        """Return the tokens of a row."""
        position = int(self._position[row])
        return [int(token) for token in self._tokens[self._starts[position] : self._starts[position + 1]]]

    def rest(self, node: Node, position: int) -> list[int]:
        """Return the tokens that sorted row `position` has behind `node`."""
        return [
            int(t) for t in self._tokens[self._starts[position] + node.depth : self._starts[position + 1]]
        ]

    def alive(self, node: Node, excluded: IntArray | None = None) -> int:
        """Return how many rows below `node` are not excluded."""
        total = node.high - node.low
        if excluded is None or not len(excluded):
            return total
        low, high = np.searchsorted(excluded, [node.low, node.high])
        return total - int(high - low)

    def only(self, node: Node, excluded: IntArray | None = None) -> int | None:
        """Return the one sorted row left below `node`; None where there are several or none."""
        if self.alive(node, excluded) != 1:
            return None
        if node.high - node.low == 1 or excluded is None:
            return node.low
        return int(np.setdiff1d(np.arange(node.low, node.high), excluded)[0])

    def row(self, node: Node, excluded: IntArray | None = None) -> int | None:
        """Return the row that ends at `node`: of equal sequences the first row that is not excluded."""
        _, _, ended = self._split(node)
        for position in range(node.low, ended):
            if self.alive(Node(position, position + 1, node.depth), excluded):
                return int(self._rows[position])
        return None

    def children(self, node: Node, excluded: IntArray | None = None) -> Children:
        """Return what may follow at `node` and leads to a row that is not excluded."""
        tokens, bounds, ended = self._split(node)
        if excluded is None or not len(excluded):
            keep = np.arange(len(tokens))
        else:
            gone = np.searchsorted(excluded, bounds)
            keep = np.flatnonzero(np.diff(bounds) - np.diff(gone) > 0)
        ends = ended > node.low and self.alive(Node(node.low, ended, node.depth), excluded) > 0
        return Children(tokens[keep], bounds[keep], bounds[keep + 1], node.depth + 1, ends)

    def walk(self, tokens: Sequence[int], start: Node | None = None) -> Node:
        """Return the node that `tokens` lead to.

        Raises
        ------
        KeyError
            If no sequence starts so.
        """
        node = start or self.root
        for token in tokens:
            found, bounds, _ = self._split(node)
            i = int(np.searchsorted(found, token))
            if i == len(found) or found[i] != token:
                raise KeyError(f"No sequence has token {token} at depth {node.depth} here.")
            node = Node(int(bounds[i]), int(bounds[i + 1]), node.depth + 1)
        return node

    def _split(self, node: Node) -> tuple[IntArray, LongArray, int]:
        """Return next tokens, their bounds (one more than tokens), and one past the rows that end here."""
        if node in self._wide:
            return self._wide[node]
        starts = self._starts[node.low : node.high]
        sizes = self._starts[node.low + 1 : node.high + 1] - starts
        ended = node.low + int(np.searchsorted(sizes > node.depth, True))  # shorter rows sort first
        column = self._tokens[self._starts[ended : node.high] + node.depth]
        cuts = np.flatnonzero(np.diff(column)) + 1
        first = np.concatenate([[0], cuts]) if len(column) else np.empty(0, dtype=np.int64)
        bounds = np.concatenate([first, [len(column)]]).astype(np.int64) + ended
        answer = (column[first], bounds, ended)
        if node.high - node.low > 4096 and len(self._wide) < 4096:
            self._wide[node] = answer  # near the root every request asks the same, and it is the slow part
        return answer


def _sorted_rows(flat: IntArray, starts: LongArray, sizes: IntArray) -> LongArray:
    """Return rows in lexicographic order, equal rows in theirs, by sorting one token at a time.

    Rows whose order is decided leave the sort, so the work falls with depth; no row becomes a Python object.
    """
    n = len(sizes)
    order = np.arange(n)
    active = np.arange(n) if n > 1 else np.empty(0, dtype=np.int64)  # positions still undecided
    group = np.zeros(n, dtype=np.int64)  # of each active position, the group it belongs to
    depth = 0
    while len(active):
        rows = order[active]
        has = sizes[rows] > depth
        token = np.zeros(len(rows), dtype=np.int64)
        token[has] = flat[starts[rows[has]] + depth].astype(np.int64) + 1  # 0: the row has ended, sorts first
        by = np.lexsort((token, group))
        rows, token, group = rows[by], token[by], group[by]
        order[active] = rows
        fresh = np.concatenate([[True], (np.diff(group) != 0) | (np.diff(token) != 0)])
        group = np.cumsum(fresh) - 1
        undecided = (np.bincount(group)[group] > 1) & (token > 0)
        active, group = active[undecided], group[undecided]
        depth += 1
    return order
