"""``nextinterest recommend``: a ranked list for a known user or a history given on the spot."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from nextinterest.cli.conditions import Asked
from nextinterest.cli.console import err, out
from nextinterest.cli.opening import Source
from nextinterest.cli.reading import grouped
from nextinterest.cli.tables import recommendations_table
from nextinterest.cli.traces import Traced, trace_view

__all__ = ["recommend"]


@grouped
def recommend(
    *,
    source: Source,
    user: Annotated[str | None, typer.Option(help="Id of a user in the data.")] = None,
    history: Annotated[
        list[str] | None,
        typer.Option(help="An item id or title, oldest first; repeat the option for each event."),
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Length of the list.", min=1)] = 10,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out items that the catalogue does not have.")
    ] = False,
    asked: Asked,
    trace: Traced = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the structured result.")] = False,
) -> None:
    """Recommend items to a user of the data, or for a history given with --history."""
    where, query = asked.constraints(), asked.words()
    if user is None and history is None:
        if query is None:
            raise typer.BadParameter("Give --user, or --history once per event, or --query.")
        history = []
    if user is not None and history is not None:
        raise typer.BadParameter(
            "Give --user or --history, not both: a history takes the place of the user's events."
        )
    with err.status("Loading the agent"):
        agent = source.open()
    result = agent.recommend(
        history,
        k,
        user=user,
        on_unknown="skip" if skip_unknown else "raise",
        where=where,
        query=query,
        trace=trace,
    )
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
        return
    out.print(recommendations_table(result))
    for note in result.notes:
        out.print(f"[dim]{escape(note)}[/]", soft_wrap=True)
    if result.trace is not None:
        out.print(trace_view(result.trace))
