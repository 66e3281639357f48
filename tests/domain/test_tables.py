"""Ranked lists as dictionaries and as tables."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

import polars as pl
import pytest

from nextinterest.domain import Evidence, Recommendation, Recommendations
from nextinterest.domain.tables import COLUMNS
from nextinterest.errors import NextInterestError

LISTED = Recommendations(
    user="ann",
    items=(
        Recommendation(
            rank=1,
            item_id="b",
            title="Night Ferry",
            categories=("Drama", "Sea"),
            year=1984,
            probability=0.25,
            evidence=(Evidence(item_id="a", title="Harbour", similarity=0.5, effect=1.5),),
        ),
        Recommendation(rank=2, item_id="c", title="Dunes", probability=0.125),
    ),
    events_used=3,
)


def test_one_row_an_item_with_its_reasons() -> None:
    rows = LISTED.to_dicts()
    assert [tuple(row) for row in rows] == [COLUMNS, COLUMNS]
    assert list(rows[0].values()) == [
        *("ann", 1, "b", "Night Ferry", 0.25, ["Drama", "Sea"], 1984, ["Harbour"], ["a"])
    ]
    assert list(rows[1].values()) == ["ann", 2, "c", "Dunes", 0.125, [], None, [], []]
    assert LISTED.to_polars().to_dicts() == rows


def test_a_list_without_items_or_user_has_the_same_columns() -> None:
    table = Recommendations(items=(), events_used=0).to_polars()
    assert table.shape == (0, len(COLUMNS))
    assert table.schema == LISTED.to_polars().schema
    nobody = LISTED.model_copy(update={"user": None}).to_polars()
    assert pl.concat([nobody, table])["user"].to_list() == [None, None]


def test_pandas_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def frame(data: Mapping[str, Sequence[object]]) -> Mapping[str, Sequence[object]]:
        return data

    like_pandas = ModuleType("pandas")
    like_pandas.DataFrame = frame  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", like_pandas)
    found = LISTED.to_pandas()
    assert tuple(found) == COLUMNS
    assert found["categories"] == [["Drama", "Sea"], []]


def test_without_pandas_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(NextInterestError, match="'pandas' is needed") as caught:
        LISTED.to_pandas()
    assert "pip install pandas" in caught.value.remedy
    assert "to_polars" in caught.value.remedy
