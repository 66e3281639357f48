"""An OpenAI-compatible endpoint on this machine that answers by a script, well-behaved and not.

    with serving(Reply("hello"), failure(429, after=7)) as endpoint:
        model = endpoint.model()

Each request takes the next entry of `Endpoint.script`; the last one answers for ever. An entry is a `Reply`,
or a function of the request's body that returns one (see `refusing`, `clever`).
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nextinterest.llm.openai_compatible import OpenAICompatibleModel, Retries, connect

__all__ = [
    "Body",
    "Endpoint",
    "Reply",
    "clever",
    "failure",
    "logprobs",
    "prompt_of",
    "refusing",
    "schema_of",
    "serving",
]

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
    tool
        Arguments of the tool that is called in place of content, where the request has one.
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
    tool: object = None
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


def schema_of(body: Body) -> dict[str, object] | None:
    """Return the schema that a request asks an object of, as a tool or as a format; None where in neither."""
    tools, form = body.get("tools"), body.get("response_format")
    if isinstance(tools, list):
        found = tools[0]["function"]["parameters"]
    elif isinstance(form, dict):
        found = form["json_schema"]["schema"]
    else:
        return None
    assert isinstance(found, dict)
    return found


def prompt_of(body: Body) -> str:
    """Return the texts of a request's messages, one behind the other."""
    rows = body["messages"]
    assert isinstance(rows, list)
    return "\n\n".join(str(row["content"]) for row in rows)


def clever(
    objects: Callable[[dict[str, object] | None, str], object],
    *,
    letter: Callable[[str], Mapping[str, float]] | None = None,
    tools: bool = True,
    schemas: bool = True,
    reasoning: bool = False,
) -> Callable[[Body], Reply]:
    """Return an endpoint of a capable model.

    Parameters
    ----------
    objects
        Makes an object, or text, of the schema asked for (None where the prompt states it) and the prompt.
    letter
        Probabilities of first tokens, by prompt; None reports none.
    tools, schemas
        Whether it takes tools and formats; it refuses those that it does not take.
    reasoning
        Whether it thinks before it answers: a limit of one token is used up by thoughts.
    """
    refuses = refusing(*([] if tools else ["tools"]), *([] if schemas else ["response_format"]))

    def answer(body: Body) -> Reply:
        refused = refuses(body)
        if refused.status != 200:
            return refused
        prompt, thoughts = prompt_of(body), {"reasoning_content": "Hm."} if reasoning else {}
        if body.get("max_tokens") == 1:
            if reasoning:
                return Reply("", finish="length", message=thoughts)
            found = {} if letter is None else letter(prompt)
            tops = sorted(((t, math.log(p)) for t, p in found.items()), key=lambda top: -top[1])
            return Reply(
                tops[0][0] if tops else "A", finish="length", logprobs=logprobs(*tops) if tops else None
            )
        made = objects(schema_of(body), prompt)
        if isinstance(made, str):
            return Reply(made, message=thoughts)
        return Reply(json.dumps(made), tool=made if tools else None, message=thoughts)

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
        self.models: object = None  # the answer to GET /v1/models; None: there is no such list
        self.most_at_once = self._at_once = 0
        self._counting = threading.Lock()
        self.waits: list[float] = []  # what models of `model` would have slept

    def busy(self, by: int) -> None:
        """Count requests under way."""
        with self._counting:
            self._at_once += by
            self.most_at_once = max(self.most_at_once, self._at_once)

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

    def do_GET(self) -> None:
        if self.server.models is None:
            self._send(Reply(status=404), "{}")
        else:
            self._send(Reply(), json.dumps(self.server.models))

    def do_POST(self) -> None:
        self.server.busy(1)
        try:
            self._post()
        finally:
            self.server.busy(-1)

    def _post(self) -> None:
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
            self._send(reply, json.dumps(_completion(reply, body)))

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


def _completion(reply: Reply, body: Body) -> dict[str, object]:
    message = {"role": "assistant", "content": reply.content, **reply.message}
    tools = body.get("tools")
    if reply.tool is not None and isinstance(tools, list):
        called = {"name": tools[0]["function"]["name"], "arguments": json.dumps(reply.tool)}
        message |= {"content": None, "tool_calls": [{"id": "1", "type": "function", "function": called}]}
    choice = {
        "index": 0,
        "finish_reason": reply.finish,
        "message": message,
        "logprobs": reply.logprobs,
    }
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    whole: dict[str, object] = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
    return {**whole, "choices": [choice], "usage": usage}
