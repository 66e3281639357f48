"""The options by which every command that reads data says how it is to be read and cleaned.

A group of options is a dataclass whose fields are annotated as a command's parameters are. `grouped` turns
a command that takes such a group into one that takes its options: an option added to a group is on every
command that has the group.
"""

from __future__ import annotations

import functools
import inspect
import shlex
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, ParamSpec, TypeVar, get_args, get_type_hints

import typer
from rich.markup import escape

from nextinterest.cli.console import err
from nextinterest.data.assets import refuse_missing
from nextinterest.data.sources import Format
from nextinterest.data.sources.usual_names import FIELDS
from nextinterest.data.times import TIME_FORMATS, check_time_format
from nextinterest.errors import DataError

if TYPE_CHECKING:
    from nextinterest.data import CleaningConfig, Dataset

__all__ = ["PANELS", "Reading", "column_pairs", "grouped"]

PANELS = ("What may be recommended", "Language models", "How data is read")
"""Parts of a command's help after its own options, in their order."""

P = ParamSpec("P")
R = TypeVar("R")


def grouped(command: Callable[P, R]) -> Callable[..., R]:
    """Replace each parameter of a command that is a group by the options of the group.

    Examples
    --------
    >>> def show(user: str, reading: Reading) -> str:
    ...     return f"{user} {reading.format}"
    >>> list(inspect.signature(grouped(show)).parameters)
    ['user', 'format', 'items', 'column', 'time_format', 'k_core', 'user_core', 'item_core', 'repeats',
     'ties', 'ids', 'item_separator', 'strict']
    >>> grouped(show)(user="42", format="csv")
    '42 csv'
    """
    signature = inspect.signature(command, eval_str=True)
    groups = {
        name: p.annotation
        for name, p in signature.parameters.items()
        if isinstance(p.annotation, type) and is_dataclass(p.annotation)
    }
    options: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        group = groups.get(name)
        inner = [parameter] if group is None else _options_of(group)
        options += [option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in inner]
    options.sort(key=_rank)

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        given: dict[str, object] = {
            name: group(**{f.name: kwargs.pop(f.name) for f in fields(group) if f.name in kwargs})
            for name, group in groups.items()
        }
        return command(*args, **kwargs, **given)  # type: ignore[arg-type]

    run.__signature__ = signature.replace(parameters=options)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in options} | {"return": signature.return_annotation}
    return run


def _options_of(group: type) -> list[inspect.Parameter]:
    """Return a group's options, inherited ones included, each annotation read in the module it stands in.

    Each stands in the help under the panel of the class that has it, and without one among the command's own.
    """
    found = get_type_hints(group, include_extras=True)
    options = []
    for parameter in inspect.signature(group).parameters.values():
        owner = next(c for c in reversed(group.__mro__) if is_dataclass(c) and parameter.name in _names(c))
        kind, shown = get_args(found[parameter.name])
        option = copy(shown)
        option.rich_help_panel = getattr(owner, "PANEL", None)
        options.append(parameter.replace(annotation=Annotated[kind, option]))
    return options


def _names(group: type) -> set[str]:
    return {field.name for field in fields(group)}


def _rank(option: inspect.Parameter) -> int:
    """Return where an option stands in the help: a command's own first, the rarest last."""
    shown = get_args(option.annotation)[1:]
    panel = getattr(shown[0], "rich_help_panel", None) if shown else None
    return 0 if panel not in PANELS else 1 + PANELS.index(panel)


def column_pairs(pairs: list[str] | None) -> list[str] | None:
    """Check FIELD=COLUMN pairs as they are typed: none may be given twice, of which only one would count."""
    given: dict[str, str] = {}
    for pair in pairs or ():
        if "=" not in pair:
            raise typer.BadParameter(f"{pair!r} is not FIELD=COLUMN, such as time=when or time=3.")
        field = pair.split("=", 1)[0]
        if given.setdefault(field, pair) != pair:
            raise typer.BadParameter(f"{given[field]!r} and {pair!r} map one field twice: give one of them.")
    return pairs


def _time_format(value: str) -> str:
    try:
        return check_time_format(value)
    except DataError as error:
        raise typer.BadParameter(str(error)) from None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How data is read and cleaned: `nextinterest.data.load` with the options of the command line."""

    PANEL: ClassVar[str | None] = PANELS[2]

    format: Annotated[
        Format,
        typer.Option(
            metavar="FORMAT",
            help=f"How to read the data: {', '.join(get_args(Format))}. auto judges by names and contents.",
        ),
    ] = "auto"
    items: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A table of the items, where none lies beside the events."),
    ] = None
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=COLUMN",
            callback=column_pairs,
            help=f"The column that is a field ({', '.join(FIELDS)}): "
            "its name or, in a table without a header, its number from 0; nothing leaves the field out. "
            "Repeat the option.",
        ),
    ] = None

    time_format: Annotated[
        str,
        typer.Option(
            metavar="FORMAT",
            callback=_time_format,
            help=f"How times are written, where the column does not show it: {', '.join(TIME_FORMATS)}, or a "
            "pattern such as '%d/%m/%Y %H:%M'.",
        ),
    ] = "auto"

    @property
    def columns(self) -> dict[str, str | int | None] | None:
        """The mapping of columns; digits are a position in a table without a header, nothing is None."""
        pairs = dict(pair.split("=", 1) for pair in self.column or ())
        numbers = {field: int(c) for field, c in pairs.items() if c.isascii() and c.isdigit()}
        return {field: numbers.get(field, c or None) for field, c in pairs.items()} or None

    k_core: Annotated[
        int, typer.Option(help="Drop users and items with fewer events, again and again.", min=0)
    ] = 0
    user_core: Annotated[
        int | None, typer.Option(help="The same for users alone, where it is not --k-core.", min=0)
    ] = None
    item_core: Annotated[
        int | None, typer.Option(help="The same for items alone, where it is not --k-core.", min=0)
    ] = None
    repeats: Annotated[
        Literal["first", "last", "keep"],
        typer.Option(help="Which event of a repeated user and item stays: first, last or keep (all)."),
    ] = "first"
    ties: Annotated[
        Literal["file", "item"],
        typer.Option(help="Order of a user's events of one moment: as in the file, or by item id."),
    ] = "file"
    ids: Annotated[
        Literal["exact", "loose"],
        typer.Option(
            help="Whether ids that differ from those of the tables of items and users in capital letters, "
            "blanks, leading zeros or a trailing .0 alone are joined to them: exact (no) or loose."
        ),
    ] = "exact"
    item_separator: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What separates the items of cells that hold several, such as ','; nothing where each cell "
            "is one id.",
        ),
    ] = None
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first bad row, with its file and line.")
    ] = False

    @property
    def cleaning(self) -> CleaningConfig:
        """How the data is cleaned, and how its times are written."""
        from nextinterest.data import CleaningConfig

        return CleaningConfig(
            min_user_events=self.k_core if self.user_core is None else self.user_core,
            min_item_events=self.k_core if self.item_core is None else self.item_core,
            repeats=self.repeats,
            ties=self.ties,
            ids=self.ids,
            item_separator=self.item_separator,
            time_format=self.time_format,
        )

    def refuse_missing(self, path_or_name: str | Path) -> None:
        """Raise where what is to be read is not there, before anything is imported to read it.

        Raises
        ------
        NextInterestError
            As of `nextinterest.data.load`.
        """
        refuse_missing(str(path_or_name), "data")
        if self.items is not None and not Path(self.items).exists():
            raise DataError(f"There is no table of items {self.items}.", remedy="Check the path.")

    def load(self, path_or_name: str | Path, *, warn: bool = True) -> Dataset:
        """Load a data set in this way; with `warn`, print its warnings and what was left out."""
        from nextinterest.data import load
        from nextinterest.data.faults import LOW_RATING, TOO_FEW

        dataset = load(
            path_or_name,
            self.items,
            format=self.format,
            cleaning=self.cleaning,
            columns=self.columns,
            strict=self.strict,
        )
        report = dataset.report
        said = [*report.warnings]
        if losses := report.losses((LOW_RATING, TOO_FEW)):
            said.append(f"{losses}: {self.described(path_or_name)} shows more")
        for warning in said if warn else ():
            err.print(f"[dim]{escape(warning)}[/]", soft_wrap=True)
        return dataset

    def described(self, path_or_name: str | Path) -> str:
        """Return the command that describes a data set that is read in this way.

        Examples
        --------
        >>> Reading(column=["user=who"], k_core=5).described("my data")
        "nextinterest data describe 'my data' --column user=who --k-core 5"
        """
        words = ["nextinterest", "data", "describe", str(path_or_name)]
        for one in fields(Reading):
            value, option = getattr(self, one.name), f"--{one.name.replace('_', '-')}"
            if value is True:
                words.append(option)
            elif value != one.default:
                words += [
                    w for v in (value if isinstance(value, list) else [value]) for w in (option, str(v))
                ]
        return shlex.join(words)
