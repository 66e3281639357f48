"""What went wrong at an endpoint, as one `ProviderError`: its kind, and no credentials in its text.

The only place where what an endpoint or its HTTP client said becomes part of an error. Knows the exceptions
of the openai package, nothing of requests.
"""

from __future__ import annotations

import importlib
import json
import logging
import time
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from nextinterest.errors import ProviderError
from nextinterest.llm.endpoint_settings import KEY_VARIABLES
from nextinterest.redaction import RedactingFilter, redact

if TYPE_CHECKING:
    from openai import OpenAI

__all__ = ["failure", "failure_types", "may_pass", "retry_after", "secrets_of", "silence_credentials"]

_PASSING = (408, 409, 429)
_SENSITIVE = ("auth", "key", "token", "secret", "cookie")
_LIBRARIES = ("httpx", "httpx2")
_VARIABLES = " or ".join(reversed(KEY_VARIABLES))
_FILTER = RedactingFilter()
_REMEDIES = {
    401: f"Check the key that is sent: EndpointSettings(api_key=...), else {_VARIABLES}.",
    403: f"Check the key that is sent and what it permits: EndpointSettings(api_key=...), else {_VARIABLES}.",
    404: "Check the address, which ends in /v1 as a rule, and the model's name.",
    429: "Ask later, or raise the limit at the endpoint.",
}
_COMMANDS = {
    401: f"Check the key in {_VARIABLES}.",
    403: f"Check the key in {_VARIABLES} and what it permits.",
}
_SLOW = (
    "Allow more seconds: EndpointSettings(timeout=...) or NEXTINTEREST_TIMEOUT; or check the endpoint's load."
)
_SLOW_COMMAND = "Allow more seconds with --timeout or NEXTINTEREST_TIMEOUT, or check the endpoint's load."
_REFUSED = (
    "Change what is sent with parameters= of OpenAICompatibleModel, such as parameters={'seed': None} to "
    "leave one out."
)
_OTHERWISE = "Check address, key and load of the endpoint, or raise the timeout."


def failure_types() -> tuple[type[Exception], ...]:
    """Return the exceptions that a request or a stream may raise."""
    import openai

    return (openai.APIError, json.JSONDecodeError, *_transport_errors())


def may_pass(error: Exception) -> bool:
    """Return whether the same request may succeed soon; an answer that is no JSON counts, once or twice."""
    status = _status(error)
    return _retryable(error) or status is None or status < 400


def failure(error: Exception, who: str, what: str, secrets: Sequence[str], remedy: str = "") -> ProviderError:
    """Return the error that a user sees.

    Parameters
    ----------
    error
        What the client raised.
    who, what
        The model with its address, and what happened to the request.
    secrets
        Credentials of the client (see `secrets_of`); none is in the message.
    remedy
        What to do, where the caller knows better than the status says.
    """
    status = _status(error)
    cause = error.__cause__ if status is None else None
    said = f"{error} ({cause})" if cause is not None and str(cause) else str(error) or type(error).__name__
    command = _COMMANDS.get(status or 0, "")
    if _late(error):
        remedy, command = remedy or _SLOW, _SLOW_COMMAND
    advice = remedy or _REMEDIES.get(status or 0, _REFUSED if status in (400, 422) else _OTHERWISE)
    message = f"{who} {what}: {redact(said, secrets)}".rstrip()
    return ProviderError(
        message if message.endswith((".", "!", "?")) else f"{message}.",
        remedy=advice,
        command=command or (_OTHERWISE if advice is _REFUSED else ""),
        status=status,
        retryable=_retryable(error),
        retry_after=retry_after(error),
    )


def retry_after(error: Exception) -> float | None:
    """Return the seconds that an answer asks to wait, where it does."""
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", {})
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * unit
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - time.time()
            except ValueError:
                continue
        if 0.0 <= seconds < float("inf"):
            return seconds
    return None


def secrets_of(client: OpenAI) -> tuple[str, ...]:
    """Return the credentials that a client sends: its key, sensitive headers, and those of its URL."""
    url = urlsplit(str(client.base_url))
    found = [client.api_key if client.api_key != "none" else "", url.password or "", url.username or ""]
    if url.username or url.password:
        found.append(f"{unquote(url.username or '')}:{unquote(url.password or '')}")
    found += [value for _, value in parse_qsl(url.query)]
    found += [str(value) for value in client.default_query.values()]
    for name, value in client.default_headers.items():
        if isinstance(value, str) and any(part in name.lower() for part in _SENSITIVE):
            found += [value, value.rpartition(" ")[2]]
    return tuple({form for one in found for form in (one, unquote(one)) if form and form != "none"})


def silence_credentials() -> None:
    """Redact what the HTTP client logs: it writes whole URLs, passwords and keys in them included."""
    for name in (*_LIBRARIES, "openai._base_client"):
        logging.getLogger(name).addFilter(_FILTER)  # adding it again changes nothing


@cache
def _transport_errors() -> tuple[type[Exception], ...]:
    """Return what the HTTP library may raise while a stream is read; newer openai packages bring httpx2."""
    found: list[type[Exception]] = []
    for name in _LIBRARIES:
        try:
            library = importlib.import_module(name)
        except ImportError:
            continue
        found += [library.HTTPError, library.StreamError]
    return tuple(found)


def _late(error: Exception) -> bool:
    import openai

    return isinstance(error, openai.APITimeoutError) or "Timeout" in type(error).__name__


def _status(error: Exception) -> int | None:
    found = getattr(error, "status_code", None)
    return found if isinstance(found, int) else None


def _retryable(error: Exception) -> bool:
    import openai

    if getattr(error, "code", None) == "insufficient_quota":  # sent as 429, and no wait helps
        return False
    status = _status(error)
    if status is None:
        return isinstance(error, (openai.APIConnectionError, *_transport_errors()))
    return status in _PASSING or status >= 500
