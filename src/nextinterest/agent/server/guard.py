"""Who may ask, how often, how much: bearer keys, a rate limit, bounds on the body's size and on its time.

An ASGI layer before every route, so that no route can forget it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nextinterest.agent.server.failures import Failure
from nextinterest.agent.server.routes.page import PAGE_PATHS
from nextinterest.agent.server.settings import ServerSettings, is_loopback

__all__ = ["OPEN_PATHS", "Guard"]

OPEN_PATHS = frozenset({"/healthz", "/readyz"}) | PAGE_PATHS
"""Paths that need no key: probes, which say whether the server is up, and the files of the page, which are
the same for everybody; what the page shows it fetches with a key."""

_MAX_CALLERS = 10_000


class Guard:
    """The layer.

    Parameters
    ----------
    app
        What is behind it.
    settings
        Keys and limits.
    clock
        Seconds from any fixed moment, for the rate limit.
    """

    def __init__(
        self, app: ASGIApp, settings: ServerSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app, self._settings, self._clock = app, settings, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens left, as of when

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not pass; hand on what may."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_headers(send)
        try:
            self._check_host(scope)
            if scope["path"] not in OPEN_PATHS:
                caller = self._caller(scope)
                self._spend(caller)
            self._declared_size(scope)
            await self._app(scope, self._bounded(receive), send)
        except Failure as failure:
            await failure.response()(scope, receive, send)

    def _check_host(self, scope: Scope) -> None:
        """Without keys, answer only what was sent to this machine by one of its own names.

        A page elsewhere can let its own name point here and would then be of this server's origin.
        """
        if self._settings.keys:
            return
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not is_loopback(urlsplit(f"//{hosts[0]}").hostname or ""):
            raise Failure(403, "Without keys this server answers to localhost only.", code="wrong_host")

    def _caller(self, scope: Scope) -> str:
        if not self._settings.keys:
            client = scope.get("client")
            return str(client[0]) if client else "local"
        values = [value for name, value in scope["headers"] if name == b"authorization"]
        scheme, _, key = values[0].decode("latin-1").partition(" ") if len(values) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not self._settings.accepts(key.strip()):
            raise Failure(
                401,
                "Send one of the server's keys as 'Authorization: Bearer KEY'.",
                kind="authentication_error",
                code="invalid_api_key",
            )
        return f"key:{key.strip()}"

    def _spend(self, caller: str) -> None:
        """Take one from the caller's bucket, which fills at the allowed rate and holds one minute's worth."""
        now, allowed = self._clock(), float(self._settings.requests_per_minute)
        left, since = self._buckets.pop(caller, (allowed, now))
        left = min(allowed, left + (now - since) * allowed / 60.0)
        self._buckets[caller] = (left - 1.0, now) if left >= 1.0 else (left, now)
        while len(self._buckets) > _MAX_CALLERS:
            self._buckets.popitem(last=False)
        if left < 1.0:
            wait = int((1.0 - left) * 60.0 / allowed) + 1
            raise Failure(
                429, "Too many requests.", kind="rate_limit_error", code="rate_limited", retry_after=wait
            )

    def _declared_size(self, scope: Scope) -> None:
        for name, value in scope["headers"]:
            if name == b"content-length" and (
                not value.isdigit() or int(value) > self._settings.max_body_bytes
            ):
                raise self._too_large()

    def _bounded(self, receive: Receive) -> Receive:
        """Count the body as it arrives, since a declared length is only a claim, and wait only so long."""
        read, whole = 0, False
        end = self._clock() + self._settings.body_seconds

        async def bounded() -> Message:
            nonlocal read, whole
            if whole:  # what comes now is the news that the caller hung up, and that may take its time
                return await receive()
            try:
                async with asyncio.timeout(max(0.0, end - self._clock())):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "The request's body took too long to arrive.") from None
            whole = not message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > self._settings.max_body_bytes:
                # Raised while FastAPI reads the body, which passes on only exceptions of this class.
                raise HTTPException(413, str(self._too_large()))
            return message

        return bounded

    def _too_large(self) -> Failure:
        return Failure(
            413,
            f"The request body is larger than {self._settings.max_body_bytes:,} bytes.",
            code="request_too_large",
        )


def _with_headers(send: Send) -> Send:
    """Add to every answer what keeps a browser from taking it for something else."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "no-referrer")
            headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
