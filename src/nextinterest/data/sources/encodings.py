"""Text in UTF-16 or UTF-32, with a byte order mark or without, as the UTF-8 that all readers expect."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

__all__ = ["as_utf8"]

_BOM = b"\xef\xbb\xbf"
_MARKS = (  # the mark of UTF-32 begins with that of UTF-16
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_SAMPLE = 1 << 14


def as_utf8(path: Path, content: Iterator[bytes], notes: list[str]) -> Iterator[bytes]:
    """Yield a file's content as UTF-8, without a byte order mark.

    Parameters
    ----------
    path
        The file.
    content
        Its bytes, unpacked.
    notes
        Where to say that it is UTF-16 or UTF-32. What does not decode becomes U+FFFD.
    """
    first = b""
    while len(first) < _SAMPLE and (part := next(content, None)) is not None:
        first += part  # an unpacked part may be a few bytes
    marked = next(((mark, encoding) for mark, encoding in _MARKS if first.startswith(mark)), None)
    mark, encoding = marked if marked is not None else (b"", _without_mark(first[:_SAMPLE]))
    if encoding is None:
        yield first.removeprefix(_BOM)
        yield from content
        return
    note = f"{path.name} was read as {encoding[:6].upper()}"
    if note not in notes:
        notes.append(note)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first[len(mark) :]).encode()
    for part in content:
        yield decoder.decode(part).encode()
    yield decoder.decode(b"", final=True).encode()


def _without_mark(sample: bytes) -> str | None:
    """Return the encoding of text without a mark; None where it is UTF-8, or not certain."""
    if b"\0" not in sample:
        return None
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(sample)
            ends = sample[: len(sample) // width * width].count(b"\n")
        except UnicodeDecodeError:
            continue
        # Each line end of the bytes must be one of the text: those of damaged UTF-8 are halves of others.
        if len(sample) >= 2 * width and ends and "\0" not in text and text.count("\n") >= 0.9 * ends:
            return encoding
    return None
