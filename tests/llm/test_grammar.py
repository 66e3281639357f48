"""Constrained answers: random models say only what parses, streamed or not, however short the budget."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, Field, field_validator

from nextinterest.errors import ModelError, OutputParseError
from nextinterest.llm import LocalModel, Sampling
from nextinterest.messages import Message

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


class Mood(StrEnum):
    RISING = "rising"
    FADING = "fading"


class Interest(BaseModel):
    name: str = Field(min_length=2)
    mood: Mood
    share: float = Field(ge=0.0, le=1.0)


class Answer(BaseModel):
    why: str
    interests: list[Interest] = Field(min_length=1, max_length=3)
    note: str | None = None
    count: int


@pytest.fixture(scope="module")
def models(
    tiny_module: Callable[..., PreTrainedModel], byte_tokenizer: PreTrainedTokenizerFast
) -> list[LocalModel]:
    return [
        LocalModel(tiny_module("llama", seed=1), byte_tokenizer),
        LocalModel(tiny_module("gemma3_text", seed=2), byte_tokenizer),
    ]


@pytest.mark.parametrize("budget", [1, 7, 40, 300])
@pytest.mark.parametrize("temperature", [0.0, 1.0, 3.0])
def test_every_answer_parses(models: list[LocalModel], budget: int, temperature: float) -> None:
    for model in models:
        sampling = Sampling(temperature=temperature, max_tokens=budget, seed=budget)
        answer = model.generate([Message(role="user", content="hi")], schema=Answer, sampling=sampling)
        assert 1 <= len(answer.interests) <= 3


def test_the_stream_is_the_answer(models: list[LocalModel]) -> None:
    sampling = Sampling(temperature=2.0, max_tokens=80, seed=4)
    pieces = list(models[0].stream([Message(role="user", content="hi")], schema=Answer, sampling=sampling))
    whole = models[0].generate([Message(role="user", content="hi")], schema=Answer, sampling=sampling)
    assert len(pieces) > 5
    assert Answer.model_validate_json("".join(pieces)) == whole


def test_rules_no_schema_says_are_a_typed_error(models: list[LocalModel]) -> None:
    class Never(BaseModel):
        word: str = Field(max_length=3)

        @field_validator("word")
        @classmethod
        def refuse(cls, value: str) -> str:
            raise ValueError("no word will do")

    with pytest.raises(OutputParseError, match="word: Value error, no word will do"):
        models[0].generate([Message(role="user", content="hi")], schema=Never)


def test_a_schema_no_grammar_expresses_is_refused(models: list[LocalModel]) -> None:
    class Odd(BaseModel):
        word: str = Field(json_schema_extra={"pattern": "^(?=a)b$"})

    with pytest.raises(ModelError, match="cannot be enforced"):
        models[0].generate([Message(role="user", content="hi")], schema=Odd)
