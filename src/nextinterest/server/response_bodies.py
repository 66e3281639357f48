"""Bodies of /v1/responses, the newer of OpenAI's two chat routes, with one field more: the structured result.

As on /v1/chat/completions, what would change the meaning of the answer and is not supported is refused by
name, and options of sampling are accepted without effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from nextinterest.agent.chat import ChatReply
from nextinterest.messages import Message
from nextinterest.server.chat_bodies import (
    MAX_CONTENT,
    MAX_MESSAGES,
    Content,
    JsonObjectFormat,
    JsonSchema,
    JsonSchemaFormat,
    Options,
    ResponseFormat,
    TextFormat,
    Unsupported,
    UnsupportedList,
    joined,
)
from nextinterest.server.names import UserName
from nextinterest.server.sessions import SessionId

__all__ = ["ConversationBody", "InputUsage", "OutputMessage", "OutputText", "Response", "ResponseRequest"]


class _Given(BaseModel):
    model_config = ConfigDict(strict=True)


T = TypeVar("T")


def _only_messages(given: T) -> T:
    """Refuse items that are no messages, by the name of their kind."""
    kind = given.get("type") if isinstance(given, Mapping) else None
    if isinstance(kind, str) and kind != "message":
        raise PydanticCustomError(
            "unsupported_item", "{kind} is not supported; only messages are read.", {"kind": repr(kind[:64])}
        )
    return given


class InputMessage(_Given):
    """One message of the conversation."""

    type: Literal["message"] | None = None
    role: Literal["system", "developer", "user", "assistant"] = Field(
        description="Who speaks. Only users' and assistants' messages are read."
    )
    content: Content = Field(description="What is said, as text; images and files are refused.")


class FlatSchemaFormat(JsonSchema):
    """Answer with the part of the structured result that fits a schema, as JSON."""

    type: Literal["json_schema"]


class TextOptions(_Given):
    """How the answer is written."""

    format: (
        Annotated[TextFormat | JsonObjectFormat | FlatSchemaFormat, Field(discriminator="type")] | None
    ) = Field(default=None, description="Words, or JSON.")

    def wanted(self) -> ResponseFormat | None:
        """Return the format as /v1/chat/completions has it."""
        if isinstance(self.format, FlatSchemaFormat):
            return JsonSchemaFormat(type="json_schema", json_schema=self.format)
        return self.format


class ConversationBody(BaseModel):
    """A conversation, by its id."""

    id: SessionId


class ResponseRequest(_Given):
    """Ask for the next message of a conversation."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": "nextinterest", "input": "three crime films please", "user": "zoe"}]
        }
    )

    model: str = Field(description="The model's id, as /v1/models lists it.", max_length=256)
    input: (
        Annotated[str, Field(min_length=1, max_length=MAX_CONTENT)]
        | Annotated[
            list[Annotated[InputMessage, BeforeValidator(_only_messages)]],
            Field(min_length=1, max_length=MAX_MESSAGES),
        ]
    ) = Field(description="What the user says, or the conversation.")
    instructions: str | None = Field(
        default=None, max_length=MAX_CONTENT, description="Accepted as a system message, which is not read."
    )
    user: UserName | None = Field(
        default=None, description="Whose profile is used; the header X-Nextinterest-User goes before it."
    )
    stream: bool | None = Field(default=False, description="Send the answer piece by piece.")
    text: TextOptions | None = None
    nextinterest: Options | None = Field(default=None, description="Options of this server.")
    store: bool | None = Field(
        default=True, description="Whether the conversation is kept for a while, so that it can be continued."
    )
    previous_response_id: SessionId | None = Field(
        default=None, description="Id of the response that this one continues."
    )
    conversation: SessionId | ConversationBody | None = Field(
        default=None, description="The session of the message, by its id."
    )
    prompt: Unsupported = Field(default=None, description="Not supported.")
    background: Unsupported = Field(default=None, description="Not supported.")
    tools: UnsupportedList = Field(default=None, description="Not supported.")
    include: UnsupportedList = Field(default=None, description="Not supported.")

    @property
    def session(self) -> str | None:
        """The session that the body names."""
        named = self.conversation.id if isinstance(self.conversation, ConversationBody) else self.conversation
        return named or (None if self.nextinterest is None else self.nextinterest.session)

    def messages(self) -> list[Message]:
        """Return the conversation as the agent reads it."""
        if isinstance(self.input, str):
            return [Message(role="user", content=self.input)]
        return [Message(role=one.role, content=joined(one.content)) for one in self.input]


class OutputText(BaseModel):
    """The answer's text."""

    type: Literal["output_text"] = "output_text"
    text: str = Field(description="Words, or JSON where that was asked for.")
    annotations: tuple[()] = ()
    logprobs: tuple[()] = ()


class OutputMessage(BaseModel):
    """The answer."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    status: Literal["in_progress", "completed"]
    content: tuple[OutputText, ...]


class InputDetails(BaseModel):
    """Tokens that did not have to be read again."""

    cached_tokens: Literal[0] = 0


class OutputDetails(BaseModel):
    """Tokens of reasoning."""

    reasoning_tokens: Literal[0] = 0


class InputUsage(BaseModel):
    """Tokens that the language model read and wrote for the answer; 0 where none ran."""

    input_tokens: int
    input_tokens_details: InputDetails = InputDetails()
    output_tokens: int
    output_tokens_details: OutputDetails = OutputDetails()
    total_tokens: int


class Response(BaseModel):
    """The whole answer."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    status: Literal["in_progress", "completed"]
    model: str
    output: tuple[OutputMessage, ...]
    error: None = None
    incomplete_details: None = None
    instructions: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    parallel_tool_calls: Literal[False] = False
    previous_response_id: str | None = None
    conversation: ConversationBody | None = None
    store: bool = True
    tool_choice: Literal["none"] = "none"
    tools: tuple[()] = ()
    usage: InputUsage | None = None
    nextinterest: ChatReply | None = Field(
        default=None, description="The structured result that the text was written from."
    )
