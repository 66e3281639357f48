"""Titles of everyday words: found where nothing else can be meant, and nowhere else."""

from __future__ import annotations

import pytest

from nextinterest.agent.chat import ChatContext, CompositionalReader, Understood
from nextinterest.domain import Catalog, Item
from nextinterest.messages import Message

NAMES = (
    *("Heat", "Speed", "Alien", "The Matrix", "Frozen", "Casablanca", "Signs", "Home", "Life", "It", "Blue"),
    *("History", "War", "Interstellar", "Jack", "The Game", "Her", "Work"),
)
CINEMA = ChatContext(Catalog.from_items(Item(name, name, ("Drama",)) for name in NAMES))


def read(*messages: str) -> Understood:
    roles = ("user", "assistant")
    said = [Message(role=roles[n % 2], content=text) for n, text in enumerate(messages)]
    return CompositionalReader().read(said, CINEMA)


@pytest.mark.parametrize(
    ("message", "liked", "disliked"),
    [
        ("Heat was great", {"Heat"}, set()),
        ("heat was so boring", set(), {"Heat"}),
        ("speed? loved it", {"Speed"}, set()),
        ("signs? meh", set(), {"Signs"}),
        ("The Matrix was great", {"The Matrix"}, set()),
        ("I loved the matrix", {"The Matrix"}, set()),
        ("hated frozen", set(), {"Frozen"}),
        ("i thought casablanca was boring tbh", set(), {"Casablanca"}),
        ("i found casablanca boring", set(), {"Casablanca"}),
        ("i think heat is overrated", set(), {"Heat"}),
        ("intersteller was mid", set(), {"Interstellar"}),
        ("alien was sick, frozen was mid", {"Alien"}, {"Frozen"}),
    ],
)
def test_an_opinion_that_films_get(message: str, liked: set[str], disliked: set[str]) -> None:
    request = read(message).request
    assert (set(request.liked), set(request.disliked)) == (liked, disliked)


@pytest.mark.parametrize("message", ["heat", "Heat", "speed", "just watched heat", "i saw speed last night"])
def test_a_title_alone_or_behind_watching(message: str) -> None:
    assert read(message).request.query in {"Heat", "Speed"}


def test_an_item_just_shown_needs_no_capital() -> None:
    shown = "1. Casablanca: Drama\n2. Blue: Drama"
    assert read("something sad", shown, "blue. loved it").request.liked == ("Blue",)


@pytest.mark.parametrize(
    "message",
    [
        "dinner was great",
        "it was great",
        "life is good",
        "work was terrible",
        "i thought it was great",
        "I loved history at school",
        "war is bad",
        "home",
        "her brother was great",
        "the game was terrible",
        "my wife loves heat in summer",
        "i love that movie",
        "i loved it",
        "turn up the heat please",
        "what speed is it going",
    ],
)
def test_everyday_words_are_no_titles(message: str) -> None:
    understood = read(message)
    request = understood.request
    assert (request.liked, request.disliked, understood.reported) == ((), (), ())
    assert request.query not in set(NAMES)
