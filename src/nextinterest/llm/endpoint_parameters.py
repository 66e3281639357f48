"""Which parameters an endpoint takes: learned from what it refuses by name, remembered, said once.

Hosted reasoning models want ``max_completion_tokens`` and refuse ``seed`` or any temperature but their own;
others know no JSON schema. A refused parameter is replaced or left out; the limit of tokens is never left
out.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Mapping

__all__ = ["Dialect", "Json", "refused_parameter"]

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
logger = logging.getLogger(__name__)

_INSTEAD = {"max_tokens": "max_completion_tokens"}
_MAY_GO = (
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "stop",
    "stream_options",
    "response_format",
    "tools",
    "tool_choice",
)
_CODES = {"unsupported_parameter", "unsupported_value", "unknown_parameter", "unrecognized_parameter"}
_SAYS_SO = re.compile(
    r"unsupported|(?:not|n't) (?:currently )?support|unrecogni[sz]ed|unknown|unexpected|unavailable|"
    r"not (?:permitted|allowed|accepted|taken|recogni[sz]ed|available|valid for)|extra (?:inputs|fields)|"
    r"extra_forbidden|deprecated|only the default|input should be '",
    re.IGNORECASE,
)


class Dialect:
    """What one model at one endpoint is sent. Shared between threads.

    Parameters
    ----------
    given
        What the caller wants sent besides or instead; None leaves a parameter out. It is never changed.
    """

    def __init__(self, given: Mapping[str, Json] | None = None) -> None:
        self._given = dict(given or {})
        self._learned: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def takes(self, name: str) -> bool:
        """Return whether a parameter is sent under its own name, as far as is known."""
        return name not in self._learned and self._given.get(name, 0) is not None

    def body(self, wanted: Mapping[str, Json]) -> dict[str, Json]:
        """Return what is sent for what is wanted; what is None is not sent."""
        out: dict[str, Json] = {}
        for name, value in wanted.items():
            sent = self._learned.get(name, name)
            if sent is not None:
                out[sent] = value
        return {name: value for name, value in {**out, **self._given}.items() if value is not None}

    def learn(self, error: Exception, sent: Mapping[str, Json], who: str) -> bool:
        """Take over what a refusal says; return whether another request would differ from the one sent."""
        name = refused_parameter(error, [name for name in sent if name not in self._given])
        if name is None or (name not in _MAY_GO and name not in _INSTEAD):
            return False
        instead = _INSTEAD.get(name)
        with self._lock:
            new = name not in self._learned
            self._learned[name] = instead
        if new:  # another thread may have learned it from a request of its own
            how = "it is left out" if instead is None else f"{instead} is sent in its place"
            logger.warning("%s does not take %s; %s from now on.", who, name, how)
        return True


def refused_parameter(error: Exception, sent: list[str]) -> str | None:
    """Return which of the parameters sent an endpoint refuses, where its answer names one.

    OpenAI names it in ``param`` with a code, FastAPI in ``loc``, others in words. A value that is too large
    is no refusal of the parameter.
    """
    if getattr(error, "status_code", None) not in (400, 422):
        return None
    body = getattr(error, "body", None)
    text = f"{error} {_json(body)}"
    if getattr(error, "code", None) not in _CODES and _SAYS_SO.search(text) is None:
        return None
    param = str(getattr(error, "param", None) or "").removeprefix("body.").split(".")[0]
    if param in sent:
        return param
    positions = {
        name: re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", text) for name in sent
    }
    found = [(match.start(), name) for name, match in positions.items() if match is not None]
    return min(found)[1] if found else None


def _json(value: object) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return ""
