"""Whether the store can be written: asked by probes, answered at most once a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from nextinterest.profiles import StoreError
from nextinterest.server.failures import Failure, answer_to
from nextinterest.server.gate import Gate

__all__ = ["Readiness"]

_VALID_SECONDS = 1.0  # probes need no key, and must not wear out a disk
_PATIENCE_SECONDS = 5.0


class Readiness:
    """Asks the store by writing a little to it, since a full disk shows in nothing else.

    Parameters
    ----------
    write
        Writes, or raises `StoreError`.
    """

    def __init__(self, write: Callable[[], None]) -> None:
        self._write = write
        self.gate = Gate("probe", running=1, waiting=1, seconds=_PATIENCE_SECONDS)
        self._asking = asyncio.Lock()
        self._asked: float | None = None
        self._failure: Failure | None = None

    async def check(self) -> None:
        """Return if the store can be written.

        Raises
        ------
        Failure
            503 with the reason, or where the store does not answer within five seconds.
        """
        async with self._asking:
            if self._asked is None or time.monotonic() - self._asked >= _VALID_SECONDS:
                self._failure = await self._ask()
                self._asked = time.monotonic()
        if self._failure is not None:
            raise self._failure

    async def _ask(self) -> Failure | None:
        try:
            await self.gate.run(self._write)
        except StoreError as error:
            said = answer_to(error).body.error
            return _not_ready(said.message, said.code)
        except Failure:  # the gate's own: what was asked before hangs
            return _not_ready("The profile store does not answer.", "store_unavailable")
        return None


def _not_ready(message: str, code: str | None) -> Failure:
    return Failure(503, message, kind="server_error", code=code, retry_after=5)
