"""Values of ranx and ir-measures on random runs, to hold this project's metrics against.

The two libraries bring pins of their own (numba, pandas), so they live in an environment of their own:

    python -m venv .venv-golden
    .venv-golden/bin/pip install -r tests/eval/golden/requirements.txt
    .venv-golden/bin/python tests/eval/golden/make_golden.py tests/eval/golden/rank_metrics.json.gz

Writes, for every case, the ranks of its relevant items (0: not in the list) and each metric's value by
ranx; fails where ir-measures says otherwise by more than 1e-9. Imports nothing of the project.
"""

from __future__ import annotations

import argparse
import gzip
import json
from importlib.metadata import version
from pathlib import Path

import ir_measures
import numpy as np
from ranx import Qrels, Run, evaluate

CUTOFFS = (1, 3, 5, 10, 20)
RANX = {"hr": "hit_rate", "recall": "recall", "ndcg": "ndcg", "mrr": "mrr", "map": "map"}
IR = {"hr": "Success", "recall": "R", "ndcg": "nDCG", "mrr": "RR", "map": "AP"}
LIST = 40
TOLERANCE = 1e-9


def random_cases(n: int, seed: int) -> list[list[int]]:
    """Draw the ranks of 1 to 8 relevant items of each case; some are not in the list of 40."""
    rng = np.random.default_rng(seed)
    cases = []
    for _ in range(n):
        relevant = int(rng.integers(1, 9))
        ranks = rng.permutation(np.arange(1, 2 * LIST + 1))[:relevant]
        if rng.random() < 0.5:  # half of the cases are good ones, so that low ranks are well covered
            ranks = np.unique(np.minimum(ranks, rng.geometric(0.15, size=relevant)))
        cases.append([int(r) if r <= LIST else 0 for r in ranks])
    return cases


def as_run(cases: list[list[int]]) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """Return relevance judgements and scored lists that have the relevant items at these ranks."""
    judged: dict[str, dict[str, int]] = {}
    scored: dict[str, dict[str, float]] = {}
    for q, ranks in enumerate(cases):
        judged[f"q{q}"] = {f"rel{i}": 1 for i in range(len(ranks))}
        at = {rank: f"rel{i}" for i, rank in enumerate(ranks) if rank}
        scored[f"q{q}"] = {at.get(r, f"other{r}"): float(1000 - r) for r in range(1, LIST + 1)}
    return judged, scored


def values(cases: list[list[int]]) -> dict[str, list[float]]:
    """Return each metric at each cut-off per case by ranx, checked against ir-measures."""
    judged, scored = as_run(cases)
    queries = list(judged)
    names = {f"{name}@{k}": (name, k) for name in RANX for k in CUTOFFS}
    run = Run(scored)
    evaluate(Qrels(judged), run, [f"{RANX[name]}@{k}" for name, k in names.values()])
    measures = {key: ir_measures.parse_measure(f"{IR[name]}@{k}") for key, (name, k) in names.items()}
    second: dict[str, dict[str, float]] = {key: {} for key in names}
    by_measure = {str(measure): key for key, measure in measures.items()}
    for one in ir_measures.iter_calc(list(measures.values()), judged, scored):
        second[by_measure[str(one.measure)]][one.query_id] = one.value
    found = {}
    for key, (name, k) in names.items():
        first = run.scores[f"{RANX[name]}@{k}"]
        found[key] = [float(first[q]) for q in queries]
        worst = max(abs(first[q] - second[key][q]) for q in queries)
        if worst > TOLERANCE:
            raise SystemExit(f"ranx and ir-measures differ by {worst} in {key}")
    return found


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    cases = random_cases(given.cases, given.seed)
    content = {
        "ranx": version("ranx"),
        "ir_measures": version("ir_measures"),
        "seed": given.seed,
        "ranks": cases,
        "values": {key: [round(v, 13) for v in column] for key, column in values(cases).items()},
    }
    with gzip.GzipFile(given.path, "wb", mtime=0) as file:
        file.write(json.dumps(content, separators=(",", ":")).encode())


if __name__ == "__main__":
    main()
