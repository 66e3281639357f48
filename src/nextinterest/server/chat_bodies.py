"""Bodies of /v1/chat/completions, as OpenAI's API has them, with one field more: the structured result.

What a request may carry and is not listed here (temperature, max_tokens, seed, ...) is accepted and without
effect: replies are written from results, not sampled. What would change the meaning of the answer and is
not supported (tools, several choices, log-probabilities, sound) is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from nextinterest.agent.chat import ChatReply
from nextinterest.messages import Message
from nextinterest.server.names import UserName
from nextinterest.server.sessions import SessionId

__all__ = [
    "AnswerMessage",
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatRequest",
    "Choice",
    "ChunkChoice",
    "Delta",
    "JsonObjectFormat",
    "JsonSchemaFormat",
    "Options",
    "ResponseFormat",
    "TextPart",
    "TokenUsage",
    "Unsupported",
    "UnsupportedList",
    "joined",
    "only_text",
]

MAX_MESSAGES = 256
MAX_CONTENT = 32_768

Json = dict[str, object]


class _Given(BaseModel):
    model_config = ConfigDict(strict=True)


T = TypeVar("T")


def only_text(part: T) -> T:
    """Refuse parts of a message that are no text, by the name of their kind."""
    kind = part.get("type") if isinstance(part, Mapping) else None
    if isinstance(kind, str) and kind not in {"text", "input_text", "output_text"}:
        raise PydanticCustomError(
            "unsupported_part", "{kind} is not supported; only text is read.", {"kind": repr(kind[:64])}
        )
    return part


def _nothing(value: object) -> object:
    """Refuse what is not supported, where something is asked for; an empty list asks for nothing."""
    if value is not None and value is not False and value != []:
        raise PydanticCustomError("unsupported", "not supported.")
    return value


def _one(value: int) -> int:
    if value != 1:
        raise PydanticCustomError("unsupported", "only 1 is supported.")
    return value


UnsupportedList = Annotated[
    list[Json] | None,
    AfterValidator(_nothing),
    WithJsonSchema({"anyOf": [{"type": "array", "maxItems": 0}, {"type": "null"}]}),
]
"""Of a request: a list that has to be empty."""

Unsupported = Annotated[object, AfterValidator(_nothing), WithJsonSchema({"enum": [None, False, []]})]
"""Of a request: something that is not to be asked for."""


class TextPart(_Given):
    """A piece of a message."""

    type: Literal["text", "input_text", "output_text"]
    text: str = Field(max_length=MAX_CONTENT)


Content = (
    Annotated[str, Field(max_length=MAX_CONTENT)]
    | Annotated[list[Annotated[TextPart, BeforeValidator(only_text)]], Field(max_length=64)]
)
"""What a message says: text, or parts that are all text."""


def joined(content: str | list[TextPart] | None) -> str:
    """Return the text of a message."""
    return content if isinstance(content, str) else "\n".join(part.text for part in content or [])


class MessageBody(_Given):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"] = Field(
        description="Who speaks. Only users' and assistants' messages are read."
    )
    content: Content | None = Field(
        default=None, description="What is said, as text; images and sound are refused."
    )

    def message(self) -> Message:
        """Return it as the agent reads it."""
        return Message(role=self.role, content=joined(self.content))


class TextFormat(_Given):
    """Answer in words."""

    type: Literal["text"]


class JsonObjectFormat(_Given):
    """Answer with the whole structured result as JSON."""

    type: Literal["json_object"]


class JsonSchema(_Given):
    """A JSON schema that part of the structured result fits."""

    model_config = ConfigDict(validate_by_alias=True, validate_by_name=True)

    name: str = Field(
        min_length=1, max_length=64, description="Where it names a part (Request), that part is meant."
    )
    schema_: Json | None = Field(
        default=None, alias="schema", description="Without one, the part that the name names is meant."
    )
    description: str | None = Field(default=None, max_length=4096)
    strict: bool | None = Field(default=None, description="Without effect: the answer always fits.")


class JsonSchemaFormat(_Given):
    """Answer with the part of the structured result that fits a schema, as JSON."""

    type: Literal["json_schema"]
    json_schema: JsonSchema


ResponseFormat = Annotated[TextFormat | JsonObjectFormat | JsonSchemaFormat, Field(discriminator="type")]


class StreamOptions(_Given):
    """Options of a streamed answer."""

    include_usage: bool = Field(default=False, description="Send a last chunk with the usage.")


class Options(_Given):
    """What this server takes beside OpenAI's fields."""

    model_config = ConfigDict(extra="forbid")

    confirm_forget: bool = Field(
        default=False,
        description="The user has confirmed that a deletion of the profile, which the newest message must "
        "ask for, is meant: it is done without asking back.",
    )
    trace: bool = Field(
        default=False,
        description="Return each step of the answer with it: prompts, what was found, tokens, time.",
    )
    session: SessionId | None = Field(
        default=None,
        description="Id of the conversation, chosen by the client, under which it is kept for a while. The "
        "header X-Nextinterest-Session goes before it.",
    )


class ChatRequest(_Given):
    """Ask for the next message of a conversation."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "nextinterest",
                    "messages": [{"role": "user", "content": "three crime films please"}],
                    "user": "zoe",
                }
            ]
        }
    )

    model: str = Field(description="The model's id, as /v1/models lists it.", max_length=256)
    messages: list[MessageBody] = Field(min_length=1, max_length=MAX_MESSAGES)
    user: UserName | None = Field(
        default=None,
        description="Whose profile is used and updated. The header X-Nextinterest-User goes before it. "
        "Without either the conversation itself is all that is known.",
    )
    stream: bool | None = Field(default=False, description="Send the answer piece by piece.")
    stream_options: StreamOptions | None = None
    response_format: ResponseFormat | None = Field(default=None, description="Words, or JSON.")
    nextinterest: Options | None = Field(default=None, description="Options of this server.")
    n: Annotated[int, AfterValidator(_one), WithJsonSchema({"const": 1})] | None = Field(
        default=None, description="One answer; there are no others."
    )
    tools: UnsupportedList = Field(default=None, description="Not supported.")
    functions: UnsupportedList = Field(default=None, description="Not supported.")
    logprobs: Unsupported = Field(default=None, description="Not supported.")
    audio: Unsupported = Field(default=None, description="Not supported.")


class AnswerMessage(BaseModel):
    """The answer."""

    role: Literal["assistant"] = "assistant"
    content: str = Field(description="Words, or JSON where that was asked for.")
    refusal: None = None


class Choice(BaseModel):
    """The one choice of an answer."""

    index: Literal[0] = 0
    message: AnswerMessage
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class TokenUsage(BaseModel):
    """Tokens that the language model read and wrote for the answer; 0 where none ran."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(BaseModel):
    """The whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: tuple[Choice]
    usage: TokenUsage
    nextinterest: ChatReply = Field(description="The structured result that the text was written from.")


class Delta(BaseModel):
    """What a chunk adds."""

    role: Literal["assistant"] | None = None
    content: str | None = None


class ChunkChoice(BaseModel):
    """The one choice of a chunk."""

    index: Literal[0] = 0
    delta: Delta
    finish_reason: Literal["stop"] | None = None


class ChatCompletionChunk(BaseModel):
    """A piece of a streamed answer."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: tuple[ChunkChoice, ...]
    usage: TokenUsage | None = None
    nextinterest: ChatReply | None = Field(
        default=None, description="The structured result, in the chunk that ends the answer."
    )
