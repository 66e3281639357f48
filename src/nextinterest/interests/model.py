"""The fitted forecast model: which signals weigh how much at which horizon, and how far reality strays.

A handful of numbers per horizon, kept as JSON. Between fitted horizons they are interpolated in the logarithm
of the number of events; beyond the last one they stay as they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nextinterest.errors import DataError
from nextinterest.files import write_atomic
from nextinterest.interests.dispersion import Dispersion

__all__ = ["ForecastModel", "HorizonFit"]


class HorizonFit(BaseModel):
    """What was fitted at one horizon."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon: int = Field(description="Number of events ahead.", ge=1)
    weights: dict[str, float] = Field(description="Weight of each signal in the log-linear pool.")
    dispersion: Dispersion = Field(description="Spread of what is seen around what is forecast.")
    loss: float = Field(description="Mean cross-entropy on the cases it was fitted to, in nats.")
    cases: int = Field(description="Number of those cases.", ge=1)


class ForecastModel(BaseModel):
    """Weights and dispersions for several horizons, nearest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fitted_on: str = Field(description="What it was fitted on, in words.")
    draws_per_event: float = Field(description="Mean number of categories per event.", ge=1.0)
    horizons: tuple[HorizonFit, ...] = Field(description="One fit per horizon, ascending.", min_length=1)

    def at(self, horizon: float) -> HorizonFit:
        """Return the fit for a number of events, interpolated between the fitted horizons."""
        fits = self.horizons
        known = np.log([fit.horizon for fit in fits])
        position = np.log(max(horizon, 1.0))
        rounded = max(1, round(horizon))

        def between(values: list[float]) -> float:
            return float(np.interp(position, known, values))

        return HorizonFit(
            horizon=rounded,
            weights={name: between([fit.weights[name] for fit in fits]) for name in fits[0].weights},
            dispersion=Dispersion(
                trials=max(1, round(rounded * self.draws_per_event)),
                log_variance=between([fit.dispersion.log_variance for fit in fits]),
                slope=between([fit.dispersion.slope for fit in fits]),
            ),
            loss=between([fit.loss for fit in fits]),
            cases=min(fit.cases for fit in fits),
        )

    def save(self, path: Path) -> None:
        """Write the model as JSON, replacing the file in one step."""
        write_atomic(path, (self.model_dump_json(indent=1) + "\n").encode())

    @classmethod
    def load(cls, path: Path) -> ForecastModel:
        """Read a model that `save` wrote.

        Raises
        ------
        DataError
            If the file is missing or is not such a model.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise DataError(
                f"{path} cannot be read as a forecast model: {error}", remedy="Fit and save it again."
            ) from error
