"""Constraints against a plain check of every item."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from nextinterest.domain import Availability, Catalog, Conditions, Item, Request, Span, Where

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CATALOG = Catalog.from_items(
    [
        Item("a", "A", ("Crime", "Drama"), 1990, price=10.0, attributes={"brand": "Kuchl", "size": 42}),
        Item(
            "b", "B", ("Drama",), 2000, price=30.0, attributes={"brand": "Other", "colour": ("red", "blue")}
        ),
        Item("c", "C", ("Crime",), None, available=Availability(stock=0), attributes={"new": True}),
        Item("d", "D", (), 2010, available=Availability(NOW - DAY, NOW), published=NOW - DAY),
        Item("e", "E", (), 2010, available=Availability(NOW, NOW + DAY), published=NOW),
    ]
)


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        (Where(), "abcde"),
        (Where(categories=("Crime", "Drama")), "a"),
        (Where(categories=("Crime", "Drama"), match="any"), "abc"),
        (Where(categories=("No such",)), ""),
        (Where(categories=("crime", "DRAMA")), "a"),
        (Where(excluded_categories=("crime",)), "bde"),
        (Where(attributes={"size": Span(most=41)}), ""),
        (Where(categories=("Drama", "No such"), match="any"), "ab"),
        (Where(excluded_categories=("Crime",)), "bde"),
        (Where(year_from=2000), "bde"),
        (Where(year_to=2000), "ab"),
        (Where(price_from=10, price_to=29), "a"),
        (Where(published_from=NOW), "e"),
        (Where(published_to=NOW - DAY), "d"),
        (Where(available=True), "abe"),
        (Where(attributes={"brand": "kuchl"}), "a"),
        (Where(attributes={"brand": ("Kuchl", "Other")}), "ab"),
        (Where(attributes={"colour": "Blue"}), "b"),
        (Where(attributes={"size": Span(least=40)}), "a"),
        (Where(attributes={"size": 42}), "a"),
        (Where(attributes={"new": True}), "c"),
        (Where(attributes={"new": 1}), ""),
        (Where(attributes={"no such": "x"}), ""),
        (Where(excluded_attributes={"brand": "Kuchl"}), "bcde"),
        (Where(only_items=("e", "a", "no such")), "ae"),
        (Where(only_items=()), ""),
        (Where(excluded_items=("a", "no such")), "bcde"),
        (Where(categories=("Drama",), price_to=20, excluded_items=("b",)), "a"),
    ],
)
def test_items_that_meet_constraints(where: Where, ids: str) -> None:
    mask = Conditions(CATALOG).mask(where, NOW)
    assert "".join(item.id for item, fits in zip(CATALOG, mask, strict=True) if fits) == ids
    assert Where.model_validate_json(where.model_dump_json()) == where


def test_a_catalogue_without_details_meets_no_condition_on_them() -> None:
    bare = Conditions(Catalog(["a"], ["A"]))
    for where in (Where(price_to=9), Where(published_from=NOW), Where(attributes={"brand": "x"})):
        assert not bare.mask(where).any()
    assert bare.mask(Where(available=True)).all()


@pytest.mark.parametrize("name", ["year", "price"])
def test_a_range_is_in_order(name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name}_from"):
        Where.model_validate({f"{name}_from": 2000, f"{name}_to": 1999})


def test_whether_there_are_constraints() -> None:
    assert Where().empty
    assert Where(match="any").empty
    assert not Where(available=True).empty


def test_a_category_is_found_by_its_own_capitals_first() -> None:
    conditions = Conditions(Catalog.from_items([Item("1", "A", ("IT",)), Item("2", "B", ("It",))]))
    assert [conditions.category(name) for name in ("IT", "It", "it", "iT", "no")] == [
        "IT", "It", "IT", "IT", None,
    ]  # fmt: skip
    assert conditions.mask(Where(categories=("It",))).tolist() == [False, True]


@pytest.mark.parametrize(
    "given",
    [
        {"categories": ["x"] * 21},
        {"categories": ["x" * 301]},
        {"attributes": {f"a{i}": 1 for i in range(21)}},
        {"attributes": {"a": ["x"] * 101}},
        {"attributes": {"a": "x" * 301}},
        {"attributes": {"a": {"b": {"c": 1}}}},
        {"excluded_attributes": {"a": [["x"]]}},
        {"attributes": {"a": None}},
        {"attributes": {"": 1}},
        {"price_from": 10**400},
        {"price_to": float("nan")},
        {"only_items": [""]},
        {"year": 1990},
    ],
)
def test_constraints_have_bounds(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Where.model_validate(given)


@pytest.mark.parametrize("given", ["2026-05-10", "2026-05-10T00:00:00", "2026-05-10T02:00:00+02:00"])
def test_a_time_without_a_zone_is_in_utc(given: str) -> None:
    where = Where.model_validate_json(f'{{"published_from": "{given}"}}', strict=True)
    assert where == Where.model_validate({"published_from": given})
    assert where.published_from == datetime(2026, 5, 10, tzinfo=UTC)
    assert Where(published_from=datetime(2026, 5, 10), published_to=where.published_from) is not None


def test_a_single_text_is_a_list_of_one() -> None:
    for field in ("categories", "excluded_categories", "only_items", "excluded_items"):
        one = Where.model_validate({field: "Coffee"})
        assert one == Where.model_validate({field: ["Coffee"]})
        assert one == Where(**{field: "Coffee"})
        assert getattr(one, field) == ("Coffee",)
    for field in ("liked", "disliked", "similar_to", "less_like"):
        assert getattr(Request.model_validate({field: "Alien"}), field) == ("Alien",)
    with pytest.raises(ValidationError):
        Where.model_validate({"categories": 3})
    with pytest.raises(ValidationError):
        Where.model_validate({"categories": ""})


def test_the_published_schemas_ask_for_lists() -> None:
    assert Where.model_json_schema()["properties"]["categories"]["type"] == "array"


def test_lists_of_names_are_read_from_strict_json() -> None:
    text = '{"categories": ["Crime"], "excluded_items": ["a"], "excluded_categories": "Drama"}'
    read = Where.model_validate_json(text, strict=True)
    assert read == Where(categories=("Crime",), excluded_items=("a",), excluded_categories=("Drama",))
