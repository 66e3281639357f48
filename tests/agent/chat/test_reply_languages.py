"""Replies in the language of the person where a model's sentences can be checked, else in English."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.reply_outcomes import OUTCOMES

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat.checking.lexicon import language_of
from nextinterest.agent.chat.worded import worded
from nextinterest.agent.chat.wording import parts_of
from nextinterest.domain import FoundItem, Outcome, Request
from nextinterest.llm import ScriptedLanguageModel

FILMS = OUTCOMES["films"]
HEAD = parts_of(FILMS).free[0]


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["something funny please"], "en"),
        (["quiero algo divertido para esta noche"], "es"),
        (["Ich suche etwas Lustiges"], "de"),
        (["je cherche un film pour ce soir"], "fr"),
        (["ok", "Ich suche etwas Lustiges"], "de"),
        (["Heat?"], "en"),
        ([], "en"),
        (["vorrei qualcosa di divertente per la sera"], None),
        (["что-нибудь смешное, пожалуйста"], None),
        (["何か面白い映画"], None),
    ],
)
def test_the_language_is_that_of_the_newest_message_that_shows_one(
    texts: list[str], language: str | None
) -> None:
    assert language_of(texts) == language


@pytest.mark.parametrize(
    ("message", "name", "right", "wrong"),
    [
        ("quiero algo de crimen", "Spanish", "Te gustó Fargo, así que empieza por Heat.", "Heat es de 1996."),
        ("ich suche einen Krimi", "German", "Fargo hat dir gefallen, daher Heat.", "Heat ist von 1996."),
        ("je cherche un film policier", "French", "Vous avez aimé Fargo, donc Heat.", "Heat date de 1996."),
    ],
)
def test_sentences_in_other_languages_are_checked(message: str, name: str, right: str, wrong: str) -> None:
    notes: list[str] = []
    model = ScriptedLanguageModel([f"{right}\n{wrong}"])
    text = "".join(worded(FILMS, message, model, notes))
    assert text.splitlines()[0] == right
    assert wrong not in text
    assert notes == []
    assert f"in {name}" in str(model.calls)
    text = "".join(worded(FILMS, message, ScriptedLanguageModel([wrong]), notes))
    assert text.splitlines()[0] == HEAD
    (note,) = notes
    assert note.startswith("Partly in English")
    assert name in note


def test_where_sentences_cannot_be_checked_the_template_stands_with_a_note() -> None:
    notes: list[str] = []
    model = ScriptedLanguageModel(["Ecco tre film."])
    assert "".join(worded(FILMS, "vorrei qualcosa di divertente", model, notes)).splitlines()[0] == HEAD
    assert not model.calls
    assert len(notes) == 1
    assert "checked in English, German, Spanish and French only" in notes[0]


def test_without_a_model_replies_are_english_and_nothing_is_noted() -> None:
    notes: list[str] = []
    assert "".join(worded(FILMS, "quiero algo de crimen", None, notes)).splitlines()[0] == HEAD
    assert notes == []


def test_small_talk_is_worded_in_other_languages_and_held_to_saying_nothing() -> None:
    thanks, said = Outcome(request=Request(intent="thank")), "muchas gracias por la película"
    plain = "".join(worded(thanks, "thank you!", None))
    assert "".join(worded(thanks, said, ScriptedLanguageModel(["¡De nada!"]))) == "¡De nada!"
    wrong = ScriptedLanguageModel(["De nada, mira también Pulp Fiction."])
    assert "".join(worded(thanks, said, wrong)) == plain
    model = ScriptedLanguageModel(["Anything."])
    assert "".join(worded(thanks, "thank you!", model)) == plain
    assert not model.calls


def test_a_model_that_words_is_given_what_was_done_and_what_rises() -> None:
    model = ScriptedLanguageModel(["Heat comes first."])
    "".join(worded(FILMS, "crime please", model))
    asked = str(model.calls)
    for said in (
        "Fargo (liked)",
        "Casino (played)",
        "Groundhog Day (rated 5 of 5, liked)",
        "recent events: Thriller",
    ):
        assert said in asked


@pytest.mark.parametrize("words", [False, True])
def test_what_the_history_says_is_looked_up_where_a_model_words(
    agent: RecommenderAgent, *, words: bool
) -> None:
    model = ScriptedLanguageModel(["Here they are."]) if words else None
    agent = RecommenderAgent(replace(agent.engine, roles={"word": model}), agent.log)
    reply = agent.chat([{"role": "user", "content": "two films please"}], user="ann")
    assert (reply.background is not None) == words
    if reply.background is not None:
        history = agent.history("ann")
        assert sum(reply.background.categories.values()) >= len(history)


def test_a_reply_that_no_model_words_is_not_said_to_be_what_a_model_wrote() -> None:
    heat = FoundItem(item_id="h", title="Heat", categories=("Crime",), year=1995, asked="Heat", match=1.0)
    outcome = Outcome(request=Request(intent="search", query="Heat"), found=(heat,))
    notes: list[str] = []
    model = ScriptedLanguageModel(["Heat gibt es."])
    assert "Heat (1995)" in "".join(worded(outcome, "gibt es den Film Heat bei euch", model, notes))
    assert not model.calls
    assert notes == ["Worded by the template, in English: no language model words a reply of this kind."]
