"""Small talk with other words around it, bare titles of everyday words, and names that nothing has."""

from __future__ import annotations

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.agent.chat.understanding import Understood
from nextinterest.domain import Catalog, Item
from nextinterest.messages import Message

TITLES = ("Up", "Her", "Big", "More", "Speed", "Perfect", "Fargo", "Die Hard", "Drama", "Nine", "Enough")
CONTEXT = ChatContext(
    Catalog.from_items([Item(f"i{n}", title, ("Drama",), 1990 + n) for n, title in enumerate(TITLES)])
)


def read(message: str) -> Understood:
    return CompositionalReader().read([Message(role="user", content=message)], CONTEXT)


SAID = {
    "bye": [
        "cheers mate, thats me sorted. bye!", "right, I'm off to bed, see you", "I have to run, goodbye",
        "ok that's me done, catch you later", "dinner is ready. bye bye", "I've got what I came for, ciao",
    ],
    "thank": [
        "thanks, thats enough", "thank you, I'm all set", "ta, that's plenty", "I found one, thanks a lot",
        "cheers, I'll take it from here", "that was quick. thank you",
    ],
    "complain": [
        "ugh these are all rubbish", "you are such an idiot lol", "well that was a rubbish list",
        "honestly your suggestions are awful", "what a useless bot", "those are really terrible picks",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("intent", "message"), [(kind, one) for kind, said in SAID.items() for one in said])
def test_small_talk_is_known_amid_other_words(intent: str, message: str) -> None:
    assert read(message).request.intent == intent


@pytest.mark.parametrize(
    "message",
    [
        "thanks, something lighter", "cheers, I need two dramas", "thanks, how about Fargo?",
        "thanks, I loved Fargo", "ok bye to horror, show me drama", "thanks, anything newer?",
        "Die Hard was rubbish",
    ],
)  # fmt: skip
def test_thanks_before_a_request_is_none(message: str) -> None:
    assert read(message).request.intent not in {"thank", "bye", "complain"}


@pytest.mark.parametrize(
    "message",
    [
        "are you a real person?", "are you human", "is this a bot?", "hey, are you a person or a bot?",
        "am I talking to a human?", "are you a machine",
    ],
)  # fmt: skip
def test_who_answers_is_said(agent: RecommenderAgent, message: str) -> None:
    text = agent.chat([Message(role="user", content=message)], user="ann").text
    assert text == "I am a program, not a person."


@pytest.mark.parametrize("message", ["a film about a robot", "are you sure?", "is this a good film?"])
def test_other_questions_are_not_about_who_answers(message: str) -> None:
    assert read(message).remark != "program"


@pytest.mark.parametrize(
    ("message", "title"),
    [("Up", "Up"), ("Up!", "Up"), ("Her", "Her"), ("Big", "Big"), ("Big?", "Big"), ("Speed", "Speed")],
)
def test_a_title_alone_is_looked_up(message: str, title: str) -> None:
    asked = read(message).request
    assert (asked.intent, asked.query) == ("search", title)


@pytest.mark.parametrize("message", ["More", "up", "Perfect", "Drama", "nine", "her", "enough"])
def test_a_word_that_says_something_is_no_title(message: str) -> None:
    assert (read(message).request.intent, read(message).request.query) != ("search", message.capitalize())


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("got any taylor swift?", "taylor swift"), ("do you have any Radiohead", "Radiohead"),
        ("got any Kurosawa please", "Kurosawa"), ("have you got any miles davis?", "miles davis"),
        ("you got any zorblax?", "zorblax"), ("hi, got any Agatha Christie?", "Agatha Christie"),
    ],
)  # fmt: skip
def test_a_name_that_nothing_has_is_looked_up(message: str, name: str) -> None:
    asked = read(message).request
    assert (asked.intent, asked.query) == ("search", name)


@pytest.mark.parametrize(
    "message", ["got any drama?", "got any good ones?", "got any more?", "got any from 1995?"]
)
def test_what_is_no_name_is_not(message: str) -> None:
    assert read(message).request.intent != "search"
