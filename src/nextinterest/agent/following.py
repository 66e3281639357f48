"""A thread that follows what other processes write to the store of an agent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from nextinterest.agent.agent import RecommenderAgent
from nextinterest.errors import NextInterestError

__all__ = ["following"]

_PATIENCE_SECONDS = 5.0
_LOG = logging.getLogger("nextinterest.server")


@contextmanager
def following(agent: RecommenderAgent, seconds: float) -> Iterator[None]:
    """Call `RecommenderAgent.synchronise` every so many seconds, until the block ends.

    A store that cannot be read is tried again the next time; it is said in the log once.
    """
    stop = Event()

    def follow() -> None:
        failed = False
        while not stop.wait(seconds):
            try:
                agent.synchronise()
                failed = False
            except NextInterestError as error:
                if not failed:
                    _LOG.warning("the store cannot be followed", exc_info=error)
                failed = True

    thread = Thread(target=follow, name="store-follower", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PATIENCE_SECONDS)  # it may be encoding items
