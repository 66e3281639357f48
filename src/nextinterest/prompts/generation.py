"""Prompts that ask for what comes next, and right answers to them: one definition for training and serving.

Three questions stand behind the same rendered history: which interests the next events show (JSON), which
interest the next event shows (a name), and which title is next. `GenerationPrompts.example` makes prompt and
right answer of each; serving asks with the same `interests`, `interest` and `titles`. Knows no model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import Catalog, History, IntArray
from nextinterest.errors import DataError
from nextinterest.prompts.asking import Asking
from nextinterest.prompts.history import PromptRenderer
from nextinterest.prompts.interest_names import name_interests
from nextinterest.prompts.options import PromptOptions
from nextinterest.prompts.prompt import Prompt
from nextinterest.prompts.schemas import InterestsAnswer, PredictedInterest
from nextinterest.prompts.template import PromptTemplate
from nextinterest.prompts.tokenizing import TextTokenizer

__all__ = ["GENERATION_OPTIONS", "GenerationExample", "GenerationPrompts", "GenerationTask", "trend_of"]

GenerationTask = Literal["interests", "interest", "title"]

HORIZON = 10
"""Coming events that interests are predicted for."""
GENERATION_OPTIONS = PromptOptions(budget=640, max_events=20)
"""How histories are shown: numbered events with their interests, older ones as shares."""

_STEP = 5  # percent
_MOST_INTERESTS = 5
_MOST_EVENTS = 3
_CHANGE = 0.1
_NOTICED = 0.15  # share of the history from which an interest that ends is worth saying
_MOST_NAMES = 60

Shares = NDArray[np.float64]


def trend_of(share: float, usual: float) -> Literal["rising", "steady", "fading"]:
    """Return how a share of the coming events stands to that of the history: a tenth makes the difference.

    Examples
    --------
    >>> trend_of(0.5, 0.3), trend_of(0.3, 0.35), trend_of(0.0, 0.1)
    ('rising', 'steady', 'fading')
    """
    change = share - usual
    return "rising" if change >= _CHANGE else "fading" if change <= -_CHANGE else "steady"


@dataclass(frozen=True, slots=True)
class GenerationExample:
    """A prompt, and the tokens of the right answer to it, without an end token.

    Attributes
    ----------
    prompt
        The prompt.
    answer
        What the model should write behind it.
    text
        The same as text.
    """

    prompt: Prompt
    answer: list[int]
    text: str


class GenerationPrompts:
    """Prompts of generation over one catalogue.

    Parameters
    ----------
    catalog
        The catalogue of the histories. Interests are its categories, or what `name_interests` finds instead.
    tokenizer
        The tokenizer of the model that reads and answers.
    options
        Budget and the like.
    horizon
        Coming events that interests are predicted for.

    Attributes
    ----------
    catalog
        The catalogue with the interests of its items as their categories.
    source
        What the interests are, as in `NamedInterests`.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> from nextinterest.llm.tokenizer import ByteTokenizer
    >>> films = [Item("a", "Alien", ("Horror",), 1979), Item("h", "Heat", ("Crime",), 1995)]
    >>> prompts = GenerationPrompts(Catalog.from_items(films), ByteTokenizer())
    >>> history, following = History(np.array([0, 1])), np.array([1, 1, 0])
    >>> prompts.example("interests", history, following).text[:72]
    '{"interests":[{"name":"Crime","because":[2],"share":65,"trend":"rising"}'
    >>> prompts.example("title", history, following).text
    ' Heat (1995)'
    """

    def __init__(
        self,
        catalog: Catalog,
        tokenizer: TextTokenizer,
        options: PromptOptions | None = None,
        *,
        horizon: int = HORIZON,
    ) -> None:
        named = name_interests(catalog, tokenizer.special_tokens)
        self.catalog, self.source = named.catalog, named.source
        self.tokenizer = tokenizer
        self.options = options or GENERATION_OPTIONS
        self.horizon = horizon
        self._title, self._interest = (
            PromptRenderer(PromptTemplate.named(name), self.catalog, tokenizer, self.options)
            for name in ("next-title", "next-interest")
        )
        self._renderers: dict[tuple[object, ...], PromptRenderer] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all interests, sorted."""
        return self.catalog.category_names

    @property
    def templates(self) -> dict[GenerationTask, PromptTemplate]:
        """The templates, by what they ask for."""
        return {
            "interests": PromptTemplate.named("next-interests"),
            "interest": self._interest.template,
            "title": self._title.template,
        }

    def titles(self, history: History, request: str | None = None) -> Prompt:
        """Ask for the next title.

        Raises
        ------
        PromptError
            If not even the newest event fits the budget.
        """
        return self._title.history(history, request)

    def interests(self, history: History, request: str | None = None) -> Prompt:
        """Ask for the interests of the next events.

        Raises
        ------
        PromptError
            If not even the newest event fits the budget.
        """
        variables: dict[str, object] = {"horizon": self.horizon, "n_titles": 0, "names": ()}
        return self._renderer("next-interests", variables).history(history, request)

    def predictions(
        self,
        history: History,
        asking: Asking,
        n_titles: int,
        candidates: Sequence[int] | IntArray = (),
        *,
        complete: bool = False,
        repeats: bool = False,
    ) -> Prompt:
        """Ask for the interests of the next events and titles in one answer, a model held to no grammar.

        Parameters
        ----------
        history
            The history.
        asking
            What the person asks for.
        n_titles
            How many titles are asked for.
        candidates, complete
            Items to choose from, and whether there are no others; as of `PromptRenderer.offer`.
        repeats
            Whether titles of the history may be named.

        Raises
        ------
        PromptError
            If not even the newest event fits the budget.
        """
        variables = {
            "horizon": self.horizon,
            "n_titles": n_titles,
            "repeats": repeats,
            "names": self.common_names(_MOST_NAMES),
        }
        renderer = self._renderer("predictions", variables)
        return renderer.offer(history, candidates, asking, complete=complete)

    def common_names(self, most: int) -> tuple[str, ...]:
        """Return the names of the interests that most items have, sorted; all names where they are few."""
        if len(self.names) <= most:
            return self.names
        common = np.argsort(-self.catalog.category_matrix.sum(axis=0), kind="stable")
        return tuple(sorted(self.names[int(j)] for j in common[:most]))

    def _renderer(self, template: str, variables: Mapping[str, object]) -> PromptRenderer:
        key = (template, *variables.values())
        if key not in self._renderers:
            self._renderers[key] = PromptRenderer(
                PromptTemplate.named(template), self.catalog, self.tokenizer, self.options, variables
            )
        return self._renderers[key]

    def interest(self, history: History, request: str | None = None) -> Prompt:
        """Ask for one interest of the next event.

        Raises
        ------
        PromptError
            If not even the newest event fits the budget.
        """
        return self._interest.history(history, request)

    def name_tokens(self, name: str) -> list[int]:
        """Return how an interest is written behind the prompt of `interest`, without an end token."""
        return self.tokenizer.encode(self._interest.template.render("target", answer=name))

    def title_tokens(self, item: int) -> list[int]:
        """Return how an item's title is written behind the prompt of `titles`, without an end token."""
        return self._title.target(item)

    def example(
        self,
        task: GenerationTask,
        history: History,
        following: Sequence[int] | IntArray,
        request: str | None = None,
    ) -> GenerationExample:
        """Return the prompt of a history, and the right answer in view of what followed it.

        Parameters
        ----------
        task
            ``interests``: the shares of interests among the first `horizon` of `following`, in steps of five
            percent, their trend against the whole history, and the newest events shown that carry each.
            ``interest``: one of the first of `following`, of several the next one for each longer history.
            ``title``: that one's title.
        history
            The events before.
        following
            Catalogue positions of the events behind it, oldest first; at least one.
        request
            What the person asked for, where they did.

        Raises
        ------
        PromptError
            If not even the newest event fits the budget.
        DataError
            If one interest is asked for and the first of `following` has none.
        """
        items = np.asarray(following, dtype=np.int32)
        if task == "title":
            tokens = self.title_tokens(int(items[0]))
            return GenerationExample(self.titles(history, request), tokens, self.tokenizer.decode(tokens))
        if task == "interest":
            own = self.catalog.categories[int(items[0])]
            if not own:
                raise DataError(
                    f"Item {self.catalog.ids[int(items[0])]!r} has no interest to be learned.",
                    remedy="Leave events of such items out.",
                )
            tokens = self.name_tokens(own[len(history) % len(own)])
            return GenerationExample(self.interest(history, request), tokens, self.tokenizer.decode(tokens))
        prompt = self.interests(history, request)
        answer = self._right_answer(prompt, history, items[: self.horizon])
        text = PromptTemplate.named("next-interests").render("target", answer=answer.model_dump_json())
        return GenerationExample(prompt, self.tokenizer.encode(text), text)

    def shares(self, items: IntArray) -> Shares:
        """Return the share of each of `names` among some events, shape (n_names,).

        An event of an item with m interests counts 1/m for each; those of items without any count for none.
        """
        return np.asarray(
            self.catalog.category_matrix[items].sum(axis=0, dtype=np.float64) / max(len(items), 1)
        )

    def position_of(self, prompt: Prompt, number: int) -> int | None:
        """Return the index in the history of the event that a prompt gives a number; None for no event."""
        within = number - prompt.first_number
        return prompt.first_event + within if 0 <= within < len(prompt.event_ends) else None

    def _right_answer(self, prompt: Prompt, history: History, following: IntArray) -> InterestsAnswer:
        coming, usual = self.shares(following), self.shares(history.items)
        percent = _coarse(coming)
        order = [int(j) for j in np.lexsort((np.arange(len(coming)), -coming)) if percent[j] > 0]
        ended = [j for j in np.argsort(-usual, kind="stable") if percent[j] == 0 and usual[j] >= _NOTICED]
        carriers = self.carriers(prompt, history)
        return InterestsAnswer(
            interests=tuple(
                PredictedInterest(
                    name=self.names[j],
                    because=carriers(self.names[j]),
                    share=int(percent[j]),
                    trend=trend_of(float(coming[j]), float(usual[j])),
                )
                for j in [*order, *map(int, ended)][:_MOST_INTERESTS]
            )
        )

    def carriers(self, prompt: Prompt, history: History) -> Callable[[str], tuple[int, ...]]:
        """Return a function from an interest to the numbers of the newest events shown that have it."""
        shown = [self.catalog.categories[int(item)] for item in history.items[prompt.first_event :]]

        def numbers(name: str) -> tuple[int, ...]:
            having = [prompt.first_number + i for i, own in enumerate(shown) if name in own]
            return tuple(having[-_MOST_EVENTS:])

        return numbers


def _coarse(shares: Shares) -> NDArray[np.int64]:
    """Round shares to steps of some percent that sum to no more than the shares do (largest remainder)."""
    units = shares * (100 / _STEP)
    whole = np.floor(units + 1e-9)
    left = int(np.floor(units.sum() + 1e-9) - whole.sum())
    remainders = np.argsort(-(units - whole), kind="stable")[: max(left, 0)]
    whole[remainders] += 1
    return (whole * _STEP).astype(np.int64)
