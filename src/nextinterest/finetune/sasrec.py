"""SASRec (Kang and McAuley, 2018) as a baseline: the sequence encoder without text, by the shared loop.

Cross-entropy over the whole catalogue at every event in place of one sampled negative, as gSASRec and later
work found to be much the better loss; above 30,000 items over a sample of them. Neither text nor ratings nor
times are known to it, only the order of items. `SASRecTrainer` is a `nextinterest.eval.baselines.Trainer`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from nextinterest.data import EventLog, HeldOut
from nextinterest.domain import FloatArray, History
from nextinterest.errors import ModelError, StorageError
from nextinterest.files import not_kept, storing
from nextinterest.finetune import averaging, encoder_task, loop, training_config, validation, windows
from nextinterest.finetune.divergence import DivergedError
from nextinterest.finetune.encoder_task import EncoderTask
from nextinterest.finetune.loop import Report, Trained, train
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.retrieval import ranks, sequence_encoder
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig

__all__ = ["SHAPE", "TRAINING", "SASRecModel", "SASRecTrainer", "SASRecTraining"]

Settings = Mapping[str, float | int | bool | str]

SHAPE = SequenceEncoderConfig(dimension=64, blocks=2, heads=2, expansion=1, window=100, text=False)
"""Shape of the network; settings of a candidate change its fields."""

TRAINING = TrainingConfig(
    epochs=100,
    batch_size=64,
    learning_rate=2e-3,
    warmup_steps=100,
    final_rate=1.0,
    weight_decay=0.01,
    averaging=0.99,
    validate_every=2,
    patience=8,
)
"""How it is trained; settings of a candidate change its fields."""

_OVERLAP = 0.5  # share of a training window that is context for its later targets
_SAMPLED_ABOVE = 30_000  # items
_MODULES = (averaging, encoder_task, loop, training_config, validation, windows, ranks, sequence_encoder)


class SASRecModel:
    """A trained encoder and its item vectors."""

    def __init__(self, encoder: SequenceEncoder) -> None:
        self._encoder, self._vectors = encoder.eval(), encoder.scored_vectors()

    def scores(self, histories: Sequence[History]) -> FloatArray:
        """Return the scores of all items, float32, shape (n, n_items)."""
        users = self._encoder.user_vectors(histories, self._vectors)
        return users @ self._vectors[:, :-1].T + self._vectors[:, -1]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the weights by name."""
        return {name: weight.numpy() for name, weight in self._encoder.state_dict().items()}


@dataclass(frozen=True, slots=True)
class SASRecTraining:
    """How a training ended; see `nextinterest.eval.baselines.Training`."""

    model: SASRecModel
    ndcg: float
    seconds: float
    summary: dict[str, object]


class SASRecTrainer:
    """Trains SASRec, one candidate of settings at a time.

    Parameters
    ----------
    candidates
        Settings to try: fields of `SHAPE` or `TRAINING` with the values they change to.
    report
        See `nextinterest.finetune.loop.train`.
    """

    code: tuple[Path, ...] = (Path(__file__), *(Path(str(module.__file__)) for module in _MODULES))

    def __init__(
        self,
        candidates: Sequence[Settings] = ({"dropout": 0.3}, {"dropout": 0.5}),
        report: Report | None = None,
    ) -> None:
        self.candidates, self._report = tuple(candidates), report

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
    ) -> SASRecTraining:
        """Learn from a log; see `nextinterest.eval.baselines.Trainer.train`."""
        counts = log.item_counts(n_items)
        bias = np.log((counts + 1.0) / (counts + 1.0).sum()).astype(np.float32)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            encoder = SequenceEncoder(_shape(settings), np.zeros((n_items, 1), np.float32), bias)
        options = TRAINING.model_copy(update={**_of(settings, TrainingConfig), "seed": seed})
        task = EncoderTask(
            encoder,
            log,
            validation,
            options.batch_size,
            overlap=_OVERLAP,
            exchangeable_ties=False,
            sampled=n_items > _SAMPLED_ABOVE,
        )
        with _kept(directory) as work:
            try:
                run = train(task, options, work, report=self._report, max_seconds=max_seconds)
            except DivergedError as error:
                raise ModelError(
                    f"SASRec: {error}",
                    remedy="Give SASRecTrainer candidates of a lower learning_rate.",
                    command="Take sasrec out of --methods; its learning rate is not set on the command line.",
                ) from error
            curve = _curve(work)
        return SASRecTraining(
            SASRecModel(encoder),
            run.metrics["ndcg@10"],
            run.cost.seconds,
            _summary(run, curve, options, max_seconds),
        )

    def restore(
        self, n_items: int, settings: Settings, arrays: Mapping[str, NDArray[np.generic]]
    ) -> SASRecModel:
        """Return a model from what its `arrays` returned."""
        encoder = SequenceEncoder(_shape(settings), np.zeros((n_items, 1), np.float32))
        encoder.load_state_dict({name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()})
        return SASRecModel(encoder)


def _of(settings: Settings, kind: type[SequenceEncoderConfig | TrainingConfig]) -> dict[str, object]:
    return {name: value for name, value in settings.items() if name in kind.model_fields}


def _shape(settings: Settings) -> SequenceEncoderConfig:
    return SHAPE.model_copy(update=_of(settings, SequenceEncoderConfig))


@contextmanager
def _kept(directory: Path | None) -> Iterator[Path]:
    """Yield the directory of checkpoints, or one that goes when it is not given or cannot be written."""
    if directory is not None:
        try:
            with storing(directory):
                directory.mkdir(parents=True, exist_ok=True)
        except StorageError as error:
            not_kept(directory.parent, "Checkpoints of SASRec", error)
        else:
            yield directory
            return
    with tempfile.TemporaryDirectory(prefix="nextinterest-") as made:
        yield Path(made)


def _curve(work: Path) -> list[list[float]]:
    """Return epoch, NDCG@10, HR@10 and log-loss of each validation."""
    lines = [json.loads(line) for line in (work / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        [line["epoch"], *(line[name] for name in ("ndcg@10", "hr@10", "log_loss"))]
        for line in lines
        if "ndcg@10" in line
    ]


def _summary(
    run: Trained, curve: list[list[float]], options: TrainingConfig, max_seconds: float | None
) -> dict[str, object]:
    last = int(curve[-1][0])
    if last >= options.epochs:
        stopped = "epochs"
    elif max_seconds is not None and run.cost.seconds >= max_seconds:
        stopped = "time"
    else:
        stopped = "patience"
    return {
        "epoch": last,
        "best_epoch": run.epoch,
        "step": run.steps,
        "seconds": round(run.cost.seconds, 2),
        "stopped": stopped,
        "curve": curve,
    }
