"""A forecast evaluation as one HTML page: a table and the paired tests per horizon, and pictures of users.

Pictures come as SVG text: what they show is drawn by whoever forecasts, which this package does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from nextinterest.counting import counted
from nextinterest.errors import DataError
from nextinterest.eval.forecast.evaluation import HIGHER_IS_BETTER, Comparison, ForecastScores
from nextinterest.eval.runs import write_atomically

__all__ = ["HorizonResults", "Picture", "write_forecast_report"]

_COLUMNS = ("log-loss", "NDCG", "Brier", "change error", "direction", "coverage", "width")


@dataclass(frozen=True, slots=True, eq=False)
class HorizonResults:
    """What was found at one horizon.

    Attributes
    ----------
    simple, ours
        Scores of simple forecasters and of those to be judged, the last of which is compared.
    tests
        (what ours is compared with, the comparison), in reading order.
    """

    simple: Sequence[ForecastScores]
    ours: Sequence[ForecastScores]
    tests: Sequence[tuple[str, Comparison]]

    @property
    def scores(self) -> list[ForecastScores]:
        """All of them, simple ones first."""
        return [*self.simple, *self.ours]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and its caption. The SVG stands in the page as it is: give none from elsewhere."""

    caption: str
    svg: str


def write_forecast_report(
    path: Path, title: str, lead: str, horizons: Sequence[HorizonResults], pictures: Sequence[Picture] = ()
) -> None:
    """Write the page, whole or not at all.

    Raises
    ------
    DataError
        If there is nothing to report or a picture is no SVG element.
    """
    if not horizons or not all(result.scores for result in horizons):
        raise DataError("There are no forecasts to report.", remedy="Score at least one forecaster.")
    for picture in pictures:
        if not picture.svg.startswith("<svg"):
            raise DataError(f"The picture {picture.caption!r} is no SVG element.")
    environment = Environment(
        loader=PackageLoader("nextinterest.eval.report", "templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["counted"] = counted
    text = environment.get_template("forecast.html.j2").render(
        title=title,
        lead=lead,
        horizons=[(result, _best(result)) for result in horizons],
        columns=_COLUMNS,
        pictures=pictures,
    )
    write_atomically(path, text.encode())


def _best(result: HorizonResults) -> dict[str, float]:
    """Return the best mean of each metric that ranks forecasters."""
    best: dict[str, float] = {}
    for metric in (column for column in _COLUMNS if column in HIGHER_IS_BETTER):
        values = [score.mean(metric) for score in result.scores]
        best[metric] = max(values) if HIGHER_IS_BETTER[metric] else min(values)
    return best
