"""``nextinterest finetune``: learn from a data set and write a recommender directory."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from nextinterest.cli.console import err, out

if TYPE_CHECKING:
    from nextinterest.retrieval.trained import TrainedRetriever

__all__ = ["finetune"]


def finetune(
    data: Annotated[str, typer.Option(help="Data set: an asset's name or a path.")],
    out_: Annotated[Path, typer.Option("--out", help="Folder for the recommender directory.")],
    config: Annotated[
        Path | None, typer.Option(help="YAML of options; see finetune/configs. Default: the defaults.")
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(help="Change one option, as in training.epochs=3; repeat the option for more."),
    ] = None,
    core: Annotated[int, typer.Option(help="Keep users and items of at least this many events.", min=0)] = 0,
    language_model: Annotated[
        str | None, typer.Option(help="Language model the agent will rerank with; none without it.")
    ] = None,
    choice_weight: Annotated[
        float, typer.Option(help="Weight of the language model's choice in the agent's blend.", min=0.0)
    ] = 0.05,
    resume: Annotated[bool, typer.Option(help="Go on with an interrupted run.")] = True,
) -> None:
    """Train retrieval on the users' histories and fit the blend on held-out validation events."""
    from nextinterest.agent.recommender import open_encoder
    from nextinterest.cli.progress import training_progress
    from nextinterest.data import load
    from nextinterest.data.assets import DEFAULT_TEXT_ENCODER, locate
    from nextinterest.data.cleaning import CleaningConfig
    from nextinterest.finetune.config import read_config
    from nextinterest.finetune.recipe import train_retriever
    from nextinterest.finetune.saving import ModelName, model_card, save_recommender

    options = read_config(config, override or ())
    ties = "file" if options.exchangeable_ties else "item"
    cleaning = CleaningConfig(min_user_events=core, min_item_events=core, ties=ties)
    dataset = load(data, cleaning=cleaning)
    encoder = open_encoder(DEFAULT_TEXT_ENCODER)
    named = None
    if language_model is not None:
        from nextinterest.llm import LocalModel

        model = LocalModel.load(locate(language_model, "language-model"))
        named = ModelName(language_model, model.fingerprint)
    with training_progress(options.training.epochs) as report:
        done = train_retriever(dataset, encoder, options, out_ / "work", resume=resume, report=report)
    command = shlex.join(["nextinterest", *sys.argv[1:]])
    save_recommender(
        done.retriever,
        out_,
        text_encoder=ModelName(DEFAULT_TEXT_ENCODER, encoder.fingerprint),
        language_model=named,
        choice_weight=choice_weight,
        card=model_card(done.retriever, options, done.runs, command),
    )
    out.print(_table(done.retriever))
    err.print(f"[dim]Written to {out_}; its folder work/ holds checkpoints and may be deleted.[/]")


def _table(retriever: TrainedRetriever) -> Table:
    table = Table(title="Validation", title_justify="left")
    for name in ("part", "NDCG@10", "HR@10", "log-loss", "weight"):
        table.add_column(name, justify="left" if name == "part" else "right")
    for name, measures in retriever.provenance.validation.items():
        weight = retriever.pool.weights.get(name)
        numbers = [f"{measures[key]:.4f}" for key in ("ndcg@10", "hr@10", "log_loss")]
        table.add_row(name, *numbers, "" if weight is None else f"{weight:.3g}")
    return table
