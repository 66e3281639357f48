"""What a scripted language model writes where it reads a conversation."""

from __future__ import annotations

from nextinterest.domain import Request
from nextinterest.prompts.flat_request import FlatPlan, flat_form, flat_plan

__all__ = ["written"]


def written(*requests: Request) -> FlatPlan:
    """Return requests in the form that models are held to."""
    return flat_plan().model_construct(requests=tuple(flat_form().of(one) for one in requests))
