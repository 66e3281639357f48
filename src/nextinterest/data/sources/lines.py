"""Text files as columns of numbered lines, block by block: unpacking, decoding, line endings.

A file is read in blocks of some tens of megabytes, so that a file larger than memory can be thinned out to
the columns that matter. Nothing is dropped but blank lines: a line that cannot be trusted carries a `problem`
for cleaning to count. This module does not know what a line means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.progress import Progress

from nextinterest.data.sources.archives import READ as _READ
from nextinterest.data.sources.archives import chunks
from nextinterest.data.sources.encodings import as_utf8
from nextinterest.data.sources.foreign import refuse_other_text
from nextinterest.errors import DataError

__all__ = ["BAD_ENCODING", "BLOCK", "NUL_BYTE", "TextFile"]

BLOCK = 1 << 25
"""Bytes of text per block. Peak memory of reading is about ten of these, beside what is kept."""
_SHOW_FROM = 1 << 27
"""Bytes from which on a progress bar is worth its line."""

_BEGIN = 1 << 16

NUL_BYTE = "NUL byte in the line"
BAD_ENCODING = "bytes that are not UTF-8"

_CONTROLS = re.compile(rb"[\x80-\x9f]")  # control characters in Latin-1, letters and quotes in Windows-1252
_NAMES = {"latin-1": "Latin-1", "cp1252": "Windows-1252"}


@dataclass
class TextFile:
    """A text file to be read once.

    Attributes
    ----------
    path
        Where it is; packed or not (see `archives`).
    notes
        What was unusual about it, in words; complete once the file has been read.
    """

    path: Path
    notes: list[str] = field(default_factory=list)

    def blocks(self, whole: Callable[[bytes], bool] = lambda _: True) -> Iterator[pl.DataFrame]:
        r"""Yield blocks of lines: columns ``line`` (number from 1, UInt32), ``text`` and ``problem``.

        Parameters
        ----------
        whole
            Whether a block of complete lines may end where it does; where not, it is read on.

        Raises
        ------
        DataError
            If the file is missing, empty or damaged, or its text is no table.
        """
        number, seen = 1, False
        for data in self._cut(whole):
            frame, n_lines = self._frame(data, number)
            number += n_lines
            if not frame.is_empty():
                seen = True
                yield frame
        if not seen:
            raise self._empty()

    def head(self, n: int = 20) -> list[str]:
        """Return the first lines as `numbered` does, without their numbers."""
        return [text for _, text in self.numbered(n)]

    def numbered(self, n: int = 20) -> list[tuple[int, str]]:
        """Return the first lines with anything in them, fewer where the file or its first megabyte ends.

        Raises
        ------
        DataError
            As `blocks`, or if the first line holds bytes that are no text.
        """
        first = b""
        for part in self._content():
            first += part
            if first.count(b"\n") > n or len(first) >= _READ:
                first = first[: first.rfind(b"\n") + 1] or first
                break
        frame, _ = self._frame(first, 1)
        if not frame["text"].str.contains(r"\S").any():
            raise self._empty()
        if frame["problem"][0] is not None:
            raise DataError(
                f"{self.path}:{frame['line'][0]}: {frame['problem'][0]}: this is not a text file in UTF-8.",
                remedy="Save it as UTF-8 text.",
            )
        return frame.select("line", "text").head(n).rows()

    def begin(self) -> str:
        """Return how the text begins, at most some thousand characters; U+FFFD for what is no text.

        Raises
        ------
        DataError
            As `blocks`, but for a file that is empty.
        """
        return next(self._content(), b"")[:_BEGIN].decode("utf-8", "replace")

    def _empty(self) -> DataError:
        why = f": {'; '.join(self.notes)}" if self.notes else ""
        return DataError(f"{self.path} is empty{why}.", remedy="Check the download.")

    def _frame(self, data: bytes, number: int) -> tuple[pl.DataFrame, int]:
        text = self._decode(data)
        if "\r" in text:  # line ends of Windows, of the old Macintosh, and both in one file
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        series = pl.Series("text", [text.removesuffix("\n")], dtype=pl.String).str.split("\n").explode()
        frame = series.to_frame().with_columns(
            pl.int_range(number, number + len(series), dtype=pl.UInt32).alias("line"),
            pl.when(pl.col("text").str.contains("\0", literal=True))
            .then(pl.lit(NUL_BYTE))
            .when(pl.col("text").str.contains("\ufffd", literal=True))
            .then(pl.lit(BAD_ENCODING))
            .alias("problem"),
        )
        return frame.filter(pl.col("text").str.len_bytes() > 0).select("line", "text", "problem"), len(series)

    def _cut(self, whole: Callable[[bytes], bool]) -> Iterator[bytes]:
        """Yield the content in blocks that end with a line."""
        parts: list[bytes] = []
        size, wanted = 0, BLOCK
        for part in self._content():
            parts.append(part)
            size += len(part)
            if size < wanted or b"\n" not in part:
                continue
            data = b"".join(parts)
            end = data.rfind(b"\n") + 1
            if whole(data[:end]):
                yield data[:end]
                parts, size, wanted = [data[end:]], len(data) - end, BLOCK
            else:
                wanted = 2 * size  # doubling, so that looking again costs no more than reading
        if any(parts):
            yield b"".join(parts)

    def _content(self) -> Iterator[bytes]:
        """Yield the unpacked content, as UTF-8 where it is UTF-16 or UTF-32, without a byte order mark."""
        content = as_utf8(self.path, chunks(self.path, self._bytes(), self.notes), self.notes)
        first = next(content, b"")
        refuse_other_text(self.path, first)
        yield first
        yield from content

    def _bytes(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                size = self.path.stat().st_size
                console = Console(stderr=True)
                hidden = size < _SHOW_FROM or not console.is_terminal
                with Progress(console=console, transient=True, disable=hidden) as progress:
                    task = progress.add_task(self.path.name, total=size)
                    while part := file.read(_READ):
                        progress.advance(task, len(part))
                        yield part
        except FileNotFoundError:
            raise DataError(f"There is no file {self.path}.", remedy="Check the path.") from None
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror}.") from error

    def _decode(self, data: bytes) -> str:
        """Decode as UTF-8; where a file is clearly Latin-1 or Windows-1252, its other lines as that."""
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("utf-8", "replace")
        broken = text.count("\ufffd")
        if len(text) - len(text.encode("ascii", "ignore")) > 2 * broken:
            note = f"{self.path.name} holds bytes that are not UTF-8"
        else:
            encoding = "cp1252" if _CONTROLS.search(data) else "latin-1"
            try:
                text = "\n".join(_line(line, encoding) for line in data.split(b"\n"))
                note = f"{self.path.name} was read as {_NAMES[encoding]}"
            except UnicodeDecodeError:  # bytes that Windows-1252 does not define
                note = f"{self.path.name} holds bytes that are not UTF-8"
        if note not in self.notes:
            self.notes.append(note)
        return text


def _line(data: bytes, encoding: str) -> str:
    """Decode one line as UTF-8 where it is that: files put together from several mix encodings."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(encoding)
