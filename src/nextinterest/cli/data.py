"""``nextinterest data``: what is in a data set, and what cleaning dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from nextinterest.cli.console import err, out, visible
from nextinterest.cli.reading import Reading, grouped
from nextinterest.counting import counted

if TYPE_CHECKING:
    from nextinterest.data.report import CleaningReport
    from nextinterest.data.summary import Summary

__all__ = ["app"]

app = typer.Typer(help="Look at data sets.", no_args_is_help=True)


@app.callback()
def data() -> None:
    """Look at data sets."""


@app.command()
@grouped
def describe(
    *,
    path: Annotated[str, typer.Argument(help="A file, a folder, or an asset's name such as ml-100k.")],
    reading: Reading,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Read and clean a data set, and show what is in it and what was dropped."""
    from nextinterest.data.summary import summarise

    with err.status("Reading"):
        dataset = reading.load(path, warn=False)
        summary = summarise(dataset)
    if as_json:
        typer.echo(summary.model_dump_json(indent=2))
        return
    out.print(_shape(summary))
    out.print(_dropped(summary.report))
    for note in summary.report.notes:
        out.print(f"[dim]{escape(note)}[/]")


@app.command()
@grouped
def users(
    *,
    path: Annotated[str, typer.Argument(help="A file, a folder, or an asset's name such as ml-100k.")],
    reading: Reading,
    n: Annotated[int, typer.Option("-n", help="Users, at most; 0 for all.", min=0)] = 20,
    find: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only ids that have this in them, in any case.")
    ] = None,
) -> None:
    """List the ids of the users of a data set, with the number of their events."""
    with err.status("Reading"):
        log = reading.load(path).log
    wanted = (find or "").casefold()
    found = [u for u, user_id in enumerate(log.user_ids) if wanted in user_id.casefold()]
    for u in found[: n or None]:
        typer.echo(f"{visible(log.user_ids[u])}\t{log.lengths[u]}")
    if n and len(found) > n:
        err.print(f"[dim]{n:,} of {counted(len(found), 'user')}; -n 0 lists all.[/]")


def _shape(summary: Summary) -> Table:
    report = summary.report
    table = Table(title=escape(summary.name), title_justify="left", show_header=False)
    table.add_column(style="dim")
    table.add_column()
    span = "none"
    if summary.first_event is not None and summary.last_event is not None:
        days = (summary.last_event - summary.first_event).days
        span = f"{summary.first_event:%Y-%m-%d} to {summary.last_event:%Y-%m-%d} ({counted(days, 'day')})"
    ties = f"{counted(report.tied_events, 'event shares', 'events share')} user and time"
    if report.users_tied_at_the_end:
        ties += f", the last two of {counted(report.users_tied_at_the_end, 'user')} among them"
    ratings = "none" if summary.mean_rating is None else f"mean {summary.mean_rating:.2f}"
    for name, value in (
        ("files", ", ".join(report.files)),
        ("users", f"{summary.users:,}"),
        ("items", f"{summary.items:,} ({report.items_without_events:,} without events)"),
        ("events", f"{summary.events:,}"),
        ("density", f"{summary.density:.3%}"),
        (
            "events per user",
            f"mean {summary.mean_length:.1f}, median {summary.median_length:.0f}, most {summary.longest:,}",
        ),
        ("time span", span),
        ("repeats", _repeats(report)),
        ("kinds of events", ", ".join(f"{kind} {n:,}" for kind, n in summary.kinds.items()) or "none"),
        ("ties", ties if summary.first_event is not None else "none"),
        ("ratings", ratings),
        (
            "categories",
            f"{summary.categories:,} ({counted(summary.uncategorised, 'item has', 'items have')} none)",
        ),
        ("attributes", ", ".join(summary.attributes) or "none"),
        ("titles", f"{summary.items - report.items_without_title:,} of {counted(summary.items, 'item')}"),
        ("known of users", ", ".join(summary.user_columns) or "nothing"),
        ("fingerprint", summary.fingerprint[:16]),
    ):
        table.add_row(name, escape(value))
    return table


def _repeats(report: CleaningReport) -> str:
    """Return how many events were of a user and an item that had one before."""
    from nextinterest.data.faults import REPEATED_PAIR

    n = report.repeated_events
    if not n:
        return "none"
    dropped = report.count(REPEATED_PAIR)
    share = n / max(1, report.events_kept + dropped)
    done = "dropped (--repeats keep keeps them)" if dropped else "kept"
    return f"{counted(n, 'event')} of a user and item that had one before ({share:.0%}), {done}"


def _dropped(report: CleaningReport) -> Table | str:
    kept = f"{report.events_kept:,} of {counted(report.events_read, 'event')} kept"
    if not report.dropped:
        return f"{kept}; nothing was dropped."
    table = Table(title=f"Dropped ({kept})", title_justify="left")
    table.add_column("What")
    table.add_column("Why")
    table.add_column("Count", justify="right")
    table.add_column("First", style="dim", overflow="fold")
    for row in report.dropped:
        table.add_row(row.what, escape(row.reason), f"{row.count:,}", escape(row.location))
    return table
