"""Baselines whose training is registered by name: the best candidate, shared time, the cache, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from nextinterest.data.log import EventLog
from nextinterest.data.splits import HeldOut, Split
from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.errors import DataError
from nextinterest.eval.baselines import build, names, register, trained
from nextinterest.eval.baselines.base import Arrays
from nextinterest.eval.baselines.trained import Settings


@dataclass
class Counts:
    """Scores items by how often they were chosen."""

    counts: FloatArray

    def scores(self, histories: Sequence[History]) -> FloatArray:
        return np.repeat(np.log(self.counts + 1)[None], len(histories), axis=0)

    def arrays(self) -> Arrays:
        return {"counts": self.counts}


@dataclass
class Done:
    model: Counts
    ndcg: float
    seconds: float = 3.0
    summary: dict[str, object] = field(default_factory=lambda: {"epoch": 1})


class Counter:
    """A trainer that counts, and writes down how it was called."""

    candidates: Sequence[Settings] = ({"worth": 0.1}, {"worth": 0.3}, {"worth": 0.2})
    code = (Path(__file__),)

    def __init__(self) -> None:
        self.limits: list[float | None] = []

    def train(
        self,
        log: EventLog,
        validation: HeldOut,
        n_items: int,
        settings: Settings,
        *,
        seed: int,
        directory: Path | None,
        max_seconds: float | None,
    ) -> Done:
        self.limits.append(max_seconds)
        if directory is not None:
            directory.mkdir(parents=True)
            (directory / "checkpoint").write_text("")
        return Done(Counts(log.item_counts(n_items).astype(np.float32)), float(settings["worth"]))

    def restore(self, n_items: int, settings: Settings, arrays: Arrays) -> Counts:
        return Counts(arrays["counts"].astype(np.float32))


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    made = Counter()
    monkeypatch.setattr(trained, "_TRAINERS", {})
    register("counts", lambda: made)
    return made


def test_the_best_candidate_is_built_and_cached(
    counter: Counter, split: Split, catalog: Catalog, tmp_path: Path
) -> None:
    assert "counts" in names()
    model = build("counts", split, catalog, cache_dir=tmp_path)
    assert model.name == "counts"
    provenance = json.loads(json.dumps(model.provenance, allow_nan=False))
    assert provenance["chosen"]["settings"] == {"worth": 0.3}
    assert [one["ndcg@10"] for one in provenance["tried"]] == [0.1, 0.3, 0.2]
    assert model.config.model_dump()["temperature"] != 1.0
    (folder,) = (tmp_path / "baselines").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "state.npz"]
    again = build("counts", split, catalog, cache_dir=tmp_path)
    assert len(counter.limits) == 3
    np.testing.assert_array_equal(
        again.log_probabilities(split.test.histories), model.log_probabilities(split.test.histories)
    )


def test_time_is_shared_among_the_candidates_still_to_be_trained(
    counter: Counter, split: Split, catalog: Catalog
) -> None:
    build("counts", split, catalog, max_seconds=12.0)
    assert counter.limits == [4.0, 4.5, 6.0]
    build("counts", split, catalog, max_seconds=1.0)
    assert counter.limits[3:] == [1 / 3, 0.0, 0.0]


@pytest.mark.parametrize(
    "act", [lambda s, c: build("sasrec", s, c), lambda s, c: trained.build_trained("sasrec", s, c)]
)
def test_a_method_without_a_trainer_is_refused(
    act: Callable[[Split, Catalog], object], counter: Counter, split: Split, catalog: Catalog
) -> None:
    with pytest.raises(DataError, match="sasrec") as caught:
        act(split, catalog)
    assert "register" in caught.value.remedy
