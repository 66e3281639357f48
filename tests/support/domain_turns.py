"""Twenty turns each with a shop, a news site and a music service, by somebody who had not read the reader.

They and the items they are about are in ``bench/labels``; `judged` says whether a reply is what the label
calls right. Each turn is read behind the messages before it, the clerk's of the labels in place of our own
replies.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.chat import ChatReply, CompositionalReader
from nextinterest.domain import Catalog, Item
from nextinterest.messages import Message
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.text_encoder import Encoder

LABELS = Path(__file__).parents[2] / "bench/labels"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
"""When the turns were written; the articles are of the days before."""

_COLUMNS = ("brand", "artist", "kind")
_MOST = 3  # items of a list that are looked at


@dataclass(frozen=True)
class LabelledTurn:
    """A message, what was said before it, and what a good clerk would do."""

    number: int
    said: tuple[Message, ...]
    intents: frozenset[str]
    fits: frozenset[str]
    item: str | None


def items_of(domain: str) -> list[Item]:
    """Return the items of a domain."""
    return [_item(row) for row in _rows(f"{domain}_items")]


def _item(row: dict[str, Any]) -> Item:
    own = {name: tuple(v) if isinstance(v, list) else v for name, v in row["attributes"].items()}
    when = row.get("published")
    return Item(
        row["id"],
        row["title"],
        (row["category"],),
        year=when if isinstance(when, int) else None,
        description=row["description"],
        price=row.get("price"),
        published=datetime.fromisoformat(when) if isinstance(when, str) else None,
        attributes={name: row[name] for name in _COLUMNS if name in row} | own,
    )


def turns_of(domain: str) -> Iterator[LabelledTurn]:
    """Yield the turns of a domain, each with the conversation before it."""
    said: list[Message] = []
    conversation = None
    for row in _rows(f"{domain}_turns"):
        if row["conversation"] != conversation:
            said, conversation = [], row["conversation"]
        if row["before"] is not None:
            said.append(Message(role="assistant", content=row["before"]))
        said.append(Message(role="user", content=row["text"]))
        right = row["right"]
        yield LabelledTurn(
            row["turn"],
            tuple(said),
            frozenset(right["intents"]),
            frozenset(right["fits"]),
            right["item_named"],
        )


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (LABELS / f"{name}.jsonl").read_text("utf-8").splitlines() if line]


def clerk(domain: str, encoder: Encoder) -> RecommenderAgent:
    """Return an agent over the items of a domain that knows no events, and reads by rules."""
    catalog = Catalog.from_items(items_of(domain))
    agent = RecommenderAgent(Engine(Retriever.build(catalog, None, encoder), None))
    agent.conversation = agent.conversation.read_by(CompositionalReader(clock=lambda: NOW))
    return agent


def judged(turn: LabelledTurn, reply: ChatReply) -> bool:
    """Whether a reply does what the label calls right.

    A list does where its first item fits, and two thirds of as many as fit (three at most) do; a question is
    answered by its item; what is outside the job, thanks and farewells get no items.
    """
    made = reply.recommendations
    listed = [] if made is None else [item.item_id for item in made.items]
    found = [item.item_id for item in reply.found]
    wanted = turn.intents & {"recommend", "more", "similar", "correct"}
    if not turn.fits:
        small = turn.intents & {"thanks", "bye"}
        return not listed and reply.request.intent in ({"thank", "bye"} if small else {"other"})
    if "ask_item" in turn.intents and not wanted:
        return bool(found or listed) and (found or listed)[0] in turn.fits
    if not wanted and not listed and reply.confirmation is not None:
        liked = (*reply.confirmation.liked, *reply.confirmation.seen)
        return bool(liked) and all(item.item_id in turn.fits for item in liked)
    first = listed[: min(_MOST, len(turn.fits))]
    return bool(first) and first[0] in turn.fits and 3 * len(turn.fits & set(first)) >= 2 * len(first)
