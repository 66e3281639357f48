"""Whether a training step still has numbers: a loss or gradient that is none ends the run at once."""

from __future__ import annotations

import math

from torch import Tensor

from nextinterest.errors import ModelError
from nextinterest.finetune.checkpoint import Progress
from nextinterest.finetune.training_config import TrainingConfig

__all__ = ["DivergedError", "divergence"]


class DivergedError(ModelError):
    """A loss or gradient is not finite."""


def divergence(
    loss: float, norm: Tensor | float | None, rate: float, progress: Progress, config: TrainingConfig
) -> DivergedError | None:
    """Return the error of a step that diverged, None where it did not.

    Parameters
    ----------
    loss
        Of the step.
    norm
        Of its gradient; None where it is not known. With fp16 a gradient that overflows is left out by the
        scaler, so only the loss counts there.
    rate
        The learning rate then.
    progress
        The steps taken before.
    config
        Of the run.
    """
    sound = norm is None or config.precision == "fp16" or math.isfinite(float(norm))
    if math.isfinite(loss) and sound:
        return None
    what = "gradient" if math.isfinite(loss) else "loss"
    lower = "Lower training.learning_rate and start anew with"
    return DivergedError(
        f"Training diverged: the {what} is not finite at step {progress.step + 1} (epoch "
        f"{progress.epoch + 1}), at a learning rate of {rate:.4g}.",
        remedy=f"{lower} resume=False.",
        command=f"{lower} --no-resume.",
    )
