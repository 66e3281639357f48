"""Bodies: JSON within bounds, or an answer that says what is wrong with it.

An ASGI layer before every route. What passes is UTF-8, JSON in the strict sense (no NaN), nested at most
`MAX_DEPTH` deep, without numbers or text that would fail later, so that no route meets such things.
"""

from __future__ import annotations

import json
import re
from email.message import Message as Header
from typing import NoReturn

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nextinterest.server.failures import Failure
from nextinterest.server.nesting import deeper_than
from nextinterest.server.repeated_keys import RepeatedKeyError, each_key_once

__all__ = ["MAX_DEPTH", "JsonBodies"]

MAX_DEPTH = 64
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class JsonBodies:
    """The layer.

    Parameters
    ----------
    app
        What is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not JSON; hand on what is."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        declared = [value for name, value in scope["headers"] if name == b"content-type"]
        if body is None:
            return  # the caller hung up
        if declared or body:
            _check_type(declared)
        if body:
            _check(body)
        handed_on = False

        async def again() -> Message:
            nonlocal handed_on
            if handed_on:
                return await receive()
            handed_on = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


async def _whole(receive: Receive) -> bytes | None:
    pieces: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


def _check_type(declared: list[bytes]) -> None:
    header = Header()
    header["content-type"] = declared[0].decode("latin-1") if len(declared) == 1 else "none/none"
    kind = header.get_content_type()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Failure(
            415,
            "The body has to be JSON, sent with the header Content-Type: application/json.",
            code="unsupported_media_type",
        )


def _check(body: bytes) -> None:
    try:
        value = json.loads(
            body.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=each_key_once
        )
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        _refuse(f"{error.msg} at line {error.lineno}, column {error.colno}")
    except UnicodeDecodeError:
        _refuse("it is not valid UTF-8")
    except UnicodeEncodeError:
        _refuse("it holds half of a surrogate pair, which is no character")
    except RecursionError:
        raise _too_deep() from None
    except RepeatedKeyError as error:
        raise Failure(400, f"In the body {error}.", code="invalid_json") from None
    except ValueError as error:
        _refuse(f"{error} is no JSON number" if str(error) in _CONSTANTS else "a number is too long")
    if deeper_than(value, MAX_DEPTH):
        raise _too_deep()


_CONSTANTS = frozenset({"NaN", "Infinity", "-Infinity"})


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse(reason: str) -> NoReturn:
    raise Failure(400, f"The body is not JSON: {reason}.", code="invalid_json") from None


def _too_deep() -> Failure:
    return Failure(400, f"The body is nested more than {MAX_DEPTH} deep.", code="invalid_json")
