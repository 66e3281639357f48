"""What a catalogue has no field for is said, and never answered by the standing list without a word."""

from __future__ import annotations

import pytest

from nextinterest.agent.chat import ChatContext, CompositionalReader, Understood
from nextinterest.agent.chat.remarks import remarks
from nextinterest.domain import Catalog, Item
from nextinterest.messages import Message

FILMS = ChatContext(
    Catalog.from_items(
        [Item("a", "Alien", ("Horror",), 1979), Item("e", "Emma", ("Comedy",), 1996), Item("j", "Jaws")]
    )
)
GOODS = ChatContext(
    Catalog.from_items(
        [
            Item("1", "Trail shoe", ("Shoes",), price=90.0, attributes={"brand": "Kestrel"}),
            Item("2", "Road shoe", ("Shoes",), price=60.0, attributes={"brand": "Fleet"}),
            Item("3", "Court shoe", ("Shoes",), price=30.0, attributes={"brand": "Fleet"}),
        ]
    )
)
LIST = "Here are 2 for you:\n1. Trail shoe: Shoes, 90\n2. Road shoe: Shoes, 60"


def read(context: ChatContext, *messages: str) -> Understood:
    roles = ("user", "assistant")
    said = [Message(role=roles[n % 2], content=text) for n, text in enumerate(messages)]
    return CompositionalReader().read(said, context)


@pytest.mark.parametrize(
    ("message", "lacking", "query"),
    [
        ("anything with bill murray?", "cast or crew", None),
        ("movies starring Brad Pitt", "cast or crew", None),
        ("anything by david fincher that i havent seen", "cast or crew", None),
        ("can you recommend anything directed by Kubrick?", "cast or crew", None),
        ("need something to cheer me up", "moods", None),
        ("something sad", "moods", "sad"),
        ("is there anything from japan?", "countries of origin", None),
        ("a french comedy", "countries of origin", None),
        ("something on netflix", "streaming services", None),
        ("a comedy with subtitles", "languages", None),
    ],
)
def test_what_films_lack(message: str, lacking: str, query: str | None) -> None:
    understood = read(FILMS, message)
    assert understood.request.intent == "recommend"
    assert ({what for what, _ in understood.unheld}, understood.request.query) == ({lacking}, query)
    done = "compared with titles and categories" if query else "was left out"
    assert done in " ".join(remarks(understood, FILMS.titles))


@pytest.mark.parametrize(
    "message",
    ["same but a bit shorter", "nothing with subtitles please", "under 90 minutes?", "with tom hanks"],
)
def test_a_list_is_kept_where_nothing_can_be_changed(message: str) -> None:
    understood = read(FILMS, "comedies please", "1. Emma: Comedy", message)
    assert (understood.request.intent, understood.request.where.categories) == ("recommend", ("Comedy",))
    assert understood.unheld


@pytest.mark.parametrize(
    "message",
    ["a film with a twist", "something with good dialogue", "two comedies", "how do you say hi in french"],
)
def test_nothing_is_lacking(message: str) -> None:
    assert read(FILMS, message).unheld == ()


@pytest.mark.parametrize(
    ("message", "lacking"), [("shoes in blue", "colours"), ("running shoes, size 43", "sizes")]
)
def test_what_goods_lack(message: str, lacking: str) -> None:
    understood = read(GOODS, message)
    assert [what for what, _ in understood.unheld] == [lacking]
    assert (understood.request.where.categories, understood.request.count) == (("Shoes",), None)


def test_what_descriptions_may_say_is_searched_for() -> None:
    film = Item("a", "Alien", ("Horror",), 1979, description="Slow and dark. With Sigourney Weaver.")
    context = ChatContext(Catalog.from_items([film]))
    understood = read(context, "something dark with sigourney weaver")
    assert (understood.unheld, understood.request.query) == ((), "dark with sigourney weaver")


@pytest.mark.parametrize(
    ("messages", "least", "most"),
    [
        (("cheap shoes",), None, 50.0),
        (("shoes please", LIST, "cheaper"), None, 60.0),
        (("shoes please", LIST, "that's too expensive"), None, 60.0),
        (("shoes please", LIST, "something more expensive"), 90.0, None),
    ],
)
def test_prices_without_an_amount(messages: tuple[str, ...], least: float | None, most: float | None) -> None:
    where = read(GOODS, *messages).request.where
    assert (where.price_from, where.price_to) == (least, most)


def test_makers_of_the_item_mentioned_last() -> None:
    shown = "The Road shoe (60) would do."
    assert read(GOODS, "shoes", shown, "nothing from them").request.where.excluded_attributes == {
        "brand": "Fleet"
    }
    assert read(GOODS, "shoes", shown, "others by them?").request.where.attributes == {"brand": "Fleet"}


def test_a_surprise_starts_anew_and_differs() -> None:
    understood = read(GOODS, "shoes under 80", LIST, "surprise me")
    assert understood.varied
    assert understood.request.where.excluded_items == ("1", "2")
    assert understood.request.where.price_to is None


@pytest.mark.parametrize("message", ["can i return the trail shoe i bought?", "how much is the family plan"])
def test_service_is_outside_the_job(message: str) -> None:
    assert read(GOODS, "shoes please", LIST, message).request.intent == "other"
