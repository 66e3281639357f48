"""``nextinterest recommend``: a ranked list for a known user or a given history; lists of many, in a file."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from nextinterest.cli.conditions import Asked
from nextinterest.cli.console import err, out
from nextinterest.cli.many import Many
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
    many: Many,
    k: Annotated[int, typer.Option("-k", help="Length of the list.", min=1)] = 10,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out items that the catalogue does not have.")
    ] = False,
    asked: Asked,
    trace: Traced = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the structured result.")] = False,
) -> None:
    """Recommend items to a user of the data, for a history given with --history, or to many users."""
    where, query = asked.constraints(), asked.words()
    many.check(user, history, [name for name, given in (("--json", as_json), ("--trace", trace)) if given])
    several = many.all_users or many.users_file is not None
    if user is None and history is None and not several:
        if query is None:
            raise typer.BadParameter(
                "Give --user, or --history once per event, or --query, or --all-users with --out."
            )
        history = []
    with err.status("Loading the agent"):
        agent = source.open()
    if many.out is not None:
        many.write(agent, many.out, k, user, history, skip_unknown=skip_unknown, where=where, query=query)
        return
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
