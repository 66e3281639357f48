"""States of many users: exact, bounded, apart from one another, right under threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from torch import Tensor

from nextinterest.errors import BudgetError, ModelError
from nextinterest.llm import LocalModel
from nextinterest.llm.forward import KeyValues, Segment
from nextinterest.llm.store import StateStore

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

TOLERANCE = 1e-4


@pytest.fixture
def model(tiny_module: Callable[..., PreTrainedModel], byte_tokenizer: PreTrainedTokenizerFast) -> LocalModel:
    return LocalModel(tiny_module("llama"), byte_tokenizer)


def _fresh(model: LocalModel, text: str, at: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return model.encode([model.tokenizer.encode(text)], [at])[0]


def _count(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record how many tokens each pass reads."""
    sizes: list[int] = []
    real = model.forward.run

    def run(
        segments: Sequence[Segment], layers: Sequence[int]
    ) -> tuple[list[Tensor], list[KeyValues | None]]:
        sizes.append(sum(s.size for s in segments))
        return real(segments, layers)

    monkeypatch.setattr(model.forward, "run", run)
    return sizes


def test_reading_again_costs_the_new_tokens_only(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    store = StateStore(model, "template")
    sizes = _count(model, monkeypatch)
    encode = model.tokenizer.encode
    with store.state("ann", encode("rules; a; b")) as state:
        state.read(encode("rules; a; b"), at=[7, -1])
    for text, at, cost in (
        ("rules; a; b; c", [7, 10, -1], 3),
        ("rules; a; b; c", [7, -1], 0),
        ("rules; a; x", [-1], 1),
        ("rules; b; x", [7, -1], 4),
        ("rules; b; x", [0], 11),
    ):
        sizes.clear()
        with store.state("ann", encode(text)) as state:
            got = state.read(encode(text), at=at)
        assert sum(sizes) == cost, text
        np.testing.assert_allclose(got, _fresh(model, text, at), atol=TOLERANCE)


def test_a_shared_start_is_read_once(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    store = StateStore(model, "template")
    encode = model.tokenizer.encode
    store.share(encode("rules; "))
    sizes = _count(model, monkeypatch)
    for user in ("ann", "bob"):
        with store.state(user, encode(f"rules; {user}")) as state:
            got = state.read(encode(f"rules; {user}"), at=[-1])
        np.testing.assert_allclose(got, _fresh(model, f"rules; {user}", [-1]), atol=TOLERANCE)
    assert sizes == [3, 10, 3, 10]  # the new tokens, then the whole text of the check beside it


def test_the_least_recently_used_go_first_and_bytes_stay_bounded(model: LocalModel) -> None:
    encode = model.tokenizer.encode
    with StateStore(model, "t").state("probe", encode("x" * 40)) as state:
        state.read(encode("x" * 40))
        one = state.nbytes
    store = StateStore(model, "t", max_bytes=3 * one)
    for user in ("a", "b", "c", "a", "d"):
        with store.state(user, ()) as state:
            state.read(encode(user * 40))
        assert store.nbytes <= 3 * one
    assert ("a" in store, "b" in store, "c" in store, "d" in store) == (True, False, True, True)
    assert store.statistics.evictions == 1
    assert store.statistics.hits == 1


def test_a_failed_request_leaves_nothing(model: LocalModel) -> None:
    store = StateStore(model, "t")
    with pytest.raises(ModelError), store.state("ann", ()) as state:
        state.read([1] * 600)
    assert "ann" not in store
    with store.state("bob", ()) as state:
        state.read([1, 2])
    store.forget("bob")
    assert "bob" not in store
    assert store.nbytes == 0
    with pytest.raises(BudgetError):
        StateStore(model, "t", max_bytes=0)


def test_users_never_see_each_other_under_threads(model: LocalModel) -> None:
    encode = model.tokenizer.encode
    users = [f"user {i}" for i in range(12)]
    texts = {
        user: [f"{user} likes {chr(97 + i)}{'yz' * j}" for j in range(4)] for i, user in enumerate(users)
    }
    expected = {text: _fresh(model, text, [-1]) for own in texts.values() for text in own}
    with StateStore(model, "t").state("probe", ()) as state:
        state.read(encode("x" * 24))
        room = 4 * state.nbytes  # evictions happen all the time
    store = StateStore(model, "t", max_bytes=room)

    def ask(user: str) -> float:
        worst = 0.0
        for text in texts[user] * 3:
            with store.state(user, encode(text)) as state:
                got = state.read(encode(text), at=[-1])
            worst = max(worst, float(np.abs(got - expected[text]).max()))
        return worst

    with ThreadPoolExecutor(12) as pool:
        assert max(pool.map(ask, users)) < TOLERANCE
    assert store.statistics.evictions > 0
