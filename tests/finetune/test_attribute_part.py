"""Shared attributes are a part of the pool where items have some, and are weighed like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from nextinterest.data import EventLog, leave_last_out
from nextinterest.domain import Catalog
from nextinterest.finetune.config import FinetuneConfig
from nextinterest.finetune.pool_fit import fit_pool
from nextinterest.finetune.recipe import learn_parts

CONFIG = FinetuneConfig(seeds=(), ease=None, lift=None)


def test_a_part_where_items_share_values_and_none_elsewhere(
    catalog: Catalog, log: EventLog, tmp_path: Path
) -> None:
    split = leave_last_out(log, 1, 1)
    text = np.eye(len(catalog), dtype=np.float32)
    pairs = Catalog.from_items(
        replace(item, attributes={"maker": f"maker {n // 2}"}) for n, item in enumerate(catalog)
    )
    for items, expected in ((catalog, ["popularity"]), (pairs, ["attributes", "popularity"])):
        parts, _, _ = learn_parts(items, split.train, split.validation, text, CONFIG, tmp_path)
        assert [part.name for part in parts] == expected
        pool, measures = fit_pool(parts, split.validation, 100)
        assert set(pool.weights) == set(expected) <= set(measures)
