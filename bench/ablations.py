r"""What each part of a trained recommender is worth: the parts left out, alone, or lent by others.

    python bench/ablations.py --directory full=artifacts/ml-100k-smollm2 --cache CACHE
    python bench/ablations.py --directory full=artifacts/ml-100k-smollm2 --directory lora=DIR \
        --directory random=DIR --directory notext=DIR --choice TUNED --cache CACHE --test

The first directory is the one that is taken apart; each further one (adapters, another model, random weights
of the same size, an encoder without text) lends its language part and its encoder. All must have learned from
the same training events of the same data. Every row's weights are fitted anew on the validation events by the
convex fit of the recipe, a single part's weight being its temperature, so validation figures flatter all rows
a little. With `--test` the same weights are applied to the test events, once.

Intervals are 95 % bootstraps over users, p that of sign flips of the users' mean differences in NDCG@10 from
the first row, after Holm over the rows. A user's events are read off as few prompts as cover them, and each
part's scores are kept under `--cache` by the hash of what was learned, so that a second call scores nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from nextinterest.agent.artifact import load_engine, load_trained_retriever
from nextinterest.artifact_files import MANIFEST
from nextinterest.data import Dataset, HeldOut, leave_last_out, load
from nextinterest.data.assets import DEFAULT_TEXT_ENCODER
from nextinterest.domain import FloatArray, IntArray
from nextinterest.eval.significance import bootstrap_means, holm, percentile_interval, sign_flip_test
from nextinterest.finetune.pool_fit import fit_weights, measure, mix
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.finetune.task_config import TasksConfig
from nextinterest.finetune.validation import seen_mask
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval.encoder_assets import open_encoder
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.parts import Part
from nextinterest.retrieval.rerank import redistribute
from nextinterest.retrieval.rerank.choice import ChoiceReranker
from nextinterest.retrieval.sequence_source import SequenceSource

Scores = dict[str, NDArray[np.float32]]

_USERS = 16  # whose events are scored in one call: enough to batch, and each prompt is read once


@dataclass(frozen=True, slots=True)
class Cases:
    """Held-out events with what is to be left out of their rankings."""

    held_out: HeldOut
    seen: NDArray[np.bool_]

    @property
    def every(self) -> NDArray[np.int64]:
        """Every row."""
        return np.arange(len(self.held_out))


@dataclass(slots=True)
class Scored:
    """Scores of a directory's parts, by the name of the cases and of the part."""

    scores: dict[str, Scores] = field(default_factory=dict)
    without_text: bool = False


def main() -> None:
    """Read arguments, score, fit, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-100k", help="asset name or path")
    parser.add_argument("--directory", action="append", required=True, help="NAME=DIRECTORY; the whole first")
    parser.add_argument("--choice", type=Path, help="recommender directory whose model was taught to rerank")
    parser.add_argument("--cache", type=Path, help="folder that keeps the parts' scores")
    parser.add_argument("--limit", type=int, default=0, help="users, evenly drawn; 0 for all")
    parser.add_argument("--test", action="store_true", help="apply the fitted weights to the test events too")
    arguments = parser.parse_args()
    dataset = load(arguments.data)
    split = leave_last_out(dataset.log, 10, 5)
    cases = {"validation": _cases(split.validation, len(dataset.catalog), arguments.limit)}
    if arguments.test:
        cases["test"] = _cases(split.test, len(dataset.catalog), arguments.limit)
    named = dict(told.split("=", 1) for told in arguments.directory)
    scored = {
        name: score_directory(Path(place), dataset, split.name, cases, arguments.cache)
        for name, place in named.items()
    }
    rows = {name: _fitted(parts, cases) for name, parts in rows_of(scored, list(cases)).items()}
    if arguments.choice is not None:
        whole = next(iter(rows.values()))
        rows |= _choice_rows(arguments.choice, dataset, cases, whole, arguments.cache)
    for which, these in cases.items():
        events, users = len(these.held_out), len(np.unique(these.held_out.users))
        print(f"\n## {which}: {events:,} events of {users:,} users\n")
        print("\n".join(table({name: row[which] for name, row in rows.items()}, these)))


def rows_of(scored: dict[str, Scored], which: Sequence[str]) -> dict[str, dict[str, Scores]]:
    """Return each row's parts, by the name of the cases; the first row is the whole."""
    names = iter(scored)
    whole = scored[next(names)]
    own = list(whole.scores[which[0]])
    language = ItemSoftmax.name
    encoders = [name for name in own if name.startswith("sequence")]
    rest = [name for name in own if name not in (language, *encoders)]

    def of(
        kept: Sequence[str], lent: Scored | None = None, lent_parts: Sequence[str] = ()
    ) -> dict[str, Scores]:
        return {
            w: {name: whole.scores[w][name] for name in kept}
            | ({} if lent is None else {name: lent.scores[w][name] for name in lent_parts})
            for w in which
        }

    rows = {"full blend": of(own)}
    if language in own:
        rows["without the language part"] = of([name for name in own if name != language])
        rows["language item softmax alone"] = of([language])
    if encoders:
        rows["sequence encoder alone"] = of(encoders)
        if len(own) > len(encoders):
            rows["without the sequence encoder"] = of([name for name in own if name not in encoders])
    for name in rest:
        rows[f"{name} alone"] = of([name])
    for name in names:
        lent = scored[name]
        theirs = list(lent.scores[which[0]])
        rows[f"{name}: all its parts"] = of([], lent, theirs)
        if language in theirs:
            rows[f"{name}: language part alone"] = of([], lent, [language])
            rows[f"{name}: its language part in the blend"] = of(
                [n for n in own if n != language], lent, [language]
            )
        its_encoders = [n for n in theirs if n.startswith("sequence")]
        told = "encoder without text" if lent.without_text else "encoder"
        if its_encoders and not _same(lent, whole, its_encoders, which[0]):
            rows[f"{name}: {told} alone"] = of([], lent, its_encoders)
            rows[f"{name}: its {told} in the blend"] = of(
                [n for n in own if n not in encoders], lent, its_encoders
            )
    return rows


def _same(lent: Scored, whole: Scored, parts: Sequence[str], which: str) -> bool:
    """Say whether a directory's parts are those of the first, and no others."""
    theirs, ours = lent.scores[which], whole.scores[which]
    return all(name in ours and np.array_equal(theirs[name], ours[name]) for name in parts)


def score_directory(
    directory: Path, dataset: Dataset, split: str, cases: dict[str, Cases], cache: Path | None
) -> Scored:
    """Return the scores of every part of a directory, from the cache where it has them."""
    retriever = load_trained_retriever(directory, open_encoder(DEFAULT_TEXT_ENCODER))
    learned = retriever.provenance
    if (learned.data_fingerprint, learned.split) != (dataset.fingerprint, split):
        raise SystemExit(f"{directory} learned from {learned.split} of {learned.data}, not from {split}.")
    if learned.refitted:
        raise SystemExit(f"{directory} was refitted on all events: give one trained with --keep-split.")
    digest = hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest()
    found = Scored({name: {} for name in cases})
    for part in retriever.pool.parts:
        if isinstance(part, SequenceSource):
            found.without_text |= not part.encoder.config.text
        missing: dict[str, Cases] = {}
        for name, these in cases.items():
            path = _path(cache, digest, part.name, these)
            if path is not None and path.is_file():
                found.scores[name][part.name] = np.load(path, allow_pickle=False)
            else:
                missing[name] = these
        if not missing:
            continue
        started = time.perf_counter()
        for name, scores in score_together(part, missing).items():
            found.scores[name][part.name] = scores
            _keep(_path(cache, digest, part.name, missing[name]), scores)
        print(f"{directory}: {part.name} scored in {time.perf_counter() - started:.0f} s", flush=True)
    return found


def score_together(part: Part, cases: dict[str, Cases]) -> Scores:
    """Score several sets of cases, a user's events of all of them in one call."""
    owners = np.concatenate([these.held_out.users for these in cases.values()])
    rows = [(name, i) for name, these in cases.items() for i in range(len(these.held_out))]
    users = np.unique(owners)
    out: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(users), _USERS):
        chosen = np.flatnonzero(np.isin(owners, users[start : start + _USERS])).tolist()
        found = part.scores([cases[rows[j][0]].held_out.histories[rows[j][1]] for j in chosen])
        for j, scores in zip(chosen, found, strict=True):
            name, i = rows[j]
            if name not in out:
                out[name] = np.empty((len(cases[name].held_out), found.shape[1]), dtype=np.float32)
            out[name][i] = scores
    return out


def table(rows: dict[str, tuple[NDArray[np.float32], str]], cases: Cases) -> list[str]:
    """Return a table of rows, each of final scores and the weights in words; the first is compared with."""
    ranked = {name: measure(scores, cases.seen, cases.held_out) for name, (scores, _) in rows.items()}
    users = cases.held_out.users
    first = next(iter(ranked.values()))
    differences = {
        name: _by_user(of.gains - first.gains, users) for name, of in ranked.items() if of is not first
    }
    p = holm([sign_flip_test(d).p_value for d in differences.values()]) if differences else np.empty(0)
    corrected = dict(zip(differences, p.tolist(), strict=True))
    lines = [
        "| row | NDCG@10 | 95 % | HR@10 | 95 % | log-loss | NDCG@10 less first row's | 95 % | p | weights |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, of in ranked.items():
        means = of.means()
        compared = ["", "", ""]
        if name in differences:
            d = differences[name]
            compared = [f"{d.mean():+.4f}", _interval(d), f"{corrected[name]:.4g}"]
        cells = [
            name,
            f"{means['ndcg@10']:.4f}",
            _interval(_by_user(of.gains, users)),
            f"{means['hr@10']:.4f}",
            _interval(_by_user(of.hits, users)),
            f"{means['log_loss']:.3f}",
            *compared,
            rows[name][1],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _fitted(parts: dict[str, Scores], cases: dict[str, Cases]) -> dict[str, tuple[NDArray[np.float32], str]]:
    fit = cases["validation"]
    weights = fit_weights(parts["validation"], fit.seen, fit.held_out, fit.every)
    told = ", ".join(f"{name} {weight:.3g}" for name, weight in weights.items())
    return {name: (mix(scores, weights, cases[name].every), told) for name, scores in parts.items()}


def _choice_rows(
    directory: Path,
    dataset: Dataset,
    cases: dict[str, Cases],
    whole: dict[str, tuple[NDArray[np.float32], str]],
    cache: Path | None,
) -> dict[str, dict[str, tuple[NDArray[np.float32], str]]]:
    """Return the rows of a tuned choice between the whole blend's best candidates."""
    engine = load_engine(directory)
    config = None if engine.tuned is None else TasksConfig.model_validate(engine.tuned.record.config).rerank
    model = engine.model
    if config is None or model is None:
        raise SystemExit(f"No language model was taught to rerank in {directory}.")
    template = PromptTemplate.named("choice")
    reranker = ChoiceReranker(model, template, dataset.catalog, config.prompts, calibrated=False)
    log_p = {name: _log_p(whole[name][0], these.seen) for name, these in cases.items()}
    items: dict[str, list[IntArray]] = {}
    chosen: dict[str, list[FloatArray]] = {}
    for name, these in cases.items():
        best = np.argsort(-log_p[name], axis=1, kind="stable")[:, : config.n_candidates].astype(np.int32)
        items[name] = list(best)
        key = hashlib.sha256(best.tobytes() + model.fingerprint.encode()).hexdigest()
        path = _path(cache, key, "choice", these)
        if path is not None and path.is_file():
            chosen[name] = list(np.load(path, allow_pickle=False))
            continue
        histories = [these.held_out.histories[i] for i in range(len(these.held_out))]
        chosen[name] = []
        for start in range(0, len(histories), 64):
            some = slice(start, start + 64)
            chosen[name] += reranker.log_probabilities(histories[some], items[name][some])
        _keep(path, np.stack(chosen[name]))
    fit = cases["validation"].held_out
    there = [np.flatnonzero(row == t) for row, t in zip(items["validation"], fit.targets, strict=True)]
    lists = RerankingCases(
        [fit.histories[i] for i in range(len(fit))],
        items["validation"],
        [log_p["validation"][i, row].astype(np.float32) for i, row in enumerate(items["validation"])],
        np.array([int(at[0]) if len(at) else -1 for at in there], dtype=np.int32),
        len(fit),
        log_p["validation"].shape[1],
    )
    weight = lists.answerable().fit_weight(
        [c for c, at in zip(chosen["validation"], there, strict=True) if len(at)]
    )
    alone: dict[str, tuple[NDArray[np.float32], str]] = {}
    both: dict[str, tuple[NDArray[np.float32], str]] = {}
    for name in cases:
        lone, mixed = log_p[name].copy(), log_p[name].copy()
        for i, (row, choice) in enumerate(zip(items[name], chosen[name], strict=True)):
            before = log_p[name][i, row].astype(np.float32)
            lone[i, row] = choice + logsumexp(before)
            mixed[i, row] = redistribute(before, choice, weight)
        alone[name] = lone.astype(np.float32), f"among {config.n_candidates} of the full blend"
        both[name] = mixed.astype(np.float32), f"choice {weight:.3g}"
    return {"choice alone": alone, "full blend and choice": both}


def _log_p(scores: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    masked = np.where(seen, -np.inf, scores.astype(np.float64))
    return np.asarray(masked - logsumexp(masked, axis=1, keepdims=True))


def _cases(held_out: HeldOut, n_items: int, limit: int) -> Cases:
    users = np.unique(held_out.users)
    if limit:
        users = users[np.unique(np.linspace(0, len(users) - 1, limit).astype(np.int64))]
        held_out = held_out.take(np.flatnonzero(np.isin(held_out.users, users)))
    return Cases(held_out, seen_mask(held_out, n_items))


def _by_user(values: NDArray[np.float64], users: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the mean of each user's cases."""
    _, place = np.unique(users, return_inverse=True)
    return np.asarray(np.bincount(place, values) / np.bincount(place))


def _interval(values: NDArray[np.float64]) -> str:
    low, high = percentile_interval(bootstrap_means(values[:, None])).ravel().tolist()
    return f"{low:.4f} to {high:.4f}"


def _path(cache: Path | None, digest: str, part: str, cases: Cases) -> Path | None:
    if cache is None:
        return None
    content = np.stack([cases.held_out.users.astype(np.int64), cases.held_out.targets.astype(np.int64)])
    asked = hashlib.sha256(content.tobytes()).hexdigest()
    return cache / f"{digest[:16]}-{part}-{asked[:16]}.npy"


def _keep(path: Path | None, scores: NDArray[np.float32]) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npy")
    np.save(partial, scores, allow_pickle=False)
    partial.replace(path)


if __name__ == "__main__":
    main()
