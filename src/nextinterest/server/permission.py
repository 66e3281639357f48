"""What the key of a request opens, held against what the request is about.

`permit` runs before every route and knows users in paths and changes of items; users in bodies, queries and
headers are named by the routes, through `user_of`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from nextinterest.server.failures import Failure
from nextinterest.server.keys import EVERYTHING, Grant
from nextinterest.server.names import normal

__all__ = ["GRANT", "Allowed", "permit", "user_of"]

GRANT = "nextinterest.grant"
"""Where the guard puts the grant into a request's scope."""


def grant_of(request: Request) -> Grant:
    """Return what the request's key opens."""
    grant: Grant = request.scope[GRANT]
    return grant


Allowed = Annotated[Grant, Depends(grant_of)]
"""A parameter of routes: what the key opens. It is not a part of the request."""


def permit(request: Request) -> None:
    """Refuse what the key does not open, going by path and method.

    Raises
    ------
    Failure
        403 otherwise.
    """
    grant = request.scope.get(GRANT, EVERYTHING)  # open paths have none
    path = request.url.path.rstrip("/")
    if "user" in request.path_params:
        user_of(grant, normal(request.path_params["user"]))
    elif path == "/v1/users" and not grant.users:
        raise _refusal("list users")
    elif path == "/metrics" and grant.user is not None and not grant.users:
        raise _refusal("read metrics")
    if path.startswith("/v1/items") and request.method not in {"GET", "HEAD"} and not grant.catalogue:
        raise _refusal("change the catalogue")


def user_of(grant: Grant, *named: str | None) -> str | None:
    """Return the user that a request means: the first one named, or the one user of its key.

    Raises
    ------
    Failure
        403 where the key does not open one of those named.
    """
    given = [name for name in named if name is not None]
    if not all(grant.may_use(name) for name in given):
        raise _refusal("use this user's profile")
    return given[0] if given else grant.user


def _refusal(what: str) -> Failure:
    return Failure(403, f"This key may not {what}.", kind="permission_error", code="insufficient_scope")
