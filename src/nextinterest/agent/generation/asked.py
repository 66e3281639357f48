"""Generation by a model that only answers in text, such as one behind an endpoint: ask for JSON, then check.

One request brings interests and titles; it shows titles to choose from, and others may be named. Each title
is grounded in the catalogue: as written, by the one item it fits, or by the nearest title's embedding above a
threshold; what fits none, or several items, is marked as outside. An endpoint is asked for more titles than
are wanted, so that those take no place of others. Of an answer that is no such JSON, as one
cut at the limit of tokens, what is complete is used, with a note; where nothing is, the prediction is empty
and the note says why. An endpoint has been asked again by then unless it was cut, another model once more in
words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np

from nextinterest.agent.generation.written import Written, as_interests, in_catalogue
from nextinterest.counting import counted
from nextinterest.domain import BoolArray, GeneratedItem, History, HowGrounded, IntArray
from nextinterest.errors import OutputParseError
from nextinterest.llm import LanguageModel, Sampling
from nextinterest.llm.base import THINKING
from nextinterest.prompts import (
    Asking,
    GenerationPrompts,
    Grounding,
    PredictionsAnswer,
    Prompt,
    TitleGrounder,
    complete_predictions,
    neutralise,
    parse_output,
)
from nextinterest.prompts.schemas import MOST_TITLES
from nextinterest.tracing import step

__all__ = ["AskedWriter", "Candidates", "longest_answer"]

_LONGEST_INTERESTS = 1200  # tokens
_LONGEST_TITLE = 60  # tokens
_LEAST_ANSWER = 256  # tokens
_ALL_SHOWN = 200  # titles, as many as may be named at all
_BEST_SHOWN = 50  # titles of a larger catalogue
_MOST_CHARS = 300
_SPARE = 10  # titles asked for beyond those wanted, at most: some are outside, or must not be named
_FORM = (
    'Answer as JSON: {"interests":[{"name":"...","because":[1,2],"share":40,"trend":"steady"}],'
    '"titles":["..."]}; the trend is rising, steady or fading.'
)
_HOW: dict[str, HowGrounded] = {"exact": "exact", "normalised": "unique", "neighbour": "neighbour"}


class Candidates(Protocol):
    """Finds titles that a prompt shows to choose from."""

    def __call__(self, history: History, k: int, allowed: BoolArray, request: str | None, /) -> IntArray:
        """Return the k likeliest items, best first.

        Parameters
        ----------
        history
            The events so far.
        k
            How many, at most.
        allowed
            Which items of the catalogue may be named, bool, shape (n_items,).
        request
            What the person asks for, in their words.
        """


def longest_answer(n: int) -> int:
    """Return how many tokens interests and n titles take at most."""
    return _LONGEST_INTERESTS + _LONGEST_TITLE * n


class AskedWriter:
    """Asks one model about histories over one catalogue.

    Parameters
    ----------
    model
        The model.
    prompts
        The prompts.
    grounder
        Makes the grounder of titles; called when the first title is looked up.
    candidates
        Finds titles to choose from.
    """

    def __init__(
        self,
        model: LanguageModel,
        prompts: GenerationPrompts,
        grounder: Callable[[], TitleGrounder],
        candidates: Candidates,
    ) -> None:
        self.model, self.prompts, self._make_grounder = model, prompts, grounder
        self._candidates = candidates

    @cached_property
    def grounder(self) -> TitleGrounder:
        """Maps titles to items."""
        return self._make_grounder()

    def write(self, history: History, n: int, excluded: frozenset[int], asking: Asking) -> Written:
        """Ask for interests and n titles; see `Writer`."""
        remote = self.model.capabilities.remote
        wanted = max(n, min(n + min(n, _SPARE), MOST_TITLES)) if remote else n
        with step("prompt") as prompting:
            prompt = self._prompt(history, wanted, excluded, asking)
            prompting.note(tokens=len(prompt))
        broken: tuple[str, ...] = ()
        room = max(self.model.context_length - len(prompt), _LEAST_ANSWER)
        sampling = Sampling(max_tokens=min(longest_answer(wanted), room), thinking=THINKING)
        try:
            with step("generate", what="interests and titles", n=wanted):
                said = self._answer(prompt, sampling)
        except OutputParseError as error:
            whole = complete_predictions(error.answer)
            if whole is None:
                return Written((), (), (f"Nothing was predicted: {error.message}",))
            said, broken = whole, (_broken(whole),)
        with step("ground", titles=len(said.titles)) as grounding:
            items, notes = self._grounded(said.titles, n, excluded)
            grounding.note(found=sum(item.item_id is not None for item in items))
        return Written(as_interests(said.interests, self.prompts, prompt, history), items, broken + notes)

    def _prompt(self, history: History, n: int, excluded: frozenset[int], asking: Asking) -> Prompt:
        """Return the prompt, with all titles that may be named where they are few, else the likeliest."""
        allowed = np.ones(len(self.prompts.catalog), dtype=bool)
        allowed[sorted(excluded)] = False
        free = int(allowed.sum())
        complete = free <= _ALL_SHOWN
        k = free if complete else _BEST_SHOWN
        return self.prompts.predictions(
            history,
            asking,
            min(n, free),
            self._candidates(history, k, allowed, asking.request) if k else (),
            complete=complete,
            repeats=any(int(item) not in excluded for item in history.items),
        )

    def _answer(self, prompt: Prompt, sampling: Sampling) -> PredictionsAnswer:
        try:
            return self.model.generate(prompt.messages, schema=PredictionsAnswer, sampling=sampling)
        except OutputParseError:
            if self.model.capabilities.remote:  # an endpoint has been asked in words and again by then
                raise
            *others, last = prompt.messages
            asked = last.model_copy(update={"content": f"{last.content}\n{_FORM}"})
            text = self.model.generate([*others, asked], sampling=sampling)
            return parse_output(text, PredictionsAnswer, whole=True)

    def _grounded(
        self, titles: Sequence[str], n: int, excluded: frozenset[int]
    ) -> tuple[tuple[GeneratedItem, ...], tuple[str, ...]]:
        texts = [neutralise(title, max_chars=_MOST_CHARS) for title in titles]
        found = self.grounder.ground_many([text for text in texts if text])
        items: dict[int | str, GeneratedItem] = {}
        seen = ambiguous = 0
        for one in found:
            if one.position is None or len(one.alike) > 1:
                ambiguous += len(one.alike) > 1
                items.setdefault(one.text, GeneratedItem(text=one.text, item_id=None, how="outside"))
            elif one.position in excluded:
                seen += 1
            else:
                items.setdefault(one.position, self._item(one, one.position))
        inside = [one for one in items.values() if one.item_id is not None]
        outside = [one for one in items.values() if one.item_id is None]
        unknown = len(outside) - ambiguous if inside else 0  # all outside: noted with the whole
        kept = {id(one) for one in [*inside, *outside][:n]}
        return tuple(one for one in items.values() if id(one) in kept), _notes(seen, ambiguous, unknown)

    def _item(self, found: Grounding, position: int) -> GeneratedItem:
        return in_catalogue(self.grounder.catalog, position, found.text, _HOW[found.how])


def _broken(read: PredictionsAnswer) -> str:
    interests, titles = counted(len(read.interests), "interest"), counted(len(read.titles), "title")
    return f"The answer was cut off or faulty; {interests} and {titles} were complete in it and are used."


def _notes(seen: int, ambiguous: int, outside: int) -> tuple[str, ...]:
    notes = []
    if seen:
        what = counted(seen, "generated title is", "generated titles are")
        notes.append(f"{what} of the history, or not to be named, and left out.")
    if ambiguous:
        what = counted(ambiguous, "generated title fits", "generated titles fit")
        notes.append(f"{what} several items, and so none of them.")
    if outside > 0:
        what = counted(outside, "generated title is", "generated titles are")
        notes.append(f"{what} outside of the catalogue.")
    return tuple(notes)
