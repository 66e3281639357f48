"""What of a model's text is its answer: no thoughts, no code fence, no byte order mark.

Endpoints differ in what they leave around an answer. Nothing is repaired here: what is left must be JSON as
it stands where an object is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nextinterest.llm.base import SchemaT, validated

__all__ = ["answered_object", "answered_text", "only_thoughts", "without_thoughts"]

_MARGIN = "\ufeff \t\r\n"
_NAMES = "think|thinking|thought|thoughts|reasoning"
_OPENING = re.compile(rf"<({_NAMES})>|\[(THINK)\]")
_CLOSING = re.compile(rf"</(?:{_NAMES})>|\[/THINK\]")
_LONGEST_OPENING = len("<reasoning>")
_FENCE = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)


def answered_text(text: str) -> str:
    """Return what stands behind a model's thoughts; a text without thoughts as it is.

    Thoughts are what stands between ``<think>`` and ``</think>`` at the beginning (also ``<thinking>``,
    ``<reasoning>``, ``[THINK]``). A closing mark alone counts too, unless JSON begins before it: some chat
    templates write the opening one into the prompt. Thoughts that are never closed leave nothing.

    Examples
    --------
    >>> answered_text("<think>A ferry?</think> Night Ferry")
    'Night Ferry'
    """
    rest, found = text.lstrip(_MARGIN), False
    while (opening := _OPENING.match(rest)) is not None:
        closing = _CLOSING.search(rest, opening.end())
        rest, found = ("" if closing is None else rest[closing.end() :].lstrip(_MARGIN)), True
    if not found and rest[:1] not in {"{", "["} and not rest.startswith("```"):
        closing = _CLOSING.search(rest)
        if closing is not None:
            rest, found = rest[closing.end() :].lstrip(_MARGIN), True
    return rest if found else text.removeprefix("\ufeff")


def only_thoughts(text: str) -> bool:
    """Return whether a text begins with thoughts and ends before an answer."""
    return bool(text.strip(_MARGIN)) and not answered_text(text).strip(_MARGIN)


def answered_object(text: str, schema: type[SchemaT]) -> SchemaT:
    """Return the object that a model's answer is JSON of.

    The answer is what stands behind the thoughts; where that is not JSON from its first character, it is the
    one fenced block in it. It must be JSON as a whole: two objects, two blocks, or words around an object
    that is in no block are refused.

    Raises
    ------
    OutputParseError
        If it is no JSON, or breaks a rule of the class.
    """
    answer = answered_text(text).strip(_MARGIN)
    if answer[:1] not in {"{", "["}:
        blocks = _FENCE.findall(answer)
        if len(blocks) == 1:
            answer = blocks[0].strip(_MARGIN)
    return validated(answer, schema)


def without_thoughts(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the pieces of an answer as they come, leaving out thoughts at its beginning.

    A closing mark without an opening one is not recognised here: what was before it has been passed on.
    """
    held, thinking = "", False
    incoming = iter(pieces)
    for piece in incoming:
        held += piece
        if thinking and ">" not in piece and "]" not in piece:
            continue  # nothing closes here: long thoughts are not read again for every piece
        begun = held.lstrip(_MARGIN)
        if _OPENING.match(begun) is not None:
            rest, thinking = answered_text(held), _CLOSING.search(begun) is None
            if not rest:
                continue
            held = rest
        elif begun[:1] in {"", "<", "["} and len(begun) < _LONGEST_OPENING:
            continue  # an opening mark may be coming
        yield held.removeprefix("\ufeff")
        yield from incoming
        return
    if held and _OPENING.match(held.lstrip(_MARGIN)) is None:
        yield held.removeprefix("\ufeff")
