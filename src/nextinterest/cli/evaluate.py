"""``nextinterest evaluate``: methods on held-out histories, a report of a run, two runs compared.

Reads options and prints tables; `methods` builds what is evaluated, `nextinterest.eval` judges it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast, get_args

import typer
from rich.markup import escape
from rich.table import Table

from nextinterest.cli.console import err, out
from nextinterest.cli.given_lists import Lists
from nextinterest.cli.methods import Workshop
from nextinterest.cli.models import Models
from nextinterest.cli.reading import Reading, grouped
from nextinterest.cli.user_files import read_user_ids
from nextinterest.counting import counted
from nextinterest.errors import DataError

if TYPE_CHECKING:
    from nextinterest.data import Dataset, Split
    from nextinterest.eval import Run
    from nextinterest.eval.comparisons import Comparison
    from nextinterest.eval.report import Content
    from nextinterest.eval.scores import ScoreTable

__all__ = ["evaluate"]

SplitKind = Literal["leave-one-out", "leave-last-out", "time"]
Part = Literal["validation", "test"]

_METHODS = "popularity,itemknn,ease,markov,sasrec"
_WITH_INTERVAL = ("ndcg@10", "hr@10")  # on the screen; the report has all of them
_SHOWN = (*_WITH_INTERVAL, "logloss", "coverage@10")


@grouped
def evaluate(
    *,
    data: Annotated[str, typer.Option(help="A file, a folder, or an asset's name.")] = "ml-100k",
    reading: Reading,
    models: Models,
    methods: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated: popularity, recent-popularity, markov, itemknn, ease, sasrec, text, "
            "retrieval, agent, or the path of a recommender directory. Default: "
            f"{_METHODS}; none beside --lists."
        ),
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="How events are held out: " + ", ".join(get_args(SplitKind)) + ".")
    ] = "leave-one-out",
    part: Annotated[
        str,
        typer.Option(help="validation or test. Validation is for choosing; ask for test to report, once."),
    ] = "validation",
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder of the run; what it already holds is not asked again."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Remake the report of a run from its saved answers, and stop.")
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Compare two runs on the cases they share, and stop.")
    ] = None,
    write_split: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write what is learned from and what is predicted as CSV, for other libraries, and stop.",
        ),
    ] = None,
    held_out: Annotated[int, typer.Option(help="Last events of each user held out for the test.", min=1)] = 1,
    validation_events: Annotated[
        int | None,
        typer.Option(
            help="Events before them held out for validation; as many as --held-out by default.", min=1
        ),
    ] = None,
    validation_from: Annotated[
        str | None, typer.Option(help="For time: start of validation, an ISO date or seconds since 1970.")
    ] = None,
    test_from: Annotated[str | None, typer.Option(help="For time: start of the test.")] = None,
    keep_seen: Annotated[bool, typer.Option("--keep-seen", help="Do not mask items of the history.")] = False,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="A flawed list loses its flawed positions, not all of them.")
    ] = False,
    lists_only: Annotated[
        bool, typer.Option("--lists-only", help="Read every method's list, also where it scores all items.")
    ] = False,
    lists: Lists,
    candidates: Annotated[
        Path | None, typer.Option(help="Rank given candidates: JSON lines, or LLMRank's user<tab>items.")
    ] = None,
    insert_target: Annotated[
        bool, typer.Option("--insert-target", help="Put a missing target in its candidates' last position.")
    ] = False,
    users_file: Annotated[
        Path | None, typer.Option(help="Evaluate these users only: ids, one a line.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(help="Evaluate a random sample of so many users.", min=1)
    ] = None,
    cold_items: Annotated[float, typer.Option(help="Share of items hidden from training.")] = 0.0,
    cold_users: Annotated[float, typer.Option(help="Share of users hidden from training.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Draws samples and the order of equal scores.")] = 0,
    seeds: Annotated[
        str, typer.Option(help="Comma-separated seeds; methods that are trained are trained once with each.")
    ] = "0",
    baseline_minutes: Annotated[
        float | None,
        typer.Option(
            help="Stop the search and training of each baseline after so long and take the best so far; "
            "by default they run to their end.",
            min=0.0,
        ),
    ] = None,
    cost_sample: Annotated[int, typer.Option(help="Users to measure latency on; 0 for none.", min=0)] = 50,
    metrics: Annotated[
        str | None,
        typer.Option(help="Comma-separated, such as ndcg@10,recall@50,map@10; the first orders the methods."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before requests that cost.")] = False,
    resamples: Annotated[
        int, typer.Option(help="Bootstrap resamples behind every interval.", min=100)
    ] = 1000,
) -> None:
    """Evaluate methods on held-out histories: ranks, intervals, tests and a report."""
    if report is not None:
        _report(_open(report), resamples, metrics)
        return
    if compare is not None:
        _compare(_open(compare[0]), _open(compare[1]), resamples)
        return
    reading.refuse_missing(data)
    from nextinterest.eval import Protocol, hold_out_cold, read_candidates
    from nextinterest.eval import evaluate as run_evaluation
    from nextinterest.eval.runs import check_run_folder

    if out_folder is not None:
        check_run_folder(out_folder)  # before data are read and methods trained
    for option, value, values in (
        ("--part", part, get_args(Part)),
        ("--protocol", protocol, get_args(SplitKind)),
    ):
        if value not in values:
            raise typer.BadParameter(f"{value!r} is none of {', '.join(values)}.", param_hint=option)
    asked = Protocol(
        part=cast("Part", part),
        exclude_seen=not keep_seen,
        scoring="lists" if lists_only else "auto",
        strict=not lenient,
        users=None if users_file is None else read_user_ids(users_file),
        sample=sample,
        missing_target="insert" if insert_target else "miss",
        seed=seed,
    )
    with err.status(f"Reading {data}"):
        dataset = reading.load(data)
        split = _split(
            dataset, protocol, (held_out, validation_events or held_out), validation_from, test_from
        )
        if cold_items or cold_users:
            split = hold_out_cold(split, items=cold_items, users=cold_users, seed=seed)
    if write_split is not None:
        _write_split(split, dataset, write_split)
        return
    cases = split.test if part == "test" else split.validation
    given = lists.read(dataset.catalog, cases)
    length = lists.length(given, cases, exclude_seen=not keep_seen)
    folder = out_folder if out_folder is not None else Path("runs") / f"{dataset.name}-{part}"
    check_run_folder(folder)
    workshop = Workshop(
        dataset,
        split,
        cases,
        max_seconds=None if baseline_minutes is None else 60.0 * baseline_minutes,
        models=models,
        n_cases=sample,
        n_timed=cost_sample,
        yes=yes,
    )
    named = methods if methods is not None else "" if given else _METHODS
    chosen = workshop.methods([name.strip() for name in named.split(",") if name.strip()], _numbers(seeds))
    chosen += lists.methods(given)
    run = run_evaluation(
        chosen,
        split,
        out=folder,
        protocol=asked.model_copy(update={"list_length": length}),
        catalog=dataset.catalog,
        users=dataset.users,
        candidates=None if candidates is None else read_candidates(candidates, dataset.catalog),
        vectors=workshop.vectors_at_hand(chosen),
        data=dataset.name,
        cost_sample=cost_sample,
        arguments=["nextinterest", *sys.argv[1:]],
    )
    _report(run, resamples, metrics)


def _write_split(split: Split, dataset: Dataset, folder: Path) -> None:
    from nextinterest.data.split_files import write_split

    write_split(split, dataset, folder)
    held = f"{counted(len(split.validation), 'event')} for validation, {len(split.test):,} for the test"
    out.print(
        f"Written to {escape(str(folder))}: {counted(split.train.n_events, 'event')} to learn from, {held}.",
        soft_wrap=True,
    )


def _split(
    dataset: Dataset,
    kind: str,
    held_out: tuple[int, int],
    validation_from: str | None,
    test_from: str | None,
) -> Split:
    from nextinterest.data import leave_last_out, time_split

    if kind != "time":
        return leave_last_out(dataset.log, *held_out)
    if dataset.log.times is None:
        raise DataError("A time split needs times, and this data has none.", remedy="Use leave-one-out.")
    if validation_from is None or test_from is None:
        import numpy as np

        # The last tenth of all events is the test, the tenth before it validates.
        moments = np.quantile(dataset.log.times, [0.8, 0.9], method="nearest")
        return time_split(dataset.log, int(moments[0]), int(moments[1]))
    return time_split(dataset.log, _moment(validation_from), _moment(test_from))


def _moment(text: str) -> int:
    if text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither an ISO date nor seconds since 1970.") from None
    return int((moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp())


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no list of numbers such as 0,1,2.") from None


def _open(path: Path) -> Run:
    from nextinterest.eval import Run

    return Run(path)


def _report(run: Run, resamples: int, metrics: str | None) -> None:
    from nextinterest.eval.report import gather, write_report

    with err.status("Computing intervals and tests"):
        if metrics is None:
            content = gather(run, n_resamples=resamples)
        else:
            names = tuple(name.strip() for name in metrics.split(",") if name.strip())
            content = gather(run, primary=names[0], tested=names[:2], measures=names, n_resamples=resamples)
        markdown, page = write_report(run, content=content)
    out.print(_leaderboard(content))
    if content.caution:
        out.print(f"[yellow]{escape(content.caution)}[/]", soft_wrap=True)
    if content.tests:
        out.print(
            "[dim]★ best · ≈ not different from the best · ▼ worse than the best at 5 % "
            "(paired randomisation test, Holm)[/]"
        )
    for method in content.order:
        record = content.records[method]
        if record.flawed_misses:
            out.print(
                f"[yellow]{escape(method)}: "
                f"{counted(record.flawed_misses, 'flawed answer')} counted as a miss[/]"
            )
    for note in run.manifest.notes:
        out.print(f"[dim]{escape(note)}[/]")
    out.print(f"Report: {escape(str(page))} and {escape(markdown.name)}", soft_wrap=True)


def _leaderboard(content: Content) -> Table:
    from nextinterest.data.splits import dated
    from nextinterest.eval.report.style import interval, plain

    manifest = content.run.manifest
    measures = {one.name: one for one in (*content.table.measures, *content.table.set_measures)}
    shown = [name for name in _SHOWN if name in measures] or list(measures)[:4]
    marks = {"best": " ★", "worse": " ▼", "even": " ≈", "": ""}
    users = counted(manifest.n_users, "user")
    title = f"{manifest.data}, {dated(manifest.split)}, {manifest.protocol.part}: {users}"
    table = Table(title=escape(title), title_justify="left")
    table.add_column("method")
    for name in shown:
        table.add_column(measures[name].title, justify="right")
    for method in content.order:
        row = [escape(method if content.seeds[method] == 1 else f"{method} ({content.seeds[method]} seeds)")]
        for name in shown:
            number = content.table.number(method, name)
            mark = marks[content.mark(method, name)]
            ends = f"\n[dim]{escape(interval(number, name))}[/]" if name in _WITH_INTERVAL else ""
            row.append(f"{plain(number.value, name)}{mark}{ends}")
        table.add_row(*row)
    return table


def _compare(first: Run, second: Run, resamples: int) -> None:
    from nextinterest.eval.comparisons import compare_methods, compare_runs
    from nextinterest.eval.report.content import too_few

    with err.status("Comparing"):
        scores = compare_runs(first, second, n_resamples=resamples)
        tests = [
            one
            for name in ("ndcg@10", "hr@10")
            for one in compare_methods(scores, name)
            if one.first.rpartition("/")[0] != one.second.rpartition("/")[0]
        ]
    out.print(_differences(scores, tests))
    if caution := too_few(scores.n_users):
        out.print(f"[yellow]{escape(caution)}[/]", soft_wrap=True)


def _differences(scores: ScoreTable, tests: list[Comparison]) -> Table:
    table = Table(
        title=f"On {counted(scores.n_users, 'user')} that both runs evaluated", title_justify="left"
    )
    for name in ("measure", "first", "second"):
        table.add_column(name)
    for name in ("difference", "95 % interval", "p (Holm)", "detectable"):
        table.add_column(name, justify="right")
    for one in tests:
        table.add_row(
            one.measure,
            escape(one.first),
            escape(one.second),
            f"{one.difference:+.4f}",
            escape(f"[{one.low:+.4f}, {one.high:+.4f}]"),
            f"{one.p_holm:.4f}",
            f"{one.detectable:.4f}",
        )
    return table
