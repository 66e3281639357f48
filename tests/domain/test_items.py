"""Items with details, and the catalogue that holds them in columns."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from nextinterest.data.catalogue import catalog_from_bytes, catalog_to_bytes
from nextinterest.domain import Availability, Catalog, Item, ItemDetails
from nextinterest.errors import DataError

MAY = datetime(2024, 5, 1, tzinfo=UTC)
GOODS = [
    Item("m", "Mill", ("Kitchen",), 2020, "Grinds.", 89.9, MAY, Availability(stock=3), {"brand": "Graef"}),
    Item("k", "Kettle", price=25.0, available=Availability(MAY, MAY + timedelta(days=9))),
    Item("b", "Beans", attributes={"origin": ("Peru", "Kenya"), "grams": 250, "organic": True}),
    Item("n", "Nothing known"),
]

_times = st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
_values = (
    st.text(max_size=9)
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(st.text(max_size=4), max_size=3).map(tuple)
)
_items = st.lists(
    st.builds(
        Item,
        id=st.text(st.characters(codec="utf-8"), min_size=1, max_size=4),
        title=st.text(st.characters(codec="utf-8"), max_size=4),
        price=st.none() | st.floats(0, 1e9),
        published=_times,
        available=st.none() | st.builds(Availability, _times, _times, st.none() | st.integers(0, 2**40)),
        attributes=st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), _values, max_size=3),
    ),
    max_size=6,
    unique_by=lambda item: item.id,
)


def test_an_item_comes_out_of_a_catalogue_as_it_went_in() -> None:
    assert list(Catalog.from_items(GOODS)) == GOODS


@given(_items)
def test_any_catalogue_survives_its_file(items: list[Item]) -> None:
    catalog = Catalog.from_items(items)
    again = catalog_from_bytes(catalog_to_bytes(catalog))
    assert list(again) == list(catalog)
    assert again.fingerprint == catalog.fingerprint


def test_what_is_not_known_has_no_column() -> None:
    catalog = Catalog.from_items([Item("a", "Alien", ("Horror",), 1979), Item("e", "Emma")])
    assert catalog.details.empty
    row = repr(("a", "Alien", ("Horror",), 1979, None)) + repr(("e", "Emma", (), None, None))
    assert catalog.fingerprint == hashlib.sha256(row.encode()).hexdigest()
    assert catalog_to_bytes(catalog) == catalog_to_bytes(
        Catalog(catalog.ids, catalog.titles, catalog.categories, catalog.years)
    )


def test_a_price_changes_without_the_fingerprint() -> None:
    bare = [Item(one.id, one.title, one.categories, one.year, one.description) for one in GOODS]
    assert Catalog.from_items(bare).fingerprint == Catalog.from_items(GOODS).fingerprint


def test_details_follow_their_items() -> None:
    catalog = Catalog.from_items(GOODS)
    assert list(catalog.without(["m"])) == GOODS[1:]
    dearer = Item("m", "Mill", price=99.0)
    assert list(catalog.with_items([dearer])) == [dearer, *GOODS[1:]]


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(DataError, match="1 item and 2 values of prices"):
        Catalog(["a"], ["A"], details=ItemDetails(prices=np.array([1.0, 2.0])))
    with pytest.raises(DataError, match=r"2 values of attributes\['brand'\]"):
        Catalog(["a"], ["A"], details=ItemDetails(attributes={"brand": ("x", "y")}))


def test_times_are_utc() -> None:
    vienna = timezone(timedelta(hours=2))
    item = Item("a", "A", published=datetime(2024, 5, 1, 2, tzinfo=vienna))
    assert item == Item("a", "A", published=datetime(2024, 5, 1))
    assert item.published is not None
    assert item.published.tzinfo is UTC


def test_an_item_is_read_from_json_and_checked() -> None:
    reader = TypeAdapter(Item)
    for item in GOODS:
        assert reader.validate_json(reader.dump_json(item)) == item
    for wrong in ('{"id": "a"}', '{"id": "", "title": "A"}', '{"id": "a", "title": "A", "prize": 3}'):
        with pytest.raises(ValidationError):
            reader.validate_json(wrong)
