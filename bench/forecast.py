"""Interest forecasts against simple ones, on held-out events: one table per horizon, then the paired tests.

    python bench/forecast.py --data ml-100k
    python bench/forecast.py --data path/to/ml-latest-small --models retriever,markov,itemknn,ease,sasrec

The weights that ship are those of the retriever, which is the item model of an agent that was not trained:

    python bench/forecast.py --models retriever --save src/nextinterest/interests/default_model.json

The last 20 events of each user are the test, the 20 before them fit every forecaster (simple ones too) and
tune the item models; nothing is learned from either. Test cases are scored once, after everything is fixed.
The best simple forecast is picked on the *test* scores, which favours it. The retriever's own marginal is the
agent's one-step forecast, so it is shown and is not one of the simple ones. "Agent, as it ships" forecasts
with the weights of the package, whatever data they were fitted on.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nextinterest.data import CleaningConfig, load
from nextinterest.data.assets import DEFAULT_TEXT_ENCODER
from nextinterest.data.interests import population_mix
from nextinterest.domain import Catalog, InterestForecaster, ItemScorer
from nextinterest.eval.baselines import build, register
from nextinterest.eval.forecast import (
    Comparison,
    DirichletShrinkage,
    ExponentialSmoothing,
    ForecastScores,
    ForecastSplit,
    GlobalDrift,
    HorizonResults,
    LastWindow,
    LongRunMix,
    MarginalForecaster,
    Picture,
    best_of,
    compare,
    hold_out_future,
    score_forecaster,
    write_forecast_report,
)
from nextinterest.eval.forecast.evaluation import user_means
from nextinterest.eval.significance import sign_flip_test
from nextinterest.finetune import SASRecTrainer
from nextinterest.interests import draw_changes, draw_river, portray, svg_of
from nextinterest.interests.forecaster import PooledForecaster
from nextinterest.interests.outlook import ITEMS, default_model, forecast_interests
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.encoder_assets import open_encoder

OURS = "retriever"
HORIZONS = (1, 5, 10, 20)
SIMPLE = (LongRunMix, LastWindow, ExponentialSmoothing, GlobalDrift, DirichletShrinkage)
COLUMNS = ("log-loss", "NDCG", "Brier", "change error", "direction", "coverage", "coverage of mass", "width")
TESTED = ("log-loss", "NDCG", "Brier", "change error", "direction")


def main() -> None:
    """Read arguments, fit, score, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-100k", help="asset name or path")
    parser.add_argument(
        "--models", default="retriever,markov,itemknn,ease,sasrec", help="item models, by name"
    )
    parser.add_argument("--save", type=Path, help="where the pool of the first of them is saved")
    parser.add_argument("--report", type=Path, help="where an HTML page of all this is written")
    parser.add_argument("--pictures", type=int, default=2, help="users drawn in it")
    parser.add_argument("--cache", type=Path, default=None, help="folder for fitted item models")
    parser.add_argument("--max-seconds", type=float, default=None, help="limit of each item model's search")
    arguments = parser.parse_args()
    dataset = load(arguments.data, cleaning=CleaningConfig.five_core())
    catalog = dataset.catalog
    split = hold_out_future(dataset.log, catalog)
    population = population_mix(split.train.items, catalog)
    log = dataset.log
    lead = (
        f"{dataset.name}, 5-core: {log.n_users:,} users, {len(catalog):,} items, {log.n_events:,} events, "
        f"{len(catalog.interest_names)} interests; forecast for {len(split.test.users):,} users, "
        f"fitted on {len(split.validation.users):,}"
    )
    print(lead)
    register("sasrec", SASRecTrainer)
    models: dict[str, ItemScorer] = {}
    for name in filter(None, arguments.models.split(",")):
        start = time.perf_counter()
        models[name] = (
            Retriever.build(catalog, split.train, open_encoder(DEFAULT_TEXT_ENCODER))
            if name == OURS
            else build(
                name, split.for_items(), catalog, cache_dir=arguments.cache, max_seconds=arguments.max_seconds
            )
        )
        print(f"  item model {name}: {time.perf_counter() - start:.0f} s")
    simple: list[InterestForecaster] = [
        kind(catalog, split.train).fit(split.validation, HORIZONS) for kind in SIMPLE
    ]
    simple += [MarginalForecaster(scorer) for name, scorer in models.items() if name != OURS]
    validation = {horizon: split.validation.at(horizon) for horizon in HORIZONS}
    pools = [
        PooledForecaster.fit(catalog, population, validation, chosen, name=name)
        for name, chosen in _subsets(models).items()
    ]
    ours: list[InterestForecaster] = []
    if OURS in models:
        ours = [
            MarginalForecaster(models[OURS]),
            PooledForecaster(
                catalog, population, default_model(), {ITEMS: models[OURS]}, name="agent, as it ships"
            ),
        ]
    if models and arguments.save:
        first = next(iter(models))
        words = (
            f"bench/forecast.py: {dataset.name}, 5-core, SHA-256 {dataset.fingerprint[:16]}; item model "
            f"{first}, learned from all but users' last 40 events; fitted on events 40 to 21 from the end"
        )
        chosen = {ITEMS: models[first]}
        fitted = PooledForecaster.fit(catalog, population, validation, chosen, fitted_on=words)
        fitted.model.save(arguments.save)
    found = [_report(split, horizon, simple, [*ours, *pools], population) for horizon in HORIZONS]
    if arguments.report is not None:
        drawn_by = next(iter(models.values()), None)
        pictures = (
            [] if drawn_by is None else _pictures(split, catalog, population, drawn_by, arguments.pictures)
        )
        title = f"Interest forecasts, {dataset.name}"
        write_forecast_report(arguments.report, title, lead, found, pictures)
        print(f"\nwritten: {arguments.report}")


def _pictures(
    split: ForecastSplit,
    catalog: Catalog,
    population: NDArray[np.float64],
    items: ItemScorer,
    n_users: int,
) -> list[Picture]:
    """Draw the first users of the test whose interests both rose and faded beyond chance."""
    drawn: list[Picture] = []
    cases = split.test.at(max(HORIZONS))
    for history in cases.histories:
        if len(drawn) >= 2 * n_users:
            break
        portrait = portray(history, catalog, population)
        if portrait.rising and portrait.fading:
            outlook = forecast_interests(history, catalog, items, population=population)
            who = f"User {history.user}"
            drawn.append(
                Picture(f"{who}: interests and their forecast", svg_of(draw_river(portrait, outlook)))
            )
            drawn.append(Picture(f"{who}: rise and fall", svg_of(draw_changes(portrait))))
    return drawn


def _subsets(models: dict[str, ItemScorer]) -> dict[str, dict[str, ItemScorer]]:
    """Return the pools to fit: without item models, with each one, with all."""
    subsets: dict[str, dict[str, ItemScorer]] = {"pool, history only": {}}
    subsets |= {f"pool, {name}": {name: scorer} for name, scorer in models.items()}
    if len(models) > 1:
        subsets["pool, all models"] = models
    return subsets


def _report(
    split: ForecastSplit,
    horizon: int,
    simple: list[InterestForecaster],
    pools: list[InterestForecaster],
    population: NDArray[np.float64],
) -> HorizonResults:
    cases = split.test.at(horizon)
    print(f"\nnext {horizon} events: {len(cases):,} cases of {len(set(cases.users.tolist())):,} users")
    print(f"  {'forecaster':<24}" + "".join(f"{column:>17}" for column in COLUMNS) + f"{'calibration':>13}")
    theirs = [score_forecaster(forecaster, cases, population) for forecaster in simple]
    ours = [score_forecaster(forecaster, cases, population) for forecaster in pools]
    for scores in [*theirs, *ours]:
        cells = "".join(f"{scores.mean(c):>17.4f}" if c in scores.metrics else " " * 17 for c in COLUMNS)
        print(f"  {scores.name:<24}{cells}{scores.reliability.error:>13.3f}")
    final = ours[-1]
    bands = ", ".join(f"from {low:.0%}: {part:.1%}" for low, part, _ in final.coverage_by_share)
    print(f"  coverage of {final.name!r} by forecast share: {bands}")
    against = [(metric, "best simple", best_of(theirs, metric)) for metric in TESTED]
    persistence = next(score for score in theirs if score.name == "last window")
    tests: list[tuple[str, Comparison]] = []
    for metric, role, other in [*against, ("direction", "persistence", persistence)]:
        tests.append((f"{role}: {other.name}", compare(final, other, metric)))
        _line(final, *tests[-1])
    direction = user_means(final.metrics["direction"], final.users)
    p_value = sign_flip_test(direction - 0.5).p_value
    print(f"  direction     {final.name} {direction.mean():.4f} against 0.5 (chance): p = {p_value:.4f}")
    return HorizonResults(theirs, ours, tests)


def _line(ours: ForecastScores, other: str, row: Comparison) -> None:
    print(
        f"  {row.metric:<13} {ours.name} {row.ours:.4f} against {row.theirs:.4f} ({other}): "
        f"{row.difference:+.4f} [{row.lower:+.4f}, {row.upper:+.4f}], {row.difference / row.theirs:+.1%}, "
        f"p = {row.p_value:.4f}{'' if row.better else '  WORSE'}"
    )


if __name__ == "__main__":
    main()
