"""/v1/responses as OpenAI's own client sees it, against a server that listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel
from support.talker import EchoTalker

from nextinterest.agent.chat import ChatReply
from nextinterest.domain import Request, Where

KEY = "a-long-enough-test-key"


@pytest.fixture
def client(listen: Callable[..., str]) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{listen(keys=(KEY,))}/v1", api_key=KEY, max_retries=0) as client:
        yield client


def extension(answer: BaseModel) -> ChatReply:
    return ChatReply.model_validate((answer.model_extra or {})["nextinterest"])


def test_an_answer_and_what_stands_behind_it(client: OpenAI, talker: EchoTalker) -> None:
    answer = client.responses.create(
        model="nextinterest", input="hello there", instructions="Be kind.", user="zoe", temperature=0.1
    )
    assert (answer.object, answer.status, answer.model) == ("response", "completed", "nextinterest")
    assert answer.output_text == "You said: hello there"
    assert [item.type for item in answer.output] == ["message"]
    assert answer.instructions == "Be kind."
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == (1, 4, 5)
    recommended = extension(answer).recommendations
    assert recommended is not None
    assert recommended.items[0].item_id == "a"
    assert talker.heard[-1][1] == "zoe"


def test_a_conversation_of_parts(client: OpenAI, talker: EchoTalker) -> None:
    answer = client.responses.create(
        model="nextinterest",
        input=[
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": [{"type": "input_text", "text": "one"}]},
            {
                "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "You said: one", "annotations": []}],
            },
            {
                "type": "message", "role": "user",
                "content": [{"type": "input_text", "text": "two"}, {"type": "input_text", "text": "three"}],
            },
        ],
        extra_headers={"X-Nextinterest-User": "ann"},
    )  # fmt: skip
    assert answer.output_text == "You said: two\nthree"
    messages, user = talker.heard[-1]
    assert [message.role for message in messages] == ["developer", "user", "assistant", "user"]
    assert user == "ann"


def test_a_streamed_answer(client: OpenAI) -> None:
    events = list(client.responses.create(model="nextinterest", input="hello there", stream=True))
    kinds = [event.type for event in events]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert len(deltas) == 4
    assert "".join(deltas) == "You said: hello there"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == "You said: hello there"
    assert extension(last.response).text == "You said: hello there"


def test_the_streaming_helper_follows(client: OpenAI) -> None:
    with client.responses.stream(model="nextinterest", input="hello there") as stream:
        assert stream.get_final_response().output_text == "You said: hello there"


def test_structured_answers(client: OpenAI) -> None:
    parsed = client.responses.parse(model="nextinterest", input="hi", text_format=Request)
    assert parsed.output_parsed == Request(count=1, where=Where(excluded_categories=("Romance",)))
    with client.responses.stream(model="nextinterest", input="hi", text_format=Request) as stream:
        assert stream.get_final_response().output_parsed == parsed.output_parsed
    whole = client.responses.create(
        model="nextinterest", input="hi", text={"format": {"type": "json_object"}}
    )
    assert ChatReply.model_validate_json(whole.output_text) == extension(whole)
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.responses.create(
            model="nextinterest",
            input="hi",
            text={"format": {"type": "json_schema", "name": "x", "schema": {"pattern": "(a+)+$"}}},
        )
    assert refused.value.param == "text.format"


def test_errors_have_openais_form(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.responses.create(model="gpt-9", input="hi")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as continued:
        client.responses.create(model="nextinterest", input="hi", previous_response_id="resp_1")
    assert continued.value.code == "previous_response_not_found"
    assert continued.value.param == "previous_response_id"
    with pytest.raises(openai.BadRequestError, match="It failed"):
        client.responses.create(model="nextinterest", input="fail", stream=True)
    with pytest.raises(openai.APIError, match="fault is logged"):
        list(client.responses.create(model="nextinterest", input="break", stream=True))
