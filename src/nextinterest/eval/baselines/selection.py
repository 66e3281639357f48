"""Choosing on validation: how good a baseline ranks there, which config is best, which temperature fits.

Nothing here may be given test cases; `build` passes it the validation part of a split and no other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.splits import HeldOut
from nextinterest.domain import FloatArray
from nextinterest.eval.baselines.base import Baseline, BaselineConfig, log_softmax
from nextinterest.eval.baselines.columns import HistoryColumns
from nextinterest.retrieval.ranks import target_ranks, tie_order

__all__ = ["Quality", "Trial", "fit_temperature", "measure", "search"]

BaselineT = TypeVar("BaselineT", bound="Baseline[BaselineConfig]")
Scorer = Callable[[HistoryColumns], FloatArray]

_CELLS = 1 << 22


@dataclass(frozen=True, slots=True)
class Quality:
    """How well held-out events are ranked among all items, those of the history left out.

    Attributes
    ----------
    ndcg, hit_rate
        NDCG@10 and HR@10 (one relevant item per case, so NDCG is ``1 / log2(1 + rank)`` within the top 10).
        A target that is in its own history is a miss.
    log_loss
        Mean of -log P(target | history, a new item), in nats, over the cases whose target is new.
    cases
        Number of held-out events.
    """

    ndcg: float
    hit_rate: float
    log_loss: float
    cases: int

    def as_dict(self) -> dict[str, float | int]:
        """Return the figures, rounded to what the noise allows to read."""
        return {
            "ndcg@10": round(self.ndcg, 5),
            "hr@10": round(self.hit_rate, 5),
            "log_loss": round(self.log_loss, 4),
            "cases": self.cases,
        }


def _masked_scores(
    scorer: Scorer, held_out: HeldOut, n_items: int
) -> Iterator[tuple[FloatArray, NDArray[np.int64]]]:
    """Yield scores with seen items at minus infinity, and the targets, for some cases at a time."""
    size = max(1, _CELLS // max(1, n_items))
    for start in range(0, len(held_out), size):
        columns = HistoryColumns.of(held_out.histories[start : start + size], n_items)
        scores = scorer(columns)
        columns.mask_seen(scores)
        yield scores, held_out.targets[start : start + size].astype(np.int64)


def measure(scorer: Scorer, held_out: HeldOut, n_items: int, k: int = 10) -> Quality:
    """Rank every item for every case; see `nextinterest.retrieval.ranks` for equal scores."""
    ranks: list[NDArray[np.int64]] = []
    losses: list[FloatArray] = []
    ties = tie_order(n_items)
    for scores, targets in _masked_scores(scorer, held_out, n_items):
        own = np.take_along_axis(scores, targets[:, None], axis=1)
        new = np.isfinite(own[:, 0])
        ranks.append(np.where(new, target_ranks(scores, targets, ties), n_items + 1))
        if new.any():
            log_p = log_softmax(scores[new])
            losses.append(-np.take_along_axis(log_p, targets[new][:, None], axis=1)[:, 0])
    rank = np.concatenate(ranks) if ranks else np.zeros(0, np.int64)
    hits = rank <= k
    gain = np.where(hits, 1.0 / np.log2(1.0 + rank), 0.0)
    log_loss = float(np.concatenate(losses).mean()) if losses else float("nan")
    return Quality(float(gain.mean()), float(hits.mean()), log_loss, len(held_out))


def fit_temperature(
    scorer: Scorer, held_out: HeldOut, n_items: int, *, seed: int = 0, max_cases: int = 5_000
) -> float:
    """Return the T for which softmax(scores / T) over new items gives held-out targets the least log-loss.

    The log-loss is convex in 1/T, so Newton's method with halved steps finds the one minimum. At most
    `max_cases` cases, drawn with `seed`, are used. Where the scores say nothing about the targets, or less
    than nothing, the flattest temperature allowed is returned.
    """
    if len(held_out) > max_cases:
        chosen = np.random.default_rng(seed).choice(len(held_out), max_cases, replace=False)
        held_out = held_out.take(np.sort(chosen))
    # Scaled by their spread, so that 1/T starts near one whatever the unit of the scores.
    finite_std = [float(s[np.isfinite(s)].std()) for s, _ in _masked_scores(scorer, held_out, n_items)]
    unit = float(np.mean(finite_std)) if finite_std else 0.0
    if unit <= 0.0:
        return 1.0

    def moments(beta: float) -> tuple[float, float, float]:
        """Return log-loss, slope and curvature at 1/T = beta / unit, summed over cases."""
        loss = slope = curvature = 0.0
        for scores, targets in _masked_scores(scorer, held_out, n_items):
            s = scores.astype(np.float64) / unit
            own = np.take_along_axis(s, targets[:, None], axis=1)[:, 0]
            new = np.isfinite(own)
            s, own = s[new], own[new]
            if not len(s):
                continue
            top = s.max(axis=1, keepdims=True)
            seen = np.isneginf(s)
            p = np.exp(beta * np.where(seen, 0.0, s - top)) * ~seen
            total = p.sum(axis=1, keepdims=True)
            p /= total
            s = np.where(seen, 0.0, s)
            mean = (p * s).sum(axis=1)
            loss += float((np.log(total[:, 0]) + beta * (top[:, 0] - own)).sum())
            slope += float((mean - own).sum())
            curvature += float((p * (s - mean[:, None]) ** 2).sum())
        return loss, slope, curvature

    beta, lowest = 1.0, 1e-3
    loss, slope, curvature = moments(beta)
    for _ in range(30):
        step = -slope / max(curvature, 1e-12)
        candidate, shrink = beta, 1.0
        while shrink > 1e-4:
            candidate = max(lowest, beta + shrink * float(np.clip(step, -2 * beta, 4 * beta)))
            after = moments(candidate)
            if after[0] <= loss:
                break
            shrink /= 2
        else:
            break
        moved, beta, (loss, slope, curvature) = abs(candidate - beta), candidate, after
        if moved < 1e-3 * beta:
            break
    return unit / beta


@dataclass(frozen=True, slots=True)
class Trial:
    """One config tried on validation."""

    values: dict[str, object]
    quality: Quality
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """Return the trial as it is kept in a provenance."""
        return {"values": self.values, **self.quality.as_dict(), "seconds": round(self.seconds, 3)}


def search(
    kind: type[Baseline[BaselineConfig]],
    start: BaselineConfig,
    fit: Callable[[BaselineConfig], BaselineT],
    held_out: HeldOut,
    n_items: int,
    *,
    rounds: int = 2,
    deadline: float | None = None,
) -> tuple[BaselineT, list[Trial]]:
    """Search a baseline's space one field at a time, `rounds` times over, and keep the best by NDCG@10.

    Equal NDCG@10 is decided by the lower log-loss, then by the earlier trial. A change of fields that only
    matter at prediction time reuses the fit. After `deadline` (a value of ``time.monotonic``) no new config
    is tried.
    """
    trials: dict[str, Trial] = {}
    fitted: dict[str, BaselineT] = {}

    def attempt(config: BaselineConfig) -> tuple[float, float]:
        key = config.model_dump_json()
        if key not in trials:
            began = time.monotonic()
            fit_key = config.model_dump_json(exclude=set(kind.QUERY_FIELDS))
            if fit_key not in fitted:
                fitted.clear()  # one fit is held besides the best, whatever the space
                fitted[fit_key] = fit(config)
            model = fitted[fit_key].with_config(config)
            quality = measure(model.scores, held_out, n_items)
            values = config.model_dump(mode="json", include=set(kind.SPACE))
            trials[key] = Trial(values, quality, time.monotonic() - began)
        found = trials[key].quality
        return found.ndcg, -found.log_loss

    best, best_score = start, attempt(start)
    best_model = next(iter(fitted.values()))
    for _ in range(rounds):
        before = best
        for field, values in kind.SPACE.items():
            for value in values:
                if deadline is not None and time.monotonic() > deadline:
                    return best_model.with_config(best), list(trials.values())
                config = best.model_copy(update={field: value})
                score = attempt(config)
                if score > best_score:
                    best, best_score = config, score
                    best_model = fitted[config.model_dump_json(exclude=set(kind.QUERY_FIELDS))]
        if best == before:
            break
    return best_model.with_config(best), list(trials.values())
