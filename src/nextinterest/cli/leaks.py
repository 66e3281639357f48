"""Whether a saved recommender has learned from what it is about to be asked.

Its provenance names the data and the split it was learned from, so its training events can be found again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from nextinterest.counting import counted
from nextinterest.errors import DataError

if TYPE_CHECKING:
    from nextinterest.data import Dataset, HeldOut
    from nextinterest.retrieval import Retriever

__all__ = ["refuse_leak"]


def refuse_leak(
    name: str, retriever: Retriever, dataset: Dataset, cases: HeldOut
) -> Literal["unknown", "none"]:
    """Return what is known: ``none`` if every case comes after all that was learned of its user.

    Parameters
    ----------
    name
        Of the recommender, for the message.
    retriever
        The recommender's.
    dataset, cases
        What it will be asked.

    Returns
    -------
    str
        ``unknown`` if it was learned from other data than this, or does not say from what.

    Raises
    ------
    DataError
        If it was learned from a held-out event or a later one of the same user.
    """
    from nextinterest.data import split_named
    from nextinterest.retrieval.trained import TrainedRetriever

    if not isinstance(retriever, TrainedRetriever):
        return "unknown"
    learned = retriever.provenance
    if learned.data_fingerprint != dataset.fingerprint:
        return "unknown"
    if learned.refitted:
        raise DataError(
            f"{name} was refitted on all events of this data: the {counted(len(cases), 'event')} to "
            f"predict are among "
            "what it learned from.",
            remedy="Evaluate what `nextinterest finetune --keep-split` writes; with the --work of the run "
            "before, nothing is trained twice.",
        )
    split = split_named(dataset.log, learned.split)
    if split is None:
        return "unknown"
    known = split.train.lengths[cases.users]
    leaked = int((np.asarray(cases.histories.ends) < known).sum())
    if leaked:
        raise DataError(
            f"{name} was learned from {learned.split} of this data: {leaked:,} of the "
            f"{counted(len(cases), 'event')} "
            "to predict are among what it learned from.",
            remedy="Evaluate it with a protocol that holds out no more than its training did "
            "(--protocol, --held-out, --validation-events), or train it on the split you evaluate.",
        )
    return "none"
