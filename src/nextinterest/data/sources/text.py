"""Text files as a column of numbered lines: unpacking, decoding, splitting into fields.

Everything works on whole columns, so a million lines cost about a second, and every row keeps the number of
the line it came from. Nothing is cast here and nothing is dropped: a line that cannot be split carries a
`problem` for `nextinterest.data.cleaning` to count. This module does not know what the fields mean.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nextinterest.errors import DataError

__all__ = ["Lines", "read_lines", "split_fields"]

BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
MAX_QUOTED_LINES = 64
"""A quoted field that is still open after so many lines is a stray quote, not a field."""

NUL_BYTE = "a NUL byte"
BAD_ENCODING = "bytes that are not UTF-8"
OPEN_QUOTE = "a quote that is never closed"
FIELD_COUNT = "wrong number of fields"


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines of a file.

    Attributes
    ----------
    frame
        Columns ``line`` (number from 1, UInt32), ``text`` and ``problem`` (null where there is none); blank
        lines are left out.
    path
        Where they came from.
    notes
        What was unusual about the file: its encoding, a truncated archive.
    """

    frame: pl.DataFrame
    path: Path
    notes: tuple[str, ...] = ()


def _unpack(path: Path, data: bytes) -> tuple[bytes, str | None]:
    """Return the content of a gzip file, as far as it can be read, and a note where it is cut short."""
    if data[:2] != b"\x1f\x8b":
        if path.suffix == ".gz":
            raise DataError(
                f"{path} is named .gz and is not a gzip archive.", remedy="Rename it or download it again."
            )
        return data, None
    try:
        return gzip.decompress(data), None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        unpacked = zlib.decompressobj(wbits=31)
        try:
            content = unpacked.decompress(data)
        except zlib.error as error:
            raise DataError(
                f"{path} is a damaged gzip archive: {error}.", remedy="Download it again."
            ) from error
    # The last line of a cut archive is most likely cut too, and half an id is worse than none.
    whole = content[: content.rfind(b"\n") + 1]
    return whole, f"{path.name} is a truncated gzip archive; {whole.count(10):,} whole lines were read"


def _decode(path: Path, data: bytes) -> tuple[str, str | None]:
    """Decode as UTF-8, or as Latin-1 where that is clearly what the file is."""
    if data.startswith(UTF16_BOMS):
        return data.decode("utf-16", "replace"), f"{path.name} is UTF-16"
    data = data.removeprefix(BOM)
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    multibyte = sum(1 for character in text if character > "\x7f") - broken
    if multibyte > broken:
        return text, f"{path.name} holds {broken:,} bytes that are not UTF-8"
    return data.decode("latin-1"), f"{path.name} was read as Latin-1"


def read_lines(path: Path) -> Lines:
    r"""Read a text file, gzipped or not, with any line ending.

    Raises
    ------
    DataError
        If there is no such file, it cannot be unpacked, or it is empty.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.", remedy="Check the path.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    data, cut = _unpack(path, data)
    text, encoding = _decode(path, data)
    del data
    if "\n" not in text and "\r" in text:  # line endings of the old Macintosh
        text = text.replace("\r", "\n")
    series = pl.Series("text", [text]).str.split("\n").explode()
    del text
    frame = series.to_frame().with_columns(
        pl.col("text").str.strip_suffix("\r"),
        pl.int_range(1, len(series) + 1, dtype=pl.UInt32).alias("line"),
    )
    frame = frame.filter(pl.col("text").str.len_bytes() > 0).with_columns(
        pl.when(pl.col("text").str.contains("\0", literal=True))
        .then(pl.lit(NUL_BYTE))
        .when(pl.col("text").str.contains("\ufffd", literal=True))
        .then(pl.lit(BAD_ENCODING))
        .alias("problem")
    )
    if frame.is_empty():
        raise DataError(f"{path} is empty.", remedy="Check the download.")
    return Lines(frame.select("line", "text", "problem"), path, tuple(n for n in (cut, encoding) if n))


def _split_plain(frame: pl.DataFrame, separator: str, n: int) -> pl.DataFrame:
    """Split unquoted lines; a line of another number of fields gets a problem."""
    found = pl.col("text").str.count_matches(separator, literal=True) + 1
    fields = (
        pl.col("text").str.split_exact(separator, n - 1).struct.rename_fields([f"_{i}" for i in range(n)])
    )
    return (
        frame.with_columns(
            fields.alias("_fields"),
            pl.coalesce("problem", pl.when(found != n).then(pl.lit(FIELD_COUNT))).alias("problem"),
        )
        .unnest("_fields")
        .drop("text")
    )


def _split_quoted(
    frame: pl.DataFrame, at: NDArray[np.uint32], separator: str, n: int
) -> tuple[pl.DataFrame, list[int]]:
    """Parse the lines at these places one by one, by the rules of RFC 4180.

    Returns the parsed rows, and the places of lines that belong to a quoted field begun above them.
    """
    texts = frame["text"]
    columns: list[list[str | None]] = [[] for _ in range(n)]
    numbers: list[int] = []
    problems: list[str | None] = []
    inside: list[int] = []
    end = -1
    for place in at.tolist():
        if place <= end:
            continue
        end, joined = place, texts[place]
        row = _parse(joined, separator)
        while row is None and end - place < MAX_QUOTED_LINES and end + 1 < len(texts):
            end += 1
            joined += "\n" + texts[end]
            row = _parse(joined, separator)
        if row is None:
            end, problem = place, OPEN_QUOTE
        else:
            inside.extend(range(place + 1, end + 1))
            problem = FIELD_COUNT if len(row) != n else None
        numbers.append(frame["line"][place])
        problems.append(frame["problem"][place] or problem)
        for i, column in enumerate(columns):
            column.append(row[i] if row is not None and i < len(row) else None)
    schema = {"line": pl.UInt32, "problem": pl.String} | {f"_{i}": pl.String for i in range(n)}
    data = {"line": numbers, "problem": problems} | {f"_{i}": column for i, column in enumerate(columns)}
    return pl.DataFrame(data, schema=schema), inside


def _parse(text: str, separator: str) -> list[str] | None:
    """Parse one record, or return None where a quoted field is still open at its end."""
    # A record that ends inside a quoted field swallows the sentinel line behind it.
    rows = list(csv.reader([*(part + "\n" for part in text.split("\n")), "end\n"], delimiter=separator))
    return rows[0] if len(rows) == 2 and rows[1] == ["end"] else None


def split_fields(
    lines: Lines, separator: str, *, header: Sequence[str] | None = None, quotes: bool = False
) -> pl.DataFrame:
    """Split lines into string columns.

    Parameters
    ----------
    lines
        What `read_lines` returned.
    separator
        Between fields, one character or more.
    header
        Names of the columns; None where the first line has them.
    quotes
        Whether a field may be quoted (RFC 4180), and then hold separators and line breaks. Only lines with a
        quote pay for it.

    Returns
    -------
    A frame of the named columns, all strings, null where a line is too short, and ``line`` and ``problem``.

    Raises
    ------
    DataError
        If the header names a column twice.
    """
    frame = lines.frame
    if header is None:
        first = frame["text"][0]
        names = [
            name.strip()
            for name in ((_parse(first, separator) if quotes else None) or first.split(separator))
        ]
        frame = frame.slice(1)
    else:
        names = list(header)
    if len(set(names)) != len(names):
        raise DataError(
            f"{lines.path}:1: a column name appears twice in the header {names}.", remedy="Rename one."
        )
    result = _split_any(frame, separator, len(names), quotes)
    return result.rename({f"_{i}": name for i, name in enumerate(names)})


def _split_any(frame: pl.DataFrame, separator: str, n: int, quotes: bool) -> pl.DataFrame:
    has_quote = frame["text"].str.contains('"', literal=True)
    if not quotes or not has_quote.any():
        return _split_plain(frame, separator, n)
    # Lines whose every field is quoted and holds no quote are the other common dialect, and as cheap.
    uniform = frame["text"].str.contains(rf'^"[^"]*"(?:{re.escape(separator)}"[^"]*")*$')
    parsed, inside = _split_quoted(frame, (has_quote & ~uniform).arg_true().to_numpy(), separator, n)
    outside = np.ones(len(frame), dtype=np.bool_)
    outside[inside] = False
    beyond = pl.Series(outside)
    stripped = pl.col("text").str.strip_prefix('"').str.strip_suffix('"')
    parts = [
        parsed,
        _split_plain(frame.filter(~has_quote & beyond), separator, n).select(parsed.columns),
        _split_plain(frame.filter(uniform & beyond).with_columns(stripped), f'"{separator}"', n).select(
            parsed.columns
        ),
    ]
    return pl.concat(parts).sort("line")
