"""What every route works with."""

from __future__ import annotations

from nextinterest.agent.live import LiveAgent
from nextinterest.agent.server.gate import Gate
from nextinterest.agent.server.observe import Metrics
from nextinterest.agent.server.settings import ServerSettings

__all__ = ["Service"]


class Service:
    """The live agent behind its gate.

    Parameters
    ----------
    live
        The agent and its store.
    settings
        Limits.
    """

    def __init__(self, live: LiveAgent, settings: ServerSettings) -> None:
        self.live = live
        self.settings = settings
        self.gate = Gate(settings)
        self.metrics = Metrics(lambda: self.gate.inside)
        self.closing = False

    def close(self) -> None:
        """Let running calls end, then release the store."""
        self.closing = True
        self.gate.close()
        self.live.store.close()
