"""The one definition of how a tuned model reads a conversation and writes the action it asks for.

Training and serving both build their prompts here, under one template whose hash an adapter carries. Titles
and categories are written in the person's own words: which item or category they mean is looked up
afterwards, so that what is learned holds for any catalogue.

Knows no catalogue, no model and no reader of actions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from nextinterest.messages import Message
from nextinterest.prompts.sanitise import neutralise
from nextinterest.prompts.template import PromptTemplate

__all__ = ["ACTION_FIELDS", "action_answer", "action_prompt", "action_template"]

ACTION_FIELDS = (
    "intent",
    "count",
    "include_categories",
    "exclude_categories",
    "year_from",
    "year_to",
    "liked",
    "disliked",
    "similar_to",
    "query",
)
"""Fields of an action in the order they are written, which is that of the schema that decoding is held to."""

MOST_MESSAGES = 7
MOST_CHARACTERS = 400


@cache
def action_template() -> PromptTemplate:
    """Return the template; its hash is written into what was tuned under it."""
    source = files("nextinterest.prompts").joinpath("chat_action.jinja").read_text("utf-8")
    return PromptTemplate("chat-action", source)


def action_prompt(
    said: Sequence[tuple[str, str]], special_tokens: frozenset[str] = frozenset()
) -> list[Message]:
    r"""Return the prompt of a conversation, to be rendered by the model's chat template.

    Parameters
    ----------
    said
        (role, content) pairs, oldest first, the user's newest message last. Only the newest `MOST_MESSAGES`
        are shown, each up to `MOST_CHARACTERS`.
    special_tokens
        Control tokens of the model's tokenizer; none passes.

    Examples
    --------
    >>> action_prompt([("user", "three westerns"), ("assistant", "1. Shane"), ("user", "older")])[1].content
    'U: three westerns\nA: 1. Shane\nU: older'
    """
    template = action_template()
    lines = [
        template.render(
            "event",
            role=role,
            content=neutralise(content, max_chars=MOST_CHARACTERS, special_tokens=special_tokens),
        )
        for role, content in said[-MOST_MESSAGES:]
    ]
    return [
        Message(role="system", content=template.render("system").strip()),
        Message(role="user", content="".join(lines).strip()),
    ]


def action_answer(fields: Mapping[str, object]) -> str:
    """Return the answer that is learned: compact JSON of the fields that say something, in schema order.

    Examples
    --------
    >>> action_answer({"query": None, "count": 3, "intent": "recommend", "liked": []})
    '{"intent":"recommend","count":3}'
    """
    kept = {name: fields[name] for name in ACTION_FIELDS if fields.get(name) not in (None, [], ())}
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    return action_template().render("target", answer=text)
