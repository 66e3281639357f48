"""How numbers and methods look: one format per measure, one colour and marker per method."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nextinterest.eval.numbers import Number

__all__ = ["COLOURS", "MARKERS", "decimals", "interval", "look", "plain"]

# Okabe and Ito's palette, distinguishable with every common colour blindness; yellow is darkened for white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6B4C9A", "#8C6D1F", "#444444")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")

_DECIMALS = {"popularity": 1, "novelty": 2, "logloss": 3, "coverage": 3, "gini": 3, "tail": 3, "ece": 4}


def look(methods: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return colour and marker of each method; colours come round again with another marker.

    Examples
    --------
    >>> look(["a", "b"])["b"]
    ('#D55E00', 's')
    """
    return {
        name: (COLOURS[i % len(COLOURS)], MARKERS[(i + i // len(COLOURS)) % len(MARKERS)])
        for i, name in enumerate(methods)
    }


def decimals(measure: str) -> int:
    """Return how many decimals a measure is printed with."""
    base = measure.partition("@")[0]
    return _DECIMALS.get(base, 3 if "diversity" in base or base == "genre_kl" else 4)


def plain(value: float, measure: str = "") -> str:
    """Return a number as printed; a dash where there is none.

    Examples
    --------
    >>> plain(0.09312, "ndcg@10"), plain(float("nan"))
    ('0.0931', '–')
    """
    if math.isnan(value):
        return "\N{EN DASH}"
    digits = decimals(measure)
    return f"{round(value, digits) + 0.0:.{digits}f}"  # adding zero turns -0.0 into 0.0


def interval(number: Number, measure: str = "") -> str:
    """Return an interval as printed; nothing where there is no number either.

    Examples
    --------
    >>> interval(Number(0.5, 0.4, 0.6), "ndcg@10"), interval(Number(1.0), "ndcg@10")
    ('[0.4000, 0.6000]', '[undefined]')
    """
    if math.isnan(number.low):
        return "" if math.isnan(number.value) else "[undefined]"
    return f"[{plain(number.low, measure)}, {plain(number.high, measure)}]"
