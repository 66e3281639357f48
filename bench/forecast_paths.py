"""Sampled continuations: how long they take, and whether they forecast better than what needs no sampling.

    python bench/forecast_paths.py --data ml-100k --model sasrec
    python bench/forecast_paths.py --language [--recommender DIRECTORY] [--singles 2]

First 64 paths of 10 steps for one user, all together against one by one (each path a batch of one, every
step reading the history anew), in the same run. Then, on validation cases only, the log-loss of the next 10
events from the one-step marginal, from expected draws without replacement, and from sampled paths, each
alone and in the pool.

With ``--language`` the times alone, of the default language model's item softmax: 64 paths that share the
cached state of the history, against paths that read it anew at every step, of which `--singles` are timed and
the rest counted as equal. The head is that of a trained recommender directory, or one fitted in closed form
to a few histories: enough for the times, which do not depend on how good it is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from nextinterest.agent import RecommenderAgent
from nextinterest.data import CleaningConfig, EventLog, load
from nextinterest.data.assets import DEFAULT_LANGUAGE_MODEL, DEFAULT_TEXT_ENCODER, fetch
from nextinterest.data.interests import population_mix
from nextinterest.domain import Catalog, History, ItemScorer
from nextinterest.eval.baselines import build, register
from nextinterest.eval.forecast import hold_out_future
from nextinterest.eval.forecast.metrics import share_log_loss
from nextinterest.finetune import SASRecTrainer
from nextinterest.interests.paths import sample_paths
from nextinterest.interests.pool import fit_pool, pool
from nextinterest.interests.signals import RunningCounts, Shares, history_signals, model_signals
from nextinterest.llm import LocalModel
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.encoder_assets import open_encoder
from nextinterest.retrieval.item_head import ItemHead, ItemHeadConfig
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.pool import ScorePool
from nextinterest.retrieval.trained import TrainedRetriever

HORIZON = 10
N_PATHS = 64
FITTED_ON = 8
RIDGE = 300.0


def inclusion_shares(probabilities: Shares, catalog: Catalog, n_steps: int) -> Shares:
    """Return expected interests of `n_steps` draws without replacement, shape (n, n_interests).

    Item i is among the draws with probability about ``1 - exp(-l p_i)``, where l makes these sum to the
    number of draws. Source: Rosen, Asymptotic theory for successive sampling with varying probabilities,
    Ann. Math. Stat. 1972.

    The alternative to sampling: it knows that favourites get used up, not that one event leads to another.
    `probabilities` are one-step distributions, seen items at zero, shape (n, n_items).

    """
    included = np.empty_like(probabilities)
    for row, p in enumerate(probabilities):
        n = min(n_steps, int((p > 0).sum()))
        low, high = 0.0, 1.0
        while n - (1.0 - np.exp(-high * p)).sum() > 1e-3 and high < 1e12:
            high *= 2.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if (1.0 - np.exp(-middle * p)).sum() < n else (low, middle)
        included[row] = 1.0 - np.exp(-high * p)
    shares = included @ catalog.interest_matrix
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def main() -> None:
    """Time paths, then compare forecasts from them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-100k")
    parser.add_argument("--model", default="sasrec", help="item model, by name")
    parser.add_argument("--cache", type=Path, default=None, help="folder for fitted item models")
    parser.add_argument("--max-seconds", type=float, default=None, help="limit of the item model's search")
    parser.add_argument("--paths", type=int, default=16, help="paths per case in the comparison")
    parser.add_argument("--cases", type=int, default=600, help="validation cases in the comparison")
    parser.add_argument("--language", action="store_true", help="time the language model's paths")
    parser.add_argument("--recommender", type=Path, help="trained recommender directory for --language")
    parser.add_argument("--singles", type=int, default=2, help="paths timed one by one for --language")
    arguments = parser.parse_args()
    dataset = load(arguments.data, cleaning=CleaningConfig.five_core())
    catalog = dataset.catalog
    split = hold_out_future(dataset.log, catalog)
    if arguments.language:
        newest = split.validation.at(HORIZON).histories
        softmax = (
            _fitted(catalog, split.train, newest[:FITTED_ON])
            if arguments.recommender is None
            else _saved(arguments.recommender)
        )
        longest = max(newest, key=len)
        base = Retriever.build(catalog, split.train, open_encoder(DEFAULT_TEXT_ENCODER))
        pool_of_one = ScorePool([softmax], {softmax.name: 1.0})
        _time(TrainedRetriever.from_retriever(base, pool_of_one), longest, arguments.singles)
        return
    register("sasrec", SASRecTrainer)
    scorer: ItemScorer = build(
        arguments.model,
        split.for_items(),
        catalog,
        cache_dir=arguments.cache,
        max_seconds=arguments.max_seconds,
    )
    cases = split.validation.at(HORIZON)
    at = max(range(len(cases)), key=lambda i: len(cases.histories[i]))
    _time(scorer, cases.histories[at])

    chosen = np.random.default_rng(0).permutation(len(cases))[: arguments.cases]
    histories = [cases.histories[int(i)] for i in chosen]
    truth = cases.truth[chosen]
    population = population_mix(split.train.items, catalog)
    history = history_signals(RunningCounts.of(histories, catalog), population)
    start = time.perf_counter()
    views: dict[str, Shares] = {"one-step marginal": model_signals({"items": scorer}, histories)["items"]}
    print(f"one-step marginals of {len(histories)} cases: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    p = np.exp(scorer.log_probabilities(histories).astype(np.float64))
    for row, some in zip(p, histories, strict=True):
        row[some.items] = 0.0
    views["without replacement"] = inclusion_shares(p / p.sum(axis=1, keepdims=True), catalog, HORIZON)
    print(f"draws without replacement: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    sampled = sample_paths(scorer, histories, arguments.paths, HORIZON, np.random.default_rng(1))
    mean = np.maximum(sampled.shares(catalog).mean(axis=1), 1e-4)
    views[f"{arguments.paths} sampled paths"] = mean / mean.sum(axis=1, keepdims=True)
    print(f"sampled paths: {time.perf_counter() - start:.1f} s")
    half = len(histories) // 2
    for name, view in views.items():
        alone = share_log_loss(view, truth)[half:].mean()
        signals = history | {"items": np.maximum(view, 1e-4)}
        weights = fit_pool({key: value[:half] for key, value in signals.items()}, truth[:half])
        pooled = pool({key: value[half:] for key, value in signals.items()}, weights)
        loss = share_log_loss(pooled, truth[half:]).mean()
        print(f"  {name:<22} log-loss alone {alone:.4f}, in the pool {loss:.4f} (fitted on the other half)")


def _time(scorer: ItemScorer, history: History, singles: int = N_PATHS) -> None:
    scorer.log_probabilities([history])
    start = time.perf_counter()
    sample_paths(scorer, [history], N_PATHS, HORIZON, np.random.default_rng(0))
    together = time.perf_counter() - start
    start = time.perf_counter()
    drawn = [
        sample_paths(scorer, [history], 1, HORIZON, np.random.default_rng(seed), cached=False)
        for seed in range(singles)
    ]
    single = (time.perf_counter() - start) * N_PATHS / singles
    again = sample_paths(scorer, [history], 1, HORIZON, np.random.default_rng(singles - 1))
    same = "the same items" if np.array_equal(again.items, drawn[-1].items) else "OTHER ITEMS"
    print(
        f"{N_PATHS} paths of {HORIZON} steps after {len(history)} events, {scorer.name}: {together:.2f} s "
        f"together, {single:.2f} s one by one ({singles} timed), {single / together:.1f} times as fast; "
        f"seeds draw {same} either way"
    )


def _saved(directory: Path) -> ItemSoftmax:
    retriever = RecommenderAgent.from_pretrained(directory).retriever
    if isinstance(retriever, TrainedRetriever):
        for part in retriever.pool.parts:
            if isinstance(part, ItemSoftmax):
                return part
    raise SystemExit(f"{directory} holds no item softmax of a language model.")


@torch.inference_mode()
def _fitted(catalog: Catalog, log: EventLog, histories: Sequence[History]) -> ItemSoftmax:
    """Return the default model with a head by ridge regression from states to the next item's text vector."""
    model = LocalModel.load(fetch(DEFAULT_LANGUAGE_MODEL))
    template = PromptTemplate.named("item-softmax")
    options = PromptOptions(budget=1024, max_events=96, drop_stride=32)
    text = open_encoder(DEFAULT_TEXT_ENCODER).encode(catalog_texts(catalog))
    renderer = PromptRenderer(template, catalog, model.tokenizer, options)
    prompts = [renderer.history(history) for history in histories]
    ends = [prompt.event_ends[:-1] for prompt in prompts]  # what follows the last is not shown
    states = torch.from_numpy(np.concatenate(model.encode([p.tokens for p in prompts], ends)))
    following = [h.items[p.first_event + 1 :] for p, h in zip(prompts, histories, strict=True)]
    shares = np.log(log.item_counts(len(catalog)) + 0.5)
    head = ItemHead(
        ItemHeadConfig(state_size=model.hidden_size, dimension=text.shape[1]), text, shares.astype(np.float32)
    )
    head.standardise(states)
    unit = ((states - head.mean) / head.scale).double()
    targets = torch.from_numpy(text[np.concatenate(following)]).double()
    gram = unit.T @ unit + RIDGE * torch.eye(unit.shape[1], dtype=torch.float64)
    head.state = torch.nn.Linear(model.hidden_size, text.shape[1])
    head.state.weight.copy_(4.0 * torch.linalg.solve(gram, unit.T @ targets).T)
    head.state.bias.zero_()
    head.projection.weight.copy_(torch.eye(text.shape[1]))
    head.residual.zero_()
    print(f"head fitted to {len(states)} states of {len(histories)} histories")
    return ItemSoftmax(model, head, catalog, template, options)


if __name__ == "__main__":
    main()
