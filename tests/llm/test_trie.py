"""The trie against plain sets of tuples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.llm.trie import Node, TokenTrie

sequences = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), min_size=1, max_size=25)


def _reachable(trie: TokenTrie, excluded: set[int]) -> set[tuple[tuple[int, ...], int]]:
    """Every (tokens, row) that a walk through allowed children can end in."""
    positions = trie.positions(excluded) if excluded else None
    found: set[tuple[tuple[int, ...], int]] = set()
    stack: list[tuple[Node, tuple[int, ...]]] = [(trie.root, ())]
    while stack:
        node, tokens = stack.pop()
        children = trie.children(node, positions)
        row = trie.row(node, positions)
        assert children.ends == (row is not None)
        if row is not None:
            found.add((tokens, row))
        assert list(children.tokens) == sorted(set(children.tokens.tolist()))
        stack.extend((children.node(i), (*tokens, int(t))) for i, t in enumerate(children.tokens))
    return found


@settings(deadline=None)
@given(rows=sequences, data=st.data())
def test_walks_reach_exactly_the_rows_left(rows: list[list[int]], data: st.DataObject) -> None:
    excluded = data.draw(st.sets(st.integers(0, len(rows) - 1)))
    first: dict[tuple[int, ...], int] = {}
    for i, row in enumerate(rows):
        if i not in excluded:
            first.setdefault(tuple(row), i)
    trie = TokenTrie(rows)
    assert _reachable(trie, excluded) == set(first.items())
    assert [trie.sequence(i) for i in range(len(rows))] == rows


@settings(deadline=None)
@given(rows=sequences)
def test_single_rows_are_known(rows: list[list[int]]) -> None:
    trie = TokenTrie(rows)
    for i, row in enumerate(rows):
        node = trie.walk(row[:1])
        only = trie.only(node)
        if sum(other[0] == row[0] for other in rows) == 1:
            assert only is not None
            assert trie.rest(node, only) == row[1:]
            others = trie.positions(set(range(len(rows))) - {i})
            assert trie.only(trie.root, others) == only
        else:
            assert only is None


def test_no_way_where_no_row_leads() -> None:
    trie = TokenTrie([[1, 2]])
    with pytest.raises(KeyError, match="token 3 at depth 1"):
        trie.walk([1, 3])
    with pytest.raises(ValueError, match="Sequence 1 is empty"):
        TokenTrie([[1], []])


def test_memory_is_four_bytes_a_token_and_sixteen_a_row() -> None:
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 50_000, size=8).tolist() for _ in range(2_000)]
    trie = TokenTrie(rows)
    assert trie.nbytes <= 2_000 * (8 * 4 + 16) + 64
