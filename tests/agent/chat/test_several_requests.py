"""A message that asks for several things gets all of them, each done and said once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.films import WordEncoder
from support.written import written

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.chat import ChatReply, ModelReader
from nextinterest.agent.chat.worded import worded
from nextinterest.data import EventLog
from nextinterest.domain import Catalog, Outcome, Recommendation, Recommendations, Request
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.retrieval import Retriever

Replying = Callable[..., ChatReply]


@pytest.fixture
def reply(catalog: Catalog, log: EventLog) -> Replying:
    agent = RecommenderAgent(Engine(Retriever.build(catalog, log, WordEncoder()), None), log)

    def answered(*requests: Request, message: str = "...") -> ChatReply:
        reader = ModelReader(ScriptedLanguageModel([written(*requests)]))
        agent.conversation = agent.conversation.read_by(reader)
        return agent.chat([Message(role="user", content=message)], history=["a", "b"])

    return answered


def test_a_list_and_a_title_looked_up(reply: Replying, catalog: Catalog) -> None:
    said = reply(Request(count=2), Request(intent="search", query=catalog.titles[3]))
    assert said.recommendations is not None
    assert len(said.recommendations.items) == 2
    (other,) = said.also
    assert [one.title for one in other.found] == [catalog.titles[3]]
    assert " is in the catalogue" in said.text.splitlines()[-1]
    assert said.text.index("Here are 2") < said.text.index(" is in the catalogue")


def test_two_lists_are_both_given(reply: Replying) -> None:
    said = reply(Request(count=1), Request(intent="similar", similar_to=("Alien",), count=1))
    assert said.also[0].recommendations is not None
    assert "Closest to Alien" in said.text


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("greet", "Hello. Ask for something, or name what you liked."),
        ("thank", "You are welcome."),
        ("bye", "Goodbye."),
        ("complain", "Sorry. Say what to change, such as what you want less of, and you get another list."),
    ],
)
def test_small_talk_has_answers_of_its_own(reply: Replying, intent: str, text: str) -> None:
    assert reply(Request.model_validate({"intent": intent})).text == text


def test_words_that_nothing_matches_are_said_and_no_word_of_probabilities(reply: Replying) -> None:
    said = reply(Request(count=1, query="qwerty zxcvb"))
    assert said.recommendations is not None
    assert said.recommendations.match == "none"
    assert said.text.splitlines()[-1] == (
        "Nothing in the catalogue matches “qwerty zxcvb”, so the order is that of your history."
    )
    assert "robabilities" not in said.text


def test_a_later_request_to_forget_is_held_to_the_words_of_the_message(reply: Replying) -> None:
    said = reply(Request(count=1), Request(intent="forget", query="Alien"), message="something else please")
    assert all(one.confirmation is None for one in said.every)


def test_all_of_them_are_data(reply: Replying) -> None:
    said = reply(Request(count=1), Request(intent="thank"))
    assert ChatReply.model_validate_json(said.model_dump_json()) == said
    assert said.asked_back is None


def _list(*titles: str, query: str | None = None) -> Outcome:
    items = tuple(
        Recommendation(
            rank=n, item_id=title, title=title, categories=(), year=1995, probability=0.1, evidence=()
        )
        for n, title in enumerate(titles, 1)
    )
    return Outcome(request=Request(query=query), recommendations=Recommendations(events_used=9, items=items))


HEAD, ALIEN = "Here is one for you:", "1. Alien (1995)"


def test_each_list_has_its_heading_and_all_of_its_items() -> None:
    outcome = _list("Alien").model_copy(update={"also": (_list("Alien"), _list("Alien", "Heat"))})
    lines = "".join(worded(outcome, "", None)).splitlines()
    assert lines == [HEAD, ALIEN, HEAD, ALIEN, "Here are 2 for you:", ALIEN, "2. Heat (1995)"]


def test_a_note_on_two_lists_is_said_once() -> None:
    first, second = (
        one.model_copy(update={"notes": ("A note.",)}) for one in (_list("Alien"), _list("Heat"))
    )
    lines = "".join(worded(first.model_copy(update={"also": (second,)}), "", None)).splitlines()
    assert lines == [HEAD, ALIEN, "A note.", HEAD, "1. Heat (1995)"]


def test_what_a_model_says_of_the_first_list_stands_before_the_next() -> None:
    outcome = _list("Alien").model_copy(update={"also": (_list("Heat"),)})
    model = ScriptedLanguageModel(["Here is one to start with.\nAlien is from 1995."])
    lines = "".join(worded(outcome, "two lists", model)).splitlines()
    assert lines == ["Here is one to start with.", ALIEN, "Alien is from 1995.", HEAD, "1. Heat (1995)"]
