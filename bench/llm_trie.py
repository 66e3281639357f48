"""Memory and speed of the token trie at a million titles.

Run: ``python bench/llm_trie.py [--titles 1000000]``

Titles are made of three to six words drawn from MovieLens-100K's titles, tokenised by the default model's
tokenizer, one title in a hundred a copy of another. Peak memory is that of the whole process while the
trie is built from a stream, less what it held before.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator

import numpy as np

from nextinterest.data import load
from nextinterest.data.assets import DEFAULT_DATA, DEFAULT_LANGUAGE_MODEL, fetch
from nextinterest.llm.trie import TokenTrie

SEEN = 200


def peak() -> float:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Build, measure, walk."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--titles", type=int, default=1_000_000)
    n = parser.parse_args().titles
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(fetch(DEFAULT_LANGUAGE_MODEL)))
    words = sorted({word for title in load(DEFAULT_DATA).catalog.titles for word in title.split()})
    ids = [tokenizer(" " + word, add_special_tokens=False)["input_ids"] for word in words]
    rng = np.random.default_rng(0)

    def titles() -> Iterator[list[int]]:
        last: list[int] = []
        for i in range(n):
            if i % 100 != 99:
                drawn = rng.integers(0, len(ids), size=int(rng.integers(3, 7)))
                last = [token for word in drawn for token in ids[int(word)]]
            yield last

    before = peak()
    started = time.perf_counter()
    trie = TokenTrie(titles())
    built = time.perf_counter() - started
    print(
        f"{n:,} titles: {trie.nbytes / 1e6:.0f} MB kept ({trie.nbytes / n:.0f} bytes a title), peak while "
        f"building {peak() - before:.0f} MB, built in {built:.1f} s"
    )
    started = time.perf_counter()
    first = trie.children(trie.root)
    cold = time.perf_counter() - started
    excluded = trie.positions(range(SEEN))
    rows = rng.integers(SEEN, n, size=2_000)
    walks = []
    for row in rows:
        sequence = trie.sequence(int(row))
        started = time.perf_counter()
        node = trie.root
        for token in sequence:
            children = trie.children(node, excluded)
            if len(children):
                node = children.node(int(np.searchsorted(children.tokens, token)))
            if trie.only(node, excluded) is not None:
                break
        walks.append(time.perf_counter() - started)
    print(
        f"root: {len(first.tokens):,} first tokens, {1e3 * cold:.1f} ms the first time; "
        f"walk to a single title, {SEEN} seen items excluded: median {1e3 * np.median(walks):.2f} ms, "
        f"99th percentile {1e3 * np.percentile(walks, 99):.2f} ms"
    )


if __name__ == "__main__":
    main()
