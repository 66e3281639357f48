"""Prices of several currencies are never one number; of one currency they are, with a note."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from support.command_line import run

from nextinterest.data import Dataset, from_events, load
from nextinterest.domain import Conditions, Span, Where

MIXED = ["$ 10", "¥ 1000", "EUR 12.50", "£9.99"]


def _shop(tmp_path: Path, prices: list[str], currency: list[str] | None = None, *, beside: bool) -> Path:
    """Write a shop, the prices in its events or in a table of items."""
    columns = {"item": [f"i{n}" for n in range(len(prices))], "price": prices}
    columns |= {} if currency is None else {"currency": currency}
    frame = pl.DataFrame(columns).with_columns(pl.lit("u").alias("user"))
    if beside:
        frame.drop("user").write_csv(tmp_path / "items.csv")
        frame = frame.select("user", "item")
    frame.write_csv(tmp_path / "shop.csv")
    return tmp_path / "shop.csv"


def _allowed(data: Dataset, where: Where) -> list[str]:
    mask = Conditions(data.catalog).mask(where)
    return [item for item, fits in zip(data.catalog.ids, mask, strict=True) if fits]


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(
    ("prices", "currency", "named"),
    [
        (MIXED, None, ["USD", "JPY", "EUR", "GBP"]),
        (["10", "1000"], ["USD", "JPY"], ["USD", "JPY"]),
        (["10", "1000"], ["usd", "jpy"], ["USD", "JPY"]),
        (["10 €", "1000 yen", "12 kr", "5"], None, ["EUR", "JPY", "kr"]),
        (["US$10", "C$12"], None, ["USD", "CAD"]),
    ],
)
def test_prices_of_several_currencies_are_kept_apart(
    tmp_path: Path, prices: list[str], currency: list[str] | None, named: list[str], beside: bool
) -> None:
    data = load(_shop(tmp_path, prices, currency, beside=beside))
    assert data.catalog.details.prices is None
    (warning,) = [w for w in data.report.warnings if "several currencies" in w]
    assert ", ".join(named) in warning
    assert ("1 price without a currency left out" in warning) == ("5" in prices)
    assert [name for name in data.catalog.details.attributes if name.startswith("price in")] == [
        f"price in {name}" for name in named
    ]
    assert _allowed(data, Where(price_to=20)) == []
    assert _allowed(data, Where(attributes={f"price in {named[0]}": Span(most=20)})) == ["i0"]


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(
    ("prices", "currency", "note"),
    [
        (["€ 10", "12.50 EUR", "9 euros"], None, "price in EUR"),
        (["$10", "USD 12.50"], None, "price in USD"),
        (["10", "12.5"], ["CHF", "CHF"], "price in CHF"),
        (["10", "12.5"], None, None),
        (["10 each", "12.50 per kg"], None, None),
    ],
)
def test_prices_of_one_currency_are_compared(
    tmp_path: Path, prices: list[str], currency: list[str] | None, note: str | None, beside: bool
) -> None:
    data = load(_shop(tmp_path, prices, currency, beside=beside))
    assert _allowed(data, Where(price_to=11))[0] == "i0"
    assert [one for one in data.report.notes if one.startswith("price in")] == ([note] if note else [])
    assert not data.report.warnings
    assert ("currency" in data.catalog.details.attributes) == (currency is not None)


def test_the_advice_of_the_warning_is_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _shop(tmp_path, ["10", "1000"], ["USD", "JPY"], beside=False)
    frame = pl.read_csv(path).with_columns(pl.Series("in_eur", [9.1, 6.2]))
    frame.write_csv(path)
    data = load(path, columns={"price": "in_eur", "currency": None})
    assert data.catalog.details.prices is not None
    assert data.catalog.details.prices.tolist() == [9.1, 6.2]
    assert run("data", "users", str(path)) == 0
    assert "several currencies (USD, JPY)" in capsys.readouterr().err
    assert run("data", "users", str(path), "--column", "price=in_eur", "--column", "currency=") == 0
    assert "several currencies" not in capsys.readouterr().err


def test_tables_of_a_program_too() -> None:
    events = pl.DataFrame({"user": ["u", "u"], "item": ["a", "b"]})
    items = [{"item": "a", "price": "$5"}, {"item": "b", "price": "5 €"}]
    assert from_events(events, items).catalog.details.prices is None
