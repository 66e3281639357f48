"""Conversations whose messages are read by an endpoint that answers each with a plan written beforehand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from support.endpoint import Body, Endpoint, Reply, clever
from support.films import WordEncoder

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.chat import ChatReply, ModelReader
from nextinterest.data import EventLog
from nextinterest.domain import Catalog, Item
from nextinterest.messages import Message
from nextinterest.retrieval import Retriever

__all__ = ["Plan", "planned", "planner", "talked"]

Plan = Mapping[str, object]


def planner(plans: Mapping[str, Plan | Sequence[Plan]]) -> Callable[[Body], Reply]:
    """Return an endpoint that answers the newest message of a conversation with the requests under it."""

    def plan(_: dict[str, object] | None, prompt: str) -> object:
        newest = re.findall(r"^user: (.*)$", prompt, re.MULTILINE)[-1]
        found = plans[newest]
        return {"requests": [found] if isinstance(found, Mapping) else list(found)}

    return clever(plan)


def planned(
    items: Sequence[Item],
    endpoint: Endpoint,
    plans: Mapping[str, Plan | Sequence[Plan]],
    log: EventLog | None = None,
) -> RecommenderAgent:
    """Return an agent over items whose messages the endpoint reads; retrieval alone ranks."""
    endpoint.script = [planner(plans)]
    engine = Engine(Retriever.build(Catalog.from_items(items), log, WordEncoder()))
    agent = RecommenderAgent(engine, log)
    agent.conversation = agent.conversation.read_by(ModelReader(endpoint.model()))
    return agent


def talked(
    agent: RecommenderAgent, *said: str, user: str | None = None, history: Sequence[str] | None = None
) -> ChatReply:
    """Have a conversation whose client replays it with every message, and return the last reply."""
    messages: list[Message] = []
    reply: ChatReply | None = None
    for text in said:
        messages.append(Message(role="user", content=text))
        given = [] if history is None and user is None else history
        reply = agent.chat(messages, user, history=given)
        messages.append(Message(role="assistant", content=reply.text))
    assert reply is not None
    return reply
