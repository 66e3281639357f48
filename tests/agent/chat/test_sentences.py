"""Text is cut where sentences end, and joins to what it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextinterest.agent.chat.sentences import sentences_of

PIECES = st.lists(
    st.sampled_from(["Alien", "Mr. ", "Mr", ".", " ", "\n", "Ripley", "No! ", "1", "You", "a. b", "”"])
)


@given(PIECES)
def test_sentences_join_to_the_text_however_it_is_cut(pieces: list[str]) -> None:
    text = "".join(pieces)
    whole = list(sentences_of([text], ["Mr. Ripley"]))
    assert "".join(whole) == text
    assert list(sentences_of(pieces, ["Mr. Ripley"])) == whole
    assert list(sentences_of(text, ["Mr. Ripley"])) == whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("One", ["One"]),
        ("Is it? Yes! “Alien” fits.", ["Is it? ", "Yes! ", "“Alien” fits."]),
        (
            "1. Alien (1979). Two more follow.\n12. Heat",
            ["1. Alien (1979). ", "Two more follow.\n", "12. Heat"],
        ),
        ("At 3.5 % or so, e.g. here.\nDone", ["At 3.5 % or so, e.g. here.\n", "Done"]),
    ],
)
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert list(sentences_of([text])) == expected


def test_a_sentence_is_yielded_as_soon_as_the_next_one_begins() -> None:
    taken: list[str] = []

    def pieces() -> Iterator[str]:
        for piece in ("One fits. ", "Tw", "o fit. Mr. Ri", "pley"):
            taken.append(piece)
            yield piece

    stream = sentences_of(pieces(), ["Mr. Ripley"])
    assert next(stream) == "One fits. "
    assert taken == ["One fits. ", "Tw"]
    assert next(stream) == "Two fit. "
    assert taken[-1] == "o fit. Mr. Ri"
    assert list(stream) == ["Mr. Ripley"]
