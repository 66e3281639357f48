"""``nextinterest interests``: a user's interests over time, where they go, in a table, words or a picture."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from nextinterest.cli.console import err, out, visible
from nextinterest.cli.opening import Source
from nextinterest.cli.reading import grouped
from nextinterest.counting import counted

if TYPE_CHECKING:
    from nextinterest.interests import InterestOutlook, InterestPortrait, TextPortrait
    from nextinterest.llm import LanguageModel

__all__ = ["interests"]

ROWS = 8
_CHANGE = (
    "change: share of the recent events minus that of the earlier ones, in percentage points (pp); q: the "
    "false-discovery rate at which it is one, so that a small q is no chance."
)


@grouped
def interests(
    *,
    user: Annotated[str, typer.Option(help="Id of a user in the data.")],
    source: Source,
    events: Annotated[
        int | None, typer.Option(help="Forecast this many coming events; 10 by default.", min=1)
    ] = None,
    days: Annotated[
        float | None, typer.Option(help="Forecast the events of this many days instead.", min=0.01)
    ] = None,
    paths: Annotated[int, typer.Option(help="Continuations to sample; 0 for none.", min=0)] = 0,
    plot: Annotated[Path | None, typer.Option(help="Save the interest river here (.png or .svg).")] = None,
    plot_changes: Annotated[
        Path | None, typer.Option(help="Save the rise-and-fall chart here (.png or .svg).")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print portrait, outlook and text as JSON.")
    ] = False,
    text_only: Annotated[bool, typer.Option("--text", help="Print the portrait in words only.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of permutations and sampled paths.")] = 0,
) -> None:
    """Show what a user's interests are, which rise and fade, and where they go.

    A language model that takes the role word (--language-model or --role word=MODEL) words the text, each
    sentence checked against its numbers.
    """
    if events is not None and days is not None:
        raise typer.BadParameter("Give --events or --days, not both: a forecast has one horizon.")
    for picture in (plot, plot_changes):
        _check_picture(picture)
    with err.status("Loading the agent"):
        agent = source.open(ranks=False)
    from nextinterest.data.interests import population_mix
    from nextinterest.interests import (
        PortraitConfig,
        describe,
        draw_changes,
        draw_river,
        forecast_interests,
        interest_catalog,
        portray,
        save_figure,
    )

    history = agent.history(user)
    log, (catalog, notes) = agent.log, interest_catalog(agent.catalog)
    population = None if log is None else population_mix(log.items, catalog)
    portrait = portray(history, catalog, population, PortraitConfig(seed=seed))
    outlook = forecast_interests(
        history,
        catalog,
        agent.retriever,
        horizon=events or 10 if days is None else timedelta(days=days),
        model=agent.engine.forecast_model,
        population=population,
        n_paths=paths,
        seed=seed,
    )
    portrait = portrait.model_copy(update={"notes": portrait.notes + notes})
    outlook = outlook.model_copy(update={"notes": outlook.notes + notes})
    words = describe(portrait, outlook)
    model = agent.engine.model_for("word")
    if model is not None:
        words = _worded(portrait, outlook, model)
    for path, figure in (
        (plot, None if plot is None else draw_river(portrait, outlook)),
        (plot_changes, None if plot_changes is None else draw_changes(portrait)),
    ):
        if path is not None and figure is not None:
            save_figure(figure, path)
            err.print(f"Saved {escape(str(path))}")
    if as_json:
        whole = {"portrait": portrait, "outlook": outlook, "text": words}
        typer.echo(json.dumps({name: part.model_dump(mode="json") for name, part in whole.items()}, indent=2))
        return
    if text_only:
        typer.echo(visible(words.text))
        return
    out.print(_table(portrait, outlook))
    if portrait.changes:
        out.print(f"[dim]{_CHANGE}[/]")
    for note in notes:
        out.print(f"[dim]{escape(note)}[/]")
    if outlook.paths:
        out.print(_paths(outlook))
    out.print(escape(words.text), soft_wrap=False)


def _check_picture(path: Path | None) -> None:
    """Refuse a picture that could not be saved before anything is computed for it."""
    if path is None:
        return
    if path.suffix.lower() not in (".png", ".svg"):
        raise typer.BadParameter(f"Cannot save a picture as {path.name!r}: name it .png or .svg.")
    if not path.parent.is_dir():
        raise typer.BadParameter(
            f"There is no folder {path.parent} for the picture: make it, or name another."
        )


def _worded(portrait: InterestPortrait, outlook: InterestOutlook, model: LanguageModel) -> TextPortrait:
    """Have the text worded, and say on stderr what was refused and why."""
    from nextinterest.interests import word_portrait

    with err.status(f"{model.name} words the text"):
        words = word_portrait(portrait, outlook, model)
    err.print(
        f"{words.worded} of {counted(len(words.sentences), 'sentence')} worded by {escape(words.model)}."
    )
    for refused in words.refused:
        err.print(f"[dim]Sentence {refused.sentence + 1} is the template's: {escape(refused.reason)}.[/]")
    return words


def _table(portrait: InterestPortrait, outlook: InterestOutlook) -> Table:
    changes = {change.interest: change for change in portrait.changes}
    current = {share.interest: share for share in portrait.current}
    table = Table(title=f"Interests of user {escape(portrait.user or '')}", title_justify="left")
    table.add_column("interest")
    for column in ("all events", "recent", "change", "q"):
        table.add_column(column, justify="right")
    ahead = f"next {counted(round(outlook.horizon_events), 'event')}"
    table.add_column(f"{ahead} ({outlook.level:.0%} interval)", justify="right")
    shown = [share.interest for share in portrait.interests[:ROWS]]
    shown += [c.interest for c in portrait.changes if c.direction != "steady" and c.interest not in shown]
    whole = {share.interest: share for share in portrait.interests}
    ahead_of = {row.interest: row for row in outlook.interests}
    for name in shown:
        change, row = changes.get(name), ahead_of[name]
        style = "" if change is None else {"rising": "green", "fading": "red", "steady": ""}[change.direction]
        table.add_row(
            escape(name),
            f"{whole[name].share:.1%}",
            f"{current[name].share:.1%}",
            "" if change is None else f"{100 * change.change:+.1f} pp",
            "" if change is None else f"{change.q_value:.3f}",
            f"{row.share:.1%} ({row.lower:.0%} to {row.upper:.0%})",
            style=style,
        )
    return table


def _paths(outlook: InterestOutlook) -> Table:
    table = Table(title=f"Likeliest of {outlook.n_paths} sampled continuations", title_justify="left")
    table.add_column("log P", justify="right")
    table.add_column("events, next one first")
    for path in outlook.paths:
        titles = " → ".join(escape(step.title) for step in path.steps)
        table.add_row(f"{path.log_probability:.1f}", titles)
    return table
