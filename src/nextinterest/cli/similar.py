"""``nextinterest similar``: items like those named."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from nextinterest.cli.conditions import Constraints
from nextinterest.cli.console import err, out
from nextinterest.cli.opening import Source
from nextinterest.cli.reading import grouped
from nextinterest.cli.tables import similar_table
from nextinterest.cli.traces import Traced, trace_view

__all__ = ["similar"]


@grouped
def similar(
    *,
    source: Source,
    item: Annotated[
        list[str], typer.Option(help="Id or title of an item to resemble; repeat the option for several.")
    ],
    user: Annotated[
        str | None, typer.Option(help="Id of a user in the data, whose items are left out.")
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Length of the list.", min=1)] = 10,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out items that the catalogue does not have.")
    ] = False,
    asked: Constraints,
    trace: Traced = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the structured result.")] = False,
) -> None:
    """Find items like those given with --item: by text, by common users, by learned vectors."""
    where = asked.constraints()
    with err.status("Loading the agent"):
        agent = source.open()
    result = agent.similar(
        item, k, user=user, on_unknown="skip" if skip_unknown else "raise", where=where, trace=trace
    )
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
        return
    out.print(similar_table(result, item))
    for note in result.notes:
        out.print(f"[dim]{escape(note)}[/]", soft_wrap=True)
    if result.trace is not None:
        out.print(trace_view(result.trace))
