"""An OpenAI-compatible endpoint on this machine that answers by a script, well-behaved and not.

    with serving(Reply("hello"), failure(429, after=7)) as endpoint:
        model = endpoint.model()

Each request takes the next entry of `Endpoint.script`; the last one answers for ever. An entry is a `Reply`,
or a function of the request's body that returns one (see `refusing`).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nextinterest.llm.openai_compatible import OpenAICompatibleModel, Retries, connect

__all__ = ["Body", "Endpoint", "Reply", "failure", "logprobs", "refusing", "serving"]

Body = Mapping[str, object]


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes
    ----------
    content, finish
        The text and why it ends; None for a message without content.
    message
        More fields of the message, such as ``reasoning_content``.
    logprobs
        The choice's ``logprobs`` (see the function of this name); sent whether asked for or not.
    status, raw, headers
        Of the HTTP answer; `raw` is a body in place of a completion.
    delay, hang_up, cut
        Seconds before the answer; whether the connection is closed in its place, or a stream before its end.
    """

    content: object = "hello there"
    finish: str = "stop"
    message: Mapping[str, object] = field(default_factory=dict)
    logprobs: object = None
    status: int = 200
    raw: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang_up: bool = False
    cut: bool = False


def failure(status: int, message: str = "", *, after: float | str | None = None, **fields: object) -> Reply:
    """Return an error as OpenAI's API has it; `fields` are ``param``, ``code`` and the like."""
    error = {"message": message or f"code {status}", "type": "error", **fields}
    headers = {} if after is None else {"Retry-After": str(after)}
    return Reply(status=status, raw=json.dumps({"error": error}), headers=headers)


def logprobs(*tops: tuple[str, float]) -> dict[str, object]:
    """Return the first token's report: tokens with their log-probabilities, the likeliest first."""
    rows: list[dict[str, object]] = [{"token": t, "logprob": p, "bytes": None} for t, p in tops]
    return {"content": [{**rows[0], "top_logprobs": rows}], "refusal": None}


def refusing(*parameters: str, reply: Reply | None = None) -> Callable[[Body], Reply]:
    """Return an endpoint that refuses parameters by name, one per request, as hosted ones do."""

    def answer(body: Body) -> Reply:
        bad = next((name for name in parameters if body.get(name) is not None), None)
        if bad is None:
            return reply or Reply()
        return failure(
            400, f"Unsupported parameter: '{bad}' is not supported.", param=bad, code="unsupported_parameter"
        )

    return answer


class Endpoint(ThreadingHTTPServer):
    """The server; see the module."""

    daemon_threads = True

    def __init__(self, *script: Reply | Callable[[Body], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Reply | Callable[[Body], Reply]] = list(script or (Reply(),))
        self.bodies: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []  # names in lower case
        self.paths: list[str] = []
        self.waits: list[float] = []  # what models of `model` would have slept

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def model(
        self,
        *,
        url: str = "",
        api_key: str = "none",
        retries: int = 4,
        timeout: float = 5.0,
        parameters: Mapping[str, str | float | bool | None] | None = None,
    ) -> OpenAICompatibleModel:
        """Return a model that asks this endpoint and does not sleep between attempts."""
        return OpenAICompatibleModel(
            connect(url or self.url, api_key=api_key, timeout=timeout),
            "m",
            retries=Retries(attempts=retries),
            parameters=None if parameters is None else dict(parameters),
            sleep=self.waits.append,
        )


@contextmanager
def serving(*script: Reply | Callable[[Body], Reply]) -> Iterator[Endpoint]:
    """Run an endpoint as long as the block."""
    server = Endpoint(*script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Keep the tests' output clean."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.bodies.append(body)
        server.headers.append({name.lower(): value for name, value in self.headers.items()})
        server.paths.append(self.path)
        entry = server.script.pop(0) if len(server.script) > 1 else server.script[0]
        reply = entry if isinstance(entry, Reply) else entry(body)
        time.sleep(reply.delay)
        if reply.hang_up:
            self.close_connection = True
            self.connection.close()
        elif reply.raw is not None:
            self._send(reply, reply.raw)
        elif body.get("stream"):
            self._stream(reply)
        else:
            self._send(reply, json.dumps(_completion(reply)))

    def _stream(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", "text/event-stream")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.message:
            self._event(dict(reply.message), None)
        words = str(reply.content).split(" ") if reply.content else []
        for i, word in enumerate(words):
            self._event({"content": word if i == 0 else " " + word}, None)
        if not reply.cut:
            self._event({}, reply.finish)
            self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, delta: Mapping[str, object], finish: str | None) -> None:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def _send(self, reply: Reply, text: str) -> None:
        data = text.encode()
        self.send_response(reply.status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **reply.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client stopped waiting, as the test wants


def _completion(reply: Reply) -> dict[str, object]:
    message = {"role": "assistant", "content": reply.content, **reply.message}
    choice = {
        "index": 0,
        "finish_reason": reply.finish,
        "message": message,
        "logprobs": reply.logprobs,
    }
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    whole: dict[str, object] = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
    return {**whole, "choices": [choice], "usage": usage}
