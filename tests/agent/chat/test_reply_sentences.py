"""Sentences as people word results: the true ones pass, those that differ by one thing are refused.

``reply_sentences.jsonl`` has both, about the outcomes of `support.reply_outcomes`. "development" served while
the check was written. "unseen" was written by the same person then and measured once before its failures were
read: of the true ones .88 passed (58 of 66), of the false ones .03 (2 of 66). What failed was mended since.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.reply_outcomes import OUTCOMES, facts_of

from nextinterest.agent.chat.checking.lexicon import LANGUAGES
from nextinterest.agent.chat.facts import Facts

SENTENCES = Path(__file__).parents[2] / "data" / "reply_sentences.jsonl"


class Said(NamedTuple):
    of: str
    language: str
    half: str
    text: str
    holds: bool


@cache
def _sentences() -> tuple[Said, ...]:
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    return tuple(Said(**json.loads(line)) for line in lines)


@cache
def _facts(of: str, language: str) -> Facts:
    return facts_of(of, language)


def _passes(one: Said) -> bool:
    return _facts(one.of, one.language).fault(one.text) is None


@pytest.mark.parametrize("half", ["development", "unseen"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_true_sentences_pass_and_false_ones_do_not(language: str, half: str) -> None:
    own = [one for one in _sentences() if (one.language, one.half) == (language, half)]
    refused = [one.text for one in own if one.holds and not _passes(one)]
    passed = [one.text for one in own if not one.holds and _passes(one)]
    n = sum(one.holds for one in own)
    assert n >= 8
    assert len(refused) <= 0.05 * n, refused
    assert not passed


@pytest.mark.parametrize("of", OUTCOMES)
def test_what_the_template_says_holds(of: str) -> None:
    facts = _facts(of, "en")
    assert facts.claims
    for claim in facts.claims:
        assert facts.fault(claim) is None
        assert facts.states(claim, [claim])


@pytest.mark.parametrize(
    ("before", "sentence", "holds"),
    [
        ("Heat comes first.", "It is a thriller.", True),
        ("Heat comes first.", "It is a comedy.", False),
        ("The Big Lebowski is in there too.", "It's the newest of the three.", True),
        ("Goodfellas is in there too.", "It's the newest of the three.", False),
        ("Heat and Goodfellas are in there.", "Both are crime films.", True),
        ("Heat and Goodfellas are in there.", "Both are comedies.", False),
        ("Goodfellas is in there.", "The other two are later.", True),
        ("The Big Lebowski is in there.", "The other two are later.", False),
    ],
)
def test_a_sentence_may_speak_of_what_the_one_before_named(
    before: str, sentence: str, *, holds: bool
) -> None:
    assert (_facts("films", "en").fault(sentence, [before]) is None) == holds


def test_before_a_list_nothing_beside_the_point_is_said() -> None:
    facts = _facts("films", "en")
    assert facts.fault("I adore rainy evenings.") is None
    assert facts.fault("I adore rainy evenings.", opens=True) is not None
    assert facts.fault("I found these for you.", opens=True) is None


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    for language in LANGUAGES:
        _facts("films", language).fault(text)


@pytest.mark.parametrize(
    "words", ["you liked Fargo and ", "Heat, ", "5 of the 3 ", "the newest of the ", "“Heat” "]
)
def test_long_sentences_are_read_quickly(words: str) -> None:
    _facts("films", "en").fault((words * 400)[:2000])
