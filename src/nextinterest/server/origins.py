"""Pages on other origins: which of them may call the server, and what a browser is answered (CORS).

Without `ServerSettings.origins` no other origin is answered with anything, which is how browsers keep a page
from reading what it fetched. There is no wildcard.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nextinterest.server.failures import Failure

__all__ = ["Origins", "checked_origin", "refuse_other_sites"]

_METHODS = "GET, POST, PUT, DELETE, OPTIONS"
_HEADERS = "authorization, content-type, idempotency-key, x-nextinterest-user"
_EXPOSED = "retry-after, server-timing"
_SECONDS = "600"


class Origins:
    """ASGI layer that lets pages of some other origins call the server.

    Parameters
    ----------
    app
        What is behind it.
    allowed
        Origins such as ``https://app.example``.
    """

    def __init__(self, app: ASGIApp, allowed: tuple[str, ...]) -> None:
        self._app, self._allowed = app, frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a browser's question whether a page may call; mark answers for pages that may."""
        if scope["type"] != "http" or not self._allowed:
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        origin = asked.get("origin", "")
        allowed = origin in self._allowed
        if allowed and scope["method"] == "OPTIONS" and "access-control-request-method" in asked:
            headers = {
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Max-Age": _SECONDS,
            }
            if "access-control-request-private-network" in asked:
                headers["Access-Control-Allow-Private-Network"] = "true"
            response = Response(status_code=204, headers=headers)
            await response(scope, receive, _marking(send, origin))
            return
        await self._app(scope, receive, _marking(send, origin if allowed else None))


def _marking(send: Send, origin: str | None) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.add_vary_header("Origin")
            if origin is not None:
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = _EXPOSED
                headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        await send(message)

    return sending


def refuse_other_sites(method: str, headers: Headers, allowed: tuple[str, ...]) -> None:
    """Without keys: refuse what a browser sends for a page of another site and what may change something.

    A server that asks for no key answers whoever reaches it, and a page anywhere can make its reader's
    browser reach this machine. What only reads is answered: no browser shows the answer to a page of
    another origin.

    Raises
    ------
    Failure
        403 where the origin is neither the server's own nor allowed.
    """
    if method in {"GET", "HEAD", "OPTIONS"}:
        return
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    if origin is not None and origin in allowed:
        return
    try:
        parts = urlsplit(origin or "")
    except ValueError:
        parts = urlsplit("")
    own = parts.scheme in {"http", "https"} and parts.netloc.lower() == headers.get("host", "").lower()
    if (origin is not None and not own) or site not in {"none", "same-origin"}:
        raise Failure(
            403, "Without keys this server does not answer pages of other sites.", code="wrong_origin"
        )


def checked_origin(origin: str) -> str:
    """Return an origin in the form browsers send it.

    Raises
    ------
    ValueError
        If it is not a scheme and a host, with a port or without.
    """
    parts = urlsplit(origin.strip().rstrip("/").lower())
    plain = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.geturl() != plain:
        raise ValueError("an origin is a scheme and a host, such as https://app.example")
    if "*" in plain or "@" in plain:
        raise ValueError("an origin names one host; there is no wildcard")
    return plain
