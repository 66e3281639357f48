"""Text of others made fit to show: credentials replaced by ``***``, control characters dropped, shortened.

An endpoint or a driver may echo what it was sent: a URL with a password, a key in its query, a header. What
such a party says goes through `redact` before it becomes part of an error or a log line. Patterns find what
looks like a credential; what is known to be one is given by name.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, urlsplit

__all__ = ["MASK", "RedactingFilter", "address", "masked", "redact"]

MASK = "***"
_READ = 100_000  # characters of a text that are looked at; what is behind them is never shown
_SHORTEST_SECRET = 4  # shorter ones are words of the language as often as keys

_CERTAIN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=://)[^\s/?#\"'<>]*@"), f"{MASK}@"),
    (re.compile(r"\b(bearer|basic)\s+(?=\S*\d|\S{20})[\w.~+/=*-]{4,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\bsk[-_][\w*-]{8,}|\b(?:gsk|hf|xai|ghp|r8)[-_]\w{16,}|\bAIza[\w-]{20,}"), MASK),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), MASK),  # a JSON web token
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    _CERTAIN[0],
    (re.compile(r"(?<=[?&#])([\w.~%-]+)=[^\s&#\"'<>]*"), rf"\1={MASK}"),
    (
        re.compile(
            r"""((?<![A-Za-z])(?:(?:proxy-)?authorization|(?:x-)?api[-_ ]?key(?:[ ]provided)?|
            access[-_ ]?token|auth[-_ ]?token|token|client[-_ ]?secret|secret|password|passwd|pwd)
            ["']?\s*[:=]\s*(?:b?["'])?(?:(?:bearer|basic|token)\s+)?)[^\s"',;&}\])]+""",
            re.IGNORECASE | re.VERBOSE,
        ),
        rf"\1{MASK}",
    ),
    *_CERTAIN[1:],
    (
        re.compile(r"\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{24,}\b"),
        MASK,
    ),  # long and mixed: perhaps a key
)


def redact(text: str, secrets: Iterable[str] = (), *, limit: int | None = 200) -> str:
    """Return a text of others on one line, without credentials, cut behind `limit` characters.

    Parameters
    ----------
    text
        What another party said.
    secrets
        Credentials known to the caller, replaced wherever they stand, also percent-encoded or in base64.
        Those of fewer than four characters are left to the patterns.
    limit
        Characters shown at most; None for all.

    Examples
    --------
    >>> redact("GET http://ann:pw@host/v1?key=k1&v=2 failed")
    'GET http://***@host/v1?key=***&v=*** failed'
    >>> redact("Incorrect API key provided: my-key.", ["my-key"])
    'Incorrect API key provided: ***'
    """
    text = text[:_READ]
    forms = {form for secret in secrets for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…"


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    r"""Return a text as it is, line breaks too, with credentials masked: for prompts, which are shown whole.

    Only what is a credential by its form is found (keys, tokens, the user part of a URL); words such as
    ``token: ring`` and long ids stay. Others are masked where they are given.

    Examples
    --------
    >>> masked("Use sk-abcdef123456 or my-key.\nToken: The Ring", ["my-key"])
    'Use *** or ***.\nToken: The Ring'
    """
    forms = {form for secret in secrets for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    for pattern, shown in _CERTAIN:
        text = pattern.sub(shown, text)
    return text


def address(url: str) -> str:
    """Return a URL without credentials, query and fragment.

    Examples
    --------
    >>> address("https://ann:pw@host:8443/v1?key=k1")
    'https://host:8443/v1'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class RedactingFilter(logging.Filter):
    """Redacts every record of the loggers it is added to: HTTP clients log whole URLs."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's arguments, the format stays; nothing is held back."""
        if isinstance(record.args, Mapping):
            record.args = {name: _shown(value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(_shown(value) for value in record.args)
        return True


def _shown(value: object) -> object:
    return value if isinstance(value, int | float) else redact(str(value), limit=None)


def _forms(secret: str) -> set[str]:
    """Return how a secret may be written."""
    if len(secret) < _SHORTEST_SECRET:
        return set()
    plain = base64.b64encode(secret.encode("utf-8", "replace")).decode().rstrip("=")
    return {secret, repr(secret)[1:-1], quote(secret, safe=""), quote_plus(secret), plain}
