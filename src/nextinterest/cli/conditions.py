"""The options by which a command says what may be recommended, and their one reading into a `Where`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from nextinterest.cli.reading import PANELS

if TYPE_CHECKING:
    from nextinterest.domain import Where

__all__ = ["Asked", "Constraints", "option_words"]


_OPTIONS = {"categories": "--category", "excluded_categories": "--not-category"}
"""Options that are not called as their field is."""


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """What every item must meet."""

    PANEL: ClassVar[str | None] = PANELS[0]

    category: Annotated[
        list[str] | None,
        typer.Option(help="A category that every item must have; repeat the option for more."),
    ] = None
    not_category: Annotated[
        list[str] | None, typer.Option(help="A category that no item may have; repeat the option for more.")
    ] = None
    year_from: Annotated[int | None, typer.Option(help="Earliest year, inclusive.")] = None
    year_to: Annotated[int | None, typer.Option(help="Latest year, inclusive.")] = None
    price_from: Annotated[float | None, typer.Option(help="Lowest price, inclusive.")] = None
    price_to: Annotated[float | None, typer.Option(help="Highest price, inclusive.")] = None
    available: Annotated[
        bool, typer.Option("--available", help="Only items that are available now and in stock.")
    ] = False
    where: Annotated[
        str | None,
        typer.Option(
            metavar="JSON",
            help="All constraints as JSON, with those that have no option of their own: "
            '\'{"categories": ["Crime", "Drama"], "match": "any", "attributes": {"brand": "Acme"}}\'. '
            "nextinterest schemas Where prints what it may hold.",
        ),
    ] = None

    def constraints(self) -> Where | None:
        """Return the constraints of all options together; None without any.

        Raises
        ------
        typer.BadParameter
            If a value is wrong, or --where and an option say one thing twice.
        """
        from pydantic import ValidationError

        from nextinterest.domain import Where
        from nextinterest.server.invalid import first_error

        given = {} if self.where is None else _object(self.where)
        options = {
            "categories": self.category,
            "excluded_categories": self.not_category,
            "year_from": self.year_from,
            "year_to": self.year_to,
            "price_from": self.price_from,
            "price_to": self.price_to,
            "available": self.available or None,
        }
        own = {name: value for name, value in options.items() if value not in (None, [])}
        if twice := sorted(given.keys() & own.keys()):
            raise typer.BadParameter(f"{twice[0]} is given by --where and by an option: give it once.")
        if not (whole := given | own):
            return None
        try:
            return Where.model_validate_json(json.dumps(whole), strict=True)
        except ValidationError as error:
            said = first_error(error.errors(), whole).message.removeprefix("body: ")
            for name in own:
                said = re.sub(rf"\b{name}\b", _OPTIONS.get(name, f"--{name.replace('_', '-')}"), said)
            raise typer.BadParameter(said if own else f"--where: {said}") from None


@dataclass(frozen=True, kw_only=True)
class Asked(Constraints):
    """What is asked for beyond a list: constraints and free text."""

    PANEL: ClassVar[str | None] = None

    query: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="What is asked for, in free text: 'slow and dark, about grief'."),
    ] = None

    def words(self) -> str | None:
        """Return the free text; None without any.

        Raises
        ------
        typer.BadParameter
            If it is blank or too long.
        """
        return option_words(self.query, "--query")


def option_words(given: str | None, option: str) -> str | None:
    """Return what an option asks for in free text; None without any.

    Raises
    ------
    typer.BadParameter
        If it is blank or too long.
    """
    from nextinterest.arguments import as_words
    from nextinterest.errors import DataError

    try:
        return as_words(given, option)
    except DataError as error:
        raise typer.BadParameter(f"{error}") from None


def _object(text: str) -> dict[str, object]:
    from nextinterest.server.repeated_keys import RepeatedKeyError, each_key_once

    try:
        found = json.loads(text, object_pairs_hook=each_key_once)
    except RepeatedKeyError as error:
        raise typer.BadParameter(f"--where: {error}.") from None
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"--where is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise typer.BadParameter('--where has to be a JSON object, such as \'{"categories": ["Crime"]}\'.')
    return found
