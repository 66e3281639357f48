"""Which model does what: the four roles of a language model in an agent, and who takes them.

    understand   a message becomes a typed request        else the rules read it
    generate     predictions of what comes next           `generate` has no other way
    rerank       the choice between the best candidates   else the pooled scores stand
    word         the reply, held to the facts             else the templates speak

A model that follows instructions (an endpoint, see `Capabilities.instructed`) takes all four. A small local
one takes those in which no fallback beat it on validation: `generate`, and `rerank` with its fitted weight.
It neither understands nor words unless `roles` says so. The models are in `nextinterest.agent.role_models`.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, get_args

__all__ = ["ROLES", "SAVED", "Role", "Saved"]

Role = Literal["understand", "generate", "rerank", "word"]
ROLES: tuple[Role, ...] = get_args(Role)


class Saved(Enum):
    """The default of `from_pretrained`: the model that the directory names."""

    MODEL = "the saved model"


SAVED: Final = Saved.MODEL
