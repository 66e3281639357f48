"""Greetings, thanks, farewells, complaints, and answers where nothing was asked."""

from __future__ import annotations

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.messages import Message

SAID = {
    "greet": ["hi", "Hello there!", "hey, how are you?", "good morning", "hi, how's it going?", "bonjour"],
    "thank": ["thanks!!", "Thanks a lot", "thank you so much", "ok thx", "perfect, thanks!", "danke"],
    "bye": ["bye", "ok bye", "good night", "thanks, bye!", "see you later", "tschüss"],
    "complain": ["you suck", "this is useless", "these recommendations are terrible", "stupid bot", "WTF"],
}


@pytest.mark.parametrize(("intent", "message"), [(kind, one) for kind, said in SAID.items() for one in said])
def test_small_talk_has_intents_of_its_own(cinema: ChatContext, intent: str, message: str) -> None:
    read = CompositionalReader().read([Message(role="user", content=message)], cinema)
    assert read.request.intent == intent


@pytest.mark.parametrize(
    "message",
    ["thanks, two more", "hello, a horror film please", "hi, do you have Alien?", "good horror, thanks"],
)
def test_a_request_is_no_small_talk(cinema: ChatContext, message: str) -> None:
    read = CompositionalReader().read([Message(role="user", content=message)], cinema)
    assert read.request.intent in {"recommend", "search"}


@pytest.mark.parametrize("message", ["yes", "scratch that", "hmm no wait", "no", "never mind"])
def test_an_answer_to_nothing_is_answered_as_such(agent: RecommenderAgent, message: str) -> None:
    text = agent.chat([Message(role="user", content=message)], user="ann").text
    assert text == "No question is open, so nothing was changed. Say what you would like."


def test_answers_differ(agent: RecommenderAgent) -> None:
    texts = {agent.chat([Message(role="user", content=said[0])], user="ann").text for said in SAID.values()}
    assert len(texts) == len(SAID)
