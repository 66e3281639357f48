"""Questions about items by rules: answered with what the catalogue says, and with what it does not have."""

from __future__ import annotations

import numpy as np
import pytest
from support.films import WordEncoder

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.chat import ChatReply
from nextinterest.data import EventLog
from nextinterest.domain import Catalog, Item
from nextinterest.messages import Message
from nextinterest.retrieval import Retriever

GOODS = [
    Item("p", "Moka Pot", ("Kitchen",), price=27.0, attributes={"colour": "grey", "brand": "Nordvik"}),
    Item("f", "French Press", ("Kitchen",), price=31.5, attributes={"colour": "red", "brand": "Alto"}),
    Item("k", "Kestrel Runner", ("Shoes",), price=89.9, attributes={"colour": "blue", "brand": "Kestrel"}),
    Item("t", "Granite Boot", ("Shoes",), price=52.9, attributes={"colour": "grey", "brand": "Pinefield"}),
]
FILMS = [
    Item("h", "Heat", ("Action", "Crime"), 1995),
    Item("c", "Casino", ("Crime", "Drama"), 1995),
    Item("z", "Zodiac", ("Crime", "Thriller"), 2007),
    Item("s", "Shrek", ("Comedy",), 2001),
    Item("s2", "Shrek 2", ("Comedy", "Romance"), 2004),
    Item("j", "Jaws", ("Horror",), 1975),
]


def made(items: list[Item]) -> RecommenderAgent:
    catalog = Catalog.from_items(items)
    users = np.array([0, 1], dtype=np.int32)
    log = EventLog.from_arrays(("ann", "bob"), users, np.array([0, 1], dtype=np.int32), np.arange(2))
    return RecommenderAgent(Engine(Retriever.build(catalog, log, WordEncoder()), None), log)


@pytest.fixture(scope="module")
def shop() -> RecommenderAgent:
    return made(GOODS)


@pytest.fixture(scope="module")
def films() -> RecommenderAgent:
    return made(FILMS)


def talk(agent: RecommenderAgent, *said: str) -> ChatReply:
    messages: list[Message] = []
    for text in said:
        messages.append(Message(role="user", content=text))
        reply = agent.chat(messages, history=[])
        messages.append(Message(role="assistant", content=reply.text))
    return reply


@pytest.mark.parametrize(
    ("message", "lacking"),
    [
        ("who directed Jaws?", "who made it or who is in it"),
        ("how long is Jaws?", "how long it is"),
        ("is Jaws on Netflix?", "where it can be had"),
        ("what is Jaws about?", "what it is about"),
        ("is Jaws any good?", "reviews"),
        ("is Jaws suitable for kids?", "whom it suits"),
        ("is Jaws banned in France?", "“banned”, on “France”"),
        ("does Jaws have subtitles?", "languages"),
        ("how much is Jaws?", "what it costs"),
        ("and who wrote Jaws", "who made it or who is in it"),
    ],
)
def test_what_the_catalogue_does_not_have_is_said(
    films: RecommenderAgent, message: str, lacking: str
) -> None:
    reply = talk(films, message)
    assert reply.request.intent == "ask"
    assert reply.text == (
        f"Jaws (1975): Horror. That is all the catalogue says of it.\nI have no data on {lacking}."
    )


@pytest.mark.parametrize(
    "message",
    [
        "what colour is the Moka Pot",
        "what price is the Moka Pot?",
        "how much does the Moka Pot cost",
        "is the Moka Pot free?",
        "who is the brand of the Moka Pot?",
        "is the Moka Pot grey or red?",
    ],
)
def test_what_the_catalogue_has_is_answered(shop: RecommenderAgent, message: str) -> None:
    assert talk(shop, message).text.splitlines()[0] == (
        "Moka Pot: Kitchen; price 27; colour grey; brand Nordvik. That is all the catalogue says of it."
    )


@pytest.mark.parametrize(
    "message",
    ["is the Moka Pot dishwasher safe?", "is the Moka Pot waterproof?", "how heavy is the Moka Pot?"],
)
def test_a_question_without_an_answer_says_so(shop: RecommenderAgent, message: str) -> None:
    assert "I have no data on " in talk(shop, message).text


@pytest.mark.parametrize(
    "message",
    [
        "is heat better than casino?",
        "compare Heat and Casino",
        "what's the difference between heat and casino",
        "heat versus casino",
        "which is better, Heat or Casino?",
        "Heat compared to Casino?",
        "is heat worse than casino",
        "Heat or Casino, whats better?",
    ],
)
def test_two_items_are_compared(films: RecommenderAgent, message: str) -> None:
    reply = talk(films, message)
    assert reply.text.splitlines()[:2] == [
        "Heat (1995): Action, Crime.",
        "Casino (1995): Crime, Drama. That is all the catalogue says of them.",
    ]
    assert (reply.recommendations, reply.confirmation) == (None, None)


def test_one_title_in_another_is_told_apart(films: RecommenderAgent) -> None:
    found = talk(films, "what's the difference between shrek and shrek 2").found
    assert [one.title for one in found] == ["Shrek", "Shrek 2"]


def test_goods_are_compared(shop: RecommenderAgent) -> None:
    found = talk(shop, "compare the moka pot and the french press").found
    assert [one.title for one in found] == ["Moka Pot", "French Press"]


@pytest.mark.parametrize("message", ["ok the first one. when did that come out?", "who is in the first one?"])
def test_the_first_is_that_of_the_items_compared(films: RecommenderAgent, message: str) -> None:
    found = talk(films, "three crime films", "is zodiac better than casino?", message).found
    assert [one.title for one in found] == ["Zodiac"]


@pytest.mark.parametrize(
    "message",
    ["do you have Jaws?", "Jaws", "look up jaws", "is Jaws in your catalogue?", "have you got jaws"],
)
def test_what_is_looked_up_is_found(films: RecommenderAgent, message: str) -> None:
    reply = talk(films, message)
    assert (reply.request.intent, reply.text) == ("search", "Jaws (1975) is in the catalogue: Horror.")


def test_what_is_looked_up_comes_with_its_facts(shop: RecommenderAgent) -> None:
    assert talk(shop, "do you have the French Press in green?").text == (
        "French Press is in the catalogue: Kitchen; price 31.5; colour red; brand Alto."
    )


@pytest.mark.parametrize(
    "message",
    [
        "the second one, is it a comedy or more of a drama?",
        "is the second one a drama?",
        "what year is number 2 from?",
        "who directed the second one",
    ],
)
def test_a_listed_item_is_asked_about(films: RecommenderAgent, message: str) -> None:
    first = talk(films, "three films")
    assert first.recommendations is not None
    reply = talk(films, "three films", message)
    assert [one.item_id for one in reply.found] == [first.recommendations.items[1].item_id]
    again = talk(films, "three films", message, "is it scary?", "why that?")
    assert again.explanation is not None
    assert again.explanation.item.item_id == first.recommendations.items[1].item_id


@pytest.mark.parametrize("message", ["is it scary?", "does it have a happy end?", "who is it by?"])
def test_it_is_asked_back_where_nothing_says_what_it_is(films: RecommenderAgent, message: str) -> None:
    assert talk(films, "three films", message).text.startswith("Which item do you mean?")


@pytest.mark.parametrize(
    ("message", "intents"),
    [
        ("is it possible to get something funnier?", {"recommend", "other"}),
        ("is it going to rain?", {"other"}),
        ("what should I watch?", {"recommend"}),
        ("something like Heat?", {"similar"}),
        ("I loved Heat", {"feedback"}),
        ("why Heat?", {"explain"}),
        ("I forgot Heat was on tonight", {"feedback"}),
        ("is android better than iphone", {"other"}),
        ("which is better, a comedy or a drama?", {"other", "recommend"}),
        ("four films like Heat, which is best?", {"similar"}),
    ],
)
def test_other_messages_ask_nothing_of_an_item(
    films: RecommenderAgent, message: str, intents: set[str]
) -> None:
    reply = talk(films, "three films", message)
    assert reply.request.intent in intents
    assert not reply.text.startswith("Yes")


@pytest.mark.parametrize("message", ["more like that", "something like that one please"])
def test_examples_inside_a_reply_are_not_what_that_means(films: RecommenderAgent, message: str) -> None:
    agent, said = films, [Message(role="user", content="what are my tastes?")]
    said.append(Message(role="assistant", content=agent.chat(said, history=["h", "c", "z"]).text))
    reply = agent.chat([*said, Message(role="user", content=message)], history=["h", "c", "z"])
    assert reply.request.similar_to == ()


def test_what_was_bought_is_noted_and_is_it(shop: RecommenderAgent) -> None:
    first = talk(shop, "shoes")
    assert first.recommendations is not None
    bought = talk(shop, "shoes", "ok I bought the first one")
    assert bought.recommendations is None
    similar = talk(shop, "shoes", "ok I bought the first one", "what goes with it?").request.similar_to
    assert similar == (first.recommendations.items[0].title,)


def test_items_of_the_list_before_are_not_it(films: RecommenderAgent) -> None:
    said = ("three films", "seen the 1st, gimme 2 more", "is it scary?")
    assert talk(films, *said).text.startswith("Which item do you mean?")


def test_likeness_to_nothing_known_is_asked_back(films: RecommenderAgent) -> None:
    reply = talk(films, "qwzx was brilliant, more like that but less gruesome")
    assert reply.text.splitlines()[0] == "Name an item, so that others like it can be found."
