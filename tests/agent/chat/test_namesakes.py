"""A title that two items have: chat asks which is meant, and does nothing before that is answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.films import WordEncoder
from support.written import written

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.chat import (
    ChatContext,
    ChatReply,
    CompositionalReader,
    ModelReader,
)
from nextinterest.domain import Catalog, Item, Request
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.profiles import ProfileEvent, open_store
from nextinterest.retrieval import Retriever

from .test_consent import kinds, talk

FILMS = (
    Item("f1", "Night Ferry", ("Crime", "Drama"), 1984),
    Item("f2", "The Copper Kettle", ("Comedy",), 1991),
    Item("f3", "Salt and Stars", ("Sci-Fi",), 1997),
    Item("f4", "Night Ferry", ("Comedy",), 2021),
    Item("f5", "Paper Lanterns", ("Drama", "Romance"), 1993),
    Item("f6", "The Long Orchard", ("Comedy",), 1998),
    Item("f7", "Twin Hills", ("Drama",), 1990),
    Item("f8", "Twin Hills", ("Drama",), 1990),
    Item("f9", "Grey Harbour", ("Crime",), 1950),
    Item("f10", "Grey Harbour", ("Crime",), 1996),
    Item("f11", "Grey Harbour", ("Crime",), 2008),
)
OLD, NEW = "Night Ferry (1984)", "Night Ferry (2021)"


@pytest.fixture(scope="module")
def agent() -> RecommenderAgent:
    return RecommenderAgent(Engine(Retriever.build(Catalog.from_items(FILMS), None, WordEncoder())))


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    yield agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    store.close()


def chat(agent: RecommenderAgent, *said: str) -> ChatReply:
    messages: list[Message] = []
    reply: ChatReply | None = None
    for text in said:
        messages.append(Message(role="user", content=text))
        reply = agent.chat(messages)
        messages.append(Message(role="assistant", content=reply.text))
    assert reply is not None
    return reply


@pytest.mark.parametrize(
    "message",
    [
        "I loved Night Ferry, more like it",
        "I loved Night Ferry",
        "hated night ferry",
        "I just watched Night Ferry",
        "more like Night Ferry",
        "something like nigt ferry",
        "why Night Ferry?",
        "a comedy, but not Night Ferry",
        "loved Salt and Stars and Night Ferry",
    ],
)
def test_every_way_of_naming_is_asked_back(
    agent: RecommenderAgent, live: RecommenderAgent, message: str
) -> None:
    for reply in (chat(agent, message), talk(live, message)):
        assert reply.question is not None
        assert reply.question.kind == "which_item"
        assert [item.item_id for item in reply.question.items] == ["f1", "f4"]
        assert OLD in reply.text
        assert NEW in reply.text
        request = reply.request
        assert (request.liked, request.disliked, request.similar_to, request.query) == ((), (), (), None)
        assert (reply.recommendations, reply.confirmation) == (None, None)
    assert kinds(live) == []


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ("the new one", "f4"),
        ("the newer one, please", "f4"),
        ("2021", "f4"),
        ("the one from 2021", "f4"),
        ("Night Ferry (2021)", "f4"),
        ("the second", "f4"),
        ("the second one", "f4"),
        ("2", "f4"),
        ("number two", "f4"),
        ("the last one", "f4"),
        ("the comedy", "f4"),
        ("I meant the old one", "f1"),
        ("1984", "f1"),
        ("'84", "f1"),
        ("the 80s one", "f1"),
        ("the first", "f1"),
        ("the original", "f1"),
        ("the crime film", "f1"),
    ],
)
def test_the_answer_is_what_the_message_meant(live: RecommenderAgent, answer: str, meant: str) -> None:
    reply = talk(live, "I loved Night Ferry", answer)
    assert reply.question is None
    assert reply.request.liked == ({"f1": OLD, "f4": NEW}[meant],)
    assert kinds(live) == [(meant, "liked")]


def test_the_answer_completes_the_whole_message(agent: RecommenderAgent) -> None:
    reply = chat(agent, "I loved Night Ferry, more like it", "the new one")
    assert (reply.request.intent, reply.request.similar_to) == ("similar", (NEW,))
    reply = chat(agent, "two comedies, but not Night Ferry", "2021")
    assert (reply.request.count, reply.request.where.categories) == (2, ("Comedy",))
    assert reply.request.disliked == (NEW,)
    assert reply.recommendations is not None
    assert "f4" not in {item.item_id for item in reply.recommendations.items}


def test_both_are_both(live: RecommenderAgent) -> None:
    talk(live, "I loved Night Ferry", "both")
    assert kinds(live) == [("f1", "liked"), ("f4", "liked")]


def test_three_of_one_title_and_two_titles(live: RecommenderAgent) -> None:
    asked = talk(live, "loved Grey Harbour and Night Ferry")
    assert asked.question is not None
    assert len(asked.question.items) == 3
    again = talk(live, "loved Grey Harbour and Night Ferry", "the second")
    assert again.question is not None
    assert len(again.question.items) == 2
    assert kinds(live) == []
    talk(live, "loved Grey Harbour and Night Ferry", "the second", "2021")
    assert kinds(live) == [("f10", "liked"), ("f4", "liked")]


@pytest.mark.parametrize(
    "other", ["something newer", "two comedies", "thanks", "yes", "I loved it", "1950", ""]
)
def test_anything_else_drops_the_message(live: RecommenderAgent, other: str) -> None:
    reply = talk(live, "I loved Night Ferry", other, "the new one")
    assert kinds(live) == []
    assert reply.confirmation is None


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("I loved Night Ferry (2021)", "f4"),
        ("I loved Night Ferry from 1984", "f1"),
        ("I loved the new Night Ferry", "f4"),
        ("I loved the 1984 Night Ferry", "f1"),
        ("I loved Twin Hills", "f7"),
    ],
)
def test_what_says_which_is_not_asked_back(live: RecommenderAgent, message: str, meant: str) -> None:
    reply = talk(live, message)
    assert reply.question is None
    assert (reply.request.where.year_from, reply.request.where.year_to) == (None, None)
    assert kinds(live) == [(meant, "liked")]


def test_the_item_mentioned_before_is_meant(live: RecommenderAgent) -> None:
    talk(live, "I watched Night Ferry", "2021", "loved Night Ferry")
    assert kinds(live) == [("f4", "seen"), ("f4", "liked")]
    shown = [
        Message(role="user", content="a comedy"),
        Message(
            role="assistant", content="1. Night Ferry (2021): Comedy\n2. The Long Orchard (1998): Comedy"
        ),
    ]
    assert talk(live, "hated Night Ferry", user="ann", before=shown).question is None
    assert kinds(live, "ann") == [("f4", "disliked")]


def test_looking_up_finds_both(agent: RecommenderAgent) -> None:
    reply = chat(agent, "do you have Night Ferry?")
    assert [item.item_id for item in reply.found] == ["f1", "f4"]


def test_forgetting_takes_the_one_that_is_held(live: RecommenderAgent) -> None:
    live.add_events("eve", [ProfileEvent(item_id="f4"), ProfileEvent(item_id="f2")])
    talk(live, "forget that I watched Night Ferry")
    assert kinds(live) == [("f2", "seen")]
    live.add_events("ann", [ProfileEvent(item_id="f1"), ProfileEvent(item_id="f4")])
    assert talk(live, "forget Night Ferry", user="ann").question is not None
    assert len(kinds(live, "ann")) == 2
    talk(live, "forget Night Ferry", "the old one", user="ann")
    assert kinds(live, "ann") == [("f4", "seen")]


@pytest.mark.parametrize(
    "message", ["I never saw Night Ferry", "never watched Night Ferry", "I want to forget Night Ferry"]
)
def test_a_correction_asks_which_and_removes_nothing_before_a_yes(
    live: RecommenderAgent, message: str
) -> None:
    both = [("f1", "seen"), ("f4", "seen")]
    live.add_events("eve", [ProfileEvent(item_id="f4"), ProfileEvent(item_id="f2")])
    asked = talk(live, message)
    assert asked.question is not None
    assert [item.item_id for item in asked.question.items] == ["f4"]
    assert kinds(live) == [("f4", "seen"), ("f2", "seen")]
    talk(live, message, "yes")
    assert kinds(live) == [("f2", "seen")]
    live.add_events("ann", [ProfileEvent(item_id="f1"), ProfileEvent(item_id="f4")])
    asked = talk(live, message, user="ann")
    assert asked.question is not None
    assert asked.question.kind == "which_item"
    for answers in (("yes",), ("the old one",)):
        talk(live, message, *answers, user="ann")
        assert kinds(live, "ann") == both
    talk(live, message, "the old one", "yes", user="ann")
    assert kinds(live, "ann") == both[1:]


@pytest.mark.parametrize(
    "asked",
    [
        Request(intent="feedback", liked=("Night Ferry",)),
        Request(intent="feedback", disliked=("Salt and Stars", "night ferry")),
        Request(intent="feedback", query="Night Ferry"),
        Request(intent="similar", similar_to=("Night Ferry",)),
    ],
)
def test_a_model_that_leaves_it_open_is_asked_back_too(live: RecommenderAgent, asked: Request) -> None:
    model = ScriptedLanguageModel([written(asked), written(Request(intent="feedback", liked=(NEW,)))])
    context = ChatContext(live.catalog)
    read = ModelReader(model).read([Message(role="user", content="...")], context)
    assert [context.catalog.ids[item] for item in read.unclear] == ["f1", "f4"]
    assert read.reported == ()
    assert read.request == Request(intent=asked.intent)
    read = ModelReader(model).read([Message(role="user", content="...")], context)
    assert [context.catalog.ids[event.item] for event in read.reported] == ["f4"]
    assert read.request.liked == (NEW,)


def test_titles_of_an_action_mean_one_item_each(agent: RecommenderAgent) -> None:
    titles = ChatContext(agent.catalog).titles
    for item in range(len(agent.catalog)):
        if agent.catalog.ids[item] != "f8":  # nothing tells it from f7
            assert titles.resolve(titles.called(item)) == item
    said = [Message(role="user", content="loved The Copper Kettle")]
    read = CompositionalReader().read(said, ChatContext(agent.catalog))
    assert read.request.liked == ("The Copper Kettle",)
