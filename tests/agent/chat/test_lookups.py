"""The work of reading is bounded, whatever a message of any length holds."""

from __future__ import annotations

import numpy as np
import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.agent.chat.reading.lookups import MOST_LOOKUPS, TitleLookups
from nextinterest.messages import Message
from nextinterest.titles import TitleIndex, TitleMatch


def _invented(n: int) -> str:
    """Return characters of words that are no everyday words, none of them twice in a row."""
    rng = np.random.default_rng(0)
    syllables = ("ba", "ro", "ten", "mi", "la", "sor", "ven", "tu", "pel", "ing", "der", "cha", "mon")
    return " ".join("".join(rng.choice(syllables, 3)) for _ in range(n // 6))[:n]


def _invented_titles(n: int) -> str:
    """Return characters of a list of invented names, where titles are expected."""
    words = _invented(n).split()
    return ", ".join("saw " + " ".join(words[i : i + 4]) for i in range(0, len(words), 4))[:n]


LONG = {
    "unknown words": "zxqvb wkjq " * 900,
    "misspelt titles": "like " + "Alein Teh Godfahter " * 480,
    "invented words": _invented(10_000),
    "invented titles": _invented_titles(10_000),
    "a title in full, again and again": "Alien. " * 1400,
    "slots": "saw blad runer, " * 620,
}


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts that are looked up while a test runs."""
    texts: list[str] = []
    find = TitleIndex.find

    def counted(self: TitleIndex, text: str, k: int = 5) -> list[TitleMatch]:
        texts.append(text)
        return find(self, text, k)

    monkeypatch.setattr(TitleIndex, "find", counted)
    return texts


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("messages", [1, 3, 40])
def test_a_conversation_of_ten_thousand_characters_takes_a_bounded_number_of_lookups(
    text: str, messages: int, cinema: ChatContext, looked_up: list[str]
) -> None:
    length = len(text) // messages
    parts = [text[n * length : (n + 1) * length] for n in range(messages)]
    CompositionalReader().read([Message(role="user", content=part) for part in parts], cinema)
    assert len(looked_up) <= MOST_LOOKUPS
    assert len(set(looked_up)) == len(looked_up)


def test_the_newest_message_keeps_half_of_the_lookups(cinema: ChatContext) -> None:
    said = [Message(role="user", content=text) for text in (_invented(4000), "films like blad runer")]
    understood = CompositionalReader().read(said, cinema)
    assert understood.request.similar_to == ("Blade Runner",)
    assert understood.unsearched == 0


def test_earlier_messages_share_and_leave_over(cinema: ChatContext) -> None:
    titles = TitleLookups(cinema.titles, most=8)
    found: list[int] = []
    for behind, texts in ((2, "ab"), (1, "cdef"), (0, "ghijkl")):
        titles.begin(behind)
        for text in texts:
            titles.find(text, 1)
        found.append(titles.skipped)
    assert found == [0, 2, 2]


def test_a_reply_says_what_was_not_read(agent: RecommenderAgent) -> None:
    reply = agent.chat([Message(role="user", content=_invented_titles(10_000))], history=[])
    assert "its last 6,000 characters were not read" in reply.text
    assert "misspelt titles were looked for among the first" in reply.text


def test_an_ordinary_message_has_no_such_note(agent: RecommenderAgent) -> None:
    reply = agent.chat([Message(role="user", content="five films like blad runer")], history=[])
    assert "is long" not in reply.text
    assert "misspelt" not in reply.text
