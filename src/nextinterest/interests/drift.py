"""Drift between the earlier and the recent part of a history, claimed only where a test supports it.

Events come in runs (an evening of comedies), so events are not exchangeable but runs of them nearly are: the
history is cut into blocks of consecutive events, newest first, and the recent blocks are compared with all
ways of drawing as many blocks. Per interest,

    T = mean share of recent events - mean share of earlier events
    p = (1 + #{|T*| >= |T|}) / (1 + draws)             (two-sided block permutation test)

and over the tested interests Benjamini & Hochberg's step-up procedure gives q-values: reporting those with q
<= f keeps the expected part of false claims at f or below. Interests with fewer than three events in all are
not tested, which does not depend on when they fell.

Sources: Kunsch, The jackknife and the bootstrap for general stationary observations, Ann. Stat. 1989
(blocks); Phipson & Smyth, Permutation P-values should never be zero, 2010; Benjamini & Hochberg, JRSS B
1995.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["TEST_IN_WORDS", "Drift", "adjust_fdr", "measure_drift"]

Shares = NDArray[np.float64]

TEST_IN_WORDS = (
    "two-sided permutation test over blocks of {block} consecutive events, "
    "Benjamini-Hochberg over interests with at least {least:g} events"
)
LEAST_EVENTS = 3.0
EQUAL = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """The outcome of the test.

    Attributes
    ----------
    before, after
        Mean shares of the earlier and the recent events, shape (n_interests,).
    lower, upper
        Ends of the block-bootstrap interval of after - before, shape (n_interests,).
    p_values, q_values
        One per interest, shape (n_interests,); NaN where the interest was not tested.
    entropy, expected_entropy
        Entropy of the recent mix in bits, and its mean over the permutations.
    entropy_p_value
        Two-sided p-value of that difference.
    """

    before: Shares
    after: Shares
    lower: Shares
    upper: Shares
    p_values: Shares
    q_values: Shares
    entropy: float
    expected_entropy: float
    entropy_p_value: float


def adjust_fdr(p_values: Shares) -> Shares:
    """Return Benjamini-Hochberg q-values, shape (m,); NaN stays NaN and does not count.

    Examples
    --------
    >>> adjust_fdr(np.array([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    q_values = np.full(len(p_values), np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    m = len(tested)
    if m:
        order = tested[np.argsort(p_values[tested], kind="stable")]
        scaled = p_values[order] * m / np.arange(1, m + 1)
        q_values[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q_values


def measure_drift(
    interests: Shares,
    n_recent: int,
    generator: np.random.Generator,
    *,
    block: int = 5,
    draws: int = 1999,
    level: float = 0.8,
) -> Drift | None:
    """Compare the last `n_recent` events with those before them.

    Parameters
    ----------
    interests
        Interests of each event, oldest first, shape (n_events, n_interests), rows summing to one.
    n_recent
        Events that count as recent; rounded down to whole blocks.
    generator
        Draws permutations and bootstrap samples.
    block
        Consecutive events that are moved together.
    draws
        Permutations, and bootstrap samples.
    level
        Level of the bootstrap interval.

    Returns
    -------
    Drift or None
        None where either part has fewer than two blocks, too few to say anything.
    """
    n, width = interests.shape
    n_blocks, recent_blocks = n // block, n_recent // block
    if recent_blocks < 2 or n_blocks - recent_blocks < 2:
        return None
    kept = interests[n - n_blocks * block :]
    blocks = kept.reshape(n_blocks, block, width).mean(axis=1)[::-1]  # newest block first
    total = blocks.sum(axis=0)
    earlier_blocks = n_blocks - recent_blocks

    after = blocks[:recent_blocks].mean(axis=0)
    before = (total - recent_blocks * after) / earlier_blocks
    drawn = np.argsort(generator.random((draws, n_blocks)), axis=1)[:, :recent_blocks]
    chosen = np.zeros((draws, n_blocks))
    np.put_along_axis(chosen, drawn, 1.0, axis=1)
    after_null = chosen @ blocks / recent_blocks
    change_null = after_null - (total - recent_blocks * after_null) / earlier_blocks
    extreme = (np.abs(change_null) >= np.abs(after - before) - EQUAL).sum(axis=0)
    p_values = np.where(total * block >= LEAST_EVENTS, (1.0 + extreme) / (1.0 + draws), np.nan)

    entropy, entropy_null = _entropy(after), _entropy(after_null)
    expected = float(entropy_null.mean())
    further = int((np.abs(entropy_null - expected) >= abs(float(entropy) - expected) - EQUAL).sum())

    resampled = _bootstrap_mean(blocks[:recent_blocks], draws, generator)
    resampled -= _bootstrap_mean(blocks[recent_blocks:], draws, generator)
    tail = (1.0 - level) / 2.0
    lower, upper = np.quantile(resampled, [tail, 1.0 - tail], axis=0)
    return Drift(
        before=before,
        after=after,
        lower=np.minimum(lower, after - before),
        upper=np.maximum(upper, after - before),
        p_values=p_values,
        q_values=adjust_fdr(p_values),
        entropy=float(entropy),
        expected_entropy=expected,
        entropy_p_value=(1.0 + further) / (1.0 + draws),
    )


def _entropy(shares: Shares) -> Shares:
    """Return the entropy along the last axis, in bits."""
    positive = np.where(shares > 0, shares, 1.0)
    return np.asarray(-(shares * np.log2(positive)).sum(axis=-1))


def _bootstrap_mean(blocks: Shares, draws: int, generator: np.random.Generator) -> Shares:
    """Return means of blocks drawn with replacement, shape (draws, n_interests)."""
    n = len(blocks)
    weights = generator.multinomial(n, np.full(n, 1.0 / n), size=draws)
    means: Shares = weights @ blocks / n
    return means
