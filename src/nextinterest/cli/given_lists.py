"""The options of ``nextinterest evaluate`` for ranked lists of other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer
from rich.markup import escape

from nextinterest.cli.console import err
from nextinterest.cli.reading import column_pairs
from nextinterest.counting import counted
from nextinterest.errors import DataError

if TYPE_CHECKING:
    from nextinterest.data import HeldOut
    from nextinterest.domain import Catalog
    from nextinterest.eval import GivenLists, Method

__all__ = ["Lists"]

_LENGTH = 20  # positions asked of each list, where the files do not have fewer

_COUNTS = (
    ("users_without_a_list", "user asked for has no list", "users asked for have no list", "a miss each"),
    ("unknown_users", "user is not in the data", "users are not in the data", "passed over"),
    ("unknown_items", "item is not in the catalogue", "items are not in the catalogue", "flaws of lists"),
)


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Files of ranked lists, each judged as a method, and how long lists are."""

    PANEL: ClassVar[str | None] = None

    lists: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Ranked lists of another library, judged under the file's name: a .parquet, .csv or .jsonl "
            "with columns user, item, and rank or score. Repeat the option.",
        ),
    ] = None
    lists_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=COLUMN",
            callback=column_pairs,
            help="The column of --lists that is user, item, rank, score, probability or after, where it has "
            "another name. Repeat the option.",
        ),
    ] = None
    list_length: Annotated[
        int | None,
        typer.Option(
            help=f"Positions asked of each list: {_LENGTH}, or as many as the lists of --lists have.", min=1
        ),
    ] = None

    def read(self, catalog: Catalog, held_out: HeldOut) -> list[GivenLists]:
        """Read the files.

        Raises
        ------
        DataError
            As of `nextinterest.eval.read_lists`.
        """
        from nextinterest.eval import read_lists

        columns = dict(pair.split("=", 1) for pair in self.lists_column or ())
        return [read_lists(path, catalog, held_out, columns) for path in self.lists or ()]

    def length(self, given: Sequence[GivenLists], held_out: HeldOut, *, exclude_seen: bool) -> int:
        """Return how many positions are asked of each list.

        Raises
        ------
        DataError
            If more are asked for than a file has in any list, which would make every list too short.
        """
        lengths = {one.name: one.length(held_out, exclude_seen) for one in given}
        longest = min(lengths.values(), default=_LENGTH)
        if longest < (self.list_length or 1):
            name = min(lengths, key=lambda one: lengths[one])
            raise DataError(
                f"Lists of {self.list_length or 1} items are asked for, and those of {name} have at most "
                f"{max(longest, 0)} in every case.",
                remedy="Write longer lists" + (f", or give --list-length {longest}." if longest > 0 else "."),
            )
        return self.list_length or min(_LENGTH, longest)

    @staticmethod
    def methods(given: Sequence[GivenLists]) -> list[Method]:
        """Return the lists as methods, and say what is wrong with them."""
        from nextinterest.eval import Method

        for one in given:
            for name, what, several, then in _COUNTS:
                if n := one.provenance[name]:
                    said = f"{one.name}: {counted(n, what, several)}, {then}."
                    err.print(f"[yellow]{escape(said)}[/]", soft_wrap=True)
        return [
            Method(one.name, lambda one=one: one, arguments={"file": one.source}, timed=False)  # type: ignore[misc]
            for one in given
        ]
