"""What a model's sentence may say of the list, the request, the history and the reasons, and what not."""

from __future__ import annotations

import pytest

from nextinterest.agent.chat.facts import Facts
from nextinterest.agent.chat.worded import worded
from nextinterest.agent.chat.wording import parts_of
from nextinterest.domain import (
    Evidence,
    Explanation,
    FoundItem,
    KnownFacts,
    Outcome,
    Recommendation,
    Recommendations,
    Request,
    Where,
)
from nextinterest.llm import ScriptedLanguageModel


def _item(
    rank: int, title: str, categories: tuple[str, ...], year: int | None, *because: str
) -> Recommendation:
    return Recommendation(
        rank=rank,
        item_id=title,
        title=title,
        categories=categories,
        year=year,
        probability=0.1,
        evidence=tuple(Evidence(item_id=one, title=one, similarity=0.5, effect=0.4) for one in because),
    )


FILMS = Outcome(
    request=Request(count=3, where=Where(categories=("Comedy",), year_from=1980, year_to=1989)),
    recommendations=Recommendations(
        events_used=183,
        items=(
            _item(1, "Raising Arizona", ("Comedy",), 1987, "Fargo"),
            _item(2, "Big", ("Comedy", "Fantasy"), 1988, "Splash"),
            _item(3, "Airplane!", ("Comedy",), 1980),
        ),
    ),
)
GOODS = Outcome(
    request=Request(where=Where(categories=("Kitchen > Pans", "Kettles"), match="any", price_to=50)),
    recommendations=Recommendations(
        events_used=4,
        items=(
            _item(1, "Halden pan", ("Kitchen > Pans",), None, "Steel ladle"),
            _item(2, "Brightcook kettle", ("Kettles",), None),
        ),
    ),
    known={
        "Halden pan": KnownFacts(
            price=29.0,
            attributes={"induction": True, "dishwasher": False, "material": "cast iron", "diameter": "28 cm"},
            description="Keeps heat for long. Not for ovens or acid food.",
        ),
        "Brightcook kettle": KnownFacts(price=12.9, attributes={"material": "steel"}),
    },
)


def _fault(outcome: Outcome, sentence: str) -> str | None:
    return Facts.of(outcome, parts_of(outcome).free).fault(sentence)


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (FILMS, "Here are three comedies from the 1980s."),
        (FILMS, "Raising Arizona is a comedy from the 1980s."),
        (FILMS, "The first is Raising Arizona."),
        (FILMS, "Big comes second."),
        (FILMS, "Because you watched Fargo, here is Raising Arizona."),
        (FILMS, "Having seen Splash, you may like Big."),
        (FILMS, "They are based on your 183 events."),
        (FILMS, "Your history holds 183 films."),
        (FILMS, "These 3 come from what you have seen."),
        (FILMS, "Here are 3 based on your history."),
        (GOODS, "Here are pans and kettles for 50 or less."),
        (GOODS, "Here are some kettles and pans under 50."),
        (GOODS, "Halden pan is a pan."),
        (GOODS, "Halden pan costs 29 and works on induction."),
        (GOODS, "Halden pan keeps heat for long, and its diameter is 28 cm."),
        (GOODS, "The price of Brightcook kettle is 12.90."),
        (GOODS, "Brightcook kettle, of steel, costs 12.9."),
        (GOODS, "Both cost 50 or less."),
        (GOODS, "Here are pans and kettles for 30 or less."),
    ],
)
def test_true_sentences_hold(outcome: Outcome, sentence: str) -> None:
    assert _fault(outcome, sentence) is None


@pytest.mark.parametrize(
    ("outcome", "sentence", "because"),
    [
        (FILMS, "Here are three comedies from the 1990s.", "1990s"),
        (FILMS, "Big is a comedy from the 1970s.", "1970s"),
        (FILMS, "The first is Big.", "1 is said of Big"),
        (FILMS, "Raising Arizona is second.", "2 is said of"),
        (FILMS, "You saw Fargo first, so here is Raising Arizona.", "rank 1 is said of an event"),
        (FILMS, "This is the only comedy.", "only"),
        (FILMS, "You have seen Big before.", "knows Big"),
        (FILMS, "You watched Raising Arizona.", "knows Raising Arizona"),
        (FILMS, "You watched Fargo and Big.", "knows Big"),
        (FILMS, "Big was seen by you.", "knows Big"),
        (FILMS, "You have seen them all.", "knows the items"),
        (FILMS, "Your history holds 3 films.", "3 is said of"),
        (FILMS, "They are based on 3 events.", "3 is said of"),
        (FILMS, "You have seen 3 films.", "3 is said of"),
        (FILMS, "Here are 183 for you.", "183 is said of"),
        (FILMS, "Big was recommended because of Raising Arizona.", "as a reason"),
        (FILMS, "Because of Big, here is Raising Arizona.", "as a reason"),
        (FILMS, "Raising Arizona leads to Big.", "gives Big as a reason"),
        (FILMS, "Big is similar to Raising Arizona.", "Raising Arizona"),
        (FILMS, "Here are three from after 1989.", "1989"),
        (GOODS, "Here are pans over 50.", "50"),
        (GOODS, "Here are pans for 50 or more.", "50"),
        (GOODS, "Brightcook kettle is a pan.", "Pans is said of Brightcook"),
        (GOODS, "Here are pans \u2022 for you.", "\u2022"),
        (GOODS, "Halden pan costs 28.", "28 is said of"),
        (GOODS, "Halden pan costs 12.9.", "12.9 is said of"),
        (GOODS, "Brightcook kettle works on induction.", "induction"),
        (GOODS, "Brightcook kettle is of cast iron.", "cast"),
        (GOODS, "It is of cast iron.", "cast"),
        (GOODS, "Halden pan suits ovens.", "ovens"),
        (GOODS, "Halden pan works in the dishwasher.", "dishwasher"),
        (GOODS, "You bought Halden pan.", "knows Halden pan"),
    ],
)
def test_false_sentences_are_refused(outcome: Outcome, sentence: str, because: str) -> None:
    fault = _fault(outcome, sentence)
    assert fault is not None
    assert because in fault


def _explained(*, seen: bool) -> Outcome:
    item = FoundItem(item_id="r", title="Raising Arizona", year=1987, asked="", match=1.0)
    why = Explanation(
        item=item,
        rank=None if seen else 272,
        probability=None if seen else 0.0009,
        seen=seen,
        events=9,
    )
    return Outcome(request=Request(intent="explain", query="Raising Arizona"), explanation=why)


def test_an_item_of_the_history_may_be_said_to_be_seen() -> None:
    assert _fault(_explained(seen=True), "You have seen Raising Arizona before.") is None
    assert _fault(_explained(seen=False), "You have seen Raising Arizona before.") is not None


def test_what_a_sentence_states_without_the_year_is_not_said_twice() -> None:
    said = "Raising Arizona is number 272 among what is new to you, with a probability of 0.09 % to be next."
    model = ScriptedLanguageModel([said])
    assert "".join(worded(_explained(seen=False), "why?", model)) == said


def test_the_model_is_given_what_is_known_of_each_item() -> None:
    model = ScriptedLanguageModel(["Halden pan costs 29."])
    text = "".join(worded(GOODS, "pans", model))
    assert (
        "1. Halden pan: Kitchen > Pans, 29, cast iron, 28 cm\n2. Brightcook kettle: Kettles, 12.9, steel"
        in text
    )
    asked = str(model.calls)
    assert "price 29; induction yes; dishwasher no; material cast iron; diameter 28 cm; Keeps heat" in asked
