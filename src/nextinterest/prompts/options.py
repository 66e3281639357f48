"""How histories become prompts: the one set of options that training and serving must share."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["PromptOptions"]


class PromptOptions(BaseModel):
    """Options of `nextinterest.prompts.PromptRenderer`; written into whatever was trained with them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    budget: int = Field(default=1024, ge=1, description="Longest prompt, in tokens, everything included.")
    drop_stride: int = Field(
        default=1,
        ge=1,
        description="Oldest events fall away in steps of this many, so that a cached state of a long history "
        "survives about as many new events before its window moves.",
    )
    max_events: int | None = Field(
        default=None, ge=1, description="Show at most this many events; None for as many as fit."
    )
    summarise: bool = Field(
        default=True,
        description="Whether events that do not fit are summarised, by category shares or by a summariser.",
    )
    summary_share: float = Field(
        default=0.125, ge=0.0, le=0.5, description="Largest part of the budget that a summary may take."
    )
    max_title_chars: int = Field(default=96, ge=1, description="Titles are cut to this many characters.")
    rating_scale: tuple[float, float] = Field(
        default=(1.0, 5.0),
        description="Lowest and highest rating. From three quarters of the way up an event was 'liked', "
        "below the middle 'disliked', between them 'mixed'. The scale is the data's, not the user's: a band "
        "must not change when later ratings arrive.",
    )
    session_gap: int = Field(
        default=86_400, ge=1, description="A pause of more seconds than this starts a new session."
    )

    @model_validator(mode="after")
    def _scale_rises(self) -> Self:
        if self.rating_scale[0] >= self.rating_scale[1]:
            raise ValueError(f"rating_scale must rise, got {self.rating_scale}")
        return self
