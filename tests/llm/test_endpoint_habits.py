"""What endpoints do with parameters, thoughts and fences, and what is made of it."""

from __future__ import annotations

import json
import logging

import pytest
from pydantic import BaseModel
from support.endpoint import Body, Reply, failure, refusing, serving

from nextinterest.errors import OutputParseError, ProviderError
from nextinterest.llm import Sampling
from nextinterest.llm.answer_text import answered_object, answered_text, without_thoughts
from nextinterest.messages import Message

ASK = [Message(role="user", content="A film by night?")]
GOOD = '{"title": "Night Ferry", "year": 1987}'
HIDDEN = {"reasoning_content": "Let me see. They ask for"}


class Pick(BaseModel):
    title: str
    year: int


def test_a_reasoning_model_that_takes_few_parameters(caplog: pytest.LogCaptureFixture) -> None:
    def strict(body: Body) -> Reply:
        if body.get("temperature", 1) != 1:
            return failure(
                400,
                "'temperature' does not support 0 with this model. Only the default (1) value is supported.",
                param="temperature",
                code="unsupported_value",
            )
        return refusing("max_tokens", "seed", "stop")(body)

    with serving(strict) as endpoint, caplog.at_level(logging.WARNING):
        model = endpoint.model(retries=1)
        assert model.generate(ASK, sampling=Sampling(max_tokens=16)) == "hello there"
        assert len(endpoint.bodies) <= 4
        assert endpoint.bodies[-1]["max_completion_tokens"] == 16
        before = len(endpoint.bodies)
        assert list(model.stream(ASK, sampling=Sampling(max_tokens=16))) == ["hello", " there"]
        assert len(endpoint.bodies) == before + 1
        assert endpoint.waits == []
    assert [r.getMessage().split(" does not take ")[1] for r in caplog.records] == [
        "temperature; it is left out from now on.",
        "max_tokens; max_completion_tokens is sent in its place from now on.",
        "seed; it is left out from now on.",
    ]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "Unrecognized request argument supplied: seed", "param": None}}),
        (400, {"error": {"message": "property 'seed' is unsupported", "type": "invalid_request_error"}}),
        (400, {"message": "seed is not supported by this model"}),
        (422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}),
        (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "no"}]}),
        (400, {"error": 'json: unknown field "seed"'}),
        (400, {"error": {"message": "no", "param": "body.seed", "code": "unknown_parameter"}}),
    ],
)
def test_refusals_in_other_words(status: int, body: object) -> None:
    def strict(asked: Body) -> Reply:
        return Reply(status=status, raw=json.dumps(body)) if "seed" in asked else Reply()

    with serving(strict) as endpoint:
        assert endpoint.model(retries=1).generate(ASK) == "hello there"
        assert len(endpoint.bodies) == 2


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens is too large: 50000. This model supports at most 16384 completion tokens.",
        "'max_tokens' must be at least 1",
        "This model's maximum context length is 4096 tokens.",
        "The model `m` is not supported.",
        "messages are not supported",
    ],
)
def test_other_refusals_change_nothing_and_say_what_to_do(message: str) -> None:
    with serving(failure(400, message)) as endpoint:
        with pytest.raises(ProviderError, match="parameters=") as caught:
            endpoint.model().generate(ASK)
        assert len(endpoint.bodies) == 1
        assert "parameters" not in caught.value.command


def test_parameters_of_the_caller_are_sent_and_never_changed() -> None:
    """The remedy of a refusal: what is sent can be changed."""
    with serving(refusing("seed", "verbosity")) as endpoint:
        model = endpoint.model(parameters={"seed": None, "reasoning_effort": "low", "temperature": 1.0})
        assert model.generate(ASK) == "hello there"
        assert "seed" not in endpoint.bodies[0]
        assert (endpoint.bodies[0]["reasoning_effort"], endpoint.bodies[0]["temperature"]) == ("low", 1.0)
        stubborn = endpoint.model(parameters={"verbosity": "low", "seed": None})
        with pytest.raises(ProviderError, match="verbosity"):
            stubborn.generate(ASK)


def test_a_limit_of_tokens_is_never_left_out() -> None:
    with serving(refusing("max_tokens", "max_completion_tokens")) as endpoint:
        with pytest.raises(ProviderError, match="max_completion_tokens"):
            endpoint.model().generate(ASK)
        assert len(endpoint.bodies) == 2


def test_a_schema_that_is_not_taken_is_stated() -> None:
    with serving(refusing("tools", "response_format", reply=Reply(GOOD))) as endpoint:
        model = endpoint.model()
        assert model.generate(ASK, schema=Pick) == Pick(title="Night Ferry", year=1987)
        rows = endpoint.bodies[-1]["messages"]
        assert isinstance(rows, list)
        assert '"title"' in rows[-1]["content"]
        assert rows[-1]["content"].startswith("A film by night?\n\n")


@pytest.mark.parametrize(
    "reply",
    [
        Reply("", finish="length", message=HIDDEN),
        Reply(None, finish="length", message=HIDDEN),
        Reply(None, finish="length", message={"reasoning": "Hm"}),
        Reply("<think>They ask for", finish="length"),
        Reply([{"type": "thinking", "thinking": "Hm"}], finish="length"),
    ],
)
@pytest.mark.parametrize("schema", [None, Pick])
def test_all_tokens_went_into_the_reasoning(reply: Reply, schema: type[Pick] | None) -> None:
    with serving(reply) as endpoint:
        with pytest.raises(ProviderError, match=r"cut at 64 tokens \(finish_reason length\)") as caught:
            endpoint.model().generate(ASK, schema=schema, sampling=Sampling(max_tokens=64))
        assert len(endpoint.bodies) == 1
        assert "Sampling.max_tokens" in caught.value.remedy
        assert "Sampling" not in caught.value.command
        assert not caught.value.retryable


def test_a_stream_whose_tokens_went_into_the_reasoning() -> None:
    for reply in (Reply(None, finish="length", message=HIDDEN), Reply("<think>A film by", finish="length")):
        with serving(reply) as endpoint, pytest.raises(ProviderError, match="while the model was reasoning"):
            list(endpoint.model().stream(ASK, sampling=Sampling(max_tokens=64)))


def test_an_answer_that_is_cut_stays_one_in_words_and_is_asked_for_once_as_an_object() -> None:
    with serving(Reply('{"title": "Night', finish="length")) as endpoint:
        model = endpoint.model()
        assert model.generate(ASK) == '{"title": "Night'
        with pytest.raises(OutputParseError, match="cut its answer at 64 tokens"):
            model.generate(ASK, schema=Pick, sampling=Sampling(max_tokens=64))
        assert len(endpoint.bodies) == 2
    with serving(Reply(GOOD, finish="length")) as endpoint:  # the limit fell on its end
        assert endpoint.model().generate(ASK, schema=Pick).year == 1987


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(None), "without text"),
        (Reply("", message=HIDDEN), "without text"),
        (Reply("", finish="content_filter", message=HIDDEN), "content_filter"),
        (Reply(None, message={"refusal": "I cannot"}), "refuses to answer: I cannot"),
    ],
)
def test_no_answer_is_said(reply: Reply, said: str) -> None:
    with serving(reply) as endpoint, pytest.raises(ProviderError, match=said):
        endpoint.model().generate(ASK)


def test_an_empty_answer_is_one() -> None:
    with serving(Reply("")) as endpoint:
        assert endpoint.model().generate(ASK) == ""


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"<think>Perhaps {{a ferry}}? Yes.</think>\n{GOOD}",
        f"<think>One.</think><think>Two.</think>{GOOD}",
        f"Perhaps a ferry.</think>\n{GOOD}",
        f"[THINK]Hm[/THINK]{GOOD}",
        f"```json\n{GOOD}\n```",
        f"Here you are:\n```\n{GOOD}\n```\nEnjoy!",
        f"\ufeff{GOOD}",
        f"<think>x</think>\ufeff```json\n\ufeff{GOOD}\n```",
    ],
)
def test_good_json_in_wrappings_is_read_at_once(text: str) -> None:
    with serving(Reply(text)) as endpoint:
        assert endpoint.model().generate(ASK, schema=Pick) == Pick(title="Night Ferry", year=1987)
        assert len(endpoint.bodies) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"{GOOD}\n{GOOD}",
        f"Here you are: {GOOD}",
        f"{GOOD} Enjoy!",
        f"```\n{GOOD}\n```\n```\n{GOOD}\n```",
        "",
        "<think>x</think>",
        f"<think>{GOOD}",
    ],
)
def test_anything_else_is_no_json(text: str) -> None:
    with pytest.raises(OutputParseError):
        answered_object(text, Pick)


def test_marks_inside_an_answer_stay() -> None:
    quoted = json.dumps({"title": "a </think> b ``` c <think>", "year": 1})
    assert answered_object(quoted, Pick).title == "a </think> b ``` c <think>"
    assert answered_text("I <think> so") == "I <think> so"


def test_thoughts_are_left_out_of_text_whole_and_streamed() -> None:
    text = f"<think>Perhaps a ferry? Yes.</think>\n{GOOD}"
    with serving(Reply(text)) as endpoint:
        model = endpoint.model()
        assert model.generate(ASK) == GOOD
        assert "".join(model.stream(ASK)) == GOOD


@pytest.mark.parametrize("size", [1, 3, 7, 100])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>a ] b > c</think>\n Yes <think> no", "Yes <think> no"),
        ("[THINK]x[/THINK]Yes", "Yes"),
        ("[1, 2]", "[1, 2]"),
        ("  plain", "  plain"),
        ("<b>", "<b>"),
        ("<think>never closed", ""),
        ("\ufeffx", "x"),
        ("", ""),
    ],
)
def test_streams_are_read_the_same_in_pieces_of_any_size(text: str, answer: str, size: int) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert "".join(without_thoughts(pieces)) == answer == answered_text(text)


def test_room_to_reason_is_given_once_it_is_needed() -> None:
    cut, how = Reply(None, finish="length", message=HIDDEN), Sampling(max_tokens=64, thinking=1000)
    with serving(cut, Reply("Night Ferry", message=HIDDEN)) as endpoint:
        model = endpoint.model()
        for _ in range(2):
            assert model.generate(ASK, sampling=how) == "Night Ferry"
        assert "".join(endpoint.model().stream(ASK, sampling=how)) == "Night Ferry"
        assert [body["max_tokens"] for body in endpoint.bodies] == [64, 1064, 1064, 64]
    with serving(cut, Reply("Night Ferry", message=HIDDEN)) as endpoint:
        assert "".join(endpoint.model().stream(ASK, sampling=how)) == "Night Ferry"
        assert [body["max_tokens"] for body in endpoint.bodies] == [64, 1064]
