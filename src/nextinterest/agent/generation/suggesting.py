"""What a model behind an endpoint knows that fits a request in words, as something to search for.

A small text encoder finds items by the words of their texts; "slow and dark" stands in no title. A large
model names items, or says what one would be called. Titles are looked up in the catalogue, all other texts
are searched for as a request's words are; nothing that the model names is shown unless the catalogue has it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from nextinterest.domain import Catalog
from nextinterest.errors import OutputParseError
from nextinterest.llm import LanguageModel, Sampling
from nextinterest.llm.base import THINKING
from nextinterest.messages import Message
from nextinterest.prompts import PromptTemplate, TitleGrounder, neutralise
from nextinterest.retrieval.item_text import title_text
from nextinterest.retrieval.queries import Query
from nextinterest.retrieval.shortlist import Shortlist
from nextinterest.retrieval.text_encoder import Encoder
from nextinterest.tracing import step

__all__ = ["SUGGESTED", "lifted", "suggested_queries"]

SUGGESTED = "suggested"
"""Name of the source that titles which a model named for a request are; texts that are no titles of the
catalogue are sources of their own, whose names begin so."""

_N_TITLES, _N_CATEGORIES = 8, 60
_MOST_CHARS = 120
_TOKENS_EACH = 40
_NEAREST = 2  # items that a text puts before the language model

logger = logging.getLogger(__name__)

Text = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Suggestions(BaseModel):
    """Items that fit a request."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    items: tuple[Text, ...] = Field(max_length=50, description="Titles or names of items, the best first.")


@cache
def _template() -> PromptTemplate:
    source = files("nextinterest.agent.generation").joinpath("templates/suggest.jinja").read_text("utf-8")
    return PromptTemplate("suggest", source)


def suggested_queries(
    model: LanguageModel,
    request: str,
    n: int,
    grounder: TitleGrounder,
    encoder: Encoder,
    given: Sequence[str] | None = None,
) -> list[Query]:
    """Return what to search for: titles of the catalogue as items, each other text by its embedding.

    Parameters
    ----------
    model
        Who is asked; a model on this machine is not.
    request
        What the items should fit.
    n
        How many items are asked for, at most; 0 asks for none.
    grounder
        Looks titles up.
    encoder
        The encoder of the item texts that are searched.
    given
        What was named already, the best first; None asks the model.

    Raises
    ------
    ProviderError
        If the endpoint fails for good.
    """
    if given is None:
        given = _named(model, request, n, grounder.catalog) if n and model.capabilities.remote else ()
    found = grounder.ground_many(list(dict.fromkeys(text for text in given if text.strip())))
    items = dict.fromkeys(one.position for one in found if one.position is not None and len(one.alike) < 2)
    queries = [Query(SUGGESTED, items=np.array(list(items), dtype=np.int32))] if items else []
    if others := [one.text for one in found if one.position is None]:
        vectors, weight = encoder.encode([title_text(text) for text in others]), 1.0 / len(others)
        queries += [
            Query(f"{SUGGESTED}: {text}", vector, weight=weight)
            for text, vector in zip(others, vectors, strict=True)
        ]
    return queries


def _named(model: LanguageModel, request: str, n: int, catalog: Catalog) -> tuple[str, ...]:
    """Return what a model names for a request, n texts at most; none where its answer cannot be read."""
    special, template = model.tokenizer.special_tokens, _template()

    def clean(text: str) -> str:
        return neutralise(text, max_chars=_MOST_CHARS, special_tokens=special)

    spread = np.unique(np.linspace(0, len(catalog) - 1, _N_TITLES).astype(np.int64))
    shown = {
        "n_items": f"{len(catalog):,}",
        "titles": [clean(catalog.titles[i]) for i in spread],
        "categories": [clean(name) for name in catalog.category_names[:_N_CATEGORIES]],
        "n": n,
    }
    asked = neutralise(request, max_chars=4 * _MOST_CHARS, special_tokens=special)
    text = template.render("header", **shown) + template.render("event", title=asked)
    messages = [
        Message(role="system", content=template.render("system").strip()),
        Message(role="user", content=(text + template.render("footer", **shown)).strip()),
    ]
    sampling = Sampling(max_tokens=_TOKENS_EACH * n, thinking=THINKING)
    with step("suggest", model=model.name, n=n) as s:
        try:
            said = model.generate(messages, schema=Suggestions, sampling=sampling).items[:n]
        except OutputParseError as error:
            logger.warning("What %s suggests cannot be read: %s", model.name, error.message)
            return ()
        s.note(items=said)
    return said


def lifted(found: Shortlist, n: int) -> Shortlist:
    """Return candidates of which suggested ones are among the first n, at most half of those.

    These are the n that a language model reorders; how probable each is stays as it was.

    Parameters
    ----------
    found
        The candidates.
    n
        How many the language model is shown.
    """
    count = len(found.items)
    best = np.full(count, np.inf)
    for name, ranks in found.ranks.items():
        if name == SUGGESTED or name.startswith(f"{SUGGESTED}: "):
            near = (ranks > 0) & ((name == SUGGESTED) | (ranks <= _NEAREST))
            best[near] = np.minimum(best[near], ranks[near])
    named = np.argsort(best, kind="stable")[: min(n // 2, int(np.isfinite(best).sum()))]
    if count <= n or not len(named):
        return found
    others = np.setdiff1d(np.arange(count), named)
    first = np.sort(np.concatenate([named, others[: n - len(named)]]))
    order = np.concatenate([first, others[n - len(named) :]])
    return found.at(order)
