"""What the index of titles costs on large catalogues, and what messages and the search box find.

    python bench/titles_at_scale.py --titles 10000 100000

Titles are made of two to six words drawn from MovieLens-100K's, one in a hundred a copy of another. Looked up
are 200 of them with two neighbouring letters swapped. Each size runs in a process of its own; memory is what
the process grew by while the index was built.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from nextinterest.data import load
from nextinterest.data.assets import DEFAULT_DATA
from nextinterest.domain import Catalog
from nextinterest.titles import TitleIndex

LOOKED_UP = 200


def made_up(n: int) -> Catalog:
    """Return a catalogue of n made-up titles."""
    words = sorted({word for title in load(DEFAULT_DATA).catalog.titles for word in title.split()})
    rng = np.random.default_rng(0)
    titles: list[str] = []
    for i in range(n):
        drawn = rng.integers(len(words), size=int(rng.integers(2, 7)))
        titles.append(titles[-1] if i % 100 == 99 else " ".join(words[int(word)] for word in drawn))
    return Catalog([str(i) for i in range(n)], titles)


def swapped(title: str, rng: np.random.Generator) -> str:
    """Return a title with two neighbouring letters swapped."""
    at = int(rng.integers(max(1, len(title) - 1)))
    return title[:at] + title[at + 1 : at + 2] + title[at : at + 1] + title[at + 2 :]


def looked_up(find: Callable[[str], Sequence[int]], catalog: Catalog) -> tuple[float, float, float]:
    """Return the share found first, and the median and 99th percentile of a look in milliseconds."""
    rng = np.random.default_rng(1)
    found, took = 0, []
    for item in rng.integers(len(catalog), size=LOOKED_UP).tolist():
        text = swapped(catalog.titles[item], rng)
        started = time.perf_counter()
        first = find(text)[:1]
        took.append(1e3 * (time.perf_counter() - started))
        found += bool(first) and catalog.titles[first[0]] == catalog.titles[item]
    return found / LOOKED_UP, float(np.median(took)), float(np.quantile(took, 0.99))


def measure(n: int) -> None:
    """Print what the index over a catalogue of n titles costs and finds."""
    catalog = made_up(n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    index = TitleIndex(catalog)
    index.find("warm up this")
    index.search("warm")
    built = time.perf_counter() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{n:>9,} built in {built:.1f} s, {grown:.0f} MB", flush=True)
    finds: dict[str, Callable[[str], Sequence[int]]] = {
        "message": lambda text: [match.item for match in index.find(text)],
        "search box": index.search,
    }
    for name, find in finds.items():
        share, median, slow = looked_up(find, catalog)
        print(f"{n:>9,} {name:<10} found {share:.3f}, a look {median:.1f} ms, p99 {slow:.1f} ms", flush=True)


def main() -> None:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--titles", type=int, nargs="+", default=[10_000, 100_000])
    sizes = parser.parse_args().titles
    if len(sizes) == 1:
        measure(sizes[0])
        return
    for n in sizes:
        subprocess.run([sys.executable, __file__, "--titles", str(n)], check=True)


if __name__ == "__main__":
    main()
