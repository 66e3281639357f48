"""Rates: a bucket per caller, which fills at the allowed rate and holds one minute's worth."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable

from nextinterest.server.failures import Failure

__all__ = ["Rate", "address_group"]

_MAX_CALLERS = 10_000


class Rate:
    """One limit.

    Parameters
    ----------
    per_minute
        How many are allowed.
    message
        What is said beyond it.
    clock
        Seconds from any fixed moment.
    """

    def __init__(self, per_minute: int, message: str, clock: Callable[[], float]) -> None:
        self._allowed, self._message, self._clock = float(per_minute), message, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, as of when

    def check(self, caller: str) -> None:
        """Refuse a caller with nothing left.

        Raises
        ------
        Failure
            429 with Retry-After.
        """
        left, _ = self._left(caller)
        if left < 1.0:
            wait = int((1.0 - left) * 60.0 / self._allowed) + 1
            raise Failure(429, self._message, kind="rate_limit_error", code="rate_limited", retry_after=wait)

    def spend(self, caller: str) -> None:
        """Take one from a caller's bucket, if one is left."""
        left, now = self._left(caller)
        self._buckets.pop(caller, None)
        self._buckets[caller] = (left - 1.0 if left >= 1.0 else left, now)
        while len(self._buckets) > _MAX_CALLERS:
            self._buckets.popitem(last=False)

    def _left(self, caller: str) -> tuple[float, float]:
        now = self._clock()
        left, since = self._buckets.get(caller, (self._allowed, now))
        return min(self._allowed, left + (now - since) * self._allowed / 60.0), now


def address_group(host: str) -> str:
    """Return by what an address is counted: IPv6 by its /64, which one caller holds whole.

    >>> address_group("2001:db8::1"), address_group("127.0.0.1"), address_group("testclient")
    ('2001:db8::/64', '127.0.0.1', 'testclient')
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
