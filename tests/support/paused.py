"""A language model that waits at a gate, so that tests can act while an answer is under way."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

SECONDS = 20.0  # after which a test has failed


class Gate:
    """Holds back whoever passes, while it is closed."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()
        self._open.set()

    def passing(self) -> None:
        """Wait while the gate is closed."""
        self.reached.set()
        assert self._open.wait(SECONDS)

    def score(self, prompt: Sequence[int], choices: Sequence[str]) -> list[float]:
        """Score choices by their length once the gate is open; for a scripted model."""
        self.passing()
        return [float(-len(choice)) for choice in choices]

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Close the gate for the length of a block."""
        self.reached.clear()
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def wait_until_reached(self) -> None:
        """Wait until somebody stands before the gate."""
        assert self.reached.wait(SECONDS)
