"""``nextinterest serve``: the HTTP server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from nextinterest.cli.console import err
from nextinterest.cli.opening import Source
from nextinterest.cli.reading import grouped
from nextinterest.counting import counted
from nextinterest.errors import DataError, MissingExtraError
from nextinterest.profiles import open_store
from nextinterest.profiles.store import checked_user

if TYPE_CHECKING:
    from nextinterest.agent import RecommenderAgent

__all__ = ["serve"]

_NAMED = 50
"""Example users that are named, at most."""


class Over(StrEnum):
    """How the agent is served."""

    HTTP = "http"
    MCP = "mcp"


@grouped
def serve(
    *,
    over: Annotated[
        Over, typer.Argument(help="http, or mcp: tools over standard input and output.")
    ] = Over.HTTP,
    source: Source,
    store: Annotated[
        str, typer.Option(help="Where profiles live: a path, or a postgresql:// URL.")
    ] = "profiles.db",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
    examples: Annotated[
        int,
        typer.Option(
            min=0,
            help="Put the data's first users, this many, into an empty store, to have some to look at; other "
            "users of the data are not known to the server.",
        ),
    ] = 0,
    user: Annotated[str, typer.Option(help="With mcp: whose profile the tools use and change.")] = "me",
    state_mb: Annotated[
        int,
        typer.Option(
            min=0,
            help="Memory, in MB, for what the language model has read of users' histories, so that a new "
            "event costs its own line only; 0 reads everything for every answer.",
        ),
    ] = 512,
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="File of bearer keys, one a line, with scopes where a key is not to open everything: "
            "'KEY user:NAME', 'KEY users', 'KEY catalogue'. Also: NEXTINTEREST_SERVE_KEYS, comma-separated."
        ),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Another origin whose pages may call the server, such as https://app.example; repeatable."
        ),
    ] = None,
    key: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve the agent, its live profiles and a page over HTTP. Without keys only loopback is served."""
    # What can be wrong is looked at before the agent is loaded, which takes a while.
    try:
        from nextinterest.server.listening import bound
        from nextinterest.server.origins import checked_origin
        from nextinterest.server.run import run
        from nextinterest.server.settings import ServerSettings
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "fastapi", "serve") from None
    if over is Over.MCP and not find_spec("mcp"):
        raise MissingExtraError("mcp", "mcp")
    if key:
        raise DataError(
            "--key would show the key in the list of processes.",
            remedy="Write the key into a file and give --key-file FILE, or set NEXTINTEREST_SERVE_KEYS.",
        )
    try:
        origins = tuple(checked_origin(one) for one in origin or ())
    except ValueError as error:
        raise DataError(f"--origin: {error}.", remedy="Give scheme and host only.") from None
    if examples and source.model is not None and source.data is None:
        raise typer.BadParameter("--examples takes users from data, and a directory holds none: give --data.")
    settings = ServerSettings(keys=_keys(key_file), origins=origins, host=host, port=port).checked()
    checked_user(user)
    with ExitStack() as held:
        sockets = [] if over is Over.MCP else [held.enter_context(one) for one in bound(host, port)]
        profiles = open_store(store)
        held.callback(profiles.close)
        with err.status("Loading the agent"):
            agent = source.open()
        served = agent.with_store(profiles, state_bytes=state_mb << 20)
        if examples and agent.log is not None:
            _write_examples(served, agent, agent.log.user_ids[:examples])
        if over is Over.MCP:
            from nextinterest.agent.following import following
            from nextinterest.server.mcp_tools import create_mcp_server

            with following(served, settings.sync_seconds):
                create_mcp_server(served, user).run()
            return
        from nextinterest.server.app import create_app

        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{sockets[0].getsockname()[1]}/"
        run(
            create_app(served, settings),
            settings,
            sockets,
            lambda: err.print(f"Serving on {escape(address)}"),
        )


def _write_examples(served: RecommenderAgent, agent: RecommenderAgent, users: Sequence[str]) -> None:
    """Write users of the data into an empty store, and say which, or that the store has users already."""
    if served.import_histories([agent.history(user) for user in users], agent.catalog):
        named = ", ".join(users[:_NAMED]) + (
            f" and {len(users) - _NAMED} more" if len(users) > _NAMED else ""
        )
        err.print(escape(f"Example users: {named}."), soft_wrap=True)
        return
    held = counted(len(served.store.users()), "user")
    err.print(f"--examples wrote nothing: the store holds events of {held} already.", soft_wrap=True)


def _keys(path: Path | None) -> tuple[str, ...]:
    """Return the keys of a file, or else of the environment."""
    from nextinterest.server.keys import read_key_file

    if path is None:
        return tuple(
            line for line in os.environ.get("NEXTINTEREST_SERVE_KEYS", "").split(",") if line.strip()
        )
    keys, warning = read_key_file(path)
    if warning:
        err.print(f"Warning: {warning}")
    return keys
