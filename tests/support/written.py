"""What a scripted language model writes where it reads a conversation."""

from __future__ import annotations

from nextinterest.domain import Request
from nextinterest.prompts.flat_request import FlatRequest, flat_form

__all__ = ["written"]


def written(request: Request) -> FlatRequest:
    """Return a request in the form that models are held to."""
    return flat_form().of(request)
