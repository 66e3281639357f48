"""Latency, throughput, memory and tokens, with a clock that is told the time."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence

import pytest

from nextinterest.data import Split
from nextinterest.domain import History, Rankings, Recommender
from nextinterest.eval import Protocol
from nextinterest.eval.cases import select_cases
from nextinterest.eval.cost import measure_cost


def test_latency_and_throughput_are_those_of_the_clock(
    split: Split, popularity: Recommender, make_lists: Callable[..., Recommender]
) -> None:
    now = [0.0]
    spent = iter([0.5, *[0.010] * 18, 0.030, 0.030])  # the warm-up is not counted

    def timed(histories: Sequence[History], k: int, exclude_seen: bool) -> Rankings:
        now[0] += next(spent) if len(histories) == 1 else 0.001 * len(histories)
        return popularity.recommend(histories, k, exclude_seen)

    cases = select_cases(split, Protocol())
    cost = measure_cost(make_lists(timed), cases, sample=20, batch_size=10, clock=lambda: now[0])
    assert cost is not None
    assert cost.sample == 20
    assert cost.latency_median_ms == pytest.approx(10.0)
    assert cost.latency_p95_ms == pytest.approx(30.0)
    assert cost.throughput_per_second == pytest.approx(1000.0)
    assert cost.tokens_per_recommendation == pytest.approx(7.0)


def test_a_method_without_tokens_has_none_and_a_failing_one_no_cost(
    split: Split, popularity: Recommender, make_lists: Callable[..., Recommender]
) -> None:
    def never(histories: Sequence[History], k: int, exclude_seen: bool) -> Rankings:
        raise RuntimeError("down")

    cases = select_cases(split, Protocol())
    cost = measure_cost(popularity, cases, sample=3)
    assert cost is not None
    assert cost.tokens_per_recommendation is None
    assert measure_cost(make_lists(never), cases, sample=3) is None


def test_peak_memory_sees_what_was_let_go_again() -> None:
    # A process of its own: in this one, earlier tests may give memory back at any moment.
    script = textwrap.dedent(
        """
        import mmap, time
        from nextinterest.eval.cost import PeakMemory, memory_bytes

        assert memory_bytes() > 10 * 2**20
        deadline = time.monotonic() + 20
        with PeakMemory(interval=0.001) as memory:
            with mmap.mmap(-1, 40 * 2**20) as pages:
                for page in range(0, len(pages), mmap.PAGESIZE):
                    pages[page] = 1
                while memory.growth_mib <= 30 and time.monotonic() < deadline:
                    time.sleep(0.01)
            time.sleep(0.05)
        assert memory.growth_mib > 30, memory.growth_mib
        """
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
