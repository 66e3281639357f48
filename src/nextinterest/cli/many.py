"""The options of ``nextinterest recommend`` for lists of many users, written into a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer
from rich.markup import escape

from nextinterest.cli.console import err
from nextinterest.cli.costs import announce
from nextinterest.cli.user_files import read_user_ids
from nextinterest.counting import counted

if TYPE_CHECKING:
    from nextinterest.agent import RecommenderAgent
    from nextinterest.domain import Where

__all__ = ["Many"]


@dataclass(frozen=True, kw_only=True)
class Many:
    """Whose lists are written, and where."""

    PANEL: ClassVar[str | None] = None

    all_users: Annotated[
        bool, typer.Option("--all-users", help="Lists of all users of the data, into --out.")
    ] = False
    users_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Lists of these users: ids, one a line. Into --out.")
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a table, one row an item: .parquet, .csv or .jsonl. It is whole or not there.",
        ),
    ] = None
    evidence: Annotated[
        bool, typer.Option("--evidence", help="With --out: find reasons too, which takes far longer.")
    ] = False
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before requests that cost.")] = False

    def check(self, user: str | None, history: Sequence[str] | None, instead: Sequence[str]) -> None:
        """Refuse options that contradict each other, and an --out that is no table.

        Parameters
        ----------
        user, history
            What else says whose list it is.
        instead
            Options given that print something else than a table.

        Raises
        ------
        typer.BadParameter
            If options contradict each other.
        DataError
            If the users file cannot be read, or --out has no ending of a table.
        """
        several = {"--all-users": self.all_users, "--users-file": self.users_file is not None}
        single = {"--user": user is not None, "--history": history is not None}
        given = [name for name, is_given in (single | several).items() if is_given]
        if len(given) > 1:
            why = ": a history takes the place of the user's events" if given == list(single) else ""
            raise typer.BadParameter(f"Give {' or '.join(given)}, not both{why}.")
        if self.out is None:
            if self.all_users or self.users_file is not None:
                raise typer.BadParameter(f"{given[0]} needs --out FILE, which the lists are written to.")
            if self.evidence:
                raise typer.BadParameter("--evidence is for --out: a list that is printed has its reasons.")
            return
        if instead:
            raise typer.BadParameter(f"--out writes a table: leave {instead[0]} out.")
        from nextinterest.agent.writing import check_ending

        check_ending(self.out)
        _ = self._listed

    @cached_property
    def _listed(self) -> tuple[str, ...] | None:
        return None if self.users_file is None else read_user_ids(self.users_file)

    def write(
        self,
        agent: RecommenderAgent,
        path: Path,
        k: int,
        user: str | None,
        history: Sequence[str] | None,
        *,
        skip_unknown: bool,
        where: Where | None,
        query: str | None,
    ) -> None:
        """Write the lists, and say how many there are; those of whom there is none are warned of.

        Raises
        ------
        NextInterestError
            As of `nextinterest.agent.many.ManyRecommendations.write`.
        """
        users = self._listed
        if self.all_users or users is not None:
            self._announce(agent, users)
        lists = agent.recommend_many(
            users if users is not None or self.all_users else [history or []] if user is None else [user],
            k,
            on_unknown="skip" if skip_unknown else "raise",
            where=where,
            query=query,
            evidence=self.evidence,
        )
        n = lists.write(path)
        few = f", {lists.n_short:,} with fewer than {counted(k, 'item')}" if lists.n_short else ""
        err.print(f"{counted(n, 'list')}{few} written to {escape(str(path))}.", soft_wrap=True)

    def _announce(self, agent: RecommenderAgent, users: tuple[str, ...] | None) -> None:
        """Say what an endpoint that reranks will cost for these users, and ask back where someone types."""
        if (log := agent.log) is None:
            return
        known = [log.user(user) for user in (log.user_ids if users is None else users)]
        histories = [log.history(user) for user in known[:1000] if user is not None]
        announce(agent.engine, histories, len(known), yes=self.yes)
