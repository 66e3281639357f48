"""`finetune`: from a data set to a recommender directory, in one call.

    1  train the retriever on all but each user's newest events (`recipe`); with ``rank`` a language model's
       item softmax is one of its parts
    2  teach the language model to generate, rerank and understand, in one adapter (`tune_tasks`)
    3  fit the interest forecast on the validation events
    4  learn the retriever anew from all events (`refit`), unless the split is to be kept
    5  write it all as one directory, by the first of several processes

With a saved retriever the first and the fourth step are left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from nextinterest.agent.additions import add_forecast_model, add_likeness, add_tuned
from nextinterest.agent.artifact import load_trained_retriever, write_recommender
from nextinterest.agent.config import AgentConfig
from nextinterest.agent.tuned import TunedRecord
from nextinterest.artifact_files import MadeFrom, NamedModel
from nextinterest.data import Dataset, Split, leave_last_out
from nextinterest.data.assets import DEFAULT_TEXT_ENCODER, locate
from nextinterest.data.dataset import as_data_set
from nextinterest.data.splits import split_named
from nextinterest.errors import DataError
from nextinterest.files import discarded_on_failure
from nextinterest.finetune.card import model_card, tasks_card
from nextinterest.finetune.config import FinetuneConfig, tasks_of, with_tasks
from nextinterest.finetune.likeness_fit import learn_likeness
from nextinterest.finetune.loop import Report, Trained
from nextinterest.finetune.processes import is_main_process, wait_for_all
from nextinterest.finetune.recipe import Finetuned, train_retriever
from nextinterest.finetune.refit import refit
from nextinterest.finetune.target import check_run, run_id
from nextinterest.finetune.tune_tasks import TasksTuned, tune_tasks
from nextinterest.finetune.work import check_work, working_in
from nextinterest.interests import fit_forecast_model
from nextinterest.llm import LocalModel
from nextinterest.retrieval import Encoder, encoder_assets
from nextinterest.retrieval.saved_items import ItemsFrom
from nextinterest.retrieval.trained import TrainedRetriever

__all__ = ["FinetunedRecommender", "Progress", "finetune"]

Progress = Callable[[int, str], AbstractContextManager[Report]]
"""From the epochs of a training and what it is called to what it reports to."""


@dataclass(frozen=True, slots=True, eq=False)
class FinetunedRecommender:
    """What `finetune` returns; the recommender itself is in the directory.

    Attributes
    ----------
    directory
        The recommender directory.
    retriever
        What ranks, as it was written.
    tuned
        What the language model was taught beside the item softmax, with its figures; None for nothing.
    notes
        What the reader should know.
    """

    directory: Path
    retriever: TrainedRetriever
    tuned: TunedRecord | None
    notes: tuple[str, ...]


def finetune(
    data: Dataset,
    out: str | Path,
    *,
    language_model: str | None = None,
    tasks: Sequence[str] | None = None,
    config: FinetuneConfig | None = None,
    retriever: str | Path | None = None,
    work: str | Path | None = None,
    items_from: ItemsFrom | None = None,
    keep_split: bool = False,
    forecast: bool = True,
    resume: bool = True,
    overwrite: bool = False,
    command: str = "",
    progress: Progress | None = None,
) -> FinetunedRecommender:
    """Train a recommender and write its directory.

    Parameters
    ----------
    data
        Catalogue and events.
    out
        The recommender directory to write. One that is there is replaced by the same run that is resumed, of
        the same data and options, is added to where it is `retriever`, and else only with `overwrite`.
    language_model
        What is taught: an asset's name, a folder or a hub id. None teaches what the configuration says, by
        default no language model.
    tasks
        Some of ``rank`` (an item softmax in the ranking), ``generate`` (next interests and titles),
        ``rerank`` (the choice between the best candidates) and ``understand`` (reading chat); by default all
        where a language model is named.
    config
        Options.
    retriever
        A recommender directory that was trained on the same data, its split kept: its retriever is taken
        as it is, and the other tasks are taught for it. May be `out`. One of a version without `similar` gets
        what says how alike items are.
    work
        Folder for checkpoints; by default beside `out`.
    items_from
        The data set that loading reads the items from again; needed where ``config.copy_items`` is False.
    keep_split
        Whether to leave out the refit on all events, so that the held-out events can be evaluated.
    forecast
        Whether to fit the weights of the interest forecast.
    resume
        Whether an interrupted run goes on.
    overwrite
        Whether a recommender of another run is replaced.
    command
        What the card says it was made by.
    progress
        What trainings report to.

    Raises
    ------
    DataError
        If there is too little to learn from, a task is not known, or the retriever learned from other data.
    ModelError
        If the language model cannot be loaded, adapted, or cannot do a task.
    StorageError
        If a folder holds other files, or the recommender of another run, or cannot be written.
    """
    dataset, target = as_data_set(data, "finetune"), Path(out)
    options = with_tasks(config or FinetuneConfig(), language_model, tasks)
    folder = target.with_name(f"{target.name}.work") if work is None else Path(work)
    saved = None if retriever is None else Path(retriever)
    run = run_id(dataset, options, keep_split=keep_split, forecast=forecast)
    same_folder = saved is not None and saved.resolve() == target.resolve()
    check_run(target, run if resume else "", overwrite=overwrite or same_folder)  # before hours of training
    check_work(folder)
    if not options.copy_items and items_from is None and retriever is None:
        raise DataError(
            "The items are not to be copied into the directory, and nothing says where they are read again.",
            remedy="Give items_from, or set copy_items to True.",
        )
    for model in _models(options):
        locate(model, "language-model")
    made = _Making(dataset, options, folder, run, resume, progress or _silent)
    encoder = encoder_assets.open_encoder(DEFAULT_TEXT_ENCODER)
    first = made.first(encoder) if saved is None else Finetuned(made.loaded(saved, encoder), {})
    split = made.split(first.retriever)
    tuned = made.tuned(first.retriever, split)
    done = first if keep_split or saved is not None else made.refit(first, encoder)
    notes: list[str] = []
    if is_main_process():
        with discarded_on_failure(target):
            if saved is None:
                made.write(target, done, first.runs, items_from, command, tuned)
            elif not same_folder:
                shutil.copytree(saved, target, dirs_exist_ok=True)
            if tuned is not None:
                card = tasks_card(tuned.record, command)
                add_tuned(target, tuned.record, tuned.files(), tuned.settings, card)
            if saved is not None and not first.retriever.relations:  # of a version without
                learn_likeness(first.retriever, split)
                add_likeness(target, first.retriever)
        if forecast:  # the refit has seen the validation events
            notes += made.forecast(target, first.retriever, split)
    wait_for_all()
    return FinetunedRecommender(target, done.retriever, None if tuned is None else tuned.record, tuple(notes))


def _models(options: FinetuneConfig) -> set[str]:
    """Return the names of the language models that learn."""
    ranks = set() if options.language is None else {options.language.model}
    return ranks | ({options.tasks.model} if set(tasks_of(options)) - {"rank"} else set())


def _silent(_: int, __: str) -> AbstractContextManager[Report]:
    return nullcontext(lambda *_: None)


@dataclass(frozen=True, slots=True)
class _Making:
    """The steps of one run."""

    dataset: Dataset
    options: FinetuneConfig
    work: Path
    run: str
    resume: bool
    progress: Progress

    def first(self, encoder: Encoder) -> Finetuned:
        """Train on the training part of the split."""
        with self.progress(self.options.training.epochs, "Training") as report:
            return train_retriever(
                self.dataset, encoder, self.options, self.work, resume=self.resume, report=report
            )

    def refit(self, first: Finetuned, encoder: Encoder) -> Finetuned:
        """Learn the retriever anew from all events."""
        with self.progress(self.options.training.epochs, "Refit on all events") as report:
            return refit(
                first, self.dataset, encoder, self.options, self.work, resume=self.resume, report=report
            )

    def loaded(self, directory: Path, encoder: Encoder) -> TrainedRetriever:
        """Load a retriever that learned from this data, and from no validation event."""
        if "rank" in tasks_of(self.options):
            raise DataError(
                "A saved retriever is taken as it is; it is not taught to rank again.",
                remedy="Leave the task 'rank' out, or train a retriever.",
                command="Leave 'rank' out of --tasks, or --retriever away.",
            )
        found = load_trained_retriever(directory, encoder)
        learned = found.provenance
        if learned.refitted:
            raise DataError(
                f"The retriever in {directory} was refitted on all events, the validation events among them.",
                remedy="Give one that was written with keep_split=True.",
                command="Give one that `nextinterest finetune --keep-split` wrote.",
            )
        if learned.data_fingerprint != self.dataset.fingerprint:
            raise DataError(
                f"The recommender in {directory} was learned from {learned.data!r} "
                f"({learned.data_fingerprint[:12]}); {self.dataset.name!r} has the fingerprint "
                f"{self.dataset.fingerprint[:12]}.",
                remedy="Load the data it was learned from, with the same cleaning, such as --k-core.",
            )
        return found

    def split(self, retriever: TrainedRetriever) -> Split:
        """Return the split that the retriever learned from."""
        named = split_named(self.dataset.log, retriever.provenance.split)
        own = self.options.split
        return named or leave_last_out(self.dataset.log, own.n_test, own.n_validation)

    def tuned(self, retriever: TrainedRetriever, split: Split) -> TasksTuned | None:
        """Teach the language model the tasks beside the item softmax, where there are any."""
        config = self.options.tasks
        if not set(tasks_of(self.options)) - {"rank"}:
            return None
        label = "Teaching the language model"
        with working_in(self.work), self.progress(config.training.epochs, label) as report:
            return tune_tasks(
                split,
                retriever,
                config,
                self.work / "tasks",
                exchangeable_ties=self.options.exchangeable_ties,
                data=self.dataset.fingerprint,
                resume=self.resume,
                report=report,
            )

    def write(
        self,
        target: Path,
        done: Finetuned,
        runs: dict[str, Trained],
        items_from: ItemsFrom | None,
        command: str,
        tuned: TasksTuned | None,
    ) -> None:
        """Write the directory, without what is added to it."""
        agent, named = self.options.agent, None
        if tuned is None and agent.language_model is not None:
            model = LocalModel.load(locate(agent.language_model, "language-model"))
            named = NamedModel(name=agent.language_model, fingerprint=model.fingerprint)
        write_recommender(
            target,
            done.retriever,
            AgentConfig(choice_weight=agent.choice_weight),
            text_encoder=DEFAULT_TEXT_ENCODER,
            language_model=named,
            card=model_card(done.retriever, self.options, runs, command),
            items_from=None if self.options.copy_items else items_from,
            made_from=MadeFrom(
                data=self.dataset.name,
                data_fingerprint=self.dataset.fingerprint,
                command=command,
                run=self.run,
            ),
        )

    def forecast(self, target: Path, retriever: TrainedRetriever, split: Split) -> list[str]:
        """Fit the weights of the interest forecast and add them; where there is too little, say so."""
        learned = retriever.provenance
        words = (
            f"{learned.data}, SHA-256 {learned.data_fingerprint[:16]}; validation events of {learned.split}"
        )
        try:
            model = fit_forecast_model(retriever, split.validation, fitted_on=words)
        except DataError as error:
            return [f"No forecast weights were fitted. {error}"]
        add_forecast_model(target, model)
        return [f"Forecast weights: {model.fitted_on}"]
