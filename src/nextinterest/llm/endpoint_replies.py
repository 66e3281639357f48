"""What a reply of a chat interface answers, or the error that says why it is no answer.

Knows replies; makes no request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nextinterest.errors import ProviderError
from nextinterest.llm.answer_text import answered_text, only_thoughts
from nextinterest.llm.endpoint import Endpoint
from nextinterest.llm.endpoint_answers import called_with, content_of, has_reasoned

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

__all__ = ["LESS_REASONING", "MORE_TOKENS", "Answer", "CutOffError", "as_interface", "cut_off", "read_reply"]

MORE_TOKENS = "Raise Sampling.max_tokens, or turn the model's reasoning off at the endpoint."
LESS_REASONING = "Turn the model's reasoning off at the endpoint, or name a model that does not reason."


class CutOffError(ProviderError):
    """An answer ended at the limit of tokens before its text began: the model was still reasoning."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reply answers.

    Attributes
    ----------
    text
        The text behind the thoughts, or the arguments of the tool that was called.
    cut
        Whether the limit of tokens cut it.
    called
        Whether it is a tool's arguments.
    """

    text: str
    cut: bool
    called: bool = False


def read_reply(reply: ChatCompletion, endpoint: Endpoint, limit: int) -> Answer:
    """Return what a reply answers, or raise what keeps it from being an answer."""
    where = endpoint.where
    if not reply.choices:
        said = getattr(reply, "error", None)
        detail = "" if said is None else f": {endpoint.quote(said)}"
        raise ProviderError(
            f"{where} answered without a choice{detail}.",
            remedy="Look at the endpoint's log.",
        )
    choice = reply.choices[0]
    text, cut = content_of(choice.message.content), choice.finish_reason == "length"
    arguments = called_with(choice.message)
    if arguments is not None:
        return Answer(arguments, cut, called=True)
    if (text or "").strip() and not only_thoughts(text or ""):
        return Answer(answered_text(text or ""), cut)
    if cut:
        raise cut_off(endpoint, limit, reasoned=bool(text) or has_reasoned(choice.message))
    if choice.message.refusal:
        raise ProviderError(
            f"{where} refuses to answer: {endpoint.quote(choice.message.refusal)}",
            remedy="Ask for something else, or another model.",
        )
    if text is None or text.strip() or has_reasoned(choice.message):
        raise ProviderError(
            f"{where} answered without text (finish_reason {choice.finish_reason}).",
            remedy="Look at the endpoint's log.",
        )
    return Answer("", cut)


@contextmanager
def as_interface(endpoint: Endpoint) -> Iterator[None]:
    """Make an answer of another shape than the interface has an error of ours."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ProviderError(
            f"{endpoint.where} answered outside the interface: {endpoint.quote(error)}",
            remedy="Check that the address is that of an OpenAI-compatible chat interface.",
        ) from error


def cut_off(endpoint: Endpoint, limit: int, *, reasoned: bool) -> CutOffError:
    """Return the error of an answer that ended at the limit of tokens before its text began."""
    when = "while the model was reasoning" if reasoned else "before its text began"
    return CutOffError(
        f"{endpoint.where}: the answer was cut at {limit} tokens (finish_reason length) {when}.",
        remedy=MORE_TOKENS,
        command=LESS_REASONING,
    )
