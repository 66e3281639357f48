"""What the server says about itself: Prometheus metrics and one structured log line per request.

Neither holds personal data: paths are route patterns, not the ids in them; no bodies, keys or addresses.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SPENT", "Metrics", "Observer", "Spent"]

_LOG = logging.getLogger("nextinterest.server.access")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Spent:
    """Seconds that the work behind one request took, as far as it is done."""

    def __init__(self) -> None:
        self.seconds = 0.0


SPENT: ContextVar[Spent | None] = ContextVar("SPENT", default=None)
"""Of the request being answered: gates add to it, and the answer's Server-Timing says it."""


class Metrics:
    """The server's metrics, in a registry of their own.

    Parameters
    ----------
    waiting
        Returns the number of model calls that run or wait.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "nextinterest_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "nextinterest_request_seconds",
            "Seconds from request to end of answer.",
            ("route",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.events = Counter("nextinterest_events", "Events made durable.", registry=self.registry)
        inside = Gauge("nextinterest_model_calls", "Model calls that run or wait.", registry=self.registry)
        inside.set_function(waiting)

    def text(self) -> bytes:
        """Return the exposition format."""
        return generate_latest(self.registry)


class Observer:
    """ASGI layer that counts, times and logs each request once its answer has ended."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["Server-Timing"] = f"agent;dur={1e3 * spent.seconds:.3f}"
            await send(message)

        spent = Spent()
        token = SPENT.set(spent)
        try:
            await self._app(scope, receive, noting)
        finally:
            SPENT.reset(token)
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.requests.labels(route, method, str(status)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            fields = {"route": route, "method": method, "status": status, "ms": round(seconds * 1e3, 2)}
            _LOG.info("request", extra={"fields": fields})


_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})
