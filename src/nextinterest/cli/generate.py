"""``nextinterest generate``: next interests and titles by the language model."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from nextinterest.cli.conditions import Constraints, option_words
from nextinterest.cli.console import err, out
from nextinterest.cli.opening import Source
from nextinterest.cli.reading import grouped
from nextinterest.cli.traces import Traced, trace_view
from nextinterest.domain import NextInterests

__all__ = ["generate"]


@grouped
def generate(
    *,
    source: Source,
    user: Annotated[str | None, typer.Option(help="Id of a user in the data.")] = None,
    history: Annotated[
        list[str] | None,
        typer.Option(help="An item id or title, oldest first; repeat the option for each event."),
    ] = None,
    n: Annotated[int, typer.Option("-n", help="Titles, at most.", min=1)] = 10,
    request: Annotated[
        str | None, typer.Option(help="What is asked for, in words, such as 'something slow and dark'.")
    ] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out items that the catalogue does not have.")
    ] = False,
    held_to: Constraints,
    trace: Traced = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the structured result.")] = False,
) -> None:
    """Let the language model say what a user will want next: interests, and titles of the catalogue."""
    if (user is None) == (history is None):
        raise typer.BadParameter("Give either --user, or --history once per event.")
    where, words = held_to.constraints(), option_words(request, "--request")
    with err.status("Loading the agent"):
        agent = source.open()
    result = agent.generate(
        history,
        n,
        user=user,
        request=words,
        where=where,
        on_unknown="skip" if skip_unknown else "raise",
        trace=trace,
    )
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
        return
    out.print(_interests(result))
    out.print(_titles(result))
    for note in result.notes:
        out.print(f"[dim]{escape(note)}[/]", soft_wrap=True)
    if result.trace is not None:
        out.print(trace_view(result.trace))


def _interests(result: NextInterests) -> Table:
    whose = "" if result.user is None else f" of user {result.user}"
    table = Table(title=escape(f"Next interests{whose}, by {result.model}"))
    table.add_column("Interest")
    table.add_column("Share", justify="right")
    for name in ("Trend", "Because of"):
        table.add_column(name)
    for one in result.interests:
        because = ", ".join(event.title for event in one.because)
        table.add_row(escape(one.name), f"{one.share:.0%}", one.trend, escape(because))
    return table


def _titles(result: NextInterests) -> Table:
    table = Table(title="Next titles")
    table.add_column("#", justify="right")
    for name in ("Title", "Found"):
        table.add_column(name)
    table.add_column("Log-probability", justify="right")
    for rank, item in enumerate(result.items, start=1):
        log = "" if item.log_probability is None else f"{item.log_probability:.2f}"
        table.add_row(str(rank), escape(item.title or item.text), item.how, log)
    return table
