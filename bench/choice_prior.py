"""The least weight at which a sure model's choice gets into the first three, on validation events.

    python bench/choice_prior.py

Prints what stands in `nextinterest.agent.config.PRIOR_WEIGHT` and docs/models.md. No language model is asked.
"""

from __future__ import annotations

import numpy as np

from nextinterest import RecommenderAgent
from nextinterest.data import leave_last_out, load

CASES, N, TOP = 120, 20, 3


def main() -> None:
    """Print the weights."""
    data = load("ml-100k")
    split = leave_last_out(data.log, 10, 10)
    some = np.random.default_rng(0).choice(len(split.validation.histories), CASES, replace=False)
    histories = [split.validation.histories[i] for i in some]
    agents = {
        "trained": RecommenderAgent.from_pretrained(language_model=None),
        "untrained": RecommenderAgent.from_dataset(data, train=split.train, language_model=None),
    }
    for name, agent in agents.items():
        found = agent.retriever.shortlist(histories, N, True)
        log = np.array([one.log_probabilities[:N] for one in found])
        for sure in (0.9, 0.6):
            odds = np.log(sure / ((1 - sure) / (N - 1)))
            for rank in (10, N):
                need = (log[:, TOP - 1] - log[:, rank - 1]) / odds
                shown = ", ".join(f"{np.quantile(need, q):.2f}" for q in (0.5, 0.9, 0.99, 1.0))
                print(f"{name}, {sure:.0%} sure of rank {rank}: median, 90 %, 99 %, most: {shown}")


if __name__ == "__main__":
    main()
