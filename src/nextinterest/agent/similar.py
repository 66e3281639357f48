"""Items like others, for anybody or for a user."""

from __future__ import annotations

from collections.abc import Mapping

from nextinterest.agent.alike import alike
from nextinterest.agent.asynchronous import threaded
from nextinterest.agent.config import OnUnknown
from nextinterest.agent.histories import HistoryLike, ReadHistory, read_history
from nextinterest.agent.interests import AgentInterests
from nextinterest.arguments import as_flag, as_record, as_whole_number
from nextinterest.domain import Recommendations, Where, traced
from nextinterest.errors import DataError, NextInterestError, UnknownItemError

__all__ = ["AgentSimilar"]


class AgentSimilar(AgentInterests):
    """The method of `nextinterest.agent.RecommenderAgent` about items like others."""

    def similar(
        self,
        items: str | HistoryLike,
        k: int = 10,
        *,
        user: str | None = None,
        history: HistoryLike | None = None,
        exclude_seen: bool = True,
        on_unknown: OnUnknown = "raise",
        where: Where | Mapping[str, object] | None = None,
        trace: bool = False,
    ) -> Recommendations:
        """Return k items like some others, most alike first: "more like Alien".

        Texts say what is alike, the users that items have in common, what stood near them in histories and,
        in a trained recommender, learned item vectors (docs/retrieval.md). No language model is asked, and
        popularity is no signal. Each item's scores are ``similarity`` and its summands by source, in nats;
        its probability is that of being the next event after one of `items`, as far as likeness tells.

        Parameters
        ----------
        items
            Id or title of an item, or a list of them, which count alike. None of them is returned.
        k
            Length of the list; it is shorter where the catalogue has fewer items left.
        user, history
            Whose list it is, as in `recommend`: what they have seen or hidden is left out, and their events
            are the evidence. With neither, it is anybody's.
        exclude_seen
            Leave out items of the history.

        Others as in `recommend`.

        Raises
        ------
        UnknownItemError
            For an id or title the catalogue does not have, unless skipped, or where none is left.
        DataError
            If no item is given, k is below one, or the user is not known.
        """
        engine, k = self.engine, as_whole_number(k, "k")
        exclude_seen, trace = as_flag(exclude_seen, "exclude_seen"), as_flag(trace, "trace")
        asked = None if where is None else as_record(where, Where, "where")

        def answer() -> Recommendations:
            named = [items] if isinstance(items, str) else items
            models = read_history(
                named, engine.catalog, engine.grounder, on_unknown=on_unknown, called="the items"
            )
            if not len(models.history):
                raise _nothing_named(models)
            given = [] if history is None and user is None else history
            read = self._read(engine, given, user, on_unknown)
            return alike(engine, models, k, read, exclude_seen=exclude_seen, where=asked)

        with self._answering(user):
            return traced(answer, trace)

    asimilar = threaded(similar)


def _nothing_named(models: ReadHistory) -> NextInterestError:
    if models.skipped:
        return UnknownItemError(
            f"None of the items is in the catalogue: {', '.join(map(repr, models.skipped[:5]))}.",
            remedy="Name an item of the catalogue; agent.find_items looks titles up.",
            command="Name an item of the catalogue.",
        )
    return DataError(
        "No item is named, so nothing can be like it.",
        remedy="Give the id or title of an item, or a list of them.",
        command="Give --item.",
    )
