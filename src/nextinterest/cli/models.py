"""The options by which every command that opens an agent says which language model takes part.

One decision for all of them: the model named, else the one that the recommender was saved with.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from nextinterest.agent.roles import ROLES, SAVED, Role, Saved
from nextinterest.cli.reading import PANELS
from nextinterest.data.assets import refuse_misspelt

if TYPE_CHECKING:
    from nextinterest.llm import LanguageModelLike

__all__ = ["Models"]


@dataclass(frozen=True, kw_only=True)
class Models:
    """Language models and their limits, and the text encoder."""

    PANEL: ClassVar[str | None] = PANELS[1]

    language_model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Language model: an asset's name, a folder, a hub id, openai:MODEL@URL for an endpoint, or "
            "none. Default: what the recommender was saved with. The key of an endpoint is taken from "
            "OPENAI_API_KEY.",
        ),
    ] = None
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=MODEL",
            help=f"Another model, or none, for one role ({', '.join(ROLES)}). Repeat the option.",
        ),
    ] = None
    text_encoder: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Text encoder: an asset's name, a folder or a hub id. Default: the saved one.",
        ),
    ] = None
    max_cost: Annotated[
        float | None,
        typer.Option(help="Most that an endpoint may cost, in the money of the prices.", min=0.0),
    ] = None
    input_price: Annotated[
        float | None, typer.Option(help="Price of a million tokens that an endpoint reads.", min=0.0)
    ] = None
    output_price: Annotated[
        float | None, typer.Option(help="Price of a million tokens that it writes.", min=0.0)
    ] = None
    timeout: Annotated[
        float | None, typer.Option(help="Seconds that a request to an endpoint may take.", min=0.001)
    ] = None
    answers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep an endpoint's answers in this file and take them from it: what was asked before costs "
            "nothing, and an evaluation that was stopped goes on where it stood.",
        ),
    ] = None

    def named_model(self, *, with_language: bool = True) -> LanguageModelLike | Saved | None:
        """Return the model that is named; the saved one where none is, and no model where none is wanted."""
        if self.language_model is None:
            return SAVED if with_language else None
        return self.opened(self.language_model)

    def roles(self) -> dict[Role, LanguageModelLike | None] | None:
        """Return the models of single roles."""
        given: dict[Role, LanguageModelLike | None] = {}
        for pair in self.role or ():
            role, _, name = pair.partition("=")
            known = next((one for one in ROLES if one == role.strip()), None)
            if known is None or not name:
                raise typer.BadParameter(f"{pair!r} is not ROLE=MODEL with a role of {', '.join(ROLES)}.")
            given[known] = self.opened(name)
        return given or None

    def opened(self, name: str) -> LanguageModelLike | None:
        """Return what a name on the command line means: an endpoint is opened with the limits given."""
        from nextinterest.llm.endpoint_settings import EndpointSettings
        from nextinterest.llm.opening import is_none, open_model, remote_name

        if is_none(name):
            return None
        if remote_name(name) is None:
            refuse_misspelt(name, "language-model")
            return name
        limits = {
            "max_cost": self.max_cost,
            "input_price": self.input_price,
            "output_price": self.output_price,
            "timeout": self.timeout,
            "answers": self.answers,
        }
        return open_model(name, endpoint=EndpointSettings.of(None, **limits))
