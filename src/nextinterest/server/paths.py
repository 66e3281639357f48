"""Paths whose parts hold percent-encoded slashes: a user's id is one part, whatever its characters."""

from __future__ import annotations

from urllib.parse import unquote

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

__all__ = ["SentPathRoute", "sent_path"]


def sent_path(scope: Scope) -> str:
    """Return a request's path: as sent where it holds an encoded slash or per cent sign, else decoded."""
    raw: bytes = (scope.get("raw_path") or b"").lower()
    sent = b"%2f" in raw or b"%25" in raw
    return str(scope["raw_path"], "latin-1") if sent else str(scope["path"])


class SentPathRoute(APIRoute):
    """A route that finds its parts in the path as it was sent, and decodes each after that.

    Decoded first, ``DELETE /v1/users/a%2Fevents%2Fb``, which forgets the user ``a/events/b``, would be one
    path with ``DELETE /v1/users/a/events/b``, which removes an event of the user ``a``.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path as it was sent."""
        path = sent_path(scope)
        if path == scope["path"]:
            return super().matches(scope)
        match, found = super().matches({**scope, "path": path})
        if match != Match.NONE:
            found["path_params"] = {name: unquote(part) for name, part in found["path_params"].items()}
        return match, found
