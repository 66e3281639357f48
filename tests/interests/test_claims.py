"""A sentence passes only where it says its claim: each lie here is one a fluent model would tell."""

from __future__ import annotations

import pytest

from nextinterest.domain import Catalog, History, ItemScorer
from nextinterest.interests import describe, forecast_interests, portray
from nextinterest.interests.claims import ClaimChecker, plain_words

NAMES = ["Comedy", "Drama", "Sci-Fi", "War", "War Drama"]
TITLES = ["2001: A Space Odyssey (1968)", "M", "War Games 2"]
CHANGE = "War is rising, from 10% to 30% of events (q = 0.012); see “2001: A Space Odyssey (1968)” and “M”."
MIX = "Most attention goes to Drama (40%), War (20%) and Sci-Fi (11%)."
EXTENT = "The history holds 120 events over 40 days, in 12 sessions."
NONE = "No interest rises or fades beyond what chance would do (false-discovery rate 10%)."
AHEAD = "Of the next 10 events, 30% are expected to be War (10% to 50%), at 80% confidence."


@pytest.fixture(scope="module")
def checker() -> ClaimChecker:
    return ClaimChecker(NAMES, TITLES)


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        (
            "The share of War is growing, from 10 percent to 30 percent of events (q = 0.012): "
            'see "2001: A Space Odyssey (1968)" and "M".',
            CHANGE,
        ),
        ("The user's attention", "The user's attention"),
        ("Their attention is mainly on Drama (40%), then War (20%) and Sci-Fi (11%).", MIX),
        ("This history spans 120 events over 40 days, in 12 sessions.", EXTENT),
        ("Beyond chance no interest grows or declines (false-discovery rate 10%).", NONE),
        ("Of the next 10 events 30% are likely to be War (10% to 50%), at 80% confidence.", AHEAD),
    ],
)
def test_other_words_for_the_same(sentence: str, claim: str, checker: ClaimChecker) -> None:
    assert checker.fault(sentence, claim) is None


@pytest.mark.parametrize(
    ("sentence", "claim", "reason"),
    [
        (MIX.replace("40%", "45%"), MIX, "it says Drama, 45%"),
        (MIX.replace("40%", "40"), MIX, "it says Drama, 40,"),
        (MIX.replace("40%", "-40%"), MIX, "-40%"),
        (MIX.replace("40%", "40.5%"), MIX, "40.5%"),
        (MIX.replace("(40%)", "(forty percent)"), MIX, "it says"),
        (MIX.replace("(40%)", "(40%, half of it)"), MIX, "'half'"),
        (MIX.replace("(40%)", "(40%, \N{VULGAR FRACTION ONE HALF} of it)"), MIX, "does not support"),
        (MIX.replace("40%", "\N{FULLWIDTH DIGIT FOUR}0%"), MIX, "it says"),
        (MIX.replace("Drama", "Comedy"), MIX, "it says Comedy"),
        (MIX.replace("Drama (40%), War (20%)", "War (40%), Drama (20%)"), MIX, "it says War, 40%"),
        (MIX.replace("Sci-Fi (11%)", "Sci-Fi (11%), and comedies"), MIX, "Comedy, where"),
        (MIX.replace(", War (20%)", ""), MIX, "it says Drama, 40%, Sci-Fi"),
        (MIX.replace("Most attention", "Attention"), MIX, "leaves out"),
        (MIX.replace("Most attention goes", "Most attention never goes"), MIX, "denies"),
        ("The user loves Drama (40%), War (20%) and most of Sci-Fi (11%).", MIX, "'loves'"),
        (CHANGE.replace("rising", "fading"), CHANGE, "leaves out"),
        (CHANGE.replace("rising", "rising, not fading"), CHANGE, "denies"),
        (CHANGE.replace("rising", "rising and fading"), CHANGE, "'fading'"),
        (CHANGE.replace("from 10% to 30%", "to 10% from 30%"), CHANGE, "to 10%, from 30%"),
        (CHANGE.replace("“M”", "“War Games 2”"), CHANGE, "War Games 2"),
        (CHANGE.replace("(1968)", "(1969)"), CHANGE, "it says"),
        (CHANGE.removesuffix(".") + ", as the user is getting older.", CHANGE, "'older'"),
        (EXTENT.replace("12 sessions", "12 days"), EXTENT, "12 day"),
        ("The history holds over 120 events over 40 days, in 12 sessions.", EXTENT, "over 120 event"),
        (EXTENT.replace("The history", "<b>The history"), EXTENT, "characters"),
        (NONE.replace("No interest", "Interest"), NONE, "denies"),
        (AHEAD.replace("next 10", "last 10"), AHEAD, "last 10 event"),
        (AHEAD.replace("are expected to be", "are"), AHEAD, "leaves out"),
        (AHEAD.replace("War", "War Drama"), AHEAD, "War Drama"),
        ("", AHEAD, "no name or number"),
    ],
)
def test_lies_are_found(sentence: str, claim: str, reason: str, checker: ClaimChecker) -> None:
    assert sentence != claim
    fault = checker.fault(sentence, claim)
    assert fault is not None
    assert reason in fault


def test_every_sentence_of_the_template_says_its_own_claim_and_no_other(
    catalog: Catalog, changed: History, history: History, scorer: ItemScorer
) -> None:
    for events in (changed, history):
        portrait, outlook = portray(events, catalog), forecast_interests(events, catalog, scorer)
        claims = [sentence.text for sentence in describe(portrait, outlook).sentences]
        checker = ClaimChecker([share.interest for share in portrait.interests], catalog.titles)
        for i, sentence in enumerate(claims):
            for j, claim in enumerate(claims):
                assert (checker.fault(sentence, claim) is None) == (i == j), (sentence, claim)


def test_plain_words_claim_nothing() -> None:
    words = plain_words()
    groups = {word for group in words.groups.values() for word in group}
    assert not groups & set(words.plain)
    assert not set(words.negations) & set(words.plain)
    assert len(groups) == sum(len(group) for group in words.groups.values())
