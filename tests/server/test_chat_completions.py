"""/v1/chat/completions as OpenAI's own client sees it, against a server that listens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import openai
import pytest
from fastapi.testclient import TestClient
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel
from support.talker import EchoTalker
from support.written import written

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatReply
from nextinterest.agent.chat.model_reader import ModelReader
from nextinterest.domain import Recommendations, Request, Where
from nextinterest.llm import ScriptedLanguageModel

KEY = "a-long-enough-test-key"
HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello there"}]


@pytest.fixture
def client(listen: Callable[..., str]) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{listen(keys=(KEY,))}/v1", api_key=KEY, max_retries=0) as client:
        yield client


def extension(answer: BaseModel) -> ChatReply:
    return ChatReply.model_validate((answer.model_extra or {})["nextinterest"])


def test_an_answer_and_what_stands_behind_it(client: OpenAI, talker: EchoTalker) -> None:
    answer = client.chat.completions.create(
        model="nextinterest",
        messages=[
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        ],
        user="zoe",
        temperature=0.3,
        max_tokens=100,
    )
    assert answer.object == "chat.completion"
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == "nextinterest"
    assert answer.choices[0].message.content == "You said: one\ntwo"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (2, 4, 6)
    reply = extension(answer)
    assert reply.recommendations is not None
    assert reply.recommendations.items[0].item_id == "a"
    messages, user = talker.heard[-1]
    assert user == "zoe"
    assert [message.role for message in messages] == ["system", "user"]


def test_the_header_names_the_profile_before_the_body(client: OpenAI, talker: EchoTalker) -> None:
    client.chat.completions.create(
        model="nextinterest", messages=HELLO, user="zoe", extra_headers={"X-Nextinterest-User": "ann"}
    )
    client.chat.completions.create(model="nextinterest", messages=HELLO)
    assert [user for _, user in talker.heard] == ["ann", ""]


def test_a_streamed_answer(client: OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="nextinterest", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    pieces = [chunk.choices[0].delta.content for chunk in chunks[:-1]]
    assert "".join(piece or "" for piece in pieces) == "You said: hello there"
    assert sum(bool(piece) for piece in pieces) == 4
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 2) + ["stop"]
    assert extension(chunks[-2]).text == "You said: hello there"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 5


def test_the_stream_ends_as_openai_ends_it(serve: Callable[..., TestClient]) -> None:
    body = {"model": "nextinterest", "messages": HELLO, "stream": True}
    answer = serve().post("/v1/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = answer.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith("data: {") and "\n" not in event for event in events[:-2])


class Pick(BaseModel):
    title: str
    year: int | None


class Picks(BaseModel):
    items: list[Pick]


class Nothing(BaseModel):
    nonsense: int


def test_structured_answers(client: OpenAI) -> None:
    answer = client.chat.completions.parse(
        model="nextinterest", messages=HELLO, response_format=Request
    ).choices[0]
    assert answer.message.parsed == Request(count=1, where=Where(excluded_categories=("Romance",)))
    listed = client.chat.completions.parse(
        model="nextinterest", messages=HELLO, response_format=Recommendations
    ).choices[0]
    assert listed.message.parsed is not None
    assert listed.message.parsed.items[0].title == "Alien"
    own = client.chat.completions.parse(model="nextinterest", messages=HELLO, response_format=Picks).choices[
        0
    ]
    assert own.message.parsed == Picks(items=[Pick(title="Alien", year=1979)])
    assert json.loads(own.message.content or "") == {"items": [{"title": "Alien", "year": 1979}]}
    whole = client.chat.completions.create(
        model="nextinterest", messages=HELLO, response_format={"type": "json_object"}
    )
    assert ChatReply.model_validate_json(whole.choices[0].message.content or "") == extension(whole)


def test_a_structured_answer_streams(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model="nextinterest", messages=HELLO, response_format=Picks
    ) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.parsed == Picks(items=[Pick(title="Alien", year=1979)])


@pytest.mark.parametrize(
    "schema",
    [
        Nothing.model_json_schema(),
        {"type": 7},
        {"type": "object", "properties": {"text": {"type": "string", "pattern": "(a+)+$"}}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {
            "type": "object",
            "properties": {"text": {"$ref": "http://127.0.0.1:1/schema"}},
            "required": ["text"],
        },
        json.loads('{"items":' * 40 + "{}" + "}" * 40),
    ],
    ids=["nothing fits", "no schema", "pattern", "circle", "elsewhere", "deep"],
)
def test_schemas_that_cannot_be_answered_are_refused(client: OpenAI, schema: dict[str, object]) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.chat.completions.create(
            model="nextinterest",
            messages=HELLO,
            response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
        )
    assert refused.value.code == "unsupported_response_format"
    assert refused.value.param == "response_format"


def test_errors_have_openais_form(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-9", messages=HELLO)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError, match=r"It failed\. Say something else\."):
        client.chat.completions.create(model="nextinterest", messages=[{"role": "user", "content": "fail"}])
    with pytest.raises(openai.BadRequestError, match="It failed"):
        client.chat.completions.create(
            model="nextinterest", messages=[{"role": "user", "content": "fail"}], stream=True
        )
    with pytest.raises(openai.UnprocessableEntityError) as several:
        client.chat.completions.create(model="nextinterest", messages=HELLO, n=2)
    assert several.value.param == "n"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="wrong").chat.completions.create(model="nextinterest", messages=HELLO)
    with pytest.raises(openai.UnprocessableEntityError):
        client.chat.completions.create(model="nextinterest", messages=HELLO, user="a\nb")


def test_what_breaks_on_the_way_ends_the_stream_without_detail(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="nextinterest", messages=[{"role": "user", "content": "break"}], stream=True
    )
    with pytest.raises(openai.APIError) as broken:
        list(stream)
    assert "secret" not in str(broken.value)
    assert "fault is logged" in str(broken.value)


def test_hanging_up_stops_the_work(client: OpenAI, talker: EchoTalker) -> None:
    stream = client.chat.completions.create(
        model="nextinterest", messages=[{"role": "user", "content": "slow"}], stream=True
    )
    next(iter(stream))
    stream.close()
    end = time.monotonic() + 5
    while not talker.abandoned and time.monotonic() < end:
        time.sleep(0.02)
    assert talker.abandoned


def test_models(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["nextinterest"]
    assert client.models.retrieve("nextinterest").object == "model"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_usage_is_the_language_models(
    listen: Callable[..., str], model: ScriptedLanguageModel, agent: RecommenderAgent
) -> None:
    base_url = f"{listen(talker=None)}/v1"
    with OpenAI(base_url=base_url, api_key="none", max_retries=0) as client:
        greeted = client.chat.completions.create(model="nextinterest", messages=HELLO)
        assert greeted.usage is not None
        assert greeted.usage.total_tokens == 0  # rules read it, templates wrote it
    agent.conversation = agent.conversation.read_by(ModelReader(model))
    base_url = f"{listen(talker=None)}/v1"
    with OpenAI(base_url=base_url, api_key="none", max_retries=0) as client:
        model.answers.append(written(Request(intent="other")))
        read = client.chat.completions.create(model="nextinterest", messages=HELLO)
        assert read.usage is not None
        assert read.usage.prompt_tokens > len("hello there")
        assert read.usage.completion_tokens == len(written(Request(intent="other")).model_dump_json())
        model.answers.append(written(Request(intent="other")))
        newer = client.responses.create(model="nextinterest", input="hello there")
        assert newer.usage is not None
        assert newer.usage.output_tokens == read.usage.completion_tokens
