"""Who may ask, how often, how much: keys, rates, bounds on the body's size and on its time.

An ASGI layer before every route, so that no route can forget it. What a key opens travels with the request
(`grant_of`); `permit` holds every route to it.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nextinterest.server.failures import Failure, answer_to
from nextinterest.server.keys import EVERYTHING, Grant
from nextinterest.server.limits import Rate, address_group
from nextinterest.server.origins import refuse_other_sites
from nextinterest.server.permission import GRANT
from nextinterest.server.routes.page import PAGE_PATHS
from nextinterest.server.settings import ServerSettings, is_loopback

__all__ = ["OPEN_PATHS", "Guard"]

OPEN_PATHS = frozenset({"/healthz", "/readyz"}) | PAGE_PATHS
"""Paths that need no key: probes, which say whether the server is up, and the files of the page, which are
the same for everybody; what the page shows it fetches with a key."""

_MAX_KNOWN = 10_000


class Guard:
    """The layer.

    Parameters
    ----------
    app
        What is behind it.
    settings
        Keys and limits.
    clock
        Seconds from any fixed moment, for the rates.
    """

    def __init__(
        self, app: ASGIApp, settings: ServerSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app, self._settings, self._clock = app, settings, clock
        self._keys = settings.keyring
        self._requests = Rate(settings.requests_per_minute, "Too many requests.", clock)
        self._failures = Rate(
            min(settings.wrong_keys_per_minute, settings.requests_per_minute),
            "Too many wrong keys from this address.",
            clock,
        )
        self._known: OrderedDict[tuple[str, bytes], None] = OrderedDict()  # keys that were right, from where

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not pass; hand on what may."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        headers, answer = Headers(scope=scope), _with_headers(noting)
        try:
            self._check_host(headers)
            if scope["path"] not in OPEN_PATHS:
                caller, scope[GRANT] = self._caller(scope, headers)
                self._requests.check(caller)
                self._requests.spend(caller)
            self._declared_size(scope)
            await self._app(scope, self._bounded(receive), answer)
        except HTTPException as failure:  # of a body that is too large or too slow
            await Failure(failure.status_code, failure.detail).response()(scope, receive, answer)
        except Exception as error:
            if started:
                raise
            # Answered here, behind the other layers: what passes them closes the connection.
            await answer_to(error).response()(scope, receive, answer)

    def _check_host(self, headers: Headers) -> None:
        """Without keys, answer only what was sent to this machine by one of its own names.

        A page elsewhere can let its own name point here and would then be of this server's origin.
        """
        if self._settings.keys:
            return
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not is_loopback(_hostname(hosts[0])):
            raise Failure(403, "Without keys this server answers to localhost only.", code="wrong_host")

    def _caller(self, scope: Scope, headers: Headers) -> tuple[str, Grant]:
        """Return who is counted, and what that caller may do."""
        client = scope.get("client")
        address = address_group(str(client[0])) if client else "local"
        if not self._settings.keys:
            refuse_other_sites(scope["method"], headers, self._settings.origins)
            return address, EVERYTHING
        given = headers.getlist("authorization")
        scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        key = key.strip()
        digest = hashlib.sha256(key.encode("utf-8", "replace")).digest()
        # A key that was right from there before is not held up by somebody who guesses from there.
        if (address, digest) not in self._known:
            self._failures.check(address)
        grant = self._keys.grant(key) if scheme.lower() == "bearer" else None
        if grant is None:
            if given:
                self._failures.spend(address)
            raise Failure(
                401,
                "Send one of the server's keys as 'Authorization: Bearer KEY'.",
                kind="authentication_error",
                code="invalid_api_key",
            )
        self._known[address, digest] = None
        while len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)
        return digest.hex(), replace(grant, holder=digest.hex())

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


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # such as an unfinished IPv6 address
        return ""


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
