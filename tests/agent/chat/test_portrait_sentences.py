"""Sentences about a portrait in natural words: true ones pass, those that differ by one thing are refused."""

from __future__ import annotations

import pytest

from nextinterest.agent.chat.facts import Facts
from nextinterest.agent.chat.worded import worded
from nextinterest.agent.chat.wording import parts_of
from nextinterest.domain import Outcome, Request
from nextinterest.domain.portraits import (
    ForecastShare,
    InterestChange,
    InterestOutlook,
    InterestPortrait,
    InterestShare,
    Novelty,
)
from nextinterest.llm import ScriptedLanguageModel


def _share(name: str, share: float) -> InterestShare:
    return InterestShare(
        interest=name, events=40 * share, share=share, lower=share / 2, upper=min(1, 2 * share)
    )


def _change(name: str, direction: str, before: float, after: float) -> InterestChange:
    return InterestChange.model_validate(
        {
            "interest": name,
            "direction": direction,
            "before": before,
            "after": after,
            "change": after - before,
            "lower": -1.0,
            "upper": 1.0,
            "p_value": 0.01,
            "q_value": 0.02,
            "evidence": (),
        }
    )


def _expected(name: str, share: float) -> ForecastShare:
    return ForecastShare(
        interest=name,
        share=share,
        lower=share / 2,
        upper=share * 1.5,
        usual=share,
        probability_above_usual=0.5,
    )


PROFILE = Outcome(
    request=Request(intent="profile"),
    portrait=InterestPortrait(
        user="ann",
        events=40,
        recent_events=10,
        level=0.9,
        false_discovery_rate=0.1,
        test="permutation",
        interests=(
            _share("Comedy", 0.45),
            _share("Thriller", 0.2),
            _share("Sci-Fi", 0.15),
            _share("Drama", 0.2),
        ),
        current=(_share("Thriller", 0.4), _share("Comedy", 0.35), _share("Drama", 0.25)),
        long_standing=("Comedy",),
        changes=(
            _change("Thriller", "rising", 0.12, 0.4),
            _change("Sci-Fi", "fading", 0.2, 0.02),
            _change("Comedy", "steady", 0.48, 0.35),
        ),
        windows=(),
        novelty=Novelty(surprise=1.0, recent_surprise=1.0, new_interests=("Drama",)),
    ),
    outlook=InterestOutlook(
        user="ann",
        events=40,
        level=0.9,
        next_step={},
        horizon_events=10,
        interests=(_expected("Thriller", 0.36), _expected("Comedy", 0.34)),
    ),
)
FACTS = Facts.of(PROFILE, parts_of(PROFILE).free)


@pytest.mark.parametrize("claim", FACTS.claims)
def test_what_the_template_says_holds(claim: str) -> None:
    assert FACTS.fault(claim) is None
    assert FACTS.states(claim, [claim])


@pytest.mark.parametrize(
    "sentence",
    [
        "Comedy is your favourite, at 45% of the 40 films I know of.",
        "You've been watching a lot more thrillers lately: they went from 12% to 40%.",
        "Sci-fi is falling away, from 20% to 2%.",
        "Your main interest is comedy.",
        "Lately thrillers take the largest part, 40% of your last 10 films.",
        "Drama is new for you.",
        "I expect thrillers to make up about 36% of what comes next.",
        "Comedy has always been there.",
        "You watch fewer sci-fi films than before.",
        "Thrillers are up from 12% to 40%, while sci-fi is down from 20% to 2%.",
    ],
)
def test_natural_sentences_pass(sentence: str) -> None:
    assert FACTS.fault(sentence) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Drama is your favourite, at 45% of the 40 films I know of.",
        "Comedy is your favourite, at 55% of the 40 films I know of.",
        "Comedy is your favourite, at 45% of the 60 films I know of.",
        "You've been watching a lot fewer thrillers lately: they went from 12% to 40%.",
        "You've been watching a lot more thrillers lately: they went from 40% to 12%.",
        "Sci-fi is gaining, from 20% to 2%.",
        "You've been watching more comedies lately.",
        "Your main interest is horror.",
        "Comedy is new for you.",
        "I expect thrillers to make up about 63% of what comes next.",
        "Sci-fi has always been there.",
        "You watch thrillers because you are bored.",
        "Comedy is not your favourite.",
        "Thrillers are up from 12% to 40%, while sci-fi is up from 20% to 2%.",
        "You love Bill Murray.",
    ],
)
def test_sentences_that_differ_by_one_thing_are_refused(sentence: str) -> None:
    assert FACTS.fault(sentence) is not None


def test_what_natural_sentences_leave_out_the_template_says() -> None:
    said = "You've been watching a lot more thrillers lately: they went from 12% to 40%."
    text = "".join(worded(PROFILE, "what do you know of me?", ScriptedLanguageModel([said])))
    assert text.startswith(said)
    assert "Sci-Fi is fading, from 20% to 2% of events" in text
