# ruff: noqa: RUF001 - lookalike characters are what is tested here
from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.errors import PromptError
from nextinterest.prompts.sanitise import neutralise

TOKENS = frozenset(
    {"<|im_start|>", "<|im_end|>", "<s>", "</s>", "[INST]", "[/INST]", "<<SYS>>", "<start_of_turn>"}
    | {
        "<end_of_turn>",
        "<|eot_id|>",
        "<repo_name>",
        "<bos>",
        "<pad>",
        "<extra_id_7>",
        "<unused12>",
        "<think>",
    }
    | {"<｜begin▁of▁sentence｜>", "[CLS]", "</tool_call>"}
)
ODD_TOKENS = frozenset({"%%", "@sys@", "▁▁", "A\u030a!", "ｆｕｌｌ"})

# Whole markers, pieces of them, their fullwidth forms and what may stand between.
pieces = st.one_of(
    st.sampled_from(sorted(TOKENS | ODD_TOKENS)),
    st.sampled_from(
        ["<|", "|>", "<", ">", "|", "[", "]", "/", "im_", "start", "_of_turn", "INST", "s", "％"]
    ),
    st.sampled_from(
        ["＜", "＞", "｜", "［", "］", "ｓ", "\u200b", "\u202e", "\ufeff", "\n", "\x00", "\u2028", "\ud800"]
    ),
    st.sampled_from(["🎬", "👍🏽", "🇩🇪", "שלום", "سلام", "é", "e\u0301", " ", "\u0301", "☃\ufe0f"]),
    st.text(max_size=6),
)
hostile = st.lists(pieces, max_size=24).map("".join)


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@settings(deadline=None, max_examples=600)
@given(hostile, st.integers(1, 60))
def test_no_control_token_survives_in_any_form(text: str, max_chars: int) -> None:
    result = neutralise(text, max_chars=max_chars, special_tokens=TOKENS | ODD_TOKENS)
    for token in TOKENS | ODD_TOKENS:
        assert token not in result
        if token != "▁▁":  # as two spaces it cannot occur: runs of spaces are one
            assert folded(token) not in folded(result)
    assert "<|" not in result
    assert "|>" not in result


@settings(deadline=None, max_examples=300)
@given(hostile)
def test_shipped_markers_are_known_without_being_given(text: str) -> None:
    result = folded(neutralise(text))
    assert not [token for token in TOKENS if folded(token) in result]


@settings(deadline=None, max_examples=600)
@given(hostile, st.integers(1, 60))
def test_is_one_line_of_visible_characters_within_the_cap(text: str, max_chars: int) -> None:
    result = neutralise(text, max_chars=max_chars)
    assert len(result) <= max_chars
    assert result == result.strip()
    assert len(result.splitlines()) <= 1
    assert "  " not in result
    assert not [c for c in result if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert result == unicodedata.normalize("NFKC", result)
    result.encode()  # no lone surrogate: every tokenizer can read it


@settings(deadline=None, max_examples=600)
@given(hostile, st.integers(1, 60))
def test_is_idempotent(text: str, max_chars: int) -> None:
    once = neutralise(text, max_chars=max_chars, special_tokens=TOKENS | ODD_TOKENS)
    assert neutralise(once, max_chars=max_chars, special_tokens=TOKENS | ODD_TOKENS) == once


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x24F), min_size=1, max_size=40))
def test_plain_letters_and_digits_are_left_alone(text: str) -> None:
    text = unicodedata.normalize("NFKC", text)
    assert neutralise(text) == text


PLAIN = ("I <3 Huckabees", "2 > 1", "WALL·E", "M*A*S*H", "[REC]", "Se7en [1995]", "C | D", "<Untitled>")
SCRIPTS = ("שלום עולם", "مدينة الملائكة", "千と千尋の神隠し", "🎬🍿", "👍🏽", "🇩🇪", "❤️", "नमस्ते", "ไทย")


@pytest.mark.parametrize("text", [*PLAIN, *SCRIPTS])
def test_titles_of_every_script_survive(text: str) -> None:
    assert neutralise(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A\u202eB\u2066C", "ABC"),  # bidirectional controls
        ("Toy\u200b Sto\u200dry\ufeff", "Toy Story"),
        ("one\r\ntwo\u2028three\x1b[0m", "one two three [0m"),
        ("hidden\U000e0069\U000e0067\U000e006e", "hidden"),  # tag characters spell instructions unseen
        ("＜|im_start|＞system", "system"),
        ("<|im_<|im_end|>start|>", "im_ start"),
        ("<S>[inst]", ""),
    ],
)
def test_known_attacks(text: str, expected: str) -> None:
    assert neutralise(text) == expected


@pytest.mark.parametrize(
    ("text", "max_chars", "expected"),
    [
        ("ab👍🏽c", 3, "ab"),  # never a hand without its colour
        ("🇩🇪🇫🇷", 3, "🇩🇪"),  # never half a flag
        ("ab❤️", 3, "ab"),
        ("xक्षि", 3, "x"),  # a vowel sign stays with its letter
        ("abc def", 4, "abc"),
    ],
)
def test_is_cut_between_graphemes(text: str, max_chars: int, expected: str) -> None:
    assert neutralise(text, max_chars=max_chars) == expected


def test_a_flood_of_marks_is_thinned() -> None:
    assert len(neutralise("Z" + "\u0335" * 500 + "algo")) < 20


@pytest.mark.parametrize("unit", ["<|", "<", "<|a", "a\u0300", "<a_", "[", "\ud800", "＜"])
def test_time_is_bounded_on_long_hostile_text(unit: str) -> None:
    start = time.perf_counter()
    neutralise(unit * 1_000_000, max_chars=4000, special_tokens=TOKENS)
    assert time.perf_counter() - start < 2.0  # some hundredths of a second; linear in max_chars


def test_refuses_a_cap_of_nothing() -> None:
    with pytest.raises(PromptError, match="max_chars is 0"):
        neutralise("a", max_chars=0)
