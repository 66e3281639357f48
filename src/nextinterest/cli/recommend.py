"""``nextinterest recommend``: a ranked list for a known user or a history given on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextinterest.cli.console import err, out
from nextinterest.cli.reading import Reading, grouped
from nextinterest.cli.tables import recommendations_table

if TYPE_CHECKING:
    from nextinterest.agent import RecommenderAgent

__all__ = ["recommend"]


@grouped
def recommend(
    *,
    data: Annotated[
        str | None, typer.Option(help="Data set: an asset's name or a path. Default: ml-100k.")
    ] = None,
    reading: Reading,
    model: Annotated[
        Path | None, typer.Option(help="A recommender directory, instead of building from the data.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="Id of a user in the data.")] = None,
    history: Annotated[
        list[str] | None,
        typer.Option(help="An item id or title, oldest first; repeat the option for each event."),
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Length of the list.", min=1)] = 10,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out items that the catalogue does not have.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the structured result.")] = False,
) -> None:
    """Recommend items to a user of the data, or for a history given with --history."""
    if user is None and history is None:
        raise typer.BadParameter("Give --user, or --history once per event.")
    with err.status("Loading the agent"):
        agent = _load(data, model, reading)
    result = agent.recommend(history, k, user=user, on_unknown="skip" if skip_unknown else "raise")
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
        return
    out.print(recommendations_table(result))
    for note in result.notes:
        out.print(f"[dim]{note}[/]")


def _load(data: str | None, model: Path | None, reading: Reading) -> RecommenderAgent:
    from nextinterest.agent import RecommenderAgent
    from nextinterest.data.assets import DEFAULT_DATA

    if model is None:
        return RecommenderAgent.from_dataset(reading.load(data or DEFAULT_DATA))
    agent = RecommenderAgent.from_pretrained(model)
    return agent if data is None else agent.with_log(reading.load(data))
