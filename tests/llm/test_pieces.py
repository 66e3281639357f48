"""Batches by length, devices, draws: the parts that need no model."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.errors import ModelError
from nextinterest.llm import Sampling
from nextinterest.llm.batching import batches_by_length
from nextinterest.llm.decoding import draw, stream_text
from nextinterest.llm.devices import pick_device, pick_dtype
from nextinterest.llm.scripted import ScriptedTokenizer


@settings(deadline=None)
@given(lengths=st.lists(st.integers(0, 60), max_size=40), budget=st.integers(1, 200), padded=st.booleans())
def test_batches_hold_each_once_within_the_budget(lengths: list[int], budget: int, padded: bool) -> None:
    groups = batches_by_length(lengths, budget, padded=padded)
    assert sorted(i for group in groups for i in group) == list(range(len(lengths)))
    for group in groups:
        sizes = [max(lengths[i], 1) for i in group]
        cost = max(sizes) * len(sizes) if padded else sum(sizes)
        assert len(group) == 1 or cost <= budget


def test_dtype_is_what_the_device_computes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.delenv("NEXTINTEREST_DTYPE", raising=False)
    monkeypatch.setattr("nextinterest.llm.devices.cpu_has_bf16", lambda: False)
    assert pick_dtype("auto", cpu) is torch.float32
    monkeypatch.setattr("nextinterest.llm.devices.cpu_has_bf16", lambda: True)
    assert pick_dtype("auto", cpu) is torch.bfloat16
    monkeypatch.setenv("NEXTINTEREST_DTYPE", "float16")
    assert pick_dtype("auto", cpu) is torch.float16
    assert pick_dtype("float32", cpu) is torch.float32
    monkeypatch.setenv("NEXTINTEREST_DTYPE", "int3")
    with pytest.raises(ModelError, match="int3"):
        pick_dtype("auto", cpu)


def test_a_device_that_is_not_there_is_named() -> None:
    assert pick_device("cpu").type == "cpu"
    with pytest.raises(ModelError, match="nonsense"):
        pick_device("nonsense")


def test_draws_keep_to_what_they_may_draw() -> None:
    logits = torch.tensor([0.0, 3.0, 2.0, 1.0])
    generator = torch.Generator().manual_seed(0)
    assert draw(logits, Sampling(), generator) == 1
    top2 = {draw(logits, Sampling(temperature=5.0, top_k=2), generator) for _ in range(200)}
    assert top2 == {1, 2}
    # Shares of the logits at temperature 1: .643 .237 .087 .032; two tokens hold .8.
    nucleus = {draw(logits, Sampling(temperature=1.0, top_p=0.8), generator) for _ in range(300)}
    assert nucleus == {1, 2}


class Parrot:
    """A speaker that says what it is given."""

    def __init__(self, text: str, tokenizer: ScriptedTokenizer) -> None:
        self.ids = tokenizer.encode(text)
        self.place = 0
        self.ends = tokenizer.eos_ids
        self.device = torch.device("cpu")

    def logits(self) -> torch.Tensor:
        logits = torch.zeros(0x110002)
        logits[self.ids[self.place]] = 1.0
        return logits

    def push(self, tokens: list[int]) -> None:
        self.place += len(tokens)


@pytest.mark.parametrize(
    ("stop", "said"),
    [((), "one two three"), (("two",), "one "), (("three!", "thr"), "one two "), (("x",), "one two three")],
)
def test_answers_end_before_a_stop_string(stop: tuple[str, ...], said: str) -> None:
    tokenizer = ScriptedTokenizer()
    speaker = Parrot("one two three<|im_end|>", tokenizer)
    pieces = list(stream_text(speaker, tokenizer, 100, Sampling(stop=stop)))
    assert "".join(pieces) == said
    assert len(pieces) > 1
