"""One message of a conversation: what language models, prompts, chat and the server hand to each other."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Message", "Role"]

Role = Literal["system", "developer", "user", "assistant", "tool"]


class Message(BaseModel):
    """One message of a conversation, as OpenAI's chat completions have them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role = Field(description="Who wrote it. Chat reads only users' and assistants' messages.")
    content: str = Field(description="Its text.")
