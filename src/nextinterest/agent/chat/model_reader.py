"""`ModelReader`: understanding by a language model, held to the flat form of `Request`.

For larger models and endpoints, zero-shot. What the model writes is data: titles are looked up in the
catalogue, categories are the catalogue's or are dropped, and no word of it reaches a reply unchecked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from nextinterest.agent.chat.reading.numbers import MOST
from nextinterest.agent.chat.reading.reader import CompositionalReader
from nextinterest.agent.chat.reading.tokens import tokenise
from nextinterest.agent.chat.schema import EVERYTHING
from nextinterest.agent.chat.understanding import ChatContext, ReportedEvent, Understanding, Understood
from nextinterest.domain import Request
from nextinterest.errors import ModelError, OutputParseError
from nextinterest.llm import LanguageModel, Sampling
from nextinterest.messages import Message
from nextinterest.prompts import PromptTemplate, neutralise, schema_text
from nextinterest.prompts.flat_request import flat_form
from nextinterest.titles import split_year

__all__ = ["ModelReader"]

LEAST_MATCH = 0.8
MAX_MESSAGE = 1500


@cache
def _template() -> PromptTemplate:
    source = files("nextinterest.agent.chat").joinpath("templates/understand.jinja").read_text("utf-8")
    return PromptTemplate("understand", source)


class ModelReader:
    """Asks a language model for the request.

    Parameters
    ----------
    model
        The model; constrained decoding, or the endpoint's, holds it to the schema.
    fallback
        Reads where the model's answer breaks a rule that no schema says; rules by default.
    most_messages
        Newest messages shown to the model.
    max_tokens
        Longest answer.
    """

    def __init__(
        self,
        model: LanguageModel,
        fallback: Understanding | None = None,
        *,
        most_messages: int = 12,
        max_tokens: int = 300,
    ) -> None:
        self.model = model
        self.fallback = fallback or CompositionalReader()
        self.most_messages = most_messages
        self.max_tokens = max_tokens

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        return self.model.name

    @classmethod
    def of(cls, model: LanguageModel | None) -> ModelReader:
        """Return a reader by this model.

        Raises
        ------
        ModelError
            If there is none.
        """
        if model is None:
            raise ModelError("This agent has no language model.", remedy="Give it one, or read by rules.")
        return cls(model)

    def read(self, messages: Sequence[Message], context: ChatContext) -> Understood:
        """Return what the newest user message asks for, as the model reads it."""
        said = [message for message in messages if message.role in {"user", "assistant"}]
        while said and said[-1].role != "user":
            said.pop()
        if not said:
            return Understood(Request(intent="other"))
        sampling = Sampling(max_tokens=self.max_tokens)
        try:
            answer = self.model.generate(self.prompt(said, context), schema=flat_form(), sampling=sampling)
        except OutputParseError:
            read = self.fallback.read(messages, context)
            return Understood(read.request, read.reported, read.earlier)
        written = answer.request()
        unclear = _unclear(written, context)
        if unclear:
            return Understood(Request(intent=written.intent), unclear=unclear)
        request = _grounded(written, context)
        return Understood(request, reported=_reported(request, context))

    def prompt(self, said: Sequence[Message], context: ChatContext) -> list[Message]:
        """Return the prompt: instructions, and the conversation as one message of data."""
        template, special = _template(), self.model.tokenizer.special_tokens
        remote = self.model.capabilities.remote
        clean = [
            (message.role, neutralise(message.content, max_chars=MAX_MESSAGE, special_tokens=special))
            for message in said[-self.most_messages :]
        ]
        asked = "".join(
            [
                template.render(
                    "header",
                    categories=[neutralise(name) for name in context.catalog.category_names],
                    first=context.years.first,
                    last=context.years.last,
                ),
                *(template.render("event", role=role, content=content) for role, content in clean),
                # An endpoint is sent the schema with the request, and once is enough.
                template.render("footer", schema="" if remote else schema_text(flat_form())),
                template.render("answer"),
            ]
        )
        return [
            Message(role="system", content=template.render("system").strip()),
            Message(role="user", content=asked.strip()),
        ]


def _grounded(written: Request, context: ChatContext) -> Request:
    """Return the request with titles and categories of the catalogue in place of what the model wrote."""

    def titles(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_title(name, context) or name for name in names))

    def categories(names: Iterable[str]) -> tuple[str, ...]:
        known = [one for name in names for one in context.categories.means(tokenise(name).words)]
        return tuple(name for name in context.catalog.category_names if name in known)

    query = written.query
    if query is not None and query.casefold() != EVERYTHING:
        query = _title(query, context) or query
    where = written.where.model_copy(
        update={
            "categories": categories(written.where.categories),
            "excluded_categories": categories(written.where.excluded_categories),
        }
    )
    return written.model_copy(
        update={
            "where": where,
            "count": None if written.count is None else min(written.count, MOST),
            "liked": titles(written.liked),
            "disliked": titles(written.disliked),
            "similar_to": titles(written.similar_to),
            "query": query,
        }
    )


def _unclear(written: Request, context: ChatContext) -> tuple[int, ...]:
    """Return the items of the first title that several have and that the model wrote without a year."""
    query = () if written.query is None else (written.query,)
    for name in (*written.liked, *written.disliked, *written.similar_to, *query):
        title = _title(name, context)
        item = None if title is None else context.titles.resolve(title)
        if item is not None and split_year(name.strip(), bare=True)[1] is None:
            alike = context.titles.namesakes(item)
            if alike:
                return alike
    return ()


def _title(text: str, context: ChatContext) -> str | None:
    found = context.titles.find(text, 1)
    return context.titles.called(found[0].item) if found and found[0].score >= LEAST_MATCH else None


def _reported(request: Request, context: ChatContext) -> tuple[ReportedEvent, ...]:
    if request.intent not in {"feedback", "recommend", "similar"}:
        return ()
    reported: list[ReportedEvent] = []
    for kind, names in (
        ("liked", request.liked),
        ("disliked", request.disliked if request.intent == "feedback" else ()),
        ("seen", (request.query,) if request.intent == "feedback" and request.query else ()),
    ):
        for name in names:
            item = context.titles.resolve(name)
            if item is not None and all(one.item != item for one in reported):
                reported.append(ReportedEvent(item, kind))  # type: ignore[arg-type]
    return tuple(reported)
