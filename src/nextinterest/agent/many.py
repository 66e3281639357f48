"""Ranked lists for many users, as tables, in bounded memory."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from itertools import islice
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import polars as pl

from nextinterest.agent.batches import Listed, Query, Table, many_schema, rank_batch
from nextinterest.agent.config import OnUnknown
from nextinterest.agent.engine import Engine
from nextinterest.agent.histories import HistoryLike, ReadHistory
from nextinterest.agent.talking import AgentTalking
from nextinterest.agent.writing import write_tables
from nextinterest.arguments import as_choice, as_flag, as_record, as_whole_number, as_words
from nextinterest.bars import progress_bars
from nextinterest.counting import counted
from nextinterest.domain import Event, History, Where
from nextinterest.domain.tables import as_pandas
from nextinterest.errors import DataError, NextInterestError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AgentMany", "ManyRecommendations", "UserFailure", "UsersLike"]

UsersLike = Mapping[str, HistoryLike] | Iterable[str | int | HistoryLike]
"""Ids of known users, histories, or both; or histories by user id."""

_BATCH, _BATCH_READ = (
    512,
    64,
)  # users at once: without a language model, and with one, whose prompts take long
_KEPT = 100  # failures whose messages are kept

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UserFailure:
    """A user without a list.

    Attributes
    ----------
    index
        Number of the user or history among those given, from 0.
    user
        Id of the user, where one was given.
    message, remedy
        What was found, and what to do.
    """

    index: int
    user: str | None
    message: str
    remedy: str = ""

    @classmethod
    def of(cls, index: int, user: str | None, error: Exception) -> UserFailure:
        """Return what an error says."""
        if isinstance(error, NextInterestError):
            return cls(index, user, error.message, error.remedy)
        return cls(index, user, f"{type(error).__name__}: {error}")


class AgentMany(AgentTalking):
    """The method of `nextinterest.agent.RecommenderAgent` about many users."""

    def recommend_many(
        self,
        users: UsersLike | None = None,
        k: int = 10,
        *,
        exclude_seen: bool = True,
        on_unknown: OnUnknown = "raise",
        where: Where | Mapping[str, object] | None = None,
        query: str | None = None,
        evidence: bool = False,
        batch_size: int | None = None,
        progress: bool | None = None,
    ) -> ManyRecommendations:
        """Return what makes the lists of many users: the lists that `recommend` gives each of them.

        Nothing is computed before the result is iterated over, written or turned into one table; see
        `ManyRecommendations`. Users are searched, scored and reranked in batches, which without a language
        model takes less than a twentieth of the time of single calls.

        Parameters
        ----------
        users
            Ids of known users; histories as in `recommend`; a dictionary of histories by user id; or an
            iterator over ids or histories, of which only a batch is held. None takes all known users.
        k, exclude_seen, where, query
            As in `recommend`, for every user.
        on_unknown
            What to do with ids and titles in given histories that the catalogue does not have: ``"skip"``
            leaves them out, ``"raise"`` makes the user one without a list.
        evidence
            Whether to find the past events that speak for each item, which takes far longer than the lists.
        batch_size
            Users ranked at once: memory grows with it. None takes 512, or 64 with a language model.
        progress
            Whether to show a bar on stderr; None shows one on a terminal only.

        Raises
        ------
        DataError
            If k is below one, the users are no such collection, or all known users are asked for and there
            are none.
        """
        asked = None if where is None else as_record(where, Where, "where")
        as_choice(on_unknown, "on_unknown", get_args(OnUnknown))
        return ManyRecommendations(
            self,
            self._every_user() if users is None else _checked(users),
            Query(
                k=as_whole_number(k, "k"),
                exclude_seen=as_flag(exclude_seen, "exclude_seen"),
                where=asked,
                request=as_words(query, "query"),
                evidence=as_flag(evidence, "evidence"),
            ),
            on_unknown=on_unknown,
            batch_size=None if batch_size is None else as_whole_number(batch_size, "batch_size"),
            progress=progress,
        )

    def _every_user(self) -> Sequence[str]:
        return self._users.store.users() if self._users is not None else self._held("its users").user_ids


class ManyRecommendations:
    """The ranked lists of many users, made while they are taken.

    Iterating yields DataFrames of polars, one for each batch of users; `to_polars` and `to_pandas` return one
    table, `write` writes one to a file in bounded memory. Columns are `index`, the number of the user among
    those given, from 0, and those of `Recommendations.to_polars`. Rows are in the order of users and ranks.
    Evidence is null where it was not asked for.

    A user that cannot be answered, such as an unknown one, has no rows: see `n_failed` and `failures`; a
    warning is logged at the end. What fails for a whole batch, such as an endpoint that is down, is raised.

    Attributes
    ----------
    n_lists, n_failed, n_short
        Users with and without a list, and those with fewer than k items, as of the newest iteration.
    failures
        The first hundred of those without one.
    """

    def __init__(
        self,
        agent: AgentMany,
        users: UsersLike,
        query: Query,
        *,
        on_unknown: OnUnknown,
        batch_size: int | None,
        progress: bool | None,
    ) -> None:
        self._agent, self._users, self._query, self._on_unknown = agent, users, query, on_unknown
        self._batch_size, self._progress = batch_size, progress
        self._taken = False
        self.n_lists = self.n_failed = self.n_short = 0
        self.failures: list[UserFailure] = []

    def __repr__(self) -> str:
        given = (
            counted(len(self._users), "user") if isinstance(self._users, Sized) else "an iterator of users"
        )
        return f"{type(self).__name__}({given}, k={self._query.k})"

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Yield a table for each batch of users.

        Raises
        ------
        DataError
            If the users were an iterator, which was used up before.
        """
        if self._taken and isinstance(self._users, Iterator):
            raise DataError("The users were an iterator, which is used up.", remedy="Give a list of users.")
        self._taken, self.failures = True, []
        self.n_lists = self.n_failed = self.n_short = 0
        engine = self._agent.engine
        table = Table(engine.catalog)
        total = len(self._users) if isinstance(self._users, Sized) else None
        with progress_bars(self._progress) as bars:
            task = bars.add_task("Users", total=total)
            for batch in self._batches(
                _size(engine, self._query) if self._batch_size is None else self._batch_size
            ):
                made = self._listed(engine, batch)
                self.n_lists += len(made)
                self.n_short += sum(len(one.ranked.items) < self._query.k for _, _, one in made)
                yield table.of(
                    [i for i, _, _ in made], [user for _, user, _ in made], [one for _, _, one in made]
                )
                bars.advance(task, len(batch))
        if self.n_failed:
            first = self.failures[0]
            logger.warning(
                "%s of %s got no list. The first: %s",
                counted(self.n_failed, "user"),
                f"{self.n_failed + self.n_lists:,}",
                first.message if first.user is None else f"{first.user!r}: {first.message}",
            )

    def to_polars(self) -> pl.DataFrame:
        """Return all lists as one table; what is computed is held whole."""
        tables: list[pl.DataFrame] = [pl.DataFrame(schema=many_schema()), *self]
        return pl.concat(tables)

    def to_pandas(self) -> pd.DataFrame:
        """Return all lists as one DataFrame of pandas.

        Raises
        ------
        NextInterestError
            If pandas is not installed.
        """
        return as_pandas(self.to_polars().to_dict(as_series=False))

    def write(self, path: str | Path) -> int:
        """Write all lists to a ``.parquet``, ``.csv`` or ``.jsonl`` file; return how many there are.

        A file appears, or takes the place of an older one, when it is whole: what is broken off or fails
        leaves nothing new. In CSV, cells with several values have bars (``|``) between them.

        Raises
        ------
        DataError
            If the name has another ending, or no user has a list.
        StorageError
            If it cannot be written.
        """
        write_tables(Path(path), self._some())
        return self.n_lists

    def _some(self) -> Iterator[pl.DataFrame]:
        """Yield the tables, at least an empty one; raise at the end if none of the users has a list."""
        yield pl.DataFrame(schema=many_schema())
        yield from self
        if self.failures and not self.n_lists:
            first = self.failures[0]
            raise DataError(
                f"None of {counted(self.n_failed, 'user')} got a list; nothing is written. {first.message}",
                remedy=first.remedy,
            )

    def _batches(self, size: int) -> Iterator[list[tuple[int, str | None, HistoryLike | None]]]:
        """Yield number, id and history of the users, where given, a batch at a time."""
        given: Iterator[tuple[str | None, HistoryLike | None]] = (
            ((str(user), history) for user, history in self._users.items())
            if isinstance(self._users, Mapping)
            else map(_user_and_history, self._users)
        )
        numbered = enumerate(given)
        while some := list(islice(numbered, size)):
            yield [(index, user, history) for index, (user, history) in some]

    def _listed(
        self, engine: Engine, batch: Sequence[tuple[int, str | None, HistoryLike | None]]
    ) -> list[tuple[int, str | None, Listed]]:
        """Return number, id and list of each user of a batch that has one; count the others."""
        agent = self._agent
        reads: list[tuple[int, str | None, ReadHistory]] = []
        for index, user, history in batch:
            try:
                read = agent._read(engine, history, user, self._on_unknown)
            except NextInterestError as error:
                if history is None and agent.log is None and agent._users is None:
                    raise  # of no user there are events
                self._fail(index, user, error)
            else:
                reads.append((index, read.history.user if user is None else user, read))
        if not reads:
            return []
        lists = rank_batch(engine, [read for _, _, read in reads], self._query, agent._answering)
        made = []
        for (index, user, _), one in zip(reads, lists, strict=True):
            if isinstance(one, Exception):
                self._fail(index, user, one)
            else:
                made.append((index, user, one))
        return made

    def _fail(self, index: int, user: str | None, error: Exception) -> None:
        self.n_failed += 1
        if len(self.failures) < _KEPT:
            self.failures.append(UserFailure.of(index, user, error))


def _checked(users: UsersLike) -> UsersLike:
    """Return users, or raise for what is one of them, or a table."""
    one = isinstance(users, str | bytes | Integral | History | Event) or not isinstance(users, Iterable)
    if one or hasattr(users, "columns"):
        is_table = not one
        raise DataError(
            f"recommend_many takes users or histories; got a {type(users).__name__}.",
            remedy="Give the column of its users, such as table['user']."
            if is_table
            else "Put it into a list.",
        )
    return users


def _user_and_history(one: str | int | HistoryLike) -> tuple[str | None, HistoryLike | None]:
    """Return what one of the users given is: the id of a known one, or a history."""
    if isinstance(one, str):
        return one, None
    if isinstance(one, int | Integral):  # as data frames hold ids
        return str(int(one)), None
    return None, one


def _size(engine: Engine, query: Query) -> int:
    """Return how many users are ranked at once."""
    return _BATCH if engine.language_model is None and not query.evidence else _BATCH_READ
