from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from nextinterest.data import Dataset, load
from nextinterest.data.faults import BAD_RATING
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
        (["1.234", "12,50", "1.999,00"], [1234.0, 12.5, 1999.0], "rating with decimal commas"),
        (["-1.234", "0,125", "7"], [-1234.0, 0.125, 7.0], "rating with decimal commas"),
        (["1.234.567", "1.234"], [1234567.0, 1234.0], "rating with dots between thousands"),
        (["3,5", "4.5", "0.500", "12.34,5", "1.2345"], [3.5, *[None] * 4], "rating with decimal commas"),
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


SHOP = "user;item;time;price;rating;quantity\n{}"
ROW = "u{0};i{0};170000000{0};{1};{1};{1}\n"


def _shop(tmp_path: Path, *numbers: str) -> Dataset:
    rows = "".join(ROW.format(i, number) for i, number in enumerate(numbers))
    (tmp_path / "shop.csv").write_text(SHOP.format(rows))
    return load(tmp_path / "shop.csv")


def test_a_dot_is_between_thousands_where_a_cell_has_a_decimal_comma(tmp_path: Path) -> None:
    dataset = _shop(tmp_path, "1.234", "12,50", "1.999,00")
    for found in (dataset.catalog.details.prices, dataset.log.ratings, dataset.log.weights):
        assert found is not None
        assert found.tolist() == [1234.0, 12.5, 1999.0]
    assert not dataset.report.warnings


def test_a_dot_that_separates_no_thousands_is_counted_beside_decimal_commas(tmp_path: Path) -> None:
    dataset = _shop(tmp_path, "1.234", "12,50", "4.5")
    assert dataset.report.count(BAD_RATING) == 1
    assert dataset.log.n_events == 2
    assert "1 value of price of items cannot be read (4.5)" in dataset.report.notes


@pytest.mark.parametrize("written", [("1.000", "2.500", "1.999"), ("\u20ac 1.000", "950", "2.500")])
def test_thousands_that_may_be_decimals_are_warned_of(tmp_path: Path, written: tuple[str, ...]) -> None:
    bare = [number.removeprefix("\u20ac ") for number in written]
    rows = "".join(
        f"u{i};i{i};170000000{i};{w};{b};{b}\n" for i, (w, b) in enumerate(zip(written, bare, strict=True))
    )
    (tmp_path / "shop.csv").write_text(SHOP.format(rows))
    warnings = load(tmp_path / "shop.csv").report.warnings
    assert [warning.split()[0] for warning in warnings] == ["rating", "quantity", "price"]
    assert all("1.000 was read as 1, not as 1000" in warning for warning in warnings)
    # The remedy: numbers without dots.
    dataset = _shop(tmp_path, *(number.replace(".", "") for number in bare))
    assert not dataset.report.warnings
    assert dataset.log.weights is not None
    assert dataset.log.weights[0] == 1000


@pytest.mark.parametrize("written", [("1.000", "2.5"), ("0.125", "1.250"), ("1.000", "2500"), ("1", "2")])
def test_numbers_that_show_a_decimal_point_are_not_warned_of(
    tmp_path: Path, written: tuple[str, ...]
) -> None:
    assert not _shop(tmp_path, *written).report.warnings
