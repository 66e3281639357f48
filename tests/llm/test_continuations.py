"""Sequences that begin alike: exact, at the cost of their new tokens, whatever becomes of their start."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest
from torch import Tensor

from nextinterest.errors import ModelError
from nextinterest.llm import Continuations, FloatArray, LocalModel
from nextinterest.llm.forward import KeyValues, Segment

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

TOLERANCE = 1e-4
START = "one; two; three; "
LAYERS = (1, -1)


def _sequences(model: LocalModel, ends: Sequence[str]) -> list[list[int]]:
    return [model.tokenizer.encode(START + end) for end in ends]


def _fresh(model: LocalModel, sequences: list[list[int]]) -> FloatArray:
    return np.concatenate(model.encode(sequences, [[-1]] * len(sequences), layers=LAYERS))


@pytest.fixture
def model(
    request: pytest.FixtureRequest,
    tiny_module: Callable[..., PreTrainedModel],
    byte_tokenizer: PreTrainedTokenizerFast,
) -> LocalModel:
    family, lean = getattr(request, "param", ("llama", True))
    return LocalModel(tiny_module(family), byte_tokenizer, lean=lean)


@pytest.mark.parametrize(
    "model", [("llama", True), ("llama", False), ("qwen3", True), ("gemma3_text", False)], indirect=True
)
def test_every_step_equals_a_fresh_pass(model: LocalModel) -> None:
    paths = Continuations(model, 3, LAYERS)
    common = [len(model.tokenizer.encode(START))] * 3
    for ends in (
        ("", "", ""),
        ("a", "bcd", "ef"),
        ("a, x", "bcd, yz", "ef"),
        ("a, x; and on", "another way", "e"),
    ):
        sequences = _sequences(model, ends)
        np.testing.assert_allclose(
            paths.read(sequences, common), _fresh(model, sequences), atol=TOLERANCE, err_msg=str(ends)
        )


def test_a_step_reads_the_new_tokens_only(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = model.forward.run

    def run(
        segments: Sequence[Segment], layers: Sequence[int]
    ) -> tuple[list[Tensor], list[KeyValues | None]]:
        sizes.append(sum(s.size for s in segments))
        return real(segments, layers)

    paths = Continuations(model, 2, LAYERS)
    common = [len(model.tokenizer.encode(START))] * 2
    monkeypatch.setattr(model.forward, "run", run)
    for ends in (("", ""), ("a", "bc"), ("a", "bcd")):
        paths.read(_sequences(model, ends), common)
    assert sizes == [len(START), 3, 1]
    alone = model.open(model.tokenizer.encode(START))
    alone.compact()
    start = alone.nbytes - 4 * model.hidden_size - 8 * len(START)  # keys and values without the rest
    assert start < paths.nbytes < 2 * start + 2 * 64 * start // len(START)  # no copy of it for each


def test_a_changed_start_is_read_again(model: LocalModel) -> None:
    paths = Continuations(model, 2, LAYERS)
    first = [model.tokenizer.encode(text) for text in ("old; new; a", "old; new; b")]
    paths.read(first, [len("old; new; ")] * 2)
    mixed = [model.tokenizer.encode(text) for text in ("new; a, c", "old; new; b, d")]
    got = paths.read(mixed, [len("new; "), len("old; new; ")])
    np.testing.assert_allclose(got, _fresh(model, mixed), atol=TOLERANCE)
    apart = [model.tokenizer.encode(text) for text in ("nothing", "in common")]
    np.testing.assert_allclose(paths.read(apart, [0, 0]), _fresh(model, apart), atol=TOLERANCE)


@pytest.mark.parametrize("model", [("gemma3_text", False)], indirect=True)
def test_past_a_sliding_window_all_is_read_anew(model: LocalModel, caplog: pytest.LogCaptureFixture) -> None:
    paths = Continuations(model, 2, LAYERS)
    common = [len(START)] * 2
    for ends in (("a", "b"), ("a" * 60, "b"), ("a" * 61, "bc")):
        sequences = _sequences(model, ends)
        with caplog.at_level(logging.WARNING):
            got = paths.read(sequences, common)
        np.testing.assert_allclose(got, _fresh(model, sequences), atol=TOLERANCE)
    assert len([r for r in caplog.records if "read anew" in r.message]) == 1


def test_what_cannot_be_read_is_refused(model: LocalModel) -> None:
    paths = Continuations(model, 2, LAYERS)
    with pytest.raises(ModelError, match="2 sequences, and 1"):
        paths.read([[1]], [0])
    with pytest.raises(ModelError, match="empty"):
        paths.read([[1], []], [0, 0])
    assert Continuations(model, 0, LAYERS).read([], []).shape == (0, 2 * model.hidden_size)
