"""What generation is worth on validation: titles and interests of a language model beside everything else.

    python bench/generation.py --users 100                            # the model that ships, not tuned
    python bench/generation.py --users 100 --recommender DIRECTORY    # one with an adapter that generates
    python bench/generation.py --users 100 --style scored --seed 1

MovieLens-100K, the split of the recommender that ships: each user's last ten events are never looked at, the
five before them are predicted from everything before those five. Printed:

- NDCG@10 and HR@10 of the generated titles for the next event, beside the ranking's;
- how many of the five events are among the ranking's first 100 and 500, how many more generation finds (its
  titles; the items nearest to its interests' names), and for how many users it finds any;
- precision of the three largest interests (the share of them that the five events show) and log-loss of the
  shares against those of the five events, beside the user's own shares; both with a tenth of everybody's in
  them;
- milliseconds, for interests and for titles.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.generation import generated_queries, make_generator
from nextinterest.agent.histories import ReadHistory
from nextinterest.data import leave_last_out, load
from nextinterest.data.assets import DEFAULT_DATA
from nextinterest.domain import Catalog, History, IntArray, NextInterests
from nextinterest.tracing import Step, tracing

DEPTHS = (100, 500)
NEAREST = 50  # items of each interest
MIXED = 0.1
TITLES = 10

Shares = NDArray[np.float64]


@dataclass
class Sums:
    """What is added up over users."""

    rows: dict[str, list[float]] = field(default_factory=dict)

    def add(self, **values: float) -> None:
        """Add one user's values."""
        for name, value in values.items():
            self.rows.setdefault(name, []).append(value)

    def line(self, name: str, scale: float = 1.0) -> str:
        """Return mean and standard error over users."""
        values = scale * np.array(self.rows[name])
        return f"{values.mean():.4f} +- {values.std(ddof=1) / np.sqrt(len(values)):.4f}"


def main() -> None:
    """Generate, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--recommender", type=Path, help="a recommender directory; the one that ships by default"
    )
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--style", choices=("written", "scored"), default="written")
    given = parser.parse_args()
    dataset = load(DEFAULT_DATA)
    split = leave_last_out(dataset.log, 10, 5)
    agent = RecommenderAgent.from_pretrained(given.recommender)
    retriever, model = agent.retriever, agent.engine.model_for("generate")
    generator = make_generator(model, retriever, given.style)
    catalog = generator.prompts.catalog
    of_user: dict[int, list[int]] = {}
    for case, user in enumerate(split.validation.users.tolist()):
        of_user.setdefault(user, []).append(case)
    rng = np.random.default_rng(given.seed)
    chosen = np.sort(rng.permutation(sorted(of_user))[: given.users])
    population = shares_of(catalog, split.train.items)
    sums = Sums()
    for user in chosen.tolist():
        cases = of_user[user]
        history = split.validation.histories[cases[0]]
        following = split.validation.targets[cases]
        with tracing() as trace:
            generated = generator.generate(ReadHistory(history), TITLES)
        add_times(sums, trace.steps)
        ranked = retriever.recommend([history], max(DEPTHS)).items[0]
        add_titles(sums, catalog, generated, ranked, following)
        near = nearest(agent, generated, history)
        add_reach(sums, catalog, generated, ranked, near, following)
        add_interests(sums, catalog, generated, history, following, population)
    report(sums, f"{generator.model.name}, {given.style}", len(chosen))


def add_times(sums: Sums, steps: Sequence[Step]) -> None:
    """Add milliseconds of both questions."""
    for step in steps:
        if step.name == "generate":
            sums.add(**{f"ms {step.details['what']}": 1e3 * step.seconds})


def add_titles(
    sums: Sums, catalog: Catalog, generated: NextInterests, ranked: IntArray, following: IntArray
) -> None:
    """Add how well the next event is ranked."""
    titles = [catalog.position(item.item_id) for item in generated.items if item.item_id is not None]
    for name, items in (("generated", titles), ("ranking", ranked[:TITLES].tolist())):
        rank = items.index(int(following[0])) + 1 if int(following[0]) in items else 0
        sums.add(**{f"{name} ndcg": 1 / np.log2(1 + rank) if rank else 0.0, f"{name} hr": float(rank > 0)})


def nearest(agent: RecommenderAgent, generated: NextInterests, history: History) -> set[int]:
    """Return the items nearest to the names of the generated interests, seen ones left out."""
    retriever = agent.retriever
    vectors = [
        query.vector
        for query in generated_queries(generated, retriever.encoder, agent.catalog)
        if query.vector is not None
    ]
    if not vectors:
        return set()
    seen = [np.unique(history.items)] * len(vectors)
    found, _ = retriever.index.search(np.array(vectors), NEAREST, seen)
    return {int(item) for item in found.ravel() if item >= 0}


def add_reach(
    sums: Sums,
    catalog: Catalog,
    generated: NextInterests,
    ranked: IntArray,
    near: set[int],
    following: IntArray,
) -> None:
    """Add how many of the coming events are reached, and by what alone."""
    titles = {catalog.position(item.item_id) for item in generated.items if item.item_id is not None}
    coming = set(following.tolist())
    for depth in DEPTHS:
        others = set(ranked[:depth].tolist())
        missed = coming - others
        sums.add(
            **{
                f"others@{depth}": len(coming & others),
                f"titles beyond {depth}": len(missed & titles),
                f"interests beyond {depth}": len(missed & near),
                f"users beyond {depth}": float(bool(missed & (titles | near))),
                f"new candidates beyond {depth}": len((titles | near) - others),
            }
        )
    sums.add(coming=len(coming))


def shares_of(catalog: Catalog, items: IntArray) -> Shares:
    """Return shares of categories among events, summing to one."""
    totals = catalog.category_matrix[items].sum(axis=0, dtype=np.float64)
    return np.asarray(totals / max(totals.sum(), 1e-12))


def add_interests(
    sums: Sums,
    catalog: Catalog,
    generated: NextInterests,
    history: History,
    following: IntArray,
    population: Shares,
) -> None:
    """Add precision and log-loss of generated shares, and of the user's own."""
    names = {name: j for j, name in enumerate(catalog.category_names)}
    said = np.zeros(len(names))
    for one in generated.interests:
        if one.name in names:
            said[names[one.name]] += one.share
    own, truth = shares_of(catalog, history.items), shares_of(catalog, following)
    said = said / said.sum() if said.sum() > 0 else population
    for name, shares in (("generated", said), ("own", own), ("half each", (said + own) / 2)):
        mixed = (1 - MIXED) * shares + MIXED * population
        sums.add(**{f"{name} log-loss": -float((truth * np.log(np.maximum(mixed, 1e-9))).sum())})
        best = [j for j in np.argsort(-shares, kind="stable")[:3] if shares[j] > 0]
        sums.add(**{f"{name} precision": float(np.mean(truth[best] > 0)) if best else 0.0})
    sums.add(interests=len(generated.interests))


def report(sums: Sums, what: str, users: int) -> None:
    """Print everything."""
    print(f"{what}: {users} users of {DEFAULT_DATA}, validation; mean +- standard error over users")
    for name in ("generated", "ranking"):
        print(f"  next event, {name}: NDCG@10 {sums.line(name + ' ndcg')}, HR@10 {sums.line(name + ' hr')}")
    total = sum(sums.rows["coming"])
    for depth in DEPTHS:
        found = {key: sum(sums.rows[f"{key} beyond {depth}"]) for key in ("titles", "interests", "users")}
        held, new = sum(sums.rows[f"others@{depth}"]), sums.line(f"new candidates beyond {depth}")
        print(
            f"  of {total:.0f} coming events the ranking's first {depth} hold {held:.0f}; beyond them titles "
            f"find {found['titles']:.0f}, interests {found['interests']:.0f}, for {found['users']:.0f} "
            f"users, among {new} new candidates"
        )
    for name in ("generated", "own", "half each"):
        print(
            f"  interests, {name}: precision of three {sums.line(name + ' precision')}, "
            f"log-loss {sums.line(name + ' log-loss')}"
        )
    print(f"  interests named: {sums.line('interests')}")
    print(f"  milliseconds: interests {sums.line('ms interests')}, titles {sums.line('ms titles')}")


if __name__ == "__main__":
    main()
