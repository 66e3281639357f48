"""The page: static files that ship with the package, read once, under a policy that lets nothing else in."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from nextinterest.server.service import Service

__all__ = ["PAGE_PATHS", "router"]

_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "api.js": "text/javascript; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "chat.js": "text/javascript; charset=utf-8",
    "dom.js": "text/javascript; charset=utf-8",
    "history.js": "text/javascript; charset=utf-8",
    "narrow.js": "text/javascript; charset=utf-8",
    "picks.js": "text/javascript; charset=utf-8",
    "river.js": "text/javascript; charset=utf-8",
}

PAGE_PATHS = frozenset({"/"} | {f"/page/{name}" for name in _TYPES if name != "index.html"})
"""Paths of the page's files."""

# Scripts and styles come from files of this server alone; nothing may frame the page or be sent elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


def router(service: Service) -> APIRouter:
    """Return / and the files it uses."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def page(request: Request) -> Response:
        """Return the page."""
        return _file("index.html", request)

    for name in _TYPES:
        if name != "index.html":
            routes.add_api_route(f"/page/{name}", _route(name), methods=["GET"])
    return routes


def _route(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def one(request: Request) -> Response:
        return _file(name, request)

    return one


def _file(name: str, request: Request) -> Response:
    content, tag = _read(name)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_TYPES[name], headers=headers)


@cache
def _read(name: str) -> tuple[bytes, str]:
    content = files("nextinterest.server").joinpath("page", name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
