"""Generation by a model that can be held to a grammar and to a trie: whatever it writes is valid.

The history is read once for both questions. Interests are written as JSON whose names are those of the
catalogue, or read off the likelihoods of all names; titles are found by beams over the trie of all titles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec

import numpy as np

from nextinterest.agent.config import InterestStyle
from nextinterest.agent.generation.written import Written, as_interests, fitted, in_catalogue
from nextinterest.domain import GeneratedItem, History, NextInterest
from nextinterest.interests.portrait import event_ref
from nextinterest.llm import ConstrainedModel, ConstrainedState, Sampling, TokenTrie, beam_search
from nextinterest.prompts import (
    Asking,
    GenerationPrompts,
    InterestsAnswer,
    Prompt,
    interests_schema,
    trend_of,
)
from nextinterest.tracing import answered, sent, step

__all__ = ["ConstrainedWriter"]

_NAMES = 20  # names whose likelihood is looked at
_LEAST_SHARE = 0.025
_MOST_INTERESTS = 5
_MOST_NAMES = 2000  # of a grammar
_LONGEST_ANSWER = 320  # tokens


class ConstrainedWriter:
    """Asks one model about histories over one catalogue.

    Parameters
    ----------
    model
        The model.
    prompts
        The prompts, made with the model's tokenizer.
    style
        ``written`` for JSON, ``scored`` for likelihoods of names. JSON needs a vocabulary that has its signs,
        and the extra ``grammar``; without them names are scored.
    """

    def __init__(
        self, model: ConstrainedModel, prompts: GenerationPrompts, style: InterestStyle = "written"
    ) -> None:
        self.model, self.prompts = model, prompts
        can_write = model.writes_json and find_spec("llguidance") is not None
        self.style: InterestStyle = style if can_write else "scored"

    def write(self, history: History, n: int, excluded: frozenset[int], asking: Asking) -> Written:
        """Ask for interests and n titles; see `Writer`."""
        ask = self.prompts.interests if self.style == "written" else self.prompts.interest
        with step("prompt", template=self.style):
            first, second = ask(history, asking.request), self.prompts.titles(history, asking.request)
        interests: tuple[NextInterest, ...] = ()
        with step("generate", what="interests", style=self.style):
            sent(first.text)
            state = self.model.open(first.tokens)
            if self.prompts.names:
                how = self._written if self.style == "written" else self._scored
                interests = how(state, first, history)
        with step("generate", what="titles", n=n):
            sent(second.text)
            shared = _common(first.tokens, second.tokens)
            state.trim(shared)
            state.extend(second.tokens[shared:], at=())
            items = self._titles(state, n, excluded)
            answered(lambda: "\n".join(item.text for item in items))
        return Written(interests, items)

    @cached_property
    def titles(self) -> TokenTrie:
        """Every title of the catalogue as the model would write it."""
        return TokenTrie(self.prompts.title_tokens(item) for item in range(len(self.prompts.catalog)))

    @cached_property
    def untitled(self) -> frozenset[int]:
        """Items without a title: a number that is their id stands for it, which says nothing to anybody."""
        catalog = self.prompts.catalog
        pairs = enumerate(zip(catalog.ids, catalog.titles, strict=True))
        return frozenset(n for n, (id_, title) in pairs if title == id_ and not re.search(r"[^\W\d_]", title))

    @cached_property
    def names(self) -> TokenTrie:
        """Every interest's name as the model would write it."""
        return TokenTrie(self.prompts.name_tokens(name) for name in self.prompts.names)

    @cached_property
    def schema(self) -> type[InterestsAnswer]:
        """The schema of interests, with the catalogue's names: the commonest ones of very many."""
        return interests_schema(self.prompts.common_names(_MOST_NAMES))

    def _titles(self, state: ConstrainedState, n: int, excluded: frozenset[int]) -> tuple[GeneratedItem, ...]:
        if not len(self.prompts.catalog):
            return ()
        closed = excluded | self.untitled
        found = beam_search(state, self.titles, n, end=self.model.end_token, excluded=closed)
        catalog, decode = self.prompts.catalog, self.model.tokenizer.decode
        return tuple(
            in_catalogue(
                catalog, one.row, decode(self.titles.sequence(one.row)), "exact", one.log_probability
            )
            for one in found
        )

    def _written(self, state: ConstrainedState, prompt: Prompt, history: History) -> tuple[NextInterest, ...]:
        text = state.write(self.schema, Sampling(max_tokens=_LONGEST_ANSWER))
        answered(text)
        said = self.schema.model_validate_json(text)
        return as_interests(said.interests, self.prompts, prompt, history)

    def _scored(self, state: ConstrainedState, prompt: Prompt, history: History) -> tuple[NextInterest, ...]:
        prompts = self.prompts
        k = min(len(prompts.names), _NAMES)
        found = beam_search(state, self.names, k, end=self.model.end_token)
        log = np.array([one.log_probability for one in found])
        shares = np.exp(log - np.logaddexp.reduce(log))
        usual, carriers = prompts.shares(history.items), prompts.carriers(prompt, history)
        positions = {one.row: prompts.names[one.row] for one in found}
        return fitted(
            NextInterest(
                name=positions[one.row],
                share=float(share),
                trend=trend_of(float(share), float(usual[one.row])),
                because=tuple(
                    event_ref(history, prompts.catalog, position)
                    for number in carriers(positions[one.row])
                    if (position := prompts.position_of(prompt, number)) is not None
                ),
            )
            for one, share in list(zip(found, shares, strict=True))[:_MOST_INTERESTS]
            if share >= _LEAST_SHARE
        )


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """Return how many tokens two prompts share at their start, at least one less than either has."""
    most = min(len(a), len(b)) - 1
    return next((i for i in range(most) if a[i] != b[i]), most)
