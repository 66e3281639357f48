"""A reply in a language model's words, each sentence checked against the outcome and then released.

What was written down or is asked back, the items of a list and notes are always the template's. The model
words what is left. A sentence that says what the outcome does not is dropped; what no released sentence
states, the template says. Where the model fails, the template says all of it: a reply never fails for its
wording.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import cast

from jinja2 import Environment, StrictUndefined
from rapidfuzz import fuzz
from rapidfuzz.utils import default_process

from nextinterest.agent.chat.checking.lexicon import language_of, lexicon
from nextinterest.agent.chat.facts import Facts
from nextinterest.agent.chat.sentences import sentences_of
from nextinterest.agent.chat.wording import Macros, Parts, clean, facts_of, figure, parts_of
from nextinterest.domain import Evidence, KnownFacts, Outcome
from nextinterest.errors import NextInterestError
from nextinterest.kind_names import done
from nextinterest.llm import LanguageModel, Sampling
from nextinterest.llm.base import THINKING
from nextinterest.llm.metering import failed
from nextinterest.messages import Message
from nextinterest.prompts import neutralise
from nextinterest.tracing import answered, step

__all__ = ["worded"]

logger = logging.getLogger(__name__)
_FAILED = "Worded by the template: the language model failed."
_UNCHECKED = (
    "Worded by the template, in English: sentences are checked in English, German, Spanish and French only."
)
_PORTRAIT = "Worded by the template, in English: sentences about a profile are checked in English only."
_PARTLY = (
    "Partly in English: of what the language model wrote in {}, only what holds against the facts is said."
)
_TEMPLATE = "Worded by the template, in English: no language model words a reply of this kind."
MOST_SENTENCES = 6
MOST_TOKENS = 400
MOST_DESCRIBED = 160  # characters of an item's description
MOST_CHARACTERS = 1000  # of the message that is shown to the model
MOST_SHARES = 5  # categories of the history that it is shown
_SMALL_TALK = frozenset({"greet", "thank", "bye", "complain", "other"})
_ALIKE = 80.0  # of 100
_GREETING = 4  # words of a sentence that may stand before the one that opens a list


def worded(
    outcome: Outcome,
    message: str,
    model: LanguageModel | None,
    notes: list[str] | None = None,
    earlier: Sequence[str] = (),
) -> Iterator[str]:
    """Yield the text of a reply sentence by sentence, each as soon as it is known to hold.

    A model writes in the language of the person's newest message that shows one, where its sentences can be
    checked; templates are in English.

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
    earlier
        What the person wrote before, the newest first.
    """
    parts, notes = parts_of(outcome), [] if notes is None else notes
    language = None if model is None else language_of((message, *earlier))
    if (
        language not in (None, "en")
        and parts.before
        and outcome.request.intent in _SMALL_TALK
        and _plain(outcome)
    ):
        parts = replace(parts, before=(), free=parts.before)
    said = iter(parts.free)
    if model is not None and parts.free:
        if failed(model):
            notes.append(_FAILED)
        elif language is None:
            notes.append(_UNCHECKED)
        elif language != "en" and outcome.portrait is not None:
            notes.append(_PORTRAIT)
        else:
            facts = Facts.of(outcome, parts.free, message, language)
            said = _held(parts, outcome, message, model, notes, facts)
    elif language not in (None, "en") and parts.before:
        notes.append(_TEMPLATE)
    started = False
    for line in _lines(parts, said):
        for number, sentence in enumerate(line):
            yield f" {sentence}" if number else f"\n{sentence}" if started else sentence
            started = True


def _is_said(facts: Facts, claim: str, released: Sequence[str]) -> bool:
    """Whether sentences say a claim; one without a title or number also in nearly its words."""
    if facts.states(claim, released):
        return True
    return not facts.speaks(claim) and any(_alike(claim, sentence) for sentence in released)


def _alike(one: str, other: str) -> bool:
    """Whether two sentences have nearly the same words, in any order."""
    return fuzz.token_set_ratio(one, other, processor=default_process) >= _ALIKE


def _plain(outcome: Outcome) -> bool:
    """Whether a reply says nothing that was done or found, nor asks back."""
    done = (
        outcome.confirmation,
        outcome.question,
        outcome.recommendations,
        outcome.portrait,
        outcome.explanation,
    )
    return not any(done) and not (outcome.found or outcome.unknown or outcome.notes or outcome.also)


def _lines(parts: Parts, said: Iterator[str]) -> Iterator[Iterable[str]]:
    """Yield the lines of a reply, each as the sentences it is made of."""
    yield from ([line] for line in parts.before)
    yield islice(said, 1) if parts.opening else said
    yield from ([line] for line in parts.after)
    yield said
    yield from ([line] for line in parts.further)


def _held(
    parts: Parts,
    outcome: Outcome,
    message: str,
    model: LanguageModel,
    notes: list[str],
    facts: Facts,
) -> Iterator[str]:
    """Yield the model's sentences that hold, then those of the template that none of them states."""
    released: list[str] = []
    refused: list[dict[str, str]] = []
    greeting = ""  # stands before the sentence that opens a list
    with step("word", model=model.name) as s:
        try:
            for sentence in _offered(facts, outcome, message, model, opening=parts.opening):
                opens = parts.opening and not released
                again = sentence in released or any(
                    _alike(sentence, one) for one in released if one in parts.free
                )
                said = "it is said already" if again else None
                fault = said or facts.fault(sentence, released, opens=opens)
                if fault is not None:
                    refused.append({"sentence": sentence, "fault": fault})
                    if opens:
                        released += parts.free
                        yield f"{greeting}{parts.free[0]}"
                    continue
                if (
                    opens
                    and not greeting
                    and len(sentence.split()) <= _GREETING
                    and not facts.speaks(sentence)
                ):
                    greeting = f"{sentence} "
                    continue
                released.append(sentence)
                yield f"{greeting}{sentence}" if opens else sentence
                if len(released) >= MOST_SENTENCES:
                    break
        except NextInterestError as error:
            logger.warning("%s could not word a reply: %s", model.name, error.message)
            s.note(failed=error.message)
            notes.append(_FAILED)
        s.note(released=released, refused=refused)
    if parts.opening:
        rest: tuple[str, ...] = () if released else (f"{greeting}{parts.free[0]}",)
    else:
        rest = tuple(claim for claim in parts.free if not _is_said(facts, claim, released))
    if facts.language != "en" and (rest or parts.before or set(released) & set(parts.free)):
        notes.append(_PARTLY.format(lexicon(facts.language).name))
    yield from rest


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
            [_event(one) for one in item.evidence],
        )
        for item in (made.items if made is not None else ())
    ]
    if outcome.explanation is not None:
        items.append(("it", [_event(one) for one in outcome.explanation.evidence]))
    special = model.tokenizer.special_tokens
    said = neutralise(message, max_chars=MOST_CHARACTERS, special_tokens=special)
    language = lexicon(facts.language).name
    claims = (*facts.claims, *_besides(outcome))
    return [
        Message(role="system", content=ask.system(language, opening)),
        Message(role="user", content=ask.facts(said, claims, items, _past(outcome)).strip()),
    ]


def _event(one: Evidence) -> str:
    """Return an event of the history with what was done: "Fargo (liked)", "Alien (rated 5 of 5)"."""
    said = [] if one.kind is None or (one.kind == "rate" and one.rating is not None) else [done(one.kind)]
    said += [] if one.rating is None else [f"rated {figure(one.rating)} of {figure(one.best_rating or 5)}"]
    said += ["liked"] if one.liked and one.kind != "like" else []
    return clean(one.title) + (f" ({', '.join(said)})" if said else "")


def _besides(outcome: Outcome) -> list[str]:
    """Return what was asked for in words and what was noted, which the template says elsewhere or not."""
    query, done = outcome.request.query, outcome.confirmation
    lines = [f"asked for: {clean(query)}"] if query and outcome.recommendations is not None else []
    if outcome.matches is not None and outcome.recommendations is not None:
        lines.append(f"items of the catalogue that meet the conditions: {outcome.matches}")
    for kind, items in (
        (("liked", done.liked), ("disliked", done.disliked), ("known", done.seen)) if done else ()
    ):
        lines += [f"noted as {kind}: {', '.join(clean(one.title) for one in items)}"] if items else []
    return lines


def _past(outcome: Outcome) -> list[str]:
    """Return what the history says of categories, one line each."""
    past = outcome.background
    if past is None:
        return []
    most = sorted(past.categories.items(), key=lambda pair: -pair[1])[:MOST_SHARES]
    lines = [f"events of the history: {', '.join(f'{clean(name)} {n}' for name, n in most)}"] if most else []
    lines += [f"more of the recent events: {', '.join(map(clean, past.rising))}"] if past.rising else []
    lines += [f"fewer of the recent events: {', '.join(map(clean, past.fading))}"] if past.fading else []
    return lines
