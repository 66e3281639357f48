"""Answers that are kept are not asked for again, cost nothing, and hold neither prompts nor keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel
from support.endpoint import Reply, serving

from nextinterest.errors import StorageError
from nextinterest.llm import EndpointSettings, Message, OpenAICompatibleModel, Sampling, open_model
from nextinterest.llm.metering import metering

KEY = "key-of-mine-2026"


class Word(BaseModel):
    word: str


def opened(url: str, path: Path, model: str = "m") -> OpenAICompatibleModel:
    settings = EndpointSettings.model_validate(
        {"api_key": KEY, "answers": path, "input_price": 1.0, "output_price": 1.0}
    )
    found = open_model(f"openai:{model}@{url}", endpoint=settings)
    assert isinstance(found, OpenAICompatibleModel)
    return found


def close(model: OpenAICompatibleModel) -> None:
    model.client.close()
    answers = model._endpoint.answers
    assert answers is not None
    answers.close()


def ask(text: str) -> list[Message]:
    return [Message(role="user", content=text)]


def test_a_request_made_before_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "answers.sqlite"
    with serving(Reply("one", tool={"word": "one"})) as endpoint:
        first = opened(endpoint.url, path)
        assert first.generate(ask("secret wish")) == "one"
        assert first.generate(ask("secret wish"), schema=Word) == Word(word="one")
        assert len(endpoint.bodies) == 2
        close(first)
        again = opened(endpoint.url, path)  # another process would find the same
        with metering() as meter:
            assert again.generate(ask("secret wish")) == "one"
            assert again.generate(ask("secret wish"), schema=Word) == Word(word="one")
        assert len(endpoint.bodies) == 2
        assert (meter.read, meter.written, meter.cost, again.budget.cost) == (0, 0, 0.0, 0.0)
        again.generate(ask("another"))
        again.generate(ask("secret wish"), sampling=Sampling(max_tokens=9))
        other = opened(endpoint.url, path, "n")
        other.generate(ask("secret wish"))
        assert len(endpoint.bodies) == 5
        close(again)
        close(other)
    kept = path.read_bytes()
    assert b"secret wish" not in kept
    assert KEY.encode() not in kept


def test_a_file_of_something_else_is_said(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no database " * 100, encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be used"):
        opened("http://127.0.0.1:9/v1", tmp_path / "x")
