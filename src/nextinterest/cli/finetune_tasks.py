"""``nextinterest finetune-task``: teach the language model to choose, to write titles, or to understand chat.

nextinterest finetune-task choice --data ml-100k --retriever DIR --out TUNED
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from nextinterest.cli.console import err, out
from nextinterest.cli.reading import Reading, grouped

if TYPE_CHECKING:
    from nextinterest.artifact_files import MadeFrom
    from nextinterest.data import Dataset, Split
    from nextinterest.finetune.loop import Report
    from nextinterest.finetune.task_config import BackboneConfig, UnderstandingConfig
    from nextinterest.retrieval import Retriever

__all__ = ["finetune_task"]

_MEASURES_OF_RANKING = {"ndcg@10": "NDCG@10", "hr@10": "HR@10", "offered": "offered", "log_loss": "log-loss"}
_MEASURES_OF_READING = {
    "exact": "exact",
    "right_tokens": "tokens right",
    "log_likelihood": "log-likelihood of a token",
}


@grouped
def finetune_task(
    *,
    task: Annotated[
        Literal["choice", "supervised", "understanding"],
        typer.Argument(
            help="choice: the letter of a candidate. supervised: the title, or its JSON. understanding: the "
            "request that a message makes."
        ),
    ],
    data: Annotated[str, typer.Option(help="Data set: an asset's name or a path.")],
    reading: Reading,
    out_: Annotated[Path, typer.Option("--out", help="Folder for adapter and manifest.")],
    retriever: Annotated[
        Path | None,
        typer.Option(help="Directory of a trained retriever that offers the candidates; default: untrained."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML of options; see finetune/configs.")] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(help="Change one option, as in training.epochs=1; repeat the option for more."),
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on with an interrupted run.")] = True,
) -> None:
    """Teach the language model to choose among candidates, write what is next, or read chat, by LoRA."""
    from nextinterest.artifact_files import MANIFEST, check_target
    from nextinterest.data import leave_last_out
    from nextinterest.files import discarded_on_failure
    from nextinterest.finetune.reading import read_options
    from nextinterest.finetune.task_config import ChoiceConfig, SupervisedConfig, UnderstandingConfig
    from nextinterest.finetune.work import WORTH_KEEPING
    from nextinterest.retrieval import tuned

    kinds = {"choice": tuned.CHOICE, "supervised": tuned.WRITING, "understanding": tuned.UNDERSTANDING}
    check_target(out_, kinds[task])
    with discarded_on_failure(out_, keep=(MANIFEST, *WORTH_KEEPING)):
        dataset = reading.load(data)
        if task == "understanding":
            understanding = read_options(UnderstandingConfig, config, override or ())
            _tell(_understand(dataset, understanding, out_, resume), _MEASURES_OF_READING, out_)
            return
        if task == "choice":
            options: BackboneConfig = read_options(ChoiceConfig, config, override or ())
        else:
            options = read_options(SupervisedConfig, config, override or ())
        split = leave_last_out(dataset.log, options.split.n_test, options.split.n_validation)
        measures = _tune(dataset, split, _retriever(dataset, split, retriever), options, out_, resume)
        _tell(measures, _MEASURES_OF_RANKING, out_)


def _understand(
    dataset: Dataset, options: UnderstandingConfig, out_: Path, resume: bool
) -> dict[str, dict[str, float]]:
    from nextinterest.cli.progress import training_progress
    from nextinterest.data.assets import locate
    from nextinterest.finetune.backbone import open_backbone
    from nextinterest.finetune.tune_understanding import tune_understanding

    backbone = open_backbone(locate(options.model, "language-model"), options)
    with training_progress(options.training.epochs) as report:
        made = _made_from(dataset)
        tuned = tune_understanding(
            dataset.catalog, backbone, options, out_, made_from=made, resume=resume, report=report
        )
    return {"untrained": tuned.untrained, "understanding": tuned.run.metrics}


def _retriever(dataset: Dataset, split: Split, saved: Path | None) -> Retriever:
    """Build a retriever on the training events, or load one that was trained on the same."""
    from nextinterest.agent.artifact import load_trained_retriever
    from nextinterest.data.assets import DEFAULT_TEXT_ENCODER
    from nextinterest.errors import DataError, IntegrityError
    from nextinterest.retrieval import Retriever
    from nextinterest.retrieval.encoder_assets import open_encoder

    encoder = open_encoder(DEFAULT_TEXT_ENCODER)
    if saved is None:
        return Retriever.build(dataset.catalog, split.train, encoder)
    found = load_trained_retriever(saved, encoder)
    learned = found.provenance
    if learned.refitted:
        raise DataError(
            f"The retriever in {saved} was refitted on all events, the validation events among them.",
            remedy="Give one that `nextinterest finetune --keep-split` wrote.",
        )
    if (learned.data_fingerprint, learned.split) != (dataset.fingerprint, split.name):
        raise IntegrityError(
            f"The retriever in {saved} learned from {learned.split} of {learned.data}, not from {split.name} "
            f"of this {dataset.name}.",
            remedy="Give the same data, cleaning and split: otherwise it may have seen validation events.",
        )
    return found


def _made_from(dataset: Dataset) -> MadeFrom:
    from nextinterest.artifact_files import MadeFrom, command_line

    return MadeFrom(data=dataset.name, data_fingerprint=dataset.fingerprint, command=command_line())


def _tune(
    dataset: Dataset, split: Split, retriever: Retriever, options: BackboneConfig, out_: Path, resume: bool
) -> dict[str, dict[str, float]]:
    from nextinterest.cli.progress import training_progress
    from nextinterest.data.assets import locate
    from nextinterest.finetune.backbone import open_backbone
    from nextinterest.finetune.processes import is_main_process
    from nextinterest.finetune.task_config import ChoiceConfig, SupervisedConfig
    from nextinterest.finetune.tune_choice import tune_choice
    from nextinterest.finetune.tune_supervised import tune_supervised

    path, made = locate(options.model, "language-model"), _made_from(dataset)
    bar: AbstractContextManager[Report] = training_progress(options.training.epochs)
    if isinstance(options, ChoiceConfig):
        backbone = open_backbone(path, options)
        with bar as report:
            chosen = tune_choice(
                split, retriever, backbone, options, out_, made_from=made, resume=resume, report=report
            )
        for name, (gain, error) in (("choice", chosen.choice_gain), ("blend", chosen.blend_gain)):
            text = f"NDCG@10 of the {name} less that of retrieval: {gain:+.4f} (standard error {error:.4f})"
            if is_main_process():
                err.print(text)
        return {
            "retrieval": chosen.retrieval,
            "untrained choice": chosen.untrained,
            "choice": chosen.choice,
            f"retrieval + {chosen.weight:g} choice": chosen.blend,
        }
    if not isinstance(options, SupervisedConfig):
        raise TypeError(f"no task has options of type {type(options).__name__}")
    backbone = open_backbone(path, options, kind=options.kind)
    with bar as report:
        written = tune_supervised(
            split, retriever, backbone, options, out_, made_from=made, resume=resume, report=report
        )
    return {
        "retrieval": written.retrieval,
        "untrained": written.untrained,
        "supervised": written.run.metrics,
    }


def _tell(measures: dict[str, dict[str, float]], columns: dict[str, str], out_: Path) -> None:
    from nextinterest.finetune.processes import is_main_process

    if not is_main_process():
        return
    title = (
        "Validation: the retriever's candidates, ordered"
        if columns is _MEASURES_OF_RANKING
        else "Validation: utterances of wordings not learned from"
    )
    table = Table(title=title, title_justify="left")
    for name in ("by", *columns.values()):
        table.add_column(name, justify="left" if name == "by" else "right")
    for name, of in measures.items():
        table.add_row(name, *(f"{of[key]:.4f}" for key in columns))
    out.print(table)
    err.print(f"[dim]Written to {out_}; its folder work/ holds checkpoints and may be deleted.[/]")
