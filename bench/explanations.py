"""Are the reasons given reasons? Named events are left out, and what they explained is asked again.

    python bench/explanations.py [--recommender DIRECTORY] [--users 200]

For the first item recommended to each of some MovieLens-100K users (histories up to the validation event),
two ways of naming two events, by erasure (the agent's default) and by similarity of texts, are compared with
leaving out two others. Printed: by how much the item's log-probability falls (nats, medians and means), and
a paired randomisation test against the other events. What judges is the whole retriever with every part it
has; erasure itself asks it without its language model where it has one.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.evidence import find_evidence
from nextinterest.data import leave_one_out, load
from nextinterest.data.assets import DEFAULT_DATA
from nextinterest.eval.erasure import erasure_drops


def main() -> None:
    """Name, erase, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--recommender", type=Path, help="a recommender directory; untrained by default")
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    dataset = load(DEFAULT_DATA)
    split = leave_one_out(dataset.log)
    if given.recommender is None:
        agent = RecommenderAgent.from_dataset(dataset, train=split.train, language_model=None)
    else:
        agent = RecommenderAgent.from_pretrained(given.recommender)
    rng = np.random.default_rng(given.seed)
    chosen = np.sort(rng.permutation(len(split.validation))[: given.users])
    histories = [split.validation.histories[int(i)] for i in chosen]
    ranked = agent.retriever.recommend(histories, 1)
    items = ranked.items[:, 0]
    print(f"{agent!r}: the first item of {len(histories)} users, two events named of the newest")
    for way in ("erasure", "similarity"):
        config = agent.engine.config.model_copy(update={"evidence": way})
        named: list[list[int]] = []
        began = time.perf_counter()
        for history, item in zip(histories, items, strict=True):
            (evidence,) = find_evidence(agent.retriever, config, history, np.array([item], dtype=np.int32))
            named.append([agent.catalog.position(e.item_id) for e in evidence])
        seconds = (time.perf_counter() - began) / len(histories)
        window = config.evidence_window if way == "erasure" else max(map(len, histories))
        drops = erasure_drops(agent.retriever, histories, items, named, window=window, seed=given.seed)
        none = sum(not events for events in named)
        print(f"by {way}, {seconds * 1000:.0f} ms an item, no event named for {none} of {len(named)}:")
        for label, values in (("named events", drops.named), ("others", drops.others)):
            print(f"  without the {label}: log P falls by {np.median(values):.3f}, mean {values.mean():.3f}")
        print(f"  paired test: p = {drops.test().p_value:.4f}")


if __name__ == "__main__":
    main()
