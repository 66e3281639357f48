"""Whether a sentence says only what an outcome says: the check of replies that a language model words."""

from __future__ import annotations
