"""``nextinterest schemas``: the JSON schemas of events, items, requests and results."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from nextinterest.errors import DataError

__all__ = ["schemas"]


def schemas(
    name: Annotated[str | None, typer.Argument(help="Of one type, such as Request; all without it.")] = None,
) -> None:
    """Print the JSON schemas of the types that go in and out: events, items, requests, sessions, results."""
    from nextinterest.domain import json_schemas

    found = json_schemas()
    if name is not None and name not in found:
        names = f"The types are {', '.join(found)}."
        raise DataError(f"There is no type {name!r}.", remedy=names, command=names)
    typer.echo(json.dumps(found if name is None else found[name], indent=2, ensure_ascii=False))
