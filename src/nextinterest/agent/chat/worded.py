"""A reply in a language model's words, each sentence checked against the outcome and then released.

What was written down or is asked back, the items of a list and notes are always the template's. The model
words what is left. A sentence that says what the outcome does not is dropped; what no released sentence
states, the template says. Where the model fails, the template says all of it: a reply never fails for its
wording.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import cast

from jinja2 import Environment, StrictUndefined

from nextinterest.agent.chat.facts import Facts
from nextinterest.agent.chat.reply_words import reply_words
from nextinterest.agent.chat.sentences import sentences_of
from nextinterest.agent.chat.wording import Macros, Parts, clean, facts_of, parts_of
from nextinterest.domain import KnownFacts, Outcome
from nextinterest.errors import NextInterestError
from nextinterest.interests.claims import plain_words
from nextinterest.llm import LanguageModel, Sampling
from nextinterest.llm.base import THINKING
from nextinterest.llm.metering import failed
from nextinterest.messages import Message
from nextinterest.prompts import neutralise
from nextinterest.tracing import answered, step

__all__ = ["worded"]

logger = logging.getLogger(__name__)
_FAILED = "Worded by the template: the language model failed."
MOST_SENTENCES = 6
MOST_TOKENS = 400
MOST_DESCRIBED = 160  # characters of an item's description
MOST_CHARACTERS = 1000  # of the message that is shown to the model


def worded(
    outcome: Outcome, message: str, model: LanguageModel | None, notes: list[str] | None = None
) -> Iterator[str]:
    """Yield the text of a reply sentence by sentence, each as soon as it is known to hold.

    Parameters
    ----------
    outcome
        What is to be said.
    message
        What the person wrote last.
    model
        Who words it; None for the template.
    notes
        What should be known of the wording is added to it.
    """
    parts = parts_of(outcome)
    said = iter(parts.free)
    if model is not None and parts.free:
        notes = [] if notes is None else notes
        if failed(model):
            notes.append(_FAILED)
        else:
            said = _held(parts, outcome, message, model, notes)
    started = False
    for line in _lines(parts, said):
        for number, sentence in enumerate(line):
            yield f" {sentence}" if number else f"\n{sentence}" if started else sentence
            started = True


def _lines(parts: Parts, said: Iterator[str]) -> Iterator[Iterable[str]]:
    """Yield the lines of a reply, each as the sentences it is made of."""
    yield from ([line] for line in parts.before)
    yield islice(said, 1) if parts.opening else said
    yield from ([line] for line in parts.after)
    yield said


def _held(
    parts: Parts, outcome: Outcome, message: str, model: LanguageModel, notes: list[str]
) -> Iterator[str]:
    """Yield the model's sentences that hold, then those of the template that none of them states."""
    facts = Facts.of(outcome, parts.free)
    released: list[str] = []
    refused: list[dict[str, str]] = []
    with step("word", model=model.name) as s:
        try:
            for sentence in _offered(facts, outcome, message, model, opening=parts.opening):
                fault = "it is said already" if sentence in released else facts.fault(sentence)
                if fault is not None:
                    refused.append({"sentence": sentence, "fault": fault})
                    if parts.opening and not released:
                        released += parts.free
                        yield from parts.free
                    continue
                released.append(sentence)
                yield sentence
                if len(released) >= MOST_SENTENCES:
                    break
        except NextInterestError as error:
            logger.warning("%s could not word a reply: %s", model.name, error.message)
            s.note(failed=error.message)
            notes.append(_FAILED)
        s.note(released=released, refused=refused)
    if parts.opening:
        yield from () if released else parts.free
    else:
        yield from (claim for claim in parts.free if not facts.states(claim, released))


def _offered(
    facts: Facts, outcome: Outcome, message: str, model: LanguageModel, *, opening: bool
) -> Iterator[str]:
    """Yield the sentences that the model writes, on one line each, without marks of markup."""
    heard: list[str] = []

    def pieces() -> Iterator[str]:
        for piece in model.stream(_asked(facts, outcome, message, model, opening=opening), sampling=_HOW):
            heard.append(piece)
            yield piece

    try:
        for text in sentences_of(pieces(), facts.kept):
            sentence = (
                " ".join(text.replace("*", "").replace("`", "").split())
                .removeprefix("- ")
                .removeprefix("\u2022 ")
            )
            if sentence:
                yield sentence
    finally:
        answered(lambda: "".join(heard))


_HOW = Sampling(max_tokens=MOST_TOKENS, thinking=THINKING)


@cache
def _template() -> Macros:
    source = files("nextinterest.agent.chat").joinpath("templates/word.jinja").read_text("utf-8")
    # A prompt is plain text, not HTML; what stands in it was neutralised.
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)  # noqa: S701
    return cast(Macros, environment.from_string(source).module)


def _stated(known: KnownFacts | None) -> str:
    """Return what else is known of an item, as it stands behind its categories."""
    if known is None:
        return ""
    described = [] if known.description is None else [clean(known.description, MOST_DESCRIBED)]
    return "".join(f"; {fact}" for fact in (*facts_of(known), *described))


def _asked(
    facts: Facts, outcome: Outcome, message: str, model: LanguageModel, *, opening: bool
) -> Sequence[Message]:
    ask = _template()
    made = outcome.recommendations
    items = [
        (
            f"number {item.rank}: {clean(item.title)}"
            + (f" ({item.year})" if item.year is not None else "")
            + (f", {', '.join(map(clean, item.categories))}" if item.categories else "")
            + _stated(outcome.known.get(item.item_id)),
            [clean(one.title) for one in item.evidence],
        )
        for item in (made.items if made is not None else ())
    ]
    words = sorted(
        set(plain_words().plain) if facts.portrait else reply_words().plain | set(plain_words().plain)
    )
    special = model.tokenizer.special_tokens
    said = neutralise(message, max_chars=MOST_CHARACTERS, special_tokens=special)
    return [
        Message(role="system", content=ask.system(words, opening)),
        Message(role="user", content=ask.facts(said, facts.claims, items).strip()),
    ]
