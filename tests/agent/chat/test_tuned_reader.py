"""A reader that was tuned: its prompt and its schema. How it is loaded: tests/agent/test_tuned.py."""

from __future__ import annotations

from nextinterest.agent.chat import ChatContext, TunedReader
from nextinterest.domain import Request
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.prompts.flat_request import flat_form


def said(*messages: str) -> list[Message]:
    return [Message(role="assistant" if i % 2 else "user", content=text) for i, text in enumerate(messages)]


def test_the_prompt_holds_the_conversation_and_nothing_else(cinema: ChatContext) -> None:
    answer = flat_form().of(Request(intent="similar", similar_to=("blade runer",)))
    model = ScriptedLanguageModel([answer])
    read = TunedReader(model).read(said("films please", "1. Alien (1979)", "like blade runer"), cinema)
    assert read.request == Request(intent="similar", similar_to=("Blade Runner",))
    (system, user) = model.calls[0].messages
    assert user[1] == "U: films please\nA: 1. Alien (1979)\nU: like blade runer"
    assert len(system[1]) < 60
    assert model.calls[0].schema == "FlatRequest"
