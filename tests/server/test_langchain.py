"""LangChain's client of OpenAI's API, against a server that listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr
from support.talker import EchoTalker

KEY = "a-long-enough-test-key"


class Pick(BaseModel):
    title: str
    year: int | None


class Picks(BaseModel):
    """What to watch."""

    items: list[Pick]


@pytest.fixture(params=[False, True], ids=["chat/completions", "responses"])
def model(request: pytest.FixtureRequest, listen: Callable[..., str]) -> ChatOpenAI:
    return ChatOpenAI(
        base_url=f"{listen(keys=(KEY,))}/v1",
        api_key=SecretStr(KEY),
        model="nextinterest",
        max_retries=0,
        default_headers={"X-Nextinterest-User": "zoe"},
        use_responses_api=request.param,
    )


def test_a_conversation(model: ChatOpenAI, talker: EchoTalker) -> None:
    said = [SystemMessage("Be kind."), HumanMessage("one"), AIMessage("You said: one"), HumanMessage("two")]
    answer = model.invoke(said)
    assert answer.text == "You said: two"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] == 3
    messages, user = talker.heard[-1]
    assert [message.role for message in messages][-3:] == ["user", "assistant", "user"]
    assert user == "zoe"


def test_a_stream(model: ChatOpenAI) -> None:
    assert "".join(chunk.text for chunk in model.stream("hello there")) == "You said: hello there"


def test_asynchronously(model: ChatOpenAI) -> None:
    assert asyncio.run(model.ainvoke("hello")).text == "You said: hello"


def test_a_structured_answer(model: ChatOpenAI) -> None:
    picks = model.with_structured_output(Picks, method="json_schema").invoke("what next?")
    assert picks == Picks(items=[Pick(title="Alien", year=1979)])


def test_tools_are_refused_by_name(model: ChatOpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="tools: not supported"):
        model.bind_tools([Picks]).invoke("what next?")
