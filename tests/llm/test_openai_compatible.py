"""An endpoint on this machine, well-behaved and not: 429, 500, slow, cut off, no JSON, other habits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pydantic import BaseModel
from support.endpoint import Endpoint, Reply, clever, failure, logprobs, prompt_of, schema_of, serving

from nextinterest.errors import (
    BudgetError,
    ModelError,
    NoLogProbabilitiesError,
    OutputParseError,
    ProviderError,
)
from nextinterest.llm import LanguageModel, Sampling
from nextinterest.llm.budget import Budget
from nextinterest.llm.metering import metering
from nextinterest.llm.openai_compatible import OpenAICompatibleModel, connect
from nextinterest.messages import Message

ASK = [Message(role="system", content="be brief"), Message(role="user", content="hi")]
TOPS = logprobs(*((token, math.log(p)) for token, p in ((" B", 0.5), ("B", 0.2), ("A", 0.2), ("x", 0.05))))
BAD = {
    "429": failure(429, after=7),
    "500": failure(500),
    "400": failure(400),
    "no json": Reply(raw="<html>gateway</html>"),
    "a page": Reply(raw="<html>gateway</html>", headers={"Content-Type": "text/html"}),
    "slow": Reply(delay=0.6),
    "hang up": Reply(hang_up=True),
}


class Answer(BaseModel):
    word: str


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


@pytest.fixture
def model(endpoint: Endpoint) -> Iterator[OpenAICompatibleModel]:
    found = endpoint.model(timeout=0.4)
    yield found
    found.client.close()


def test_text_and_explicit_sampling(model: OpenAICompatibleModel, endpoint: Endpoint) -> None:
    assert isinstance(model, LanguageModel)
    sampling = Sampling(temperature=0.5, top_p=0.9, top_k=7, seed=3, stop=("x",))
    assert model.generate(ASK, sampling=sampling) == "hello there"
    body = endpoint.bodies[0]
    sent = {name: body[name] for name in ("temperature", "top_p", "top_k", "seed", "stop", "max_tokens")}
    assert sent == {"temperature": 0.5, "top_p": 0.9, "top_k": 7, "seed": 3, "stop": ["x"], "max_tokens": 256}
    assert body["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
    ]


def test_choices_come_from_log_probabilities(model: OpenAICompatibleModel, endpoint: Endpoint) -> None:
    endpoint.script = [Reply("B", logprobs=TOPS)]
    prompt = model.tokenizer.encode("A or B? ÄÖ")
    raw = model.choose([prompt], [["A", " B", "C"]], normalize=False)[0]
    np.testing.assert_allclose(np.exp(raw), [0.2, 0.7, 0.05], atol=1e-6)
    normal = model.choose([prompt], [["A", "B"]])[0]
    np.testing.assert_allclose(np.exp(normal), [2 / 9, 7 / 9], atol=1e-6)
    one = model.choose([prompt], [["A", "Q"]], normalize=False)[0]  # one of them reported is enough
    np.testing.assert_allclose(np.exp(one), [0.2, 0.05], atol=1e-6)
    endpoint.script = [Reply("A", logprobs=logprobs(("A", math.log(0.8)), ("B", math.log(0.1))))]
    letters = list("ABCDEFGHIJKLMNOPQRST")
    few = np.exp(model.choose([prompt], [letters])[0])  # those that are not reported share what is left
    np.testing.assert_allclose(few, [0.8, 0.1, *([0.1 / 18] * 18)], atol=1e-4)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (None, "reports no log-probabilities"),
        ({"content": []}, "reports no log-probabilities"),
        ({"content": [{"token": "B", "logprob": -0.1, "bytes": None, "top_logprobs": []}]}, "reports no log"),
        (logprobs(("The", -0.2)), r"says nothing of the choices 'A', 'B', 'C'.*'The' -0\.2"),
        (logprobs(("<think>", 0.0), ("Okay", -20.0)), "says nothing of the choices.*'<think>' 0, 'Okay' -20"),
        (logprobs(("x", -0.01), ("A", -9999.0)), "says nothing of the choices"),
        (logprobs(("B", 0.0), ("A", 0.0), ("C", 0.0)), "no distribution.*'B' 0, 'A' 0, 'C' 0"),
        (logprobs(("B", -9999.0)), "no distribution.*'B' -9999"),
        (logprobs(("B", -30.0), ("A", -31.0)), "no distribution"),
        (logprobs(("B", 5.0)), "no distribution"),
        (logprobs(("B", math.nan)), "no distribution"),
        ({"content": [{"token": "B"}]}, "outside the interface|no log-prob"),
        ({"content": [{"top_logprobs": [{"token": None, "logprob": None}]}]}, "outside the interface"),
    ],
)
def test_choices_of_which_nothing_is_said(
    model: OpenAICompatibleModel, endpoint: Endpoint, report: object, said: str
) -> None:
    endpoint.script = [Reply("B", logprobs=report)]
    with pytest.raises(ProviderError, match=said) as caught:
        model.choose([[65]], [["A", "B", "C"]])
    assert not caught.value.retryable
    assert "outside" in said or "rank with a local model" in caught.value.remedy


@pytest.mark.parametrize("bad", sorted(set(BAD) - {"400"}))
def test_failures_that_pass_are_tried_again(
    model: OpenAICompatibleModel, endpoint: Endpoint, bad: str
) -> None:
    endpoint.script = [BAD[bad], BAD[bad], Reply()]
    assert model.generate(ASK) == "hello there"
    assert len(endpoint.waits) == 2
    if bad == "429":
        assert endpoint.waits == [7.0, 7.0]  # the endpoint says when to come back
    else:
        assert 0.25 <= endpoint.waits[0] <= 0.5 <= endpoint.waits[1] <= 1.0


@pytest.mark.parametrize(("bad", "requests"), [("500", 4), ("400", 1), ("no json", 4), ("a page", 4)])
def test_failures_that_stay_are_one_error(
    model: OpenAICompatibleModel, endpoint: Endpoint, bad: str, requests: int
) -> None:
    endpoint.script = [BAD[bad]]
    with pytest.raises(ProviderError, match=r"m at http://127.* failed"):
        model.generate(ASK)
    assert len(endpoint.bodies) == requests
    assert model.budget.tokens == 0


@pytest.mark.parametrize("bad", [failure(503), BAD["500"], BAD["400"], BAD["no json"], BAD["hang up"]])
def test_what_went_wrong_is_a_sentence_before_its_remedy(
    model: OpenAICompatibleModel, endpoint: Endpoint, bad: Reply
) -> None:
    endpoint.script = [bad]
    with pytest.raises(ProviderError) as caught:
        model.generate(ASK)
    said = str(caught.value).removesuffix(caught.value.remedy)
    assert said.endswith(". ")


@pytest.mark.parametrize(
    ("bad", "status", "retryable", "after"),
    [
        (BAD["429"], 429, True, 7.0),
        (failure(503, after=3600), 503, True, 3600.0),
        (failure(429, after="Wed, 21 Oct 2015 07:28:00 GMT"), 429, True, None),
        (failure(429, code="insufficient_quota"), 429, False, None),
        (BAD["500"], 500, True, None),
        (BAD["400"], 400, False, None),
        (failure(401), 401, False, None),
        (BAD["no json"], None, False, None),
        (BAD["hang up"], None, True, None),
        (BAD["slow"], None, True, None),
    ],
)
def test_an_error_says_whether_asking_later_helps(
    model: OpenAICompatibleModel,
    endpoint: Endpoint,
    bad: Reply,
    status: int | None,
    retryable: bool,
    after: float | None,
) -> None:
    endpoint.script = [bad]
    with pytest.raises(ProviderError) as caught:
        model.generate(ASK)
    found = caught.value
    assert (found.status, found.retryable, found.retry_after) == (status, retryable, after)
    if after == 3600.0:
        assert endpoint.waits == []  # an hour is not waited for


def test_objects_are_checked_and_asked_for_again(model: OpenAICompatibleModel, endpoint: Endpoint) -> None:
    endpoint.script = [Reply(tool={"word": "x"})]
    assert model.generate(ASK, schema=Answer) == Answer(word="x")
    schema = schema_of(endpoint.bodies[0])
    assert schema is not None
    assert schema["required"] == ["word"]
    assert "".join(model.stream(ASK, schema=Answer)) == '{"word":"x"}'
    endpoint.bodies.clear()
    endpoint.script = [Reply(tool={"wort": "x"}), Reply(tool={"word": "y"})]
    assert model.generate(ASK, schema=Answer) == Answer(word="y")
    assert "word: Field required" in prompt_of(endpoint.bodies[1])  # sent back once, with its fault
    endpoint.bodies.clear()
    endpoint.script = [Reply(tool={"wort": "x"})]
    with pytest.raises(OutputParseError, match="does not have the form"):
        model.generate(ASK, schema=Answer)
    assert len(endpoint.bodies) == 2


@pytest.mark.parametrize(
    ("tools", "schemas", "forms"),
    [
        (True, True, ["tools", "tools"]),
        (False, True, ["tools", "response_format", "response_format"]),
        (False, False, ["tools", "response_format", "", ""]),
    ],
)
def test_what_an_endpoint_refuses_is_learned_once(
    tools: bool, schemas: bool, forms: list[str], model: OpenAICompatibleModel, endpoint: Endpoint
) -> None:
    endpoint.script = [clever(lambda schema, prompt: {"word": "x"}, tools=tools, schemas=schemas)]
    assert [model.generate(ASK, schema=Answer) for _ in range(2)] == [Answer(word="x")] * 2
    sent = [next((f for f in ("tools", "response_format") if f in b), "") for b in endpoint.bodies]
    assert sent == forms
    assert model.capabilities.tool_calls == tools
    assert prompt_of(endpoint.bodies[-1]).count("JSON of this schema") == (not tools and not schemas)


def test_one_answer_in_words_changes_nothing_of_the_next_request(
    model: OpenAICompatibleModel, endpoint: Endpoint
) -> None:
    endpoint.script = [
        Reply("The word is x."),
        Reply('Here you are: {"word": "x"}. Anything else?'),
        Reply("x", tool={"word": "x"}),
        Reply("It is x, I think."),
        Reply("It is x, I am sure."),
        Reply("x", tool={"word": "x"}),
    ]
    assert model.generate(ASK, schema=Answer) == Answer(word="x")
    assert prompt_of(endpoint.bodies[1]).count("JSON of this schema") == 1  # it may never have seen it
    assert model.generate(ASK, schema=Answer) == Answer(word="x")
    with pytest.raises(OutputParseError):
        model.generate(ASK, schema=Answer)
    assert model.generate(ASK, schema=Answer) == Answer(word="x")
    assert len(endpoint.bodies) == 6
    assert all("tools" in body for body in endpoint.bodies)
    endpoint.script = [
        clever(lambda schema, prompt: "Hm.", tools=False),
    ]
    for _ in range(2):
        with pytest.raises(OutputParseError):
            model.generate(ASK, schema=Answer)
    assert all("response_format" in body for body in endpoint.bodies[-4:])


@pytest.mark.parametrize("key", ["", " ", "none"])
def test_without_a_key_no_header_is_sent(key: str, endpoint: Endpoint) -> None:
    endpoint.model(api_key=key).generate(ASK)
    assert "authorization" not in endpoint.headers[-1]
    endpoint.model(api_key=key, url=endpoint.url.replace("://", "://u:p@")).generate(ASK)
    assert endpoint.headers[-1]["authorization"].startswith("Basic ")
    endpoint.model(api_key="k-1").generate(ASK)
    assert endpoint.headers[-1]["authorization"] == "Bearer k-1"


def test_remedies_name_what_is_to_be_set(endpoint: Endpoint) -> None:
    endpoint.script = [failure(401, "no key")]
    with pytest.raises(ProviderError) as caught:
        endpoint.model().generate(ASK)
    for advice in (caught.value.remedy, caught.value.command):
        assert "OPENAI_API_KEY or NEXTINTEREST_API_KEY" in advice
    endpoint.script = [Reply(delay=0.5)]
    with pytest.raises(ProviderError) as caught:
        endpoint.model(timeout=0.05, retries=1).generate(ASK)
    assert "EndpointSettings(timeout=...) or NEXTINTEREST_TIMEOUT" in caught.value.remedy
    assert "--timeout or NEXTINTEREST_TIMEOUT" in caught.value.command


def test_requests_run_side_by_side_within_the_limit(endpoint: Endpoint) -> None:
    endpoint.script = [Reply("A", logprobs=TOPS, delay=0.05)]
    model = OpenAICompatibleModel(connect(endpoint.url), "m", concurrency=3)
    prompts = [model.tokenizer.encode(f"A or B? {n}") for n in range(9)]
    with metering() as meter:
        assert len(model.choose(prompts, [["A", "B"]] * 9)) == 9
    assert endpoint.most_at_once == 3
    assert (meter.read, meter.written, meter.priced) == (90, 18, False)  # an unknown price is not invented
    model.client.close()


def test_an_endpoint_without_log_probabilities_is_asked_once(
    model: OpenAICompatibleModel, endpoint: Endpoint
) -> None:
    endpoint.script = [Reply("A")]
    assert model.capabilities.choose
    with pytest.raises(NoLogProbabilitiesError):
        model.choose([model.tokenizer.encode("A or B?")], [["A", "B"]])
    assert not model.capabilities.choose


def test_one_answer_without_log_probabilities_does_not_end_them(
    model: OpenAICompatibleModel, endpoint: Endpoint
) -> None:
    good, ask = Reply("A", logprobs=TOPS), [model.tokenizer.encode("A or B?")]
    endpoint.script = [Reply(""), good, Reply("A"), good]
    for fails in (True, False, True, False):  # an empty answer, and one that a provider sent without them
        if fails:
            with pytest.raises(NoLogProbabilitiesError):
                model.choose(ask, [["A", "B"]])
        else:
            model.choose(ask, [["A", "B"]])
        assert model.capabilities.choose


@pytest.mark.parametrize(
    ("row", "length"),
    [
        ({"id": "m", "max_model_len": 4096}, 4096),
        ({"id": "m", "context_length": 32768}, 32768),
        ({"id": "m", "meta": {"n_ctx": 2048}}, 2048),
        ({"id": "m", "max_model_len": "many"}, 8192),
        ({"id": "other", "max_model_len": 4096}, 8192),
    ],
)
def test_the_context_length_is_read_off_the_list_of_models(
    row: dict[str, object], length: int, model: OpenAICompatibleModel, endpoint: Endpoint
) -> None:
    endpoint.models = {"object": "list", "data": [row]}
    assert model.context_length == length
    assert endpoint.bodies == []


def test_estimated_tokens_are_corrected_by_the_usage_reported(
    model: OpenAICompatibleModel, endpoint: Endpoint
) -> None:
    before = model.context_length
    assert before == 8192  # nobody says
    model.generate([Message(role="user", content="hi")])  # 10 tokens are reported, 5 were estimated
    assert before / 4 <= model.context_length < before


def test_streams_whole_and_cut(model: OpenAICompatibleModel, endpoint: Endpoint) -> None:
    assert list(model.stream(ASK)) == ["hello", " there"]
    endpoint.script = [Reply(cut=True)]
    pieces: list[str] = []
    with pytest.raises(ProviderError, match="without finishing"):
        pieces.extend(model.stream(ASK))
    endpoint.script = [Reply(cut=True, headers={"Content-Length": "99999"})]
    with pytest.raises(ProviderError, match="broke off") as caught:
        pieces.extend(model.stream(ASK))
    assert caught.value.retryable


@pytest.mark.parametrize(
    "raw",
    ["{}", "[]", '{"choices": [{}]}', '{"choices": [7]}', '{"choices": 3}', '{"error": {"message": "busy"}}'],
)
def test_answers_of_another_shape_are_one_error(
    model: OpenAICompatibleModel, endpoint: Endpoint, raw: str
) -> None:
    endpoint.script = [Reply(raw=raw)]
    for ask in (lambda: model.generate(ASK), lambda: model.choose([[65]], [["A"]])):
        with pytest.raises(ProviderError):
            ask()


def test_budgets_hold_before_anything_is_sent(model: OpenAICompatibleModel, endpoint: Endpoint) -> None:
    model.budget = Budget(max_tokens=60, input_price=1e5, output_price=1e6)
    sampling = Sampling(max_tokens=20)
    model.generate(ASK, sampling=sampling)
    assert model.budget.tokens == 12
    assert model.budget.cost == pytest.approx(3.0)
    model.budget.max_cost = 4.0
    with pytest.raises(BudgetError, match="of 4 are spent"):
        model.generate(ASK, sampling=sampling)
    model.budget.max_cost, model.budget.max_tokens = None, 40
    with pytest.raises(BudgetError, match="12 of 40 are spent"):
        model.generate(ASK, sampling=sampling)
    assert len(endpoint.bodies) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.encode([[1]], [[0]]),
        lambda m: m.score([1], [[2]]),
        lambda m: m.open([1]),
    ],
)
def test_what_an_endpoint_cannot_do_is_said(
    model: OpenAICompatibleModel, call: Callable[[OpenAICompatibleModel], object]
) -> None:
    with pytest.raises(ModelError, match="behind an endpoint and cannot"):
        call(model)


@pytest.mark.parametrize(
    "url", ["", "host:80/v1", "ftp://host/v1", "http://", "http://[::1/v1", "http://h:x/"]
)
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(ModelError, match="no address of an endpoint"):
        connect(url)
