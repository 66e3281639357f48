"""Tokens are counted where a model processes them."""

from __future__ import annotations

from pathlib import Path

from support.saved_llama import save_tiny_llama

from nextinterest.llm import LocalModel, ScriptedLanguageModel
from nextinterest.llm.base import Sampling
from nextinterest.llm.metering import count, current, metering
from nextinterest.messages import Message


def test_meters_stand_in_one_another() -> None:
    @metering()
    def inner() -> int:
        count(read=5)
        return current().read

    with metering() as outer:
        count(read=1, written=2)
        assert inner() == 5
    assert (outer.read, outer.written) == (6, 2)
    count(read=9)  # nobody counts
    assert current().read == 0


def test_a_local_model_counts_what_it_reads_and_writes(tmp_path: Path) -> None:
    model = LocalModel.load(save_tiny_llama(tmp_path / "tiny"))
    with metering() as reading:
        model.encode([[1, 2, 3], [4, 5]], [[-1], [-1]])
    assert (reading.read, reading.written) == (5, 0)
    messages = [Message(role="user", content="hello")]
    with metering() as meter:
        model.generate(messages, sampling=Sampling(max_tokens=5))
    prompt = model.tokenizer.encode(model.tokenizer.render(messages))
    assert 0 <= meter.written <= 5
    # The states of a text are read once; the last token written may stay unread.
    assert meter.read == len(prompt)


def test_a_scripted_model_counts_characters() -> None:
    model = ScriptedLanguageModel(["fine"])
    with metering() as meter:
        model.generate([Message(role="user", content="how are you")])
    assert (meter.read, meter.written) == (11, 4)
