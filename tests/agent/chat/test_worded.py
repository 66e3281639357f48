"""A model's sentences leave once they hold against the outcome; what does not hold is the template's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from pydantic import BaseModel
from support.endpoint import Reply, serving

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatReply
from nextinterest.agent.chat.facts import Facts
from nextinterest.agent.chat.worded import worded
from nextinterest.agent.chat.wording import parts_of
from nextinterest.domain import (
    Evidence,
    Explanation,
    FoundItem,
    Outcome,
    Question,
    Recommendation,
    Recommendations,
    Request,
    Where,
)
from nextinterest.errors import ProviderError
from nextinterest.llm import LanguageModel, Sampling, ScriptedLanguageModel
from nextinterest.messages import Message


def _evidence(title: str) -> Evidence:
    return Evidence(item_id=title, title=title, similarity=0.5, effect=0.4)


def _item(rank: int, title: str, year: int, category: str, *because: str, p: float = 0.1) -> Recommendation:
    return Recommendation(
        rank=rank,
        item_id=title,
        title=title,
        categories=(category, "Drama"),
        year=year,
        probability=p,
        evidence=tuple(map(_evidence, because)),
    )


LIST = Outcome(
    request=Request(count=2, where=Where(year_to=1999)),
    recommendations=Recommendations(
        user="ann",
        events_used=7,
        items=(
            _item(1, "The Talented Mr. Ripley", 1999, "Thriller", "Alien", p=0.123),
            _item(2, "Heat", 1995, "Crime", "Fargo"),
        ),
    ),
    notes=("Only 2 fit; 3 were asked for.",),
)
WHY = Outcome(
    request=Request(intent="explain", query="Heat"),
    explanation=Explanation(
        item=FoundItem(
            item_id="h", title="Heat", categories=("Crime", "Drama"), year=1995, asked="heat", match=1.0
        ),
        rank=3,
        probability=0.0456,
        evidence=(_evidence("Fargo"), _evidence("Alien")),
        shared_categories={"Crime": 4, "Drama": 2},
        events=9,
    ),
)
MESSAGE = "two from before 2000 please"


def _facts(outcome: Outcome) -> Facts:
    return Facts.of(outcome, parts_of(outcome).free)


@pytest.mark.parametrize("outcome", [LIST, WHY])
def test_what_the_template_says_holds(outcome: Outcome) -> None:
    facts = _facts(outcome)
    assert facts.claims
    for claim in facts.claims:
        assert facts.fault(claim) is None, claim
        assert facts.states(claim, [claim])
    assert not any(facts.states(claim, []) for claim in facts.claims)


@pytest.mark.parametrize(
    "sentence",
    [
        "Here are two from 1999 or earlier, as you asked.",
        "Heat (1995) is here because of Fargo.",
        "“Heat” is a Crime film and The Talented Mr. Ripley a Thriller.",
        "Both are Drama.",
        "Heat and The Talented Mr. Ripley are both Drama.",
        "The one at number 1 is The Talented Mr. Ripley, with a chance of 12.3 %.",
        "Alien leads to The Talented Mr. Ripley.",
        "These are based on your 7 events.",
        "I would pick the Thriller: The Talented Mr. Ripley.",
    ],
)
def test_sentences_that_the_outcome_says_hold(sentence: str) -> None:
    assert _facts(LIST).fault(sentence) is None


@pytest.mark.parametrize(
    ("sentence", "because"),
    [
        ("You may like Casino as well.", "Casino"),
        ("You may like The Others.", "names 'The'"),
        ("Heat (1979) is here because of Fargo.", "1979"),
        ("Heat (1999) is here.", "1999 is said of Heat"),
        ("Heat is a Thriller.", "Thriller is said of Heat"),
        ("Heat and The Talented Mr. Ripley are both Thriller.", "Thriller"),
        ("Both are Crime.", "Crime is said of The Talented Mr. Ripley, Heat"),
        ("Heat is here because of Alien.", "Alien” is no evidence"),
        ("Heat, number 1, is here.", "1 is said of Heat"),
        ("Heat has a chance of 12.3 %.", "12.3 % is said of Heat"),
        ("Here are three for you.", "3 is said of the whole"),
        ("Heat is brilliant.", "brilliant"),
        ("Heat is the most likely.", "rank_min"),
        ("The first is Heat.", "1 is said of Heat"),
        ("It was directed by somebody.", "directed"),
        ("Heat is not a Drama.", "denied of Heat"),
        ("Heat isn't a Drama.", "denied of Heat"),
        ("See http://heat.example <b>now</b>", "http"),
    ],
)
def test_sentences_that_say_more_or_otherwise_are_refused(sentence: str, because: str) -> None:
    assert because in (_facts(LIST).fault(sentence) or "")


def test_excluded_categories_and_titles_with_numbers() -> None:
    where = Where(categories=("Drama",), excluded_categories=("Romance", "War"))
    made = Recommendations(
        events_used=2, items=(_item(1, "Twelve Monkeys", 1995, "Sci-Fi", "Ocean's Eleven"),)
    )
    facts = _facts(Outcome(request=Request(where=where), recommendations=made))
    for sentence in (
        *facts.claims,
        "Twelve Monkeys is a Drama without Romance, War.",
        "Here is one without Romance and War, because of Ocean's Eleven.",
    ):
        assert facts.fault(sentence) is None, sentence
    for sentence in ("Twelve Monkeys is a Romance.", "It is without Drama.", "Here is one with Romance."):
        assert facts.fault(sentence) is not None, sentence


@pytest.mark.parametrize(
    ("sentence", "holds"),
    [
        ("Heat is number 3, with a probability of 4.6 % to be next.", True),
        ("Heat is number 9.", False),
        ("Fargo and Alien raise it.", True),
        ("Of your 9 events, 4 are Crime.", True),
        ("Of your 9 events, 2 are Crime.", False),
        ("Crime has 4 of your 9 events.", True),
    ],
)
def test_sentences_of_an_explanation(sentence: str, *, holds: bool) -> None:
    assert (_facts(WHY).fault(sentence) is None) == holds


class Paced(ScriptedLanguageModel):
    """Says pieces, and keeps how many were taken; fails behind the last where it is given an error."""

    def __init__(self, pieces: Sequence[str], error: Exception | None = None) -> None:
        super().__init__()
        self.pieces, self.error, self.taken = pieces, error, 0

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[str]:
        for piece in self.pieces:
            self.taken += 1
            yield piece
        if self.error is not None:
            raise self.error


LINES = (
    "1. The Talented Mr. Ripley (1999): Thriller, Drama\n2. Heat (1995): Crime, Drama\n"
    "Only 2 fit; 3 were asked for."
)


def test_a_sentence_leaves_before_the_model_has_written_the_next() -> None:
    model = Paced(
        ["Here are two", " for you.\nThe Talented Mr. ", "Ripley is a Thriller. ", "Heat is a Crime film."]
    )
    stream = worded(LIST, MESSAGE, model)
    assert next(stream) == "Here are two for you."
    assert model.taken == 2
    rest = [next(stream) for _ in range(4)]
    assert "".join(rest[:3]) == f"\n{LINES}"
    assert rest[3] == "\nThe Talented Mr. Ripley is a Thriller."
    assert model.taken == 4
    assert "".join(stream) == " Heat is a Crime film."


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Here are two for you.", f"Here are two for you.\n{LINES}"),
        ("Here are three for you. **Heat** is a Crime film.", "{head}\n{lines}\nHeat is a Crime film."),
        ("", "{head}\n{lines}"),
        ("Nonsense! More nonsense?", "{head}\n{lines}"),
        ("Both are Drama. Both are Drama.", f"Both are Drama.\n{LINES}"),
    ],
)
def test_a_list_is_the_templates_and_a_sentence_that_fails_is_not_said(written: str, text: str) -> None:
    head = parts_of(LIST).free[0]
    assert "".join(worded(LIST, MESSAGE, Paced([written]))) == text.format(head=head, lines=LINES)


def test_the_template_says_what_no_sentence_states() -> None:
    first, second, third = parts_of(WHY).free
    said = "Heat (1995) is number 3 for you, with a probability of 4.6 % to be next."
    assert "".join(worded(WHY, "why?", Paced([said]))) == f"{said} {second} {third}"
    assert "".join(worded(WHY, "why?", Paced(["Because it is great."]))) == f"{first} {second} {third}"


def test_a_model_that_fails_leaves_the_rest_to_the_template() -> None:
    head = parts_of(LIST).free[0]
    error = ProviderError("It broke off.", remedy="Ask again.")
    assert "".join(worded(LIST, MESSAGE, Paced([], error))) == f"{head}\n{LINES}"
    some = Paced(["Here are two for you.\nHeat is a Cri"], error)
    assert "".join(worded(LIST, MESSAGE, some)) == f"Here are two for you.\n{LINES}"


def test_questions_and_small_talk_are_the_templates_alone() -> None:
    model = Paced(["Sure, all is deleted."])
    asked = Outcome(request=Request(intent="forget"), question=Question(kind="forget_everything", events=3))
    for outcome in (asked, Outcome(request=Request(intent="other"))):
        assert list(worded(outcome, "hello", model)) == list(parts_of(outcome).before)
    assert model.taken == 0


def _with_word(agent: RecommenderAgent, model: LanguageModel | None) -> RecommenderAgent:
    return RecommenderAgent(replace(agent.engine, roles={"word": model}), agent.log)


ASK = [Message(role="user", content="two films please")]


def test_the_agents_reply_is_worded_traced_and_metered(agent: RecommenderAgent) -> None:
    plain = agent.chat(ASK, user="ann")
    with serving(Reply("Here are two for you. They are wonderful.")) as server:
        model = server.model(api_key="my-own-key-of-no-usual-form")
        reply = _with_word(agent, model).chat(ASK, user="ann", trace=True)
        assert reply.text.splitlines()[0] == "Here are two for you."
        assert reply.text.splitlines()[1:] == plain.text.splitlines()[1:]
        (body,) = server.bodies
    assert body["stream"] is True
    assert reply.trace is not None
    (word,) = reply.trace.named("word")
    assert word.details["released"] == ["Here are two for you."]
    assert word.details["refused"] == [
        {
            "sentence": "They are wonderful.",
            "fault": "it says that something is wonderful, which no fact says",
        }
    ]
    assert "The person wrote: two films please" in str(word.details["prompts"])
    assert word.details["answers"] == ["Here are two for you. They are wonderful."]
    assert "my-own-key" not in reply.model_dump_json()


def test_a_small_local_model_words_only_where_it_is_named(agent: RecommenderAgent) -> None:
    model = Paced(["Here are two for you."])
    model.capabilities = replace(model.capabilities, instructed=False)
    own = RecommenderAgent(replace(agent.engine, language_model=model), agent.log)
    assert own.chat(ASK, user="ann").text == agent.chat(ASK, user="ann").text
    assert model.taken == 0
    named: Callable[..., ChatReply] = _with_word(agent, model).chat
    assert named(ASK, user="ann").text.startswith("Here are two for you.\n1. ")
