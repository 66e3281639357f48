"""The options of a fine-tuning run, checked: what the YAML files in ``configs/`` hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from nextinterest.errors import DataError
from nextinterest.finetune.language_config import LanguageConfig
from nextinterest.finetune.reading import read_options
from nextinterest.finetune.task_config import (
    TASKS,
    GenerateConfig,
    RerankConfig,
    TaskName,
    TasksConfig,
    UnderstandConfig,
)
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.retrieval.sequence_encoder import SequenceEncoderConfig

__all__ = [
    "AgentOptions",
    "FinetuneConfig",
    "LiftConfig",
    "ProfileConfig",
    "SplitConfig",
    "read_config",
    "tasks_of",
    "with_tasks",
]


class SplitConfig(BaseModel):
    """What is held out of each user's history, from its end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_test: int = Field(default=1, ge=1)
    """Last events, kept for tests and never read here. The default of both is what `nextinterest evaluate`
    holds out."""

    n_validation: int = Field(default=1, ge=1)
    """Events before them, to choose and to fit the blend by."""


class ProfileConfig(BaseModel):
    """EASE^R read with a fading memory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ridge: float = Field(default=500.0, gt=0)
    """Regularisation; larger values trust rare pairs less."""

    half_life: float = Field(default=5.0, gt=0)
    """Events after which an event counts half."""

    neighbours: int = Field(default=400, ge=1)
    """Entries kept per item."""

    max_memory_gb: float = Field(default=6.0, gt=0)
    """A fit that would take more is refused: 16 bytes for each pair of items."""


class LiftConfig(BaseModel):
    """Log-lift of one item soon after another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: int = Field(default=20, ge=1)
    """Largest distance of a pair."""

    decay: float = Field(default=0.7, gt=0, le=1.0)
    """Weight of a pair one event further apart."""

    prior: float = Field(default=100.0, gt=0)
    """Pseudo-events per item that pull towards no lift."""

    half_life: float = Field(default=3.0, gt=0)
    """Events after which an event counts half."""

    neighbours: int = Field(default=400, ge=1)
    """Entries kept per item."""


class AgentOptions(BaseModel):
    """What the saved agent does beside the ranking that was learned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language_model: str | None = None
    """Model that chooses between the best candidates, explains and talks; an asset's name, a folder or a hub
    id. It is loaded beside the one of the item softmax, whose adapter does not touch it."""

    choice_weight: float = Field(default=0.05, ge=0.0)
    """Weight of its choice in the ranking; 0 saves the pass."""


class FinetuneConfig(BaseModel):
    """A fine-tuning run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: SplitConfig = SplitConfig()
    """What is held out."""

    exchangeable_ties: bool = True
    """Whether events of one time have no order. True where the file's order of ties is arbitrary, False where
    it means something (a log sorted by item within a time is to be predicted as it is sorted)."""

    encoder: SequenceEncoderConfig = SequenceEncoderConfig()
    """Shape of the sequence encoder."""

    training: TrainingConfig = TrainingConfig()
    """How it is trained."""

    seeds: tuple[int, ...] = (0,)
    """One encoder is trained per seed, and all take part in the blend."""

    ease: ProfileConfig | None = ProfileConfig()
    """EASE^R; none for catalogues whose dense item-item matrix does not fit into memory."""

    lift: LiftConfig | None = LiftConfig()
    """Log-lift, or none."""

    language: LanguageConfig | None = None
    """The language model's item softmax, or none."""

    tasks: TasksConfig = TasksConfig()
    """What the language model is taught beside it, in one adapter; nothing by default."""

    sampled_above: int = Field(default=20_000, ge=1)
    """Items above which the encoder's softmax is estimated from a sample of them while training."""

    agent: AgentOptions = AgentOptions()
    """What the saved agent does beside the ranking that was learned."""

    copy_items: bool = True
    """Whether the directory holds the catalogue and its text vectors. Without them it names the data set,
    which loading then reads again: for data whose terms do not allow passing titles on."""

    min_users: int = Field(default=30, ge=1)
    """Users with events to hold out, below which training is refused: they choose the epochs and the weights,
    and of thirty users the standard error of NDCG@10 is about .05."""

    min_events: int = Field(default=200, ge=1)
    """Events left to learn from, below which training is refused."""

    blend_events: int = Field(default=5000, ge=1)
    """Validation events the blend is fitted and measured on, at most; drawn evenly."""

    validation_events: int = Field(default=10_000, ge=1)
    """Validation events that training is stopped by, at most; drawn evenly."""


def read_config(path: Path | None, overrides: Sequence[str] = ()) -> FinetuneConfig:
    """Read a YAML file and change single fields of it; see `nextinterest.finetune.reading.read_options`.

    Examples
    --------
    >>> read_config(None, ["training.epochs=3", "encoder.dimension=32"]).training.epochs
    3
    """
    return read_options(FinetuneConfig, path, overrides)


_SECTIONS = {"generate": GenerateConfig, "rerank": RerankConfig, "understand": UnderstandConfig}


def with_tasks(
    config: FinetuneConfig, language_model: str | None, tasks: Sequence[str] | None = None
) -> FinetuneConfig:
    """Return a configuration that teaches a language model some tasks, and no others.

    Parameters
    ----------
    config
        Options of the tasks that it has sections for are kept.
    language_model
        An asset's name, a folder or a hub id; None keeps the configuration's.
    tasks
        Some of `TASKS`; None keeps the configuration's, and takes all where it has none and a model is named.

    Raises
    ------
    DataError
        If a task is not known.

    Examples
    --------
    >>> made = with_tasks(FinetuneConfig(), "gemma3-270m", ["rank", "rerank"])
    >>> made.language.model, made.tasks.rerank is None, made.tasks.generate is None
    ('gemma3-270m', False, True)
    """
    if unknown := [name for name in tasks or () if name not in TASKS]:
        raise DataError(
            f"There is no task {', '.join(map(repr, unknown))}.",
            remedy=f"Name some of {', '.join(TASKS)}.",
            command=f"Give --tasks some of {','.join(TASKS)}.",
        )
    if tasks is None:
        tasks = tasks_of(config) or (() if language_model is None else TASKS)
    language = (config.language or LanguageConfig()) if "rank" in tasks else None
    taught = config.tasks.model_copy(
        update={
            name: (getattr(config.tasks, name) or options()) if name in tasks else None
            for name, options in _SECTIONS.items()
        }
    )
    if language_model is not None:
        named = {"model": language_model}
        language = None if language is None else language.model_copy(update=named)
        taught = taught.model_copy(update=named)
    return config.model_copy(update={"language": language, "tasks": taught})


def tasks_of(config: FinetuneConfig) -> tuple[TaskName, ...]:
    """Return the tasks of a configuration.

    Examples
    --------
    >>> tasks_of(with_tasks(FinetuneConfig(), None, ["rerank"]))
    ('rerank',)
    """
    return tuple(
        name
        for name in TASKS
        if (config.language if name == "rank" else getattr(config.tasks, name)) is not None
    )
