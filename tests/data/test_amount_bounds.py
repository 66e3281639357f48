"""Ratings and weights have a bound, wherever they come in; so have prices and stocks of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import TypeAdapter, ValidationError

from nextinterest.amounts import MAX_AMOUNT
from nextinterest.data import EventLog, from_events, load
from nextinterest.domain import Catalog, Event, History
from nextinterest.errors import DataError
from nextinterest.profiles import ProfileEvent

BEYOND = [1e300, -1e300, 1.001e9, float("inf")]
LARGE = [MAX_AMOUNT, -MAX_AMOUNT]


@pytest.mark.parametrize("value", BEYOND)
def test_a_rating_or_weight_beyond_the_bound_is_refused(value: float) -> None:
    catalog, item = Catalog(["a"], ["A"]), np.array([0], dtype=np.int32)
    for what in ("rating", "weight"):
        with pytest.raises(ValidationError):
            TypeAdapter(Event).validate_python({"item": "a", what: value})
        with pytest.raises(DataError, match=f"The {what} of event 1"):
            History(item, **{f"{what}s": np.array([value])})  # type: ignore[arg-type]
        with pytest.raises(DataError, match=f"The {what} of event 1"):
            History.from_events([Event("a", **{what: value})], catalog)  # type: ignore[arg-type]
        with pytest.raises(DataError, match=f"The {what} of event 1"):
            EventLog.from_arrays(["u"], item, item, **{f"{what}s": np.array([value])})  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        ProfileEvent(item_id="a", rating=value)


@pytest.mark.parametrize("value", LARGE)
def test_one_within_it_is_kept(value: float) -> None:
    event = TypeAdapter(Event).validate_python({"item": "a", "rating": value, "weight": value})
    history = History.from_events([event], Catalog(["a"], ["A"]))
    assert history.ratings is not None
    assert history.ratings.tolist() == [value]
    assert ProfileEvent(item_id="a", rating=value).rating == value


def test_files_drop_and_count_what_is_beyond(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "user,item,rating,quantity,price\nu,a,1e300,1,5\nu,b,5,1e10,1e300\nu,c,5,3,7\nu,d,5,1,1e20\n"
    )
    (tmp_path / "items.csv").write_text("item,stock\na,1e300\nc,4\n")
    data = load(path)
    assert data.report.count("unreadable rating") == data.report.count("unreadable weight") == 1
    assert data.catalog.details.stock is not None
    assert data.catalog.details.stock.tolist()[:2] == [-1, 4]
    with pytest.warns(UserWarning, match=r"1 of 2 events cannot be read .* unreadable rating"):
        from_events(pl.DataFrame({"user": ["u", "u"], "item": ["a", "b"], "rating": [1e300, 5.0]}))
