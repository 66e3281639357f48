"""Which currencies prices are in, by the signs and codes around them and by a column beside them.

Amounts of several currencies are never one number: prices that are in more than one are kept apart.
"""

from __future__ import annotations

import polars as pl

__all__ = ["currencies"]

_CODES = (
    *("USD", "EUR", "GBP", "JPY", "CNY", "RMB", "INR", "CHF", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD"),
    *("KRW", "BRL", "MXN", "ARS", "CLP", "COP", "PEN", "ZAR", "RUB", "UAH", "TRY", "PLN", "CZK", "HUF"),
    *("RON", "BGN", "SEK", "NOK", "DKK", "ISK", "ILS", "AED", "SAR", "EGP", "NGN", "KES", "THB", "VND"),
    *("IDR", "MYR", "PHP", "PKR", "BDT", "BTC", "ETH", "USDT"),
)
_SIGNS = {
    "$": "USD",
    "US$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₫": "VND",
    "₪": "ILS",
    "฿": "THB",
    "₴": "UAH",
    "C$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "R$": "BRL",
    "EURO": "EUR",
    "EUROS": "EUR",
    "DOLLAR": "USD",
    "DOLLARS": "USD",
    "POUND": "GBP",
    "POUNDS": "GBP",
    "YEN": "JPY",
    "YUAN": "CNY",
    "RMB": "CNY",
    "元": "CNY",
    "円": "JPY",
    "ZŁ": "PLN",
    "KČ": "CZK",
    "KR": "kr",
    "FR": "CHF",
    "SFR": "CHF",
    "RS": "Rs",
}
"""What signs most often stand for; of a dollar or yen of another country the column says more."""

_NAMES = ("EUROS?", "DOLLARS?", "POUNDS?", "YEN", "YUAN", "ZŁ", "KČ", "S?FR", "KR", "RS", "元", "円")
_WORDS = "|".join((*_CODES, *_NAMES))
_MARK = rf"(?i)((?:[A-Z]{{1,2}})?\p{{Sc}}|(?:^|[^\p{{L}}])(?:{_WORDS})(?:[^\p{{L}}]|$))"


def currencies(prices: pl.Series, beside: pl.Series) -> pl.Series:
    """Return the currency of each price, null where nothing says so.

    Parameters
    ----------
    prices
        As written.
    beside
        What a column of currencies says of each; null where it says nothing.

    Examples
    --------
    >>> prices = pl.Series(["$ 10", "EUR 12.50", "9", "7.50 euros", "US$5", "£9.99"])
    >>> currencies(prices, pl.Series([None, None, "usd", None, None, None], dtype=pl.String)).to_list()
    ['USD', 'EUR', 'USD', 'EUR', 'USD', 'GBP']
    """
    mark = pl.lit(prices).str.extract(_MARK).str.replace_all(r"[\s\d.,:;()/+\-]", "")
    said = pl.coalesce(pl.lit(beside).str.strip_chars(), mark).str.to_uppercase()
    return pl.select(pl.when(pl.lit(prices).is_not_null()).then(said.replace(_SIGNS))).to_series()
