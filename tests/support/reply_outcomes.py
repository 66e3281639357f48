"""Outcomes of four trades, of which sentences are true or false."""

from __future__ import annotations

from nextinterest.agent.chat.facts import Facts
from nextinterest.agent.chat.wording import parts_of
from nextinterest.domain import (
    Background,
    Evidence,
    Explanation,
    FoundItem,
    KnownFacts,
    Outcome,
    Recommendation,
    Recommendations,
    Request,
    Where,
)

__all__ = ["OUTCOMES", "facts_of"]


def _event(title: str, kind: str | None, *, liked: bool = False, rating: float | None = None) -> Evidence:
    best = None if rating is None else 5.0
    return Evidence(
        item_id=title,
        title=title,
        similarity=0.5,
        effect=0.4,
        kind=kind,
        liked=liked,
        rating=rating,
        best_rating=best,
    )


def _item(
    rank: int, title: str, categories: tuple[str, ...], year: int | None, *because: Evidence, p: float = 0.05
) -> Recommendation:
    return Recommendation(
        rank=rank,
        item_id=title,
        title=title,
        categories=categories,
        year=year,
        probability=p,
        evidence=because,
    )


_FARGO = _event("Fargo", "like", liked=True)
_CASINO = _event("Casino", "play")
_GROUNDHOG = _event("Groundhog Day", "rate", liked=True, rating=5.0)
_FROTHER, _KETTLE = _event("Aro Milk Frother", "buy"), _event("Nero Kettle", "view")
_BEANS = _event("Kona Beans 1 kg", "cart")
_RENTS, _PROBE = _event("Rents rise in the capital", "read"), _event("Probe lands on an asteroid", "read")
_NIGHT, _TIDE = _event("Night Drive", "play"), _event("Low Tide", "like", liked=True)

OUTCOMES = {
    "films": Outcome(
        request=Request(
            count=3,
            where=Where(categories=("Crime", "Comedy"), match="any", year_from=1990, year_to=1999),
        ),
        recommendations=Recommendations(
            events_used=42,
            items=(
                _item(1, "Heat", ("Crime", "Thriller"), 1995, _FARGO, p=0.081),
                _item(2, "The Big Lebowski", ("Comedy", "Crime"), 1998, _FARGO, _GROUNDHOG),
                _item(3, "Goodfellas", ("Crime", "Drama"), 1990, _CASINO),
            ),
        ),
        background=Background(
            categories={"Comedy": 18, "Crime": 15, "Thriller": 12, "Drama": 8, "Sci-Fi": 6},
            rising=("Thriller",),
            fading=("Sci-Fi",),
        ),
    ),
    "shop": Outcome(
        request=Request(count=3, where=Where(price_to=300)),
        recommendations=Recommendations(
            events_used=6,
            items=(
                _item(1, "Lumo Espresso 200", ("Coffee machines",), None, _FROTHER, _KETTLE),
                _item(2, "Brewster Classic", ("Coffee machines",), None, _FROTHER, _BEANS),
                _item(3, "Fino Hand Grinder", ("Grinders",), None, _BEANS),
            ),
        ),
        known={
            "Lumo Espresso 200": KnownFacts(
                price=249,
                attributes={"brand": "Lumo", "bars": 15, "colour": "black", "dishwasher safe": True},
                description="Compact espresso machine with a steam wand. 15 bars of pressure.",
            ),
            "Brewster Classic": KnownFacts(price=189, attributes={"brand": "Brewster", "colour": "red"}),
            "Fino Hand Grinder": KnownFacts(price=45.5, attributes={"material": "steel"}),
        },
        background=Background(categories={"Coffee machines": 1, "Coffee": 3, "Kettles": 2}),
    ),
    "news": Outcome(
        request=Request(
            where=Where(categories=("Politics", "Science"), match="any", excluded_categories=("Sport",))
        ),
        recommendations=Recommendations(
            events_used=30,
            items=(
                _item(1, "Parliament passes the housing bill", ("Politics",), None, _RENTS),
                _item(2, "A telescope sees a distant comet", ("Science",), None, _PROBE),
                _item(3, "Mayor resigns over budget", ("Politics",), None, _RENTS),
            ),
        ),
        known={
            "Parliament passes the housing bill": KnownFacts(attributes={"minutes": 4, "section": "home"}),
            "A telescope sees a distant comet": KnownFacts(attributes={"minutes": 3, "section": "world"}),
            "Mayor resigns over budget": KnownFacts(attributes={"minutes": 7, "section": "city"}),
        },
        background=Background(categories={"Politics": 14, "Science": 9, "Culture": 7}, rising=("Science",)),
    ),
    "music": Outcome(
        request=Request(count=2, query="something calm"),
        recommendations=Recommendations(
            events_used=19,
            items=(
                _item(1, "Blue Hour", ("Ambient", "Electronic"), 2014, _NIGHT),
                _item(2, "Paper Lanterns", ("Folk",), 2019, _TIDE),
            ),
        ),
        background=Background(categories={"Folk": 9, "Ambient": 6, "Jazz": 4}),
    ),
    "games": Outcome(
        request=Request(count=4, where=Where(categories=("Strategy",), price_to=40)),
        recommendations=Recommendations(
            events_used=25,
            items=(
                _item(1, "Iron Harbour", ("Strategy", "Naval"), 2021, _event("Tidewatch", "buy"), p=0.12),
                _item(2, "Crown of Ash", ("Strategy", "Fantasy"), 2018, _event("Emberfall", "play")),
                _item(3, "Little Colonies", ("Strategy",), 2023, _event("Tidewatch", "buy")),
                _item(4, "Steel Orchard", ("Strategy", "Puzzle"), 2016, _event("Gridlock", "save")),
            ),
        ),
        known={
            "Iron Harbour": KnownFacts(price=39.99, attributes={"players": 4, "co-op": True}),
            "Crown of Ash": KnownFacts(price=19.5, attributes={"players": 1, "co-op": False}),
            "Little Colonies": KnownFacts(price=24, attributes={"players": 2, "co-op": True}),
            "Steel Orchard": KnownFacts(price=9.99, attributes={"players": 1, "co-op": False}),
        },
        background=Background(
            categories={"Strategy": 14, "Puzzle": 8, "Shooter": 3}, rising=("Puzzle",), fading=("Shooter",)
        ),
    ),
    "books": Outcome(
        request=Request(count=3, where=Where(year_to=1960, excluded_categories=("Romance",))),
        recommendations=Recommendations(
            events_used=11,
            items=(
                _item(1, "The Glass Orchard", ("Mystery",), 1937, _event("The Hollow Key", "read")),
                _item(
                    2,
                    "North of Winter",
                    ("Adventure", "Mystery"),
                    1951,
                    _event("Sled Dogs", "rate", liked=True, rating=4),
                ),
                _item(3, "A Room in Lisbon", ("Classics",), 1929, _event("The Hollow Key", "read")),
            ),
        ),
        known={
            "The Glass Orchard": KnownFacts(attributes={"pages": 240}),
            "North of Winter": KnownFacts(attributes={"pages": 310}),
            "A Room in Lisbon": KnownFacts(attributes={"pages": 198}),
        },
        background=Background(categories={"Mystery": 6, "Adventure": 3, "Poetry": 2}),
    ),
    "why": Outcome(
        request=Request(intent="explain", query="Heat"),
        explanation=Explanation(
            item=FoundItem(
                item_id="h", title="Heat", categories=("Crime", "Drama"), year=1995, asked="heat", match=1.0
            ),
            rank=3,
            probability=0.0456,
            evidence=(_FARGO, _event("Alien", None)),
            shared_categories={"Crime": 4, "Drama": 2},
            events=9,
        ),
    ),
}
MESSAGES = {
    "films": "any good crime or comedy films from the nineties?",
    "shop": "I need an espresso machine under 300 euros and a grinder",
    "news": "what's new in politics and science? no sport",
    "music": "something calm please",
    "games": "strategy games up to 40 dollars",
    "books": "older books, nothing romantic",
    "why": "why Heat?",
}


def facts_of(name: str, language: str = "en") -> Facts:
    """Return the facts of one of the outcomes, for sentences in a language."""
    outcome = OUTCOMES[name]
    return Facts.of(outcome, parts_of(outcome).free, MESSAGES[name], language)
