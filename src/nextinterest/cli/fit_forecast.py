"""``nextinterest fit-forecast``: interest-forecast weights for a trained recommender, saved with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from nextinterest.cli.console import err
from nextinterest.cli.reading import Reading, grouped

if TYPE_CHECKING:
    from nextinterest.data import Dataset
    from nextinterest.retrieval.trained import TrainedRetriever

__all__ = ["add_weights", "fit_forecast"]


@grouped
def fit_forecast(
    *,
    directory: Annotated[Path, typer.Argument(help="A recommender directory that finetune wrote.")],
    data: Annotated[str, typer.Option(help="The data set it was learned from: an asset's name or a path.")],
    reading: Reading,
) -> None:
    """Fit a trained recommender's forecast weights on its own validation events and save them with it."""
    from nextinterest.agent import RecommenderAgent
    from nextinterest.errors import DataError
    from nextinterest.retrieval.trained import TrainedRetriever

    dataset = reading.load(data)
    retriever = RecommenderAgent.from_pretrained(directory).retriever
    if not isinstance(retriever, TrainedRetriever) or not retriever.provenance.split:
        raise DataError(
            f"{directory} does not say which events it was learned from.",
            remedy="Give a directory that nextinterest finetune wrote.",
        )
    if retriever.provenance.refitted:
        raise DataError(
            f"{directory} was refitted on all events, so no validation events are left to fit a forecast on.",
            remedy="Give what `nextinterest finetune --keep-split` writes.",
        )
    if not add_weights(directory, retriever, dataset):
        raise typer.Exit(1)


def add_weights(directory: Path, retriever: TrainedRetriever, dataset: Dataset) -> bool:
    """Fit the weights and add them to the directory; return whether there was enough to fit them to.

    Where there was not, it is said on stderr and the directory keeps forecasting by the weights it has.

    Raises
    ------
    DataError
        If the data are not those that the retriever was learned from, or its split is not known here.
    """
    from nextinterest.agent.additions import add_forecast_model
    from nextinterest.data.splits import split_named
    from nextinterest.errors import DataError
    from nextinterest.interests import fit_forecast_model

    learned = retriever.provenance
    split = split_named(dataset.log, learned.split)
    if split is None or dataset.fingerprint != learned.data_fingerprint:
        raise DataError(
            f"The recommender was learned from {learned.data!r} ({learned.data_fingerprint[:12]}), "
            f"{learned.split}; {dataset.name!r} has the fingerprint {dataset.fingerprint[:12]}.",
            remedy="Load the data it was learned from, with the same cleaning, such as --k-core.",
        )
    words = f"{learned.data}, SHA-256 {learned.data_fingerprint[:16]}; validation events of {learned.split}"
    try:
        with err.status("Fitting the interest forecast"):
            model = fit_forecast_model(retriever, split.validation, fitted_on=words)
    except DataError as error:
        err.print(f"No forecast weights were fitted. {escape(str(error))}", soft_wrap=True)
        return False
    add_forecast_model(directory, model)
    err.print(f"[dim]Forecast weights: {escape(model.fitted_on)}[/]")
    return True
