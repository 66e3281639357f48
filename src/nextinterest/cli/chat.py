"""``nextinterest chat``: talk to the agent in the terminal, or pipe messages into it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from nextinterest.cli.console import err, out
from nextinterest.cli.opening import Source
from nextinterest.cli.reading import grouped
from nextinterest.cli.traces import Traced, trace_view
from nextinterest.counting import counted
from nextinterest.errors import DataError

if TYPE_CHECKING:
    from nextinterest.agent import RecommenderAgent
    from nextinterest.agent.chat import ChatReply

__all__ = ["chat"]


_SESSION, _SESSION_SECONDS = "terminal", 86_400.0  # one conversation, for as long as the command runs


@grouped
def chat(
    *,
    user: Annotated[
        str | None, typer.Option(help="Whose history: a user of the data, or any id with --store.")
    ] = None,
    source: Source,
    store: Annotated[
        str | None, typer.Option(help="Keep what you tell here: a path, or a postgresql:// URL.")
    ] = None,
    import_data: Annotated[
        bool, typer.Option("--import", help="Write the user's events of the data into the store first, once.")
    ] = False,
    trace: Traced = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each reply as one line of JSON.")] = False,
) -> None:
    """Talk about what to take next; one message a line, end of file (or an empty line typed) ends it."""
    from nextinterest.messages import Message

    if import_data and store is None:
        raise typer.BadParameter("Give --store with --import: that is where the events go.")
    if store is not None and user is None:
        raise typer.BadParameter("Give --user with --store: a profile belongs to somebody.")
    with err.status("Loading the agent"):
        agent = source.open()
    with ExitStack() as closing:
        if store and user:
            agent = _kept_by(agent, store, user, closing, import_data=import_data)
        agent.sessions.seconds = _SESSION_SECONDS
        for line in _lines():
            said = [Message(role="user", content=line)]
            for piece in agent.chat_stream(said, user, session=_SESSION, trace=trace):
                if isinstance(piece, str):
                    if not as_json:
                        out.print(escape(piece), soft_wrap=True, end="")
                    continue
                _end(piece, as_json=as_json)


def _end(reply: ChatReply, *, as_json: bool) -> None:
    """Print what comes behind the text of a reply."""
    if as_json:
        typer.echo(reply.model_dump_json())
        return
    out.print()
    if reply.trace is not None:
        out.print(trace_view(reply.trace))


def _lines() -> Iterator[str]:
    """Yield what is typed, with a prompt where a person types it; piped lines are shown as they are read."""
    typed = sys.stdin.isatty()
    while True:
        if typed:
            err.print("[bold cyan]you>[/] ", end="")
        line = sys.stdin.readline()
        message = line.strip()
        if not line or (typed and not message):
            return
        if not message:
            continue
        if not typed:
            err.print(f"[dim]you> {escape(message)}[/]", soft_wrap=True)
        yield message


def _kept_by(
    agent: RecommenderAgent, store: str, user: str, closing: ExitStack, *, import_data: bool
) -> RecommenderAgent:
    """Return an agent that answers by a stored profile; the store is closed with the stack."""
    kept = agent.with_store(store)
    closing.callback(kept.store.close)
    # Not imported unasked: who had the profile deleted would find it filled again by the next start.
    known = _events_of_data(agent, user)
    if known and not kept.store.events(user):
        name = escape(user)
        if import_data:
            kept.import_history(agent.history(user))
            err.print(
                f"{counted(known, 'event')} of '{name}' in the data {'was' if known == 1 else 'were'} "
                f"written to the store.",
                soft_wrap=True,
            )
        else:
            err.print(
                f"The store holds nothing of '{name}' yet; "
                f"{counted(known, 'event of the data is', 'events of the data are')} not used; "
                "add --import to write them to the store.",
                soft_wrap=True,
            )
    return kept


def _events_of_data(agent: RecommenderAgent, user: str) -> int:
    try:
        return len(agent.history(user))
    except DataError:  # nobody of the data
        return 0
