"""Sentences in words of the request, the message and descriptions: true ones pass, false ones do not."""

from __future__ import annotations

import pytest

from nextinterest.agent.chat.facts import Facts
from nextinterest.agent.chat.wording import parts_of
from nextinterest.domain import (
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


def _outcome(request: Request, *items: Recommendation, known: dict[str, KnownFacts] | None = None) -> Outcome:
    made = Recommendations(events_used=9, items=items, match="read")
    return Outcome(request=request, recommendations=made, known=known or {})


def _item(
    rank: int, title: str, *categories: str, year: int | None = None, because: str = ""
) -> Recommendation:
    evidence = (
        Evidence(item_id=because, title=because, similarity=0.5, effect=0.4, kind="like", liked=True),
    )
    return Recommendation(
        rank=rank,
        item_id=title,
        title=title,
        categories=categories,
        year=year,
        probability=0.1,
        evidence=evidence if because else (),
    )


GOOD = "The Good, the Bad and the Ugly (Il Buono, il brutto, il cattivo)"
MOOD = "In the Mood For Love (Fa yeung nin wa)"
FILMS = _outcome(
    Request(query="films by Stanley Kubrick", less_like=("Forrest Gump",), disliked=("Vertigo",)),
    _item(1, GOOD, "Western", year=2018, because="Goodfellas"),
    _item(2, MOOD, "Drama", "Romance", year=2018),
    _item(3, "Amelie (Fabuleux destin, Le)", "Comedy", "Romance", year=2018),
)
JACKETS = _outcome(
    Request(where=Where(excluded_attributes={"colour": ("black", "dark grey")})),
    _item(1, "Stormline Rain Jacket", "Jackets"),
    _item(2, "Windbreak Lite", "Jackets"),
    _item(3, "Oven Glove", "Jackets"),
    known={
        "Stormline Rain Jacket": KnownFacts(description="Waterproof three-layer shell with hood."),
        "Windbreak Lite": KnownFacts(description="Windproof, not waterproof."),
        "Oven Glove": KnownFacts(description="Dishwasher, not recommended. Not only cotton."),
    },
)


def _fault(outcome: Outcome, sentence: str, message: str = "") -> str | None:
    return Facts.of(outcome, parts_of(outcome).free, message).fault(sentence, opens=True)


@pytest.mark.parametrize(
    ("outcome", "sentence", "holds"),
    [
        (FILMS, f"{GOOD} is there because you liked Goodfellas.", True),
        (FILMS, f"{GOOD} (2018) is there because you liked Goodfellas.", True),
        (FILMS, f"{MOOD} is a drama with romance.", True),
        (FILMS, f"{MOOD} is a comedy.", False),
        (FILMS, f"{MOOD} (1987) is a drama.", False),
        (FILMS, "Amelie (Fabuleux destin, Le) is a comedy.", True),
        (FILMS, "The newest I have are from 2018, and here are 3 of them.", True),
        (FILMS, "The newest I have are from 2017, and here are 3 of them.", False),
        (FILMS, "Here are three films, without Forrest Gump.", True),
        (FILMS, "Here are three that are not Vertigo.", True),
        (FILMS, "Here are three because you liked Forrest Gump.", False),
        (FILMS, "Here are three because you liked Vertigo.", False),
        (FILMS, "Here are three like Vertigo.", False),
        (FILMS, "Amelie follows from Forrest Gump.", False),
        (FILMS, "Here are three by Kubrick.", True),
        (FILMS, "Here are three by Stanley Kubrick.", True),
        (FILMS, "Here are three by Hitchcock.", False),
        (FILMS, "Amelie is by Kubrick.", False),
        (JACKETS, "Here are jackets, none of them black.", True),
        (JACKETS, "Here are jackets, none of them red.", False),
        (JACKETS, "Here are jackets, all of them black.", False),
        (JACKETS, "Stormline Rain Jacket is a waterproof three-layer shell with hood.", True),
        (JACKETS, "Stormline Rain Jacket is a four-layer shell.", False),
        (JACKETS, "Windbreak Lite is windproof, not waterproof.", True),
        (JACKETS, "Windbreak Lite is waterproof.", False),
        (JACKETS, "Windbreak Lite is not windproof.", False),
        (JACKETS, "Stormline Rain Jacket is not waterproof.", False),
        (JACKETS, "Oven Glove is for the dishwasher.", False),
        (JACKETS, "Oven Glove is not cotton.", False),
    ],
)
def test_what_the_facts_say_may_be_said(outcome: Outcome, sentence: str, *, holds: bool) -> None:
    fault = _fault(outcome, sentence)
    assert (fault is None) == holds, fault


@pytest.mark.parametrize(
    ("message", "sentence", "holds"),
    [
        ("a present for my dad", "For your dad, here are three.", True),
        ("a present for my dad", "For your uncle, here are three.", False),
        ("something for my six year old and for me", "Here are 3 for your six-year-old.", True),
        ("something for my 6-year-old", "Here are 3 for your six-year-old.", True),
        ("something for my 6-year-old", "Here are 3 for your seven-year-old.", False),
        ("waterproof please, my dad said", "Windbreak Lite is waterproof.", False),
    ],
)
def test_for_whom_something_is_may_be_said_as_the_person_wrote_it(
    message: str, sentence: str, *, holds: bool
) -> None:
    fault = _fault(JACKETS, sentence, message)
    assert (fault is None) == holds, fault


@pytest.mark.parametrize(
    ("sentence", "holds"),
    [
        ("Heat is number 1 of the list.", True),
        ("Heat comes first in the list.", True),
        ("Heat is number 26.", False),
        ("Heat is number 26 among what is new to you.", False),
        ("It has a probability of 0.57 %.", False),
    ],
)
def test_an_item_of_the_list_shown_has_its_place_there_and_no_other_rank(
    sentence: str, *, holds: bool
) -> None:
    found = FoundItem(item_id="h", title="Heat", categories=("Crime",), year=1995, asked="heat", match=1.0)
    why = Explanation(item=found, rank=26, probability=0.0057, place=1, evidence=(), events=9)
    outcome = Outcome(request=Request(intent="explain", query="Heat"), explanation=why)
    claims = parts_of(outcome).free
    assert "26" not in " ".join(claims)
    assert (Facts.of(outcome, claims).fault(sentence) is None) == holds
