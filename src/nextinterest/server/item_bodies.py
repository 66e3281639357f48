"""Bodies of requests and answers about items and the catalogue."""

from __future__ import annotations

from collections import Counter
from typing import Self

import numpy as np
from pydantic import ConfigDict, Field

from nextinterest.agent.new_items import NewAvailability, NewItem
from nextinterest.domain import Catalog, Item
from nextinterest.server.body import Body
from nextinterest.server.failures import Failure

__all__ = [
    "CatalogueFacts",
    "CategoryCount",
    "ItemBody",
    "ItemsChanged",
    "ItemsFound",
    "ItemsRemoved",
    "ItemsRequest",
]


class AvailabilityBody(NewAvailability):
    """When an item can be had, and how many are left."""

    model_config = Body.model_config


class ItemBody(NewItem):
    """One item of the catalogue."""

    model_config = Body.model_config

    available: AvailabilityBody | None = Field(
        default=None, description="When it can be had, and how many are left."
    )

    @classmethod
    def of(cls, item: Item) -> ItemBody:
        """Return an item of the catalogue as a body, whatever its lengths."""
        known = item.available
        return cls.model_construct(
            id=item.id,
            title=item.title,
            categories=list(item.categories),
            year=item.year,
            description=item.description,
            price=item.price,
            published=item.published,
            available=None
            if known is None
            else AvailabilityBody.model_construct(since=known.since, until=known.until, stock=known.stock),
            attributes={
                name: list(value) if isinstance(value, tuple) else value
                for name, value in item.attributes.items()
            },
        )


class ItemsFound(Body):
    """Items whose titles fit some words."""

    items: list[ItemBody] = Field(description="The best fit first.")


class CategoryCount(Body):
    """A category, and how many items have it."""

    name: str = Field(description="Name of the category.")
    items: int = Field(description="Items that have it.")


class CatalogueFacts(Body):
    """What the items of the catalogue can be narrowed by."""

    items: int = Field(description="How many items there are.")
    categories: list[CategoryCount] = Field(description="Categories, sorted by name.")
    year_from: int | None = Field(description="Earliest year of an item; None where none has a year.")
    year_to: int | None = Field(description="Latest year of an item.")
    price_from: float | None = Field(description="Lowest price of an item; None where none has a price.")
    price_to: float | None = Field(description="Highest price of an item.")
    attributes: list[str] = Field(description="Names of the attributes that items have, sorted.")

    @classmethod
    def of(cls, catalog: Catalog) -> Self:
        """Return the facts of a catalogue."""
        counts = Counter(name for names in catalog.categories for name in names)
        years = [year for year in catalog.years if year is not None]
        prices = catalog.details.prices
        return cls(
            items=len(catalog),
            categories=[CategoryCount(name=name, items=n) for name, n in sorted(counts.items())],
            year_from=min(years, default=None),
            year_to=max(years, default=None),
            price_from=None if prices is None else float(np.nanmin(prices)),
            price_to=None if prices is None else float(np.nanmax(prices)),
            attributes=sorted(catalog.details.attributes),
        )


class ItemsRequest(Body):
    """Items to add; those whose id exists are replaced."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {"id": "night-ferry", "title": "Night Ferry", "categories": ["Crime"], "year": 1984}
                    ]
                }
            ]
        }
    )

    items: list[ItemBody] = Field(description="The items.", min_length=1, max_length=1000)

    def distinct(self) -> list[Item]:
        """Return the items, as the agent takes them.

        Raises
        ------
        Failure
            422 where two have one id.
        """
        seen: set[str] = set()
        for number, body in enumerate(self.items):
            if body.id in seen:
                message = f"Item id {body.id!r} is given twice. Give each item once."
                raise Failure(422, message, code="invalid_value", param=f"items.{number}.id")
            seen.add(body.id)
        return [body.item() for body in self.items]


class ItemsChanged(Body):
    """The catalogue and its index follow."""

    added: int = Field(description="Items that were new.")
    replaced: int = Field(description="Items that were known.")
    total: int = Field(description="Items of the catalogue now.")


class ItemsRemoved(Body):
    """Items were removed from the catalogue and its index."""

    removed: int = Field(description="How many.")
    total: int = Field(description="Items of the catalogue now.")
