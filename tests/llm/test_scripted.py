"""The scripted model keeps the contract that real ones keep."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import BaseModel

from nextinterest.errors import ModelError, OutputParseError
from nextinterest.llm import LanguageModel, ScriptedLanguageModel
from nextinterest.messages import Message


class Answer(BaseModel):
    word: str


def test_answers_come_in_order_and_calls_are_remembered() -> None:
    model = ScriptedLanguageModel(["one", Answer(word="two"), "a b  c", "no json"])
    assert isinstance(model, LanguageModel)
    ask = [Message(role="user", content="?")]
    assert model.generate(ask) == "one"
    assert model.generate(ask, schema=Answer) == Answer(word="two")
    assert list(model.stream(ask)) == ["a ", "b ", " ", "c"]
    with pytest.raises(OutputParseError, match="does not have the form"):
        model.generate(ask, schema=Answer)
    with pytest.raises(ModelError, match="no answers left"):
        model.generate(ask)
    assert [call.function for call in model.calls] == [
        "generate",
        "generate",
        "stream",
        "generate",
        "generate",
    ]
    assert model.calls[1].schema == "Answer"


def test_numbers_depend_on_the_tokens_alone() -> None:
    model = ScriptedLanguageModel()
    text = model.tokenizer.encode("abc<|im_end|>")
    assert len(text) == 4
    assert model.tokenizer.decode(text) == "abc<|im_end|>"
    encoded = model.encode([text, text[:2]], [[1, -1], [-1]], layers=(0, -1))
    assert encoded[0].shape == (2, 32)
    np.testing.assert_array_equal(encoded[0][0], encoded[1][0])
    state = model.open(text[:1])
    np.testing.assert_array_equal(state.extend(text[1:], at=[-1], layers=(0, -1))[0], encoded[0][1])
    np.testing.assert_array_equal(state.score([[1], []]), model.score(text, [[1], []]))
    chosen = model.choose([text], [["A", "B"]])[0]
    np.testing.assert_array_equal(chosen, state.choose(["A", "B"]))
    assert np.exp(chosen).sum() == pytest.approx(1.0, abs=1e-6)
    state.trim(1)
    assert state.tokens == tuple(text[:1])


def test_a_chooser_decides() -> None:
    model = ScriptedLanguageModel(chooser=lambda prompt, choices: [-float(len(c)) for c in choices])
    assert model.choose([[1]], [["long", "x"]])[0].argmax() == 1
