"""Data in several files: the parts of one table in a folder, and the files that lie beside them.

Parts are read in the order of their names, but ``train``, ``valid`` and ``test`` in that order. What begins
with a dot or an underline (``_SUCCESS``, ``.crc``) is no part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from nextinterest.data.sources.archives import bare_name
from nextinterest.errors import DataError

__all__ = [
    "base",
    "contents",
    "is_part",
    "is_split",
    "is_test",
    "refuse_other_columns",
    "shown",
    "sort_parts",
    "unread",
    "unread_note",
    "visible",
]

_SHOWN_NAMES, _SHOWN_LETTERS, _NAMED_FILES = 12, 40, 20

_WORDS = {"train": 0, "training": 0, "valid": 1, "validation": 1, "val": 1, "dev": 1, "test": 2, "testing": 2}
_PART = re.compile(rf"^(?:(.*?)[._-])?({'|'.join(_WORDS)}|part[._-]?\d+.*)$", re.IGNORECASE)


def _split(path: Path) -> tuple[str, str]:
    """Return the name of the data and what the file is of it (``train``, ``part1``), in lower case."""
    name = bare_name(path).rsplit(".", 1)[0]
    match = _PART.match(name)
    return (name, "") if match is None else (match[1] or "", match[2].lower())


def base(path: Path) -> str:
    """Return the name of the data that a part belongs to.

    Examples
    --------
    >>> base(Path("toys.train.inter")), base(Path("clicks.csv"))
    ('toys', 'clicks')
    """
    return _split(path)[0]


def is_test(path: Path) -> bool:
    """Return whether a file is the test part of its data, by its name."""
    return _WORDS.get(_split(path)[1]) == 2


def is_split(path: Path) -> bool:
    """Return whether a file is named as the train, valid or test part of its data."""
    return _split(path)[1] in _WORDS


def is_part(path: Path) -> bool:
    """Return whether a file is named as a part of something."""
    return _split(path)[1] != ""


def sort_parts(paths: Iterable[Path]) -> list[Path]:
    """Return parts in the order in which they are read.

    Examples
    --------
    >>> [p.name for p in sort_parts([Path("a.test.csv"), Path("a.train.csv"), Path("a.valid.csv")])]
    ['a.train.csv', 'a.valid.csv', 'a.test.csv']
    >>> [p.name for p in sort_parts([Path("part10.csv"), Path("part9.csv")])]
    ['part9.csv', 'part10.csv']
    """

    def key(path: Path) -> tuple[int, list[str | int]]:
        pieces = re.split(r"(\d+)", path.name)  # text and digits by turns
        return _WORDS.get(_split(path)[1], 0), [int(p) if i % 2 else p for i, p in enumerate(pieces)]

    return sorted(paths, key=key)


def visible(folder: Path) -> list[Path]:
    """Return the files of a folder that may be data, by name.

    Raises
    ------
    DataError
        If the folder cannot be listed.
    """
    try:
        return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith((".", "_")))
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read: {error.strerror}.", remedy="Check its permissions."
        ) from error


def unread(folder: Path, read: Iterable[str]) -> tuple[str, ...]:
    """Return what else a folder holds than the files that were read, a slash behind the names of folders.

    Left out are what begins with a dot, and what begins with an underline and has no ending, such as
    ``_SUCCESS``: marks of the programs that wrote the folder.
    """
    beside = [p for p in sorted(folder.iterdir()) if not p.name.startswith(".") and p.name not in {*read}]
    return tuple(f"{p.name}/" if p.is_dir() else p.name for p in beside if p.suffix or p.name[0] != "_")


def unread_note(names: Sequence[str]) -> tuple[str, ...]:
    """Return a note of what a folder holds that was not read; none where it holds no more."""
    more = f", and {len(names) - _NAMED_FILES} more" if len(names) > _NAMED_FILES else ""
    listed = ", ".join(name[:_SHOWN_LETTERS] for name in names[:_NAMED_FILES])
    return (f"not read of the folder: {listed}{more}",) if names else ()


def shown(names: Iterable[object]) -> str:
    r"""Return names of columns or files for a message: no control characters, none endless.

    Examples
    --------
    >>> shown(["user", "\x00" + 50 * "x"])
    "['user', '\\x00xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...']"
    """
    every = [str(name) for name in names]
    cut = [f"{n[:_SHOWN_LETTERS]}..." if len(n) > _SHOWN_LETTERS else n for n in every[:_SHOWN_NAMES]]
    more = f", and {len(every) - len(cut)} more" if len(every) > len(cut) else ""
    return f"[{', '.join(map(repr, cut))}{more}]"


def contents(folder: Path) -> str:
    """Describe the contents of a folder."""
    try:
        names = sorted(f"{p.name}/" if p.is_dir() else p.name for p in folder.iterdir())
    except OSError as error:
        raise DataError(
            f"{folder} cannot be read: {error.strerror}.", remedy="Check its permissions."
        ) from error
    return f"it holds {shown(names)}" if names else "it is empty"


def refuse_other_columns(paths: Sequence[Path], columns: Sequence[Iterable[str]]) -> None:
    """Raise where a part has other columns than the first.

    Raises
    ------
    DataError
        With the names of both files.
    """
    first = set(columns[0])
    for path, names in zip(paths, columns, strict=True):
        if set(names) != first:
            raise DataError(
                f"{path} has the columns {shown(names)}, {paths[0].name} has {shown(columns[0])}: they are "
                "not parts of one table.",
                remedy=f"Give one of the files in place of the folder, such as {paths[0]}, or leave only the "
                "parts in the folder.",
            )
