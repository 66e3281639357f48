"""A recommender that learned from a test event is refused; one that did not is let through."""

from __future__ import annotations

import numpy as np
import pytest
from support.films import WordEncoder

from nextinterest.cli.leaks import refuse_leak
from nextinterest.data import CleaningReport, Dataset, EventLog, leave_last_out, leave_one_out
from nextinterest.domain import Catalog
from nextinterest.errors import DataError
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.pool import PopularityPart, ScorePool
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.trained import TrainedRetriever


@pytest.fixture
def dataset() -> Dataset:
    items = np.tile(np.arange(6, dtype=np.int32), 2)
    log = EventLog(("ann", "bob"), np.array([0, 6, 12]), items)
    catalog = Catalog([str(i) for i in range(6)], [f"title {i}" for i in range(6)])
    counts = {name: 0 for name, field in CleaningReport.model_fields.items() if field.annotation is int}
    return Dataset("tiny", catalog, log, None, CleaningReport(files=(), **counts))


def trained(dataset: Dataset, split: str, fingerprint: str | None = None) -> TrainedRetriever:
    base = Retriever.build(dataset.catalog, dataset.log, WordEncoder())
    pool = ScorePool([PopularityPart(np.ones(6, dtype=np.float32))], {"popularity": 1.0})
    learned = Provenance(
        data="tiny", data_fingerprint=fingerprint or dataset.fingerprint, split=split, n_events=8
    )
    return TrainedRetriever.from_retriever(base, pool, learned)


def test_a_test_that_holds_out_more_than_the_training_did_is_refused(dataset: Dataset) -> None:
    learned = trained(dataset, "leave-one-out")
    with pytest.raises(DataError, match=r"2 of the 6 events.*are among what it learned from") as raised:
        refuse_leak("mine", learned, dataset, leave_last_out(dataset.log, 3, 1).test)
    assert "--held-out" in str(raised.value.remedy)


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_test_that_holds_out_less_passes(dataset: Dataset, part: str) -> None:
    learned = trained(dataset, "leave-last-out(test=2, validation=1)")
    cases = getattr(leave_one_out(dataset.log), part)
    assert refuse_leak("mine", learned, dataset, cases) == "none"


def test_what_cannot_be_known_is_said(dataset: Dataset) -> None:
    cases = leave_one_out(dataset.log).test
    assert refuse_leak("mine", trained(dataset, "leave-one-out", "other"), dataset, cases) == "unknown"
    assert refuse_leak("mine", trained(dataset, "by moon phase"), dataset, cases) == "unknown"
    base = Retriever.build(dataset.catalog, dataset.log, WordEncoder())
    assert refuse_leak("mine", base, dataset, cases) == "unknown"
