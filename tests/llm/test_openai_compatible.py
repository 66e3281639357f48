"""An endpoint of our own on this machine, well-behaved and not: 429, 500, slow, cut off, no JSON."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from pydantic import BaseModel

from nextinterest.errors import BudgetError, ModelError, OutputParseError, ProviderError
from nextinterest.llm import LanguageModel, Message, Sampling
from nextinterest.llm.budget import Budget
from nextinterest.llm.openai_compatible import OpenAICompatibleModel, Retries, connect

ASK = [Message("system", "be brief"), Message("user", "hi")]


class Answer(BaseModel):
    word: str


class Endpoint(ThreadingHTTPServer):
    """Answers by a script: one behaviour per request, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[str] = ["ok"]
        self.bodies: list[dict[str, object]] = []
        self.text = "hello there"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Keep the tests' output clean."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        script = self.server.script
        behaviour = script.pop(0) if len(script) > 1 else script[0]
        if behaviour in {"429", "500", "400"}:
            extra = {"Retry-After": "7"} if behaviour == "429" else {}
            self._send(int(behaviour), json.dumps({"error": {"message": f"code {behaviour}"}}), extra)
        elif behaviour == "no json":
            self._send(200, "<html>gateway</html>")
        elif behaviour == "slow":
            time.sleep(1.0)
            self._send(200, self._completion())
        elif behaviour == "hang up":
            self.close_connection = True
            self.connection.close()
        elif body.get("stream"):
            self._stream(cut=behaviour == "cut")
        else:
            self._send(
                200, self._completion(logprobs=bool(body.get("logprobs")) and behaviour != "no logprobs")
            )

    def _completion(self, logprobs: bool = False) -> str:
        tops = [(" B", 0.5), ("B", 0.2), ("A", 0.2), ("x", 0.05)]
        content = [
            {
                "token": " B",
                "logprob": float(np.log(0.5)),
                "bytes": None,
                "top_logprobs": [{"token": t, "logprob": float(np.log(p)), "bytes": None} for t, p in tops],
            }
        ]
        choice = {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": self.server.text},
            "logprobs": {"content": content, "refusal": None} if logprobs else None,
        }
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        return json.dumps(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "m",
                "choices": [choice],
                "usage": usage,
            }
        )

    def _stream(self, cut: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        words = self.server.text.split(" ")
        for i, word in enumerate(words):
            self._event({"content": word if i == 0 else " " + word}, None)
        if not cut:
            self._event({}, "stop")
            self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, delta: dict[str, str], finish: str | None) -> None:
        chunk = {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def _send(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(data)
        except BrokenPipeError:
            self.close_connection = True  # the client stopped waiting, as the test wants


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def model(endpoint: Endpoint, waits: list[float]) -> Iterator[OpenAICompatibleModel]:
    client = connect(f"http://127.0.0.1:{endpoint.server_port}/v1", timeout=0.4)
    yield OpenAICompatibleModel(client, "m", retries=Retries(attempts=4), sleep=waits.append)
    client.close()


def test_text_and_explicit_sampling(model: OpenAICompatibleModel, endpoint: Endpoint) -> None:
    assert isinstance(model, LanguageModel)
    assert (
        model.generate(ASK, sampling=Sampling(temperature=0.5, top_p=0.9, top_k=7, seed=3)) == "hello there"
    )
    body = endpoint.bodies[0]
    assert (body["temperature"], body["top_p"], body["top_k"], body["seed"]) == (0.5, 0.9, 7, 3)
    assert body["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
    ]


def test_choices_come_from_log_probabilities(model: OpenAICompatibleModel) -> None:
    prompt = model.tokenizer.encode("A or B? ÄÖ")
    raw = model.choose([prompt], [["A", " B", "C"]], normalize=False)[0]
    np.testing.assert_allclose(np.exp(raw), [0.2, 0.7, 0.05], atol=1e-6)
    normal = model.choose([prompt], [["A", "B"]])[0]
    np.testing.assert_allclose(np.exp(normal), [2 / 9, 7 / 9], atol=1e-6)


def test_no_log_probabilities_is_said(model: OpenAICompatibleModel, endpoint: Endpoint) -> None:
    endpoint.script = ["no logprobs"]
    with pytest.raises(ProviderError, match="reports no log-probabilities"):
        model.choose([[65]], [["A", "B"]])


@pytest.mark.parametrize("bad", ["429", "500", "no json", "slow", "hang up"])
def test_failures_that_pass_are_tried_again(
    model: OpenAICompatibleModel, endpoint: Endpoint, waits: list[float], bad: str
) -> None:
    endpoint.script = [bad, bad, "ok"]
    assert model.generate(ASK) == "hello there"
    assert len(waits) == 2
    if bad == "429":
        assert waits == [7.0, 7.0]  # the endpoint says when to come back
    else:
        assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1.0


@pytest.mark.parametrize(("bad", "requests"), [("500", 4), ("400", 1), ("no json", 4)])
def test_failures_that_stay_are_one_error(
    model: OpenAICompatibleModel, endpoint: Endpoint, bad: str, requests: int
) -> None:
    endpoint.script = [bad]
    with pytest.raises(ProviderError, match=r"m at http://127.* failed"):
        model.generate(ASK)
    assert len(endpoint.bodies) == requests
    assert model.budget.tokens == 0


def test_objects_are_checked_and_asked_for_again(model: OpenAICompatibleModel, endpoint: Endpoint) -> None:
    endpoint.text = '{"word": "x"}'
    assert model.generate(ASK, schema=Answer) == Answer(word="x")
    form = endpoint.bodies[0]["response_format"]
    assert isinstance(form, dict)
    assert form["json_schema"]["schema"]["required"] == ["word"]
    assert "".join(model.stream(ASK, schema=Answer)) == '{"word":"x"}'
    endpoint.bodies.clear()
    endpoint.text = '{"word": '
    with pytest.raises(OutputParseError, match="no Answer"):
        model.generate(ASK, schema=Answer)
    assert [body["seed"] for body in endpoint.bodies] == [0, 1, 2, 3]


def test_streams_whole_and_cut(model: OpenAICompatibleModel, endpoint: Endpoint) -> None:
    assert list(model.stream(ASK)) == ["hello", " there"]
    endpoint.script = ["cut"]
    pieces: list[str] = []
    with pytest.raises(ProviderError, match="without finishing"):
        pieces.extend(model.stream(ASK))


def test_budgets_hold_before_anything_is_sent(model: OpenAICompatibleModel, endpoint: Endpoint) -> None:
    model.budget = Budget(max_tokens=60, input_price=1e5, output_price=1e6)
    sampling = Sampling(max_tokens=20)
    model.generate(ASK, sampling=sampling)
    assert model.budget.tokens == 12
    assert model.budget.cost == pytest.approx(3.0)
    model.budget.max_cost = 4.0
    with pytest.raises(BudgetError, match=r"of 4\.0000 are spent"):
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
    ("bad", "status", "retryable", "after"),
    [
        ("429", 429, True, 7.0),
        ("500", 500, True, None),
        ("400", 400, False, None),
        ("hang up", None, True, None),
    ],
)
def test_an_error_says_whether_asking_later_helps(
    model: OpenAICompatibleModel,
    endpoint: Endpoint,
    bad: str,
    status: int | None,
    retryable: bool,
    after: float | None,
) -> None:
    endpoint.script = [bad]
    with pytest.raises(ProviderError) as caught:
        model.generate(ASK)
    found = caught.value
    assert (found.status, found.retryable, found.retry_after) == (status, retryable, after)
