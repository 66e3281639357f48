"""`ModelReader`: understanding by a language model, held to a flat plan of requests.

For larger models and endpoints, zero-shot. What the model writes is data: titles are looked up in the
catalogue, categories are the catalogue's or are dropped, and no word of it reaches a reply unchecked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from nextinterest.agent.chat.grounding import as_planned
from nextinterest.agent.chat.introduction import described
from nextinterest.agent.chat.reading.reader import CompositionalReader
from nextinterest.agent.chat.schema import UNDO
from nextinterest.agent.chat.shared_titles import with_clear_titles
from nextinterest.agent.chat.shown import shown_in
from nextinterest.agent.chat.understanding import ChatContext, Understanding, Understood
from nextinterest.domain import Request
from nextinterest.errors import ModelError, OutputParseError
from nextinterest.llm import LanguageModel, Sampling
from nextinterest.llm.base import THINKING
from nextinterest.llm.metering import note_failure
from nextinterest.messages import Message
from nextinterest.prompts import PromptTemplate, neutralise, schema_text
from nextinterest.prompts.flat_request import FlatPlan, FlatRequest

__all__ = ["ModelReader"]

logger = logging.getLogger(__name__)
MAX_MESSAGE = 1500


@cache
def _template() -> PromptTemplate:
    source = files("nextinterest.agent.chat").joinpath("templates/understand.jinja").read_text("utf-8")
    return PromptTemplate("understand", source)


class ModelReader:
    """Asks a language model for the requests of a message.

    Parameters
    ----------
    model
        The model; constrained decoding, or the endpoint's, holds it to the schema.
    fallback
        Reads where the model fails, or its answer breaks a rule that no schema says; rules by default.
    most_messages
        Newest messages shown to the model.
    max_tokens
        Longest answer.
    clock
        Returns the time now.
    """

    knows_opinions = True
    """Whether the form tells items that are disliked from those that are only to be left out."""

    def __init__(
        self,
        model: LanguageModel,
        fallback: Understanding | None = None,
        *,
        most_messages: int = 12,
        max_tokens: int = 500,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.model = model
        self.fallback = fallback or CompositionalReader()
        self.most_messages = most_messages
        self.max_tokens = max_tokens
        self.clock = clock

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        return self.model.name

    def read(self, messages: Sequence[Message], context: ChatContext) -> Understood:
        """Return what the newest user message asks for, as the model reads it."""
        said = [message for message in messages if message.role in {"user", "assistant"}]
        while said and said[-1].role != "user":
            said.pop()
        if not said:
            return Understood(Request(intent="other"))
        sampling = Sampling(max_tokens=self.max_tokens, thinking=THINKING)
        try:
            answer = self.model.generate(
                self.prompt(said, context), schema=self.form(context), sampling=sampling
            )
        except (OutputParseError, ModelError) as error:
            logger.warning("%s could not read a message: %s", self.model.name, error.message)
            unread = isinstance(error, OutputParseError)
            if not unread:
                note_failure(self.model)
            why = "the language model's answer could not be read" if unread else "the language model failed"
            return replace(self.fallback.read(messages, context), by_rules=why)
        texts = [one.content for one in said]
        plan = tuple(answer.asked())
        if len(plan) == 1 and plan[0].intent == "forget" and (plan[0].query or "").casefold() == UNDO:
            undo = Message(role="user", content=UNDO)  # what the newest change is, the rules know
            return CompositionalReader().read([*said[:-1], undo], context)
        asked = [with_clear_titles(one, context, texts) for one in plan]
        return as_planned(asked, context, shown_in(said, context), opinions=self.knows_opinions)

    def form(self, context: ChatContext) -> type[FlatPlan] | type[FlatRequest]:
        """Return the form that the model's answer is held to."""
        return context.form

    def prompt(self, said: Sequence[Message], context: ChatContext) -> list[Message]:
        """Return the prompt: instructions, the catalogue, the person, and the conversation, as data."""
        template, special = _template(), self.model.tokenizer.special_tokens
        remote = self.model.capabilities.remote
        clean = [
            (message.role, neutralise(message.content, max_chars=MAX_MESSAGE, special_tokens=special))
            for message in said[-self.most_messages :]
            if message.content
        ]
        system = template.render("system").strip()
        header = template.render(
            "header", described=remote, today=f"{self.clock():%Y-%m-%d}", **described(context, special)
        )
        # An endpoint is sent the schema with the request, and once is enough.
        footer = template.render("footer", schema="" if remote else schema_text(self.form(context)))
        footer += "" if remote else template.render("answer")
        turns = [template.render("event", role=role, content=content) for role, content in clean]
        sizes = [len(self.model.tokenizer.encode(text)) for text in (system + header + footer, *turns)]
        room = self.model.context_length - self.max_tokens - sizes.pop(0)
        while len(turns) > 1 and sum(sizes) > room:  # the oldest fall away
            turns.pop(0)
            sizes.pop(0)
        asked = header + "".join(turns) + footer
        return [Message(role="system", content=system), Message(role="user", content=asked.strip())]
