from __future__ import annotations

import polars as pl
import pytest

from nextinterest.data.ratings import read_ratings


@pytest.mark.parametrize(
    ("written", "expected", "note"),
    [
        (["4", "4.5", None], [4.0, 4.5, None], ""),
        (["3,5", "4"], [3.5, 4.0], "rating with decimal commas"),
        (["1.234,5", "2"], [1234.5, 2.0], "rating with decimal commas"),
        (["1,234,567", "2,000"], [1234567.0, 2000.0], "rating with commas between thousands"),
        (["1,234.5", "7"], [1234.5, 7.0], "rating with commas between thousands"),
        (["4,125", "4"], [None, 4.0], ""),  # 4.125 or 4125: cannot be told
        (["true", "False", None], [1.0, 0.0, None], "rating: true as 1, false as 0"),
        (["5 stars", "4/5", "80%", "inf", "1e300", "5"], [None] * 5 + [5.0], ""),
    ],
)
def test_ratings_as_they_are_written(
    written: list[str | None], expected: list[float | None], note: str
) -> None:
    ratings, notes = read_ratings(pl.Series(written, dtype=pl.String))
    assert ratings.to_list() == expected
    assert " ".join(notes) == note
