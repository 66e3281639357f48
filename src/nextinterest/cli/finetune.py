"""``nextinterest finetune``: learn from a data set and write a recommender directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from nextinterest.cli.console import err, out
from nextinterest.cli.fit_forecast import add_weights
from nextinterest.cli.reading import Reading, grouped
from nextinterest.counting import counted

if TYPE_CHECKING:
    from nextinterest.retrieval.trained import TrainedRetriever

__all__ = ["finetune"]


@grouped
def finetune(
    *,
    data: Annotated[str, typer.Option(help="Data set: an asset's name or a path.")],
    reading: Reading,
    out_: Annotated[Path, typer.Option("--out", help="Folder for the recommender directory.")],
    config: Annotated[
        Path | None, typer.Option(help="YAML of options; see finetune/configs. Default: the defaults.")
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(help="Change one option, as in training.epochs=3; repeat the option for more."),
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints; by default OUT.work beside the directory.")
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on with an interrupted run.")] = True,
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
    """Train on all but each user's newest events, fit the blend on those, then refit on all events."""
    from nextinterest.agent.artifact import RECOMMENDER, write_recommender
    from nextinterest.agent.config import AgentConfig
    from nextinterest.artifact_files import MadeFrom, NamedModel, check_target, command_line
    from nextinterest.cli.progress import training_progress
    from nextinterest.data.assets import DEFAULT_TEXT_ENCODER, locate
    from nextinterest.files import discarded_on_failure
    from nextinterest.finetune.card import model_card
    from nextinterest.finetune.config import read_config
    from nextinterest.finetune.recipe import train_retriever
    from nextinterest.finetune.refit import refit
    from nextinterest.finetune.work import check_work
    from nextinterest.retrieval.encoder_assets import open_encoder
    from nextinterest.retrieval.saved_items import ItemsFrom

    check_target(out_, RECOMMENDER)  # before hours of training
    folder = work or out_.with_name(f"{out_.name}.work")
    check_work(folder)
    options = read_config(config, override or ())
    dataset = reading.load(data)
    encoder = open_encoder(DEFAULT_TEXT_ENCODER)
    named = None
    if options.agent.language_model is not None:
        from nextinterest.llm import LocalModel

        model = LocalModel.load(locate(options.agent.language_model, "language-model"))
        named = NamedModel(name=options.agent.language_model, fingerprint=model.fingerprint)
        del model
    with training_progress(options.training.epochs) as report:
        done = train_retriever(dataset, encoder, options, folder, resume=resume, report=report)
    first = done
    if not keep_split:
        with training_progress(options.training.epochs, "Refit on all events") as report:
            done = refit(first, dataset, encoder, options, folder, resume=resume, report=report)
    command = command_line()
    items = ItemsFrom(data=data, cleaning=reading.cleaning, format=reading.format, columns=reading.columns)
    with discarded_on_failure(out_):
        write_recommender(
            out_,
            done.retriever,
            AgentConfig(choice_weight=options.agent.choice_weight),
            text_encoder=DEFAULT_TEXT_ENCODER,
            language_model=named,
            card=model_card(done.retriever, options, first.runs, command),
            items_from=None if options.copy_items else items,
            made_from=MadeFrom(data=dataset.name, data_fingerprint=dataset.fingerprint, command=command),
        )
    if forecast:
        add_weights(out_, first.retriever, dataset)  # the refit has seen the validation events
    out.print(_table(done.retriever))
    if not keep_split:
        err.print(
            f"Refitted on all {counted(dataset.log.n_events, 'event')}; the figures are those before. "
            "To evaluate, train with --keep-split.",
            soft_wrap=True,
        )
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
