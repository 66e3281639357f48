"""Messages about the one before: what is undone, corrected or asked is what the conversation did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.written import written

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatReply, ModelReader
from nextinterest.agent.chat.messages import MessageLike
from nextinterest.agent.chat.reading.amendments import corrected, undoes
from nextinterest.domain import Request, Where
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.profiles import ProfileEvent, open_store

WAYS = ("session", "replies", "texts")


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    made = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    made.add_events("eve", [ProfileEvent(item_id="a", kind="seen")])
    yield made
    store.close()


def converse(
    agent: RecommenderAgent, said: Sequence[str], way: str = "session", user: str | None = "eve"
) -> list[ChatReply]:
    """Return the replies of a conversation, kept in a session or replayed with replies, or their texts."""
    replies: list[ChatReply] = []
    messages: list[MessageLike] = []
    for one in said:
        if way == "session":
            messages = []
        messages.append(Message(role="user", content=one))
        replies.append(agent.chat(messages, user, session="s" if way == "session" else None))
        reply = replies[-1]
        messages.append(reply if way == "replies" else Message(role="assistant", content=reply.text))
    return replies


def kinds(agent: RecommenderAgent, user: str = "eve") -> list[tuple[str, str]]:
    return [(event.item_id, event.kind) for event in agent.store.events(user)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "undo",
    [
        "undo that",
        "I take that back",
        "oops, undo",
        "take it back please",
        "that was a mistake",
        "my mistake",
    ],
)
def test_what_was_noted_last_is_undone(live: RecommenderAgent, way: str, undo: str) -> None:
    *_, reply = converse(live, ["I liked Heat", undo], way)
    assert reply.confirmation is not None
    assert [one.item_id for one in reply.confirmation.forgotten] == ["h"]
    assert kinds(live) == [("a", "seen")]


@pytest.mark.parametrize("way", WAYS)
def test_older_events_of_the_item_stay(live: RecommenderAgent, way: str) -> None:
    converse(live, ["I loved Alien", "undo that"], way)
    assert kinds(live) == [("a", "seen")]


@pytest.mark.parametrize("way", ["session", "replies"])
def test_what_had_been_noted_before_is_not_undone(live: RecommenderAgent, way: str) -> None:
    """The message repeats the newest stored event, so that it writes none: there is nothing to undo."""
    *_, reply = converse(live, ["I have seen Alien", "undo that"], way)
    assert reply.confirmation is None
    assert "nothing" in reply.text
    assert kinds(live) == [("a", "seen")]


@pytest.mark.parametrize("way", WAYS)
def test_each_undo_goes_one_step_further_back(live: RecommenderAgent, way: str) -> None:
    said = ["I liked Heat", "two romances please", "I loved Emma", "undo that", "undo that", "undo that"]
    replies = converse(live, said, way)
    done = [reply.confirmation for reply in replies[3:5]]
    assert [[item.item_id for item in one.forgotten] for one in done if one is not None] == [["e"], ["h"]]
    assert replies[5].confirmation is None
    assert kinds(live) == [("a", "seen")]


@pytest.mark.parametrize("what", ["", " that", " that last one", " the last thing", " that last thing"])
@pytest.mark.parametrize(
    "verb", ["undo", "please undo", "can you undo", "oops, undo", "could you please undo"]
)
def test_undoing_is_known_however_the_last_thing_is_called(verb: str, what: str) -> None:
    assert undoes(f"{verb}{what}")


@pytest.mark.parametrize(
    ("message", "undone"),
    [
        ("undo my last message", True),
        ("undo the last thing I said", True),
        ("undo the very last change you made", True),
        ("undo what you just did", True),
        ("undo that filter please", True),
        ("take that last one back", True),
        ("take back the last thing I said", True),
        ("revert the previous step", True),
        ("undo the last two things", False),
        ("undo the second one", False),
        ("undo my last rating of Heat", False),
        ("undo that last one and show me Heat", False),
        ("the last one", False),
        ("is the last one good?", False),
    ],
)
def test_only_the_newest_change_is_undone(message: str, *, undone: bool) -> None:
    assert undoes(message) == undone


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("undo", ["undo that last one", "undo the last thing", "undo my last message"])
def test_conditions_are_undone_by_other_words_too(live: RecommenderAgent, way: str, undo: str) -> None:
    *_, undone = converse(live, ["romances please", "no romances", undo], way)
    assert undone.request.where.categories == ("Romance",)
    assert undone.request.where.excluded_categories == ()


@pytest.mark.parametrize("way", WAYS)
def test_conditions_are_undone(live: RecommenderAgent, way: str) -> None:
    *_, before, _, undone = converse(
        live, ["romances please", "only from the nineties", "no romances", "undo that"], way
    )
    assert undone.request.where.categories == ("Romance",)
    assert undone.request.where.excluded_categories == ()
    assert undone.request.where.year_from == before.request.where.year_from == 1990
    assert undone.recommendations is not None
    assert {item.item_id for item in undone.recommendations.items} == {"e", "g"}


@pytest.mark.parametrize("way", WAYS)
def test_a_removal_is_undone_where_the_conversation_noted_it(live: RecommenderAgent, way: str) -> None:
    *_, again = converse(live, ["I liked Heat", "forget that I liked Heat", "undo that"], way)
    assert again.confirmation is not None
    assert [one.item_id for one in again.confirmation.liked] == ["h"]
    assert kinds(live) == [("a", "seen"), ("h", "liked")]


@pytest.mark.parametrize("way", WAYS)
def test_what_was_stored_before_does_not_come_back(live: RecommenderAgent, way: str) -> None:
    *_, gone = converse(live, ["forget that I watched Alien", "undo that"], way)
    assert "is gone" in gone.text
    assert kinds(live) == []


@pytest.mark.parametrize("message", ["undo that", "I take it back", "go back"])
def test_there_may_be_nothing_to_undo(live: RecommenderAgent, message: str) -> None:
    (reply,) = converse(live, [message])
    assert "nothing in this conversation to undo" in reply.text
    assert kinds(live) == [("a", "seen")]


def test_another_conversation_is_not_undone(live: RecommenderAgent) -> None:
    converse(live, ["I liked Heat"])
    live.chat([Message(role="user", content="undo that")], "eve", session="other")
    assert ("h", "liked") in kinds(live)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "correction", ["no, I meant the first one", "sorry, not that one, the first", "oops, I meant the first"]
)
def test_a_wrong_reference_is_corrected(live: RecommenderAgent, way: str, correction: str) -> None:
    first, _, reply = converse(live, ["two romances please", "I loved the second one", correction], way)
    assert first.recommendations is not None
    one, two = (item.item_id for item in first.recommendations.items)
    assert reply.confirmation is not None
    assert [item.item_id for item in reply.confirmation.liked] == [one]
    assert [item.item_id for item in reply.confirmation.forgotten] == [two]
    assert kinds(live) == [("a", "seen"), (one, "liked")]
    assert "in place of" in reply.text


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_title_is_corrected_with_its_opinion(live: RecommenderAgent, way: str) -> None:
    converse(live, ["I hated Heat", "sorry, I meant Alien", "no, I meant I loved Ghost", "undo that"], way)
    assert kinds(live) == [("a", "seen")]
    converse(live, ["I hated Heat", "sorry, I meant Alien"], way)
    assert kinds(live)[-1:] == [("a", "disliked")]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("user", ["eve", None])
def test_a_correction_of_the_list_changes_its_conditions(
    live: RecommenderAgent, way: str, user: str | None
) -> None:
    said = ["crime films from the nineties", "no, I meant romances", "not romance, horror"]
    _, romances, horror = converse(live, said, way, user)
    assert romances.request.where.categories == ("Romance",)
    assert romances.request.where.year_from == 1990
    assert horror.request.where.categories == ("Horror",)
    assert horror.request.where.excluded_categories == ("Romance",)


@pytest.mark.parametrize("way", WAYS)
def test_other_items_are_to_be_resembled(live: RecommenderAgent, way: str) -> None:
    _, reply = converse(live, ["something like Heat", "sorry, I meant Alien"], way)
    assert reply.request.similar_to == ("Alien",)
    assert kinds(live) == [("a", "seen")]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "question",
    [
        "the second one, is it a horror film?",
        "is the second one a horror film",
        "and what about the second one, when was it made?",
        "how old is number 2?",
    ],
)
def test_a_question_about_a_listed_item_is_answered(live: RecommenderAgent, way: str, question: str) -> None:
    first, reply = converse(live, ["two romances please", question], way)
    assert first.recommendations is not None
    assert reply.request.intent == "ask"
    assert [one.item_id for one in reply.found] == [first.recommendations.items[1].item_id]
    assert kinds(live) == [("a", "seen")]


@pytest.mark.parametrize("way", WAYS)
def test_that_one_is_the_item_spoken_of(live: RecommenderAgent, way: str) -> None:
    said = ["two romances please", "is the second one old?", "is that one a comedy?", "I loved it"]
    first, _, asked, noted = converse(live, said, way)
    assert first.recommendations is not None
    second = first.recommendations.items[1].item_id
    assert [one.item_id for one in asked.found] == [second]
    assert noted.confirmation is not None
    assert [one.item_id for one in noted.confirmation.liked] == [second]


@pytest.mark.parametrize(
    "message", ["more like the second one?", "why the second one?", "I saw the second one"]
)
def test_other_messages_about_a_listed_item_are_no_questions(live: RecommenderAgent, message: str) -> None:
    *_, reply = converse(live, ["two romances please", message])
    assert reply.request.intent != "ask"


def test_a_conversation_without_a_store_is_corrected_too(agent: RecommenderAgent) -> None:
    said = ["I liked Heat", "no, I meant Emma", "what am I into?", "undo that"]
    *_, portrait, undone = converse(agent, said, user=None)
    assert portrait.portrait is not None
    assert portrait.portrait.events == 1
    assert undone.confirmation is not None
    kept = agent.session("s")
    assert kept is not None
    assert kept.events == ()


@pytest.mark.parametrize("way", ["session", "replies"])
def test_a_language_model_need_not_read_them(
    live: RecommenderAgent, model: ScriptedLanguageModel, way: str
) -> None:
    """What was noted is data, whoever read it, and no model is asked to take it back."""
    live.conversation = live.conversation.read_by(ModelReader(model))
    noted = '{"requests": [{"intent": "feedback", "liked": ["Heat"]}]}'
    model.answers.append(noted)
    replies = converse(live, ["Heat rocked my world", "no, I meant Emma", "undo that"], way)
    assert replies[1].confirmation is not None
    assert [one.item_id for one in replies[1].confirmation.liked] == ["e"]
    assert kinds(live) == [("a", "seen")]


@pytest.mark.parametrize(
    "message", ["undo Heat", "I take the second one", "go back in time films", "that was a mistake of a film"]
)
def test_longer_messages_undo_nothing(message: str) -> None:
    assert not undoes(message)


@pytest.mark.parametrize("message", ["I mean", "I said", "what I meant", "no", "not that one"])
def test_what_says_nothing_instead_is_no_correction(message: str) -> None:
    assert corrected(message) is None


@pytest.mark.parametrize("way", WAYS)
def test_a_model_plans_an_undo_that_rules_do_not_know(live: RecommenderAgent, way: str) -> None:
    plans = [
        Request(where=Where(categories=("Romance",))),
        Request(where=Where(excluded_categories=("Romance",))),
        Request(intent="forget", query="undo"),
    ]
    model = ScriptedLanguageModel([written(one) for one in plans])
    live.conversation = live.conversation.read_by(ModelReader(model))
    *_, undone = converse(live, ["romances please", "no romances", "back to how it stood a minute ago"], way)
    assert undone.request.where.categories == ("Romance",)
    assert undone.request.where.excluded_categories == ()


def test_a_planned_undo_takes_back_nothing_that_the_message_does_not_ask_to(live: RecommenderAgent) -> None:
    plans = [Request(intent="feedback", liked=("Heat",)), Request(intent="forget", query="undo")]
    model = ScriptedLanguageModel([written(one) for one in plans])
    live.conversation = live.conversation.read_by(ModelReader(model))
    *_, reply = converse(live, ["I liked Heat", "nice weather today"])
    assert reply.confirmation is None
    assert ("h", "liked") in kinds(live)
