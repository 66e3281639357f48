"""Text for logs without credentials, whatever wrote it."""

from __future__ import annotations

import re

__all__ = ["redacted"]

_RULES = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@'\"]*@"), r"\1[redacted]@"),  # user and password in a URL
    (re.compile(r"(?i)(://[^\s?'\"]*\?)[^\s'\"]+"), r"\1[redacted]"),  # a URL's query
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s'\",;)]+"), r"\1 [redacted]"),
    (
        re.compile(
            r"(?i)\b(api[-_ ]?key|token|secret|password|authorization)\b"
            r"((?:\s+provided)?['\"]?\s*[:=]\s*['\"]?)(?!bearer\b|basic\b)[^\s'\",;)]+"
        ),
        r"\1\2[redacted]",
    ),
    (re.compile(r"\b(?:sk|pk|rk|key|ghp|hf|xox[a-z])[-_][\w*.-]{6,}"), "[redacted]"),
    # Anything long that mixes letters and digits may be a key.
    (re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}\b"), "[redacted]"),
)
_LONGEST = 500


def redacted(text: str) -> str:
    """Return the text on one line, shortened, with what may be a credential left out.

    >>> redacted("http://me:pass@host/v1?key=1 said: Incorrect API key provided: sk-abcdef123")
    'http://[redacted]@host/v1?[redacted] said: Incorrect API key provided: [redacted]'
    """
    text = " ".join(text.split())
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text[:_LONGEST]
