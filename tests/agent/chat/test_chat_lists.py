"""Executing actions: a filter is a filter, and the order is the agent's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatReply, Understood
from nextinterest.agent.chat.model_reader import ModelReader
from nextinterest.agent.chat.profile import SessionProfile
from nextinterest.agent.chat.understanding import ReportedEvent
from nextinterest.domain import Item, Request, Where
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message

NAMES = ("Crime", "Horror", "Romance", "Sci-Fi")
Say = Callable[..., ChatReply]


@pytest.fixture
def say(agent: RecommenderAgent) -> Say:
    def ask(message: str, user: str | None = "ann") -> ChatReply:
        return agent.chat([Message(role="user", content=message)], user=user)

    return ask


def execute(agent: RecommenderAgent, request: Request, user: str = "ann") -> ChatReply:
    understood = Understood(request)
    return agent.conversation.answer(understood, SessionProfile(agent.history(user), understood.earlier), [])


years = st.none() | st.integers(1925, 2000)


@given(
    include=st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
    exclude=st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
    span=st.tuples(years, years),
    count=st.none() | st.integers(1, 9),
    either=st.booleans(),
    disliked=st.lists(st.sampled_from(["Heat", "Emma", "Ghost"]), max_size=2, unique=True),
    user=st.sampled_from(["ann", "bob", "cem", "dot"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_every_item_meets_every_condition_and_none_that_does_is_missed(
    agent: RecommenderAgent,
    include: list[str],
    exclude: list[str],
    span: tuple[int | None, int | None],
    count: int | None,
    either: bool,
    disliked: list[str],
    user: str,
) -> None:
    first, last = span if None in span else sorted(span)  # type: ignore[type-var]
    where = Where(
        categories=tuple(include),
        match="any" if either else "all",
        excluded_categories=tuple(exclude),
        year_from=first,
        year_to=last,
    )
    reply = execute(agent, Request(where=where, count=count, disliked=tuple(disliked)), user)
    assert reply.recommendations is not None
    seen = {agent.catalog.ids[int(i)] for i in agent.history(user).items}

    def fits(item_id: str) -> bool:
        item = agent.catalog[agent.catalog.position(item_id)]
        held = [name in item.categories for name in include]
        return (
            (not held or (any(held) if either else all(held)))
            and not set(exclude) & set(item.categories)
            and (first is None or (item.year is not None and item.year >= first))
            and (last is None or (item.year is not None and item.year <= last))
            and item.title not in disliked
            and item_id not in seen
        )

    found = [item.item_id for item in reply.recommendations.items]
    fitting = [item_id for item_id in agent.catalog.ids if fits(item_id)]
    assert set(found) <= set(fitting)
    assert len(found) == len(set(found)) == min(len(fitting), count or 5)
    ids = tuple(agent.catalog.ids[agent.catalog.position(one[0].lower())] for one in disliked)
    same = agent.recommend(user=user, k=count or 5, where=where.model_copy(update={"excluded_items": ids}))
    assert found == [item.item_id for item in same.items]
    if not found:
        assert "Nothing" in reply.text
    if reply.relaxation is not None:
        assert reply.relaxation.matches >= 1
        looser = execute(agent, reply.relaxation.request, user)
        assert looser.recommendations is not None
        assert len(looser.recommendations.items) > len(found) or len(found) == 5


def test_nearest_relaxation_of_years_is_the_smallest(agent: RecommenderAgent) -> None:
    request = Request(where=Where(categories=("Crime",), year_from=1985, year_to=1989))
    reply = execute(agent, request)
    assert reply.recommendations is not None
    assert reply.recommendations.items == ()
    assert reply.relaxation is not None
    assert reply.relaxation.loosened == "years"
    where = reply.relaxation.request.where
    assert (where.year_from, where.year_to) == (1985, 1995)  # Heat
    assert reply.relaxation.matches == 1
    assert "Crime from 1985 to 1995" in reply.text


def test_relaxation_is_of_unseen_items(agent: RecommenderAgent) -> None:
    # ann has seen Alien and Dracula: no horror is left whatever the years.
    request = Request(where=Where(categories=("Horror",), year_from=1979))
    reply = execute(agent, request)
    assert reply.relaxation is not None
    assert reply.relaxation.loosened == "categories"


def test_similar_is_ordered_by_closeness(agent: RecommenderAgent) -> None:
    reply = execute(agent, Request(intent="similar", similar_to=("Emma",), count=4), "cem")
    assert reply.recommendations is not None
    closeness = [item.scores["similarity"] for item in reply.recommendations.items]
    assert closeness == sorted(closeness, reverse=True)
    same = agent.similar("Emma", 4, user="cem")
    assert [item.item_id for item in reply.recommendations.items] == [item.item_id for item in same.items]
    assert "e" not in {item.item_id for item in reply.recommendations.items}


def test_less_like_leaves_out_the_neighbours(agent: RecommenderAgent) -> None:
    reply = execute(agent, Request(disliked=("Alien",), less_like=("Alien",)), "bob")
    assert reply.recommendations is not None
    assert reply.recommendations.items == ()  # ten neighbours are this whole catalogue


def test_liked_in_a_request_counts_as_the_newest_event(agent: RecommenderAgent) -> None:
    reply = execute(agent, Request(intent="recommend", liked=("Heat",), count=3), "bob")
    assert reply.recommendations is not None
    longer = [agent.catalog.ids[int(i)] for i in agent.history("bob").items] + ["h"]
    expected = agent.recommend(longer, k=3)
    assert [i.item_id for i in reply.recommendations.items] == [i.item_id for i in expected.items]


def test_explanation_is_the_rankings(agent: RecommenderAgent, say: Say) -> None:
    reply = say("why would you recommend Ghost?")
    assert reply.explanation is not None
    whole = agent.recommend(user="ann", k=9).items
    ghost = next(item for item in whole if item.item_id == "g")
    assert reply.explanation.rank == ghost.rank
    assert reply.explanation.probability == pytest.approx(ghost.probability)
    assert reply.explanation.evidence == ghost.evidence
    for evidence in ghost.evidence:
        assert evidence.title in reply.text
    assert f"number {ghost.rank} " in reply.text
    seen = say("why Alien?").explanation
    assert seen is not None
    assert seen.seen
    assert seen.rank is None


def test_events_reported_in_a_conversation_count_and_are_not_stored(
    agent: RecommenderAgent, say: Say
) -> None:
    reply = say("I just watched Heat and loved it")
    assert reply.confirmation is not None
    assert not reply.confirmation.durable
    assert [item.item_id for item in reply.confirmation.liked] == ["h"]
    assert "for this conversation" in reply.text
    said = [
        Message(role="user", content="I just watched Heat and loved it"),
        Message(role="assistant", content=reply.text),
        Message(role="user", content="some more crime please"),
    ]
    later = agent.chat(said, user="ann").recommendations
    assert later is not None
    assert "h" not in {item.item_id for item in later.items}
    assert later.events_used == len(agent.history("ann")) + 1
    assert [item.item_id for item in agent.recommend(user="ann", k=9).items].count("h") == 1


def test_disliked_items_do_not_speak_for_what_comes(agent: RecommenderAgent) -> None:
    profile = SessionProfile(agent.history("ann"), (ReportedEvent(agent.catalog.position("a"), "disliked"),))
    assert agent.catalog.position("a") not in profile.history().items.tolist()
    assert profile.unwanted() == {agent.catalog.position("a")}


def test_profile_search_and_small_talk(agent: RecommenderAgent, say: Say) -> None:
    portrait = say("what am I into lately?")
    assert portrait.portrait is not None
    assert portrait.portrait.events == 4
    assert portrait.outlook is not None
    found = say("do you have blade runer?")
    assert [item.item_id for item in found.found] == ["b"]
    assert "Blade Runner (1982)" in found.text
    missing = say("do you have Nosferatu?")
    assert missing.found == ()
    assert "No item matches “Nosferatu”" in missing.text
    hello = say("hello")
    assert hello.request.intent == "greet"
    assert len(hello.text) < 300


def test_a_stranger_gets_popular_items_and_is_informed(say: Say) -> None:
    reply = say("recommend me two", user=None)
    assert reply.recommendations is not None
    assert len(reply.recommendations.items) == 2
    assert "most popular" in reply.text


def test_stream_is_the_text_and_then_the_reply(agent: RecommenderAgent) -> None:
    messages = [Message(role="user", content="three films please")]
    *texts, reply = agent.chat_stream(messages, user="ann")
    assert isinstance(reply, ChatReply)
    assert "".join(str(piece) for piece in texts) == reply.text == agent.chat(messages, user="ann").text
    assert len(texts) > 2
    assert reply.usage.completion_tokens == 0  # the model ranked, and templates wrote the text


def test_everything_seen(agent: RecommenderAgent) -> None:
    everything = [agent.catalog.ids[int(i)] for i in np.arange(len(agent.catalog))]
    reply = agent.chat([Message(role="user", content="recommend something")], history=everything)
    assert reply.recommendations is not None
    assert reply.recommendations.items == ()
    assert reply.relaxation is None


def test_after_a_change_of_the_catalogue_messages_are_read_as_before(
    agent: RecommenderAgent, model: ScriptedLanguageModel
) -> None:
    agent.conversation = agent.conversation.read_by(ModelReader(model))
    before = agent.conversation
    agent.put_items([Item("z", "Zodiac")])
    assert agent.conversation.understanding is before.understanding
    assert agent.conversation.engine is agent.engine is not before.engine
