"""``nextinterest finetune``: learn from a data set and write a recommender directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from nextinterest.cli.console import err, out
from nextinterest.cli.reading import Reading, grouped
from nextinterest.counting import counted

if TYPE_CHECKING:
    from nextinterest.agent.tuned import TunedRecord
    from nextinterest.retrieval.trained import TrainedRetriever

__all__ = ["finetune"]


@grouped
def finetune(
    *,
    data: Annotated[str, typer.Option(help="Data set: an asset's name or a path.")],
    reading: Reading,
    out_: Annotated[Path, typer.Option("--out", help="Folder for the recommender directory.")],
    language_model: Annotated[
        str | None,
        typer.Option(help="Language model to teach: an asset's name, a folder or a hub id. Default: none."),
    ] = None,
    tasks: Annotated[
        str | None,
        typer.Option(
            help="What it is taught, separated by commas: rank, generate, rerank, understand. Default: all."
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML of options; see finetune/configs. Default: the defaults.")
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(help="Change one option, as in training.epochs=3; repeat the option for more."),
    ] = None,
    retriever: Annotated[
        Path | None,
        typer.Option(
            help="Recommender directory whose trained retriever is taken as it is; it may be OUT. Tasks and "
            "forecast are learned for it."
        ),
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints; by default OUT.work beside the directory.")
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on with an interrupted run.")] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a recommender of another run in the folder.")
    ] = False,
    keep_split: Annotated[
        bool,
        typer.Option(
            "--keep-split",
            help="End before the refit on all events, so that the held-out events can be evaluated.",
        ),
    ] = False,
    forecast: Annotated[
        bool, typer.Option(help="Fit the weights of the interest forecast too, on the validation events.")
    ] = True,
) -> None:
    """Train on all but each user's newest events, teach a language model, then refit on all events."""
    from nextinterest.agent.artifact import RECOMMENDER
    from nextinterest.artifact_files import check_target, command_line
    from nextinterest.cli.progress import training_progress
    from nextinterest.finetune.config import read_config, with_tasks
    from nextinterest.finetune.processes import is_main_process
    from nextinterest.finetune.run import finetune as run
    from nextinterest.finetune.work import check_work
    from nextinterest.retrieval.saved_items import ItemsFrom

    check_target(out_, RECOMMENDER)  # before the data are read
    check_work(work or out_.with_name(f"{out_.name}.work"))
    named = None if tasks is None else [name.strip() for name in tasks.split(",") if name.strip()]
    options = with_tasks(read_config(config, override or ()), language_model, named)
    dataset = reading.load(data)
    done = run(
        dataset,
        out_,
        config=options,
        retriever=retriever,
        work=work,
        items_from=ItemsFrom(
            data=data, cleaning=reading.cleaning, format=reading.format, columns=reading.columns
        ),
        keep_split=keep_split,
        forecast=forecast,
        resume=resume,
        overwrite=overwrite,
        command=command_line(),
        progress=training_progress,
    )
    if not is_main_process():
        return
    out.print(_table(done.retriever))
    if done.tuned is not None:
        out.print(_taught(done.tuned))
    for note in done.notes:
        err.print(f"[dim]{escape(note)}[/]", soft_wrap=True)
    if done.retriever.provenance.refitted:
        err.print(
            f"Refitted on all {counted(dataset.log.n_events, 'event')}; the figures are those before. "
            "To evaluate, train with --keep-split.",
            soft_wrap=True,
        )
    folder = work or out_.with_name(f"{out_.name}.work")
    err.print(f"[dim]Written to {out_}; {folder} holds checkpoints and may be deleted.[/]")


def _table(retriever: TrainedRetriever) -> Table:
    from nextinterest.finetune.pool_fit import BESIDE_PARTS

    table = Table(title="Validation", title_justify="left")
    for name in ("part", "NDCG@10", "HR@10", "log-loss", "weight"):
        table.add_column(name, justify="left" if name == "part" else "right")
    for name, measures in retriever.provenance.validation.items():
        if name in BESIDE_PARTS:
            continue
        weight = retriever.pool.weights.get(name)
        numbers = [f"{measures[key]:.4f}" for key in ("ndcg@10", "hr@10", "log_loss")]
        table.add_row(name.replace("_", " "), *numbers, "" if weight is None else f"{weight:.3g}")
    if "language_adds" in retriever.provenance.validation:
        adds = retriever.provenance.validation["language_adds"]
        table.caption = (
            f"What the language model adds, weights fitted on other users: NDCG@10 {adds['ndcg@10']:+.4f} "
            f"(s.e. {adds['ndcg@10_se']:.4f}), log-loss {adds['log_loss']:+.4f} "
            f"(s.e. {adds['log_loss_se']:.4f})"
        )
    return table


def _taught(record: TunedRecord) -> Table:
    table = Table(title="Tasks of the language model, on validation", title_justify="left")
    for name in ("task", "of", "measures", "by default"):
        table.add_column(name)
    for task, own in record.tasks.items():
        for position, (name, measures) in enumerate(own.validation.items()):
            said = ", ".join(f"{key} {value:.4f}" for key, value in measures.items())
            first = (task, "yes" if own.default else "no") if position == 0 else ("", "")
            table.add_row(first[0], name, said, first[1])
    return table
