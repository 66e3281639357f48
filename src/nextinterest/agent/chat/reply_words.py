"""The vocabulary of replies that a language model words, beside the words of the facts."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

__all__ = ["ReplyWords", "reply_words"]


class ReplyWords(BaseModel):
    """Words by what they do in a sentence; ``reply_words.yaml`` says what each list is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plain: frozenset[str]
    past: frozenset[str]
    relations: frozenset[str]
    ranks: frozenset[str]
    numbers: dict[str, int]
    ordinals: dict[str, int]


@cache
def reply_words() -> ReplyWords:
    """Return the vocabulary that ships."""
    text = files("nextinterest.agent.chat").joinpath("reply_words.yaml").read_text(encoding="utf-8")
    return ReplyWords.model_validate(yaml.safe_load(text))
