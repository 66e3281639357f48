"""Natural slips of a caller from Python end in errors that say what to pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from support.films import WordEncoder

import nextinterest
from nextinterest import RecommenderAgent
from nextinterest.agent import Engine
from nextinterest.errors import DataError, IntegrityError, NextInterestError
from nextinterest.retrieval import Retriever

EVENTS = "user_id,item_id,timestamp\n1,a,1700000000\n1,b,1700000100\n2,a,1700000200\n2,c,1700000300\n"


@pytest.fixture
def data(tmp_path: Path) -> nextinterest.data.Dataset:
    path = tmp_path / "two.csv"
    path.write_text(EVENTS, encoding="utf-8")
    return nextinterest.data.load(path)


@pytest.fixture
def numbered(data: nextinterest.data.Dataset) -> RecommenderAgent:
    return RecommenderAgent(Engine(Retriever.build(data.catalog, data.log, WordEncoder())), data.log)


@pytest.mark.parametrize("user", [1, np.int64(1)])
def test_a_number_is_the_user_of_its_digits(numbered: RecommenderAgent, user: object) -> None:
    user = cast("str", user)
    assert numbered.recommend(user=user, k=1) == numbered.recommend(user="1", k=1)
    assert numbered.interests(user=user) == numbered.interests(user="1")


@pytest.mark.parametrize("k", [2.5, "3", None, 0])
def test_lengths_are_whole_numbers(numbered: RecommenderAgent, k: object) -> None:
    with pytest.raises(DataError, match="whole number of at least 1"):
        numbered.recommend(user="1", k=cast("int", k))


def test_horizons_are_whole_numbers_or_spans(numbered: RecommenderAgent) -> None:
    ten: Any = "ten"
    with pytest.raises(DataError, match="horizon is 'ten'"):
        numbered.forecast(user="1", horizon=ten)


def test_what_is_no_data_set_is_refused_with_what_to_pass(
    numbered: RecommenderAgent, data: nextinterest.data.Dataset, tmp_path: Path
) -> None:
    log: Any = data.log
    with pytest.raises(DataError, match="with_log takes a data set, not a EventLog"):
        numbered.with_log(log)
    path: Any = str(tmp_path / "two.csv")
    with pytest.raises(DataError, match=r"not a str.*nextinterest\.data\.load"):
        RecommenderAgent.from_dataset(path)
    table: Any = {"user_id": [1]}
    with pytest.raises(DataError, match="not a dict"):
        nextinterest.data.load(table)
    names: Any = ["user"]
    with pytest.raises(DataError, match="columns is a list"):
        nextinterest.data.load(path, columns=names)
    with pytest.raises(IntegrityError, match="is missing"):
        RecommenderAgent.from_pretrained(path)
    assert issubclass(IntegrityError, NextInterestError)
