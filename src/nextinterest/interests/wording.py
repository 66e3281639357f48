"""A portrait worded by a language model that is held to the portrait.

The model is given the template's sentences as statements with ids and answers in JSON with one sentence per
id: the schema is made for the portrait at hand, so that no statement can be left out or invented. Each
sentence is then checked against its statement (`nextinterest.interests.claims`). One that says more,
less or otherwise is refused: the template's sentence stands in its place, and the refusal is reported.

For larger models: of what one of 135 million parameters writes, half is refused and most of the rest copied.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, cast

from jinja2 import Environment, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field, create_model

from nextinterest.domain.portraits import InterestOutlook, InterestPortrait
from nextinterest.errors import OutputParseError
from nextinterest.interests.claims import ClaimChecker, plain_words
from nextinterest.interests.words import Sayings, TextPortrait, clean, describe
from nextinterest.llm import LanguageModel, Sampling
from nextinterest.llm.base import THINKING
from nextinterest.messages import Message
from nextinterest.prompts.sanitise import neutralise

__all__ = ["RefusedSentence", "WordedPortrait", "word_portrait"]

MAX_CLAIM_CHARS = 2000
TOKENS_PER_SENTENCE = 120


class RefusedSentence(BaseModel):
    """A sentence of the model that was not taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentence: int = Field(description="Place of the template's sentence that stands instead, from 0.", ge=0)
    offered: str = Field(description="What the model wrote; not checked, not to be shown as true.")
    reason: str = Field(description="Why it was refused.")


class WordedPortrait(TextPortrait):
    """A short profile in a model's words; each sentence still carries the values it was written from."""

    model: str = Field(description="The model that was asked.")
    worded: int = Field(description="Sentences that were taken from the model.", ge=0)
    refused: tuple[RefusedSentence, ...] = Field(default=(), description="Sentences that were refused.")


@cache
def _asking() -> Sayings:
    source = files("nextinterest.interests").joinpath("templates/wording.jinja").read_text("utf-8")
    # A prompt is plain text, not HTML; what stands in it was neutralised.
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)  # noqa: S701
    return cast(Sayings, environment.from_string(source).module)


def word_portrait(
    portrait: InterestPortrait,
    outlook: InterestOutlook | None,
    model: LanguageModel,
    *,
    sampling: Sampling | None = None,
) -> WordedPortrait:
    """Have a language model word a portrait, and an outlook where given.

    Parameters
    ----------
    portrait, outlook
        What is to be said; nothing else of the user is shown to the model.
    model
        Local or behind an endpoint; anything that answers by schema.
    sampling
        How it draws; by default the likeliest tokens, enough for every sentence.

    Raises
    ------
    ProviderError
        If an endpoint cannot be reached. An answer that does not parse raises nothing: all of it is refused.
    """
    plain = describe(portrait, outlook)
    if portrait.events == 0:
        return WordedPortrait(user=plain.user, sentences=plain.sentences, model=model.name, worded=0)
    special = model.tokenizer.special_tokens
    claims = {
        f"s{number}": neutralise(sentence.text, max_chars=MAX_CLAIM_CHARS, special_tokens=special)
        for number, sentence in enumerate(plain.sentences, start=1)
    }
    offered = _offered(claims, model, sampling)
    checker = ClaimChecker(*_vocabulary(portrait))
    sentences, refused = [], []
    for number, (sentence, text) in enumerate(zip(plain.sentences, offered, strict=True)):
        fault = "the answer does not parse" if text is None else checker.fault(text, sentence.text)
        if text is None or fault is not None:
            refused.append(RefusedSentence(sentence=number, offered=text or "", reason=fault or ""))
            sentences.append(sentence)
        else:
            sentences.append(sentence.model_copy(update={"text": text}))
    return WordedPortrait(
        user=plain.user,
        sentences=tuple(sentences),
        model=model.name,
        worded=len(sentences) - len(refused),
        refused=tuple(refused),
    )


def _offered(claims: dict[str, str], model: LanguageModel, sampling: Sampling | None) -> list[str | None]:
    """Ask the model; None for every claim where its answer does not parse."""
    ask = _asking()
    messages = [
        Message(role="system", content=ask.system(plain_words().plain)),
        Message(role="user", content=ask.statements(list(claims.items()))),
    ]
    # A sentence may be longer than any claim, but not much.
    longest = 2 * max(len(text) for text in claims.values()) + 40
    fields = {id_: (str, Field(min_length=1, max_length=longest)) for id_ in claims}
    schema = create_model("Profile", __config__=ConfigDict(extra="forbid"), **cast("dict[str, Any]", fields))
    try:
        answer = model.generate(
            messages,
            schema=schema,
            sampling=sampling or Sampling(max_tokens=TOKENS_PER_SENTENCE * len(claims), thinking=THINKING),
        )
    except OutputParseError:
        return [None] * len(claims)
    written: dict[str, str] = answer.model_dump()
    return [" ".join(written[id_].split()) for id_ in claims]


def _vocabulary(portrait: InterestPortrait) -> tuple[list[str], list[str]]:
    """Return names of all interests, and titles that may be quoted, as sentences have them."""
    names = clean([share.interest for share in portrait.interests])
    titles = clean([event.title for change in portrait.changes for event in change.evidence])
    return names, titles
