"""Log-probabilities of choices from the likeliest tokens that an endpoint reports.

Knows numbers and strings; nothing of requests. What says nothing of any choice is an error, not a uniform
distribution: the caller pays for the request and believes that the model chose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nextinterest.errors import ModelError
from nextinterest.llm.base import FloatArray

__all__ = ["choice_scores"]

_TOLERANCE = 1.01  # reported probabilities are rounded
_LEAST_TOP = math.log(1e-6)  # of a million tokens the likeliest has at least this
_SHOWN = 5


def choice_scores(
    reported: Sequence[tuple[str, float]], choices: Sequence[str], *, normalize: bool
) -> FloatArray:
    """Return log-probabilities of choices as the first token, shape (len(choices),).

    Choices that are not among the reported tokens share what probability is left, each at most what the least
    likely reported one has.

    Parameters
    ----------
    reported
        Tokens with their log-probabilities.
    choices
        What may follow.
    normalize
        Whether the probabilities of the choices sum to one.

    Raises
    ------
    ModelError
        If what is reported is no distribution, or none of the choices is among it; the message is the end
        of a sentence.
    """
    shown = ", ".join(f"{token!r} {value:.4g}" for token, value in reported[:_SHOWN])
    shown += ", ..." if len(reported) > _SHOWN else ""
    values = [value for _, value in reported]
    total = sum(math.exp(min(value, 1.0)) for value in values)
    if not all(math.isfinite(value) or value == -math.inf for value in values) or not (
        total <= _TOLERANCE and max(values) >= _LEAST_TOP
    ):
        raise ModelError(f"reports log-probabilities that are no distribution ({shown})")
    mass: dict[str, float] = {}
    for token, value in reported:
        # " A" and "A" are the same answer: which of them a model prefers is its tokenizer's habit.
        mass[token.strip()] = mass.get(token.strip(), 0.0) + math.exp(value)
    found = [mass.get(choice.strip(), 0.0) for choice in choices]
    if not any(found):
        raise ModelError(
            f"says nothing of the choices {', '.join(map(repr, choices[:_SHOWN]))}: its likeliest first "
            f"tokens are {shown}"
        )
    left = max(1.0 - sum(mass.values()), 1e-12) / max(found.count(0.0), 1)
    unseen = min([*(value for value in values if math.exp(value) > 0), math.log(left)])
    scores = np.array([math.log(value) if value else unseen for value in found])
    if normalize:
        scores -= np.logaddexp.reduce(scores)
    return scores.astype(np.float32)
