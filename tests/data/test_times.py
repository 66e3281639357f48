from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data.times import seconds


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("881250949", 881250949),
        (" 881250949 ", 881250949),
        ("8.81250949E8", 881250949),
        ("881250949.9", 881250949),
        ("-5", -5),
        ("1588687728923", 1588687728),
        ("1588687728923000", 1588687728),
        ("1588687728923000000", 1588687728),
        ("1997-12-04", 881193600),
        ("1997-12-04 15:55:49", 881250949),
        ("1997-12-04T15:55:49Z", 881250949),
        ("1997-12-04T15:55:49.250", 881250949),
        ("1997-12-04T16:55:49+01:00", 881250949),
        ("1997-12-04 15:55", 881250940 - 40),
        ("yesterday", None),
        ("nan", None),
        ("inf", None),
        ("1e300", None),
        ("", None),
        (None, None),
    ],
)
def test_times_as_they_are_written(written: str | None, expected: int | None) -> None:
    assert seconds(pl.Series([written], dtype=pl.String)).to_list() == [expected]


def test_a_stated_unit_is_not_guessed() -> None:
    assert seconds(pl.Series(["5000"]), "ms").to_list() == [5]
    assert seconds(pl.Series(["1588687728923"]), "s").to_list() == [1588687728923]


@settings(deadline=None, max_examples=100)
@given(
    moment=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    hours=st.integers(-11, 14),
)
def test_any_zone_is_read(moment: datetime, hours: int) -> None:
    local = moment.astimezone(timezone(timedelta(hours=hours)))
    assert seconds(pl.Series([local.isoformat()])).to_list() == [int(moment.timestamp())]
