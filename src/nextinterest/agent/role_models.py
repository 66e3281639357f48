"""The models of an agent: its own, and those of single roles (see `nextinterest.agent.roles`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nextinterest.agent.deferred import AgentModel, deferred
from nextinterest.agent.roles import ROLES, Role
from nextinterest.errors import ModelError
from nextinterest.llm import EndpointSettings, LanguageModelLike
from nextinterest.llm.devices import DtypeName
from nextinterest.llm.opening import is_none, name_of

__all__ = ["open_roles", "takes"]

_ALWAYS: tuple[Role, ...] = ("generate", "rerank")


def takes(model: AgentModel, role: Role) -> bool:
    """Return whether a model takes a role where the caller says nothing."""
    return role in _ALWAYS or model.capabilities.instructed


def open_roles(
    language_model: LanguageModelLike | AgentModel | None,
    roles: Mapping[Role, LanguageModelLike | AgentModel | None] | None = None,
    *,
    device: str = "auto",
    dtype: DtypeName = "auto",
    endpoint: EndpointSettings | None = None,
) -> tuple[AgentModel | None, dict[Role, AgentModel | None]]:
    """Return the agent's model and those of single roles; equal names are one model.

    Parameters
    ----------
    language_model
        The agent's own; None for none.
    roles
        Who takes a role in its place; None leaves the role to its fallback.
    device, dtype, endpoint
        As of `nextinterest.llm.open_model`.

    Raises
    ------
    ModelError
        If there is no such role, or something given is no language model.
    """
    opened: dict[str, AgentModel] = {}

    def one(spec: LanguageModelLike | AgentModel | None) -> AgentModel | None:
        if spec is None or is_none(spec):
            return None
        name = name_of(spec) if isinstance(spec, str | Path) else None
        if name is not None and name in opened:
            return opened[name]
        model = deferred(spec, device=device, dtype=dtype, endpoint=endpoint)
        known = name if name is not None else name_of(model)
        return model if known is None else opened.setdefault(known, model)

    own = one(language_model)
    for role in roles or {}:
        if role not in ROLES:
            raise ModelError(
                f"There is no role {role!r}.",
                remedy=f"The roles are {', '.join(ROLES)}.",
            )
    return own, {role: one(spec) for role, spec in (roles or {}).items()}
