"""Baselines that are trained by gradient: chosen on validation, calibrated and cached here.

How they are trained is a `Trainer`'s, registered by name (`register`); this package imports none. A build
trains each of the trainer's candidates once, keeps the one of the best NDCG@10 on validation and fits its
temperature there.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol, Self

from pydantic import Field

from nextinterest.data.log import EventLog
from nextinterest.data.splits import HeldOut, Split
from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.errors import DataError
from nextinterest.eval.baselines.base import Arrays, Baseline, BaselineConfig
from nextinterest.eval.baselines.cache import cache_key, code_version, data_key, load_entry, save_entry
from nextinterest.eval.baselines.columns import HistoryColumns
from nextinterest.eval.baselines.selection import fit_temperature, measure

__all__ = [
    "HistoryModel",
    "TrainedBaseline",
    "TrainedConfig",
    "Trainer",
    "Training",
    "build_trained",
    "register",
    "trained_names",
    "trainer",
]

_SHARED = ("base", "columns", "selection", "trained")

Settings = Mapping[str, float | int | bool | str]


class HistoryModel(Protocol):
    """What a trainer returns."""

    def scores(self, histories: Sequence[History]) -> FloatArray:
        """Return log-scores of all items up to a constant per row, float32, shape (n, n_items)."""
        ...

    def arrays(self) -> Arrays:
        """Return what was learned, as plain arrays."""
        ...


class Training(Protocol):
    """How a training ended."""

    @property
    def model(self) -> HistoryModel:
        """The model of the best validation."""
        ...

    @property
    def ndcg(self) -> float:
        """Its NDCG@10 on validation."""
        ...

    @property
    def seconds(self) -> float:
        """Time taken, over all sittings."""
        ...

    @property
    def summary(self) -> Mapping[str, object]:
        """Figures of the run, JSON-able."""
        ...


class Trainer(Protocol):
    """A way to train a method."""

    @property
    def candidates(self) -> Sequence[Settings]:
        """The settings that are tried, one at least."""
        ...

    @property
    def code(self) -> Sequence[Path]:
        """The files whose code shapes the result; part of the cache's key."""
        ...

    def train(
        self,
        log: EventLog,
        validation: HeldOut,
        n_items: int,
        settings: Settings,
        *,
        seed: int,
        directory: Path | None,
        max_seconds: float | None,
    ) -> Training:
        """Learn from a log until validation stops improving.

        Parameters
        ----------
        log, validation
            Events to learn from, and events that decide when to stop.
        n_items
            Size of the catalogue.
        settings
            One of `candidates`.
        seed
            Of all that is drawn.
        directory
            Where checkpoints go, from which a later call with the same arguments goes on; None: nowhere.
        max_seconds
            Stop after this much training time, earlier sittings included; None: no limit.
        """
        ...

    def restore(self, n_items: int, settings: Settings, arrays: Arrays) -> HistoryModel:
        """Return a model from what its `arrays` returned."""
        ...


class TrainedConfig(BaselineConfig):
    """Options of a `TrainedBaseline`."""

    method: str = Field(description="Name under which its trainer is registered.")
    settings: dict[str, bool | int | float | str] = Field(
        default_factory=dict, description="The trainer's settings."
    )
    temperature: float = Field(default=1.0, gt=0, description="Scores are divided by it before the softmax.")


class TrainedBaseline(Baseline[TrainedConfig]):
    """A trained model; scores are its own over the temperature."""

    NAME: ClassVar[str] = "trained"
    QUERY_FIELDS: ClassVar[frozenset[str]] = frozenset({"temperature"})

    def __init__(self, catalog: Catalog, config: TrainedConfig, model: HistoryModel) -> None:
        super().__init__(catalog, config)
        self.provenance["name"] = config.method
        self._model = model

    @property
    def name(self) -> str:
        """Name of the method."""
        return self.config.method

    def scores(self, columns: HistoryColumns) -> FloatArray:
        """Return the model's scores over the temperature, float32, shape (n, n_items)."""
        return self._model.scores(columns.histories()) / self.config.temperature

    def state(self) -> Arrays:
        """Return what the model learned."""
        return self._model.arrays()

    @classmethod
    def restore(cls, catalog: Catalog, config: TrainedConfig, state: Arrays) -> Self:
        """Return a baseline from what `state` gave; its trainer has to be registered."""
        return cls(catalog, config, trainer(config.method).restore(len(catalog), config.settings, state))


_TRAINERS: dict[str, Callable[[], Trainer]] = {}


def register(name: str, make: Callable[[], Trainer]) -> None:
    """Make a method known to `build` by name; `make` is called when the method is built first."""
    _TRAINERS[name] = make


def trained_names() -> tuple[str, ...]:
    """Return the names that were registered."""
    return tuple(_TRAINERS)


def trainer(name: str) -> Trainer:
    """Return the trainer of a name.

    Raises
    ------
    DataError
        If none is registered.
    """
    if name not in _TRAINERS:
        raise DataError(
            f"No trainer of {name!r} is registered.",
            remedy="Register it: nextinterest.eval.baselines.register('sasrec', "
            "nextinterest.finetune.SASRecTrainer).",
            command="Run it by nextinterest evaluate, which registers what it knows.",
        )
    return _TRAINERS[name]()


def build_trained(
    name: str,
    split: Split,
    catalog: Catalog,
    *,
    seed: int = 0,
    cache_dir: Path | None = None,
    max_seconds: float | None = None,
) -> TrainedBaseline:
    """Return the candidate that ranks the validation part best, from the cache where it is there.

    With a `cache_dir` an interrupted call goes on from its last checkpoint. `max_seconds` is shared evenly
    among the candidates still to be trained. Other arguments: see `nextinterest.eval.baselines.build`.
    """
    how = trainer(name)
    shared = [Path(__file__).with_name(f"{module}.py") for module in _SHARED]
    inputs: dict[str, object] = {
        "name": name,
        "data": data_key(split, catalog, None),
        "space": [dict(candidate) for candidate in how.candidates],
        "seed": seed,
        "max_seconds": max_seconds,
        "code": code_version([*shared, *how.code]),
    }
    folder = None if cache_dir is None else cache_dir / "baselines" / f"{name}-{cache_key(inputs)}"
    if folder is not None and (found := load_entry(folder)) is not None:
        state, values, provenance = found
        cached = TrainedBaseline.restore(catalog, TrainedConfig.model_validate(values), state)
        cached.provenance = provenance
        return cached
    best: tuple[Training, Settings] | None = None
    tried: list[dict[str, object]] = []
    left = max_seconds
    for n, candidate in enumerate(how.candidates):
        done = how.train(
            split.train,
            split.validation,
            len(catalog),
            candidate,
            seed=seed,
            directory=None if folder is None else folder / f"candidate-{n}",
            max_seconds=None if left is None else max(0.0, left) / (len(how.candidates) - n),
        )
        left = None if left is None else left - done.seconds
        tried.append({"values": dict(candidate), "ndcg@10": round(done.ndcg, 5), **done.summary})
        if best is None or done.ndcg > best[0].ndcg:
            best = done, candidate
    if best is None:
        raise DataError(f"The trainer of {name!r} has no candidates.")
    return _calibrated(name, best, tried, inputs, split, catalog, seed, folder)


def _calibrated(
    name: str,
    best: tuple[Training, Settings],
    tried: list[dict[str, object]],
    inputs: Mapping[str, object],
    split: Split,
    catalog: Catalog,
    seed: int,
    folder: Path | None,
) -> TrainedBaseline:
    """Return the best candidate with its temperature, and put it into the cache."""
    began = time.monotonic()
    training, settings = best
    config = TrainedConfig(method=name, settings=dict(settings))
    flat = TrainedBaseline(catalog, config, training.model)
    temperature = fit_temperature(flat.scores, split.validation, len(catalog), seed=seed)
    model = flat.with_config(config.model_copy(update={"temperature": temperature}))
    model.provenance = {
        **model.provenance,
        **inputs,
        "criterion": "NDCG@10 on validation, all items ranked, seen items left out",
        "search": "each candidate trained once with the seed given",
        "tried": tried,
        "validation": measure(model.scores, split.validation, len(catalog)).as_dict(),
        "calibration_seconds": round(time.monotonic() - began, 2),
    }
    if folder is not None:
        save_entry(folder, model.state(), model.config.model_dump(mode="json"), model.provenance)
        for leftover in folder.glob("candidate-*"):
            shutil.rmtree(leftover, ignore_errors=True)
    return model
