"""Reading damaged JSON: what language models write when they mean JSON.

Beyond JSON it takes single and typographic quotes, unescaped quotes inside strings where they differ
from the closing one, Python's ``True``/``False``/``None`` and tuples, names without quotes as keys, line
breaks inside strings, trailing commas, and brackets left open. A value cut off by the end of the text is
left out, never guessed. Nothing is evaluated. Time is linear in the length of the text.

This module knows nothing of schemas; `nextinterest.prompts.parsing` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, get_args

__all__ = ["JsonValue", "LenientError", "read_value"]

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

_MAX_DEPTH = 64
_MAX_NUMBER = 64
_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019"}
_CLOSERS = {"{": "}", "[": "]", "(": ")"}
_WORDS: dict[str, JsonValue] = {
    "true": True,
    "false": False,
    "null": None,
    "True": True,
    "False": False,
    "None": None,
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}

_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NAME = re.compile(r"[^\W\d]\w*")
_CODE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")

_End = Literal["key", "value"]


def _string_stop(closing: str, end: _End) -> re.Pattern[str]:
    """Compile what ends a string or needs a look: a backslash, or a quote that what follows lets be the last.

    What may follow: a colon behind a key; a comma or bracket behind a value, or a line break with the next
    string behind it and its comma forgotten; the end of the text or of a code fence behind either.
    Possessive quantifiers keep the search linear.
    """
    followers = ":" if end == "key" else r"[,}\])]"
    next_line = "" if end == "key" else rf"|[^\S\n]*+\n\s*+[{''.join(_QUOTES)}]"
    return re.compile(rf"\\|{closing}(?=\s*+(?:{followers}|```|\Z){next_line})")


_STRING_STOP = {
    (closing, end): _string_stop(closing, end) for closing in _QUOTES.values() for end in get_args(_End)
}


class LenientError(ValueError):
    """The text cannot be read even so; `at` is where."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(slots=True)
class _Open:
    """A bracket that is open: what it holds so far, and the key whose value is awaited."""

    bracket: str
    array: list[JsonValue] = field(default_factory=list)
    record: dict[str, JsonValue] = field(default_factory=dict)
    key: str | None = None
    may_have_comma: bool = False

    def put(self, value: JsonValue) -> None:
        if self.key is None:
            self.array.append(value)
        else:
            self.record[self.key] = value
            self.key = None
        self.may_have_comma = True

    def value(self) -> JsonValue:
        return self.record if self.bracket == "{" else self.array


class _Cut(Exception):  # noqa: N818 - not an error but the end of the text
    """The text ends inside a value."""


def read_value(text: str, start: int, *, whole: bool = False) -> tuple[JsonValue, int]:
    """Read the object or array that begins at `start`.

    Parameters
    ----------
    text
        Any text.
    start
        Index of an opening bracket.
    whole
        Whether brackets that the end of the text leaves open are an error.

    Returns
    -------
    tuple
        The value, and the index behind it (the length of the text where it was left open).

    Raises
    ------
    LenientError
        If the text does not go on as an object or array does, or nests deeper than 64 levels.

    Examples
    --------
    >>> read_value("{'title': 'It's Alive', seen: [True, None,],", 0)
    ({'title': "It's Alive", 'seen': [True, None]}, 44)
    >>> read_value('["Alien", "Toy Sto', 0)
    (['Alien'], 18)
    """
    reader = _Reader(text, start)
    try:
        return reader.run(), reader.at
    except _Cut:
        if whole:
            raise LenientError("the text ends before its brackets are closed", len(text)) from None
        return reader.close_all(), len(text)


class _Reader:
    """Reads one value from left to right, never back; the brackets open are a list, not a recursion."""

    def __init__(self, text: str, start: int) -> None:
        self.text, self.at = text, start
        self.open: list[_Open] = []

    def run(self) -> JsonValue:
        if self.text[self.at] not in _CLOSERS:
            raise LenientError("no object or array begins here", self.at)
        self._open_bracket(self.text[self.at])
        while True:
            char, top = self._next(), self.open[-1]
            if char in "}])":
                if self._close(char):
                    return self.open[0].value()
            elif char == ",":
                if not top.may_have_comma:
                    raise LenientError("a comma stands where a value is awaited", self.at)
                top.may_have_comma = False
                self.at += 1
            elif top.bracket == "{" and top.key is None:
                top.key = self._key(char)
            elif char in _CLOSERS:
                self._open_bracket(char)
            else:
                top.put(self._scalar(char))

    def close_all(self) -> JsonValue:
        """Close what the end of the text left open; a key without its value is left out."""
        while len(self.open) > 1:
            self._pop()
        return self.open[0].value()

    def _next(self) -> str:
        space = _SPACE.match(self.text, self.at)
        if space is not None:
            self.at = space.end()
        if self.at >= len(self.text) or self.text.startswith("```", self.at):
            raise _Cut
        return self.text[self.at]

    def _open_bracket(self, char: str) -> None:
        if len(self.open) == _MAX_DEPTH:
            raise LenientError(f"brackets are nested deeper than {_MAX_DEPTH} levels", self.at)
        self.open.append(_Open(char))
        self.at += 1

    def _close(self, char: str) -> bool:
        """Close the innermost bracket of this kind and those inside it; return whether none is left."""
        kinds = [_CLOSERS[frame.bracket] for frame in self.open]
        if char not in kinds:
            raise LenientError(f"{char!r} closes a bracket that is not open", self.at)
        while _CLOSERS[self.open[-1].bracket] != char:
            self._pop()
        self.at += 1
        if len(self.open) == 1:
            return True
        self._pop()
        return False

    def _pop(self) -> None:
        value = self.open.pop().value()
        self.open[-1].put(value)

    def _key(self, char: str) -> str:
        if char in _QUOTES:
            key = self._string(char, "key")
        else:
            name = _NAME.match(self.text, self.at)
            if name is None:
                raise LenientError(f"{char!r} stands where a key is awaited", self.at)
            key = name.group()
            self.at = name.end()
        if self._next() != ":":
            raise LenientError(f"no colon follows the key {key[:40]!r}", self.at)
        self.at += 1
        return key

    def _scalar(self, char: str) -> JsonValue:
        if char in _QUOTES:
            return self._string(char, "value")
        match = _NUMBER.match(self.text, self.at) or _NAME.match(self.text, self.at)
        if match is None:
            raise LenientError(f"{char!r} stands where a value is awaited", self.at)
        if match.end() == len(self.text) and match.group() not in _WORDS:
            raise _Cut  # more digits or letters may have been meant to follow
        word = match.group()
        if word in _WORDS:
            self.at = match.end()
            return _WORDS[word]
        if match.re is _NAME or len(word) > _MAX_NUMBER:
            raise LenientError(f"{word[:40]!r} is no value", self.at)
        self.at = match.end()
        return float(word) if any(c in word for c in ".eE") else int(word)

    def _string(self, opening: str, end: _End) -> str:
        """Read a string; a quote ends it only where something follows that may follow a string."""
        stop = _STRING_STOP[_QUOTES[opening], end]
        parts: list[str] = []
        begin = self.at + 1
        while (found := stop.search(self.text, begin)) is not None:
            parts.append(self.text[begin : found.start()])
            if found.group() != "\\":
                self.at = found.end()
                return _join_surrogates("".join(parts))
            parts.append(self._escape(found.start()))
            begin = self.at
        raise _Cut

    def _escape(self, at: int) -> str:
        """Read the escape at `at` and go behind it; unknown ones mean the character itself."""
        match = _CODE.match(self.text, at)
        if match is not None:
            self.at = match.end()
            code = int(match.group()[2:], 16)
            return chr(code) if code < 0x110000 else "\ufffd"
        if at + 1 >= len(self.text):
            raise _Cut
        self.at = at + 2
        char = self.text[at + 1]
        return _ESCAPES.get(char, char)


def _join_surrogates(text: str) -> str:
    """Join surrogate pairs that were escaped one by one; lone ones become the replacement character."""
    if not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
