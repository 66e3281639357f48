"""Generation by a model that only answers in text, such as one behind an endpoint: ask for JSON, then check.

One request brings interests and titles. Each title is grounded in the catalogue: as written, by the one item
it fits, or by the nearest title's embedding above a threshold; what fits none, or several items, is marked as
outside. Of an answer that is no such JSON, as one cut at the limit of tokens, what is complete is used, with
a note; where nothing is, the prediction is empty and the note says why. An endpoint has been asked again by
then unless it was cut, another model once more in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from nextinterest.agent.generation.written import Written, as_interests, in_catalogue
from nextinterest.counting import counted
from nextinterest.domain import GeneratedItem, History, HowGrounded
from nextinterest.errors import OutputParseError
from nextinterest.llm import LanguageModel, Sampling
from nextinterest.llm.base import THINKING
from nextinterest.prompts import (
    GenerationPrompts,
    Grounding,
    PredictionsAnswer,
    Prompt,
    TitleGrounder,
    complete_predictions,
    neutralise,
    parse_output,
)
from nextinterest.tracing import step

__all__ = ["AskedWriter"]

_LONGEST_INTERESTS = 1200  # tokens
_LONGEST_TITLE = 60  # tokens
_MOST_CHARS = 300
_FORM = (
    'Answer as JSON: {"interests":[{"name":"...","because":[1,2],"share":40,"trend":"steady"}],'
    '"titles":["..."]}; the trend is rising, steady or fading.'
)
_HOW: dict[str, HowGrounded] = {"exact": "exact", "normalised": "unique", "neighbour": "neighbour"}


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
    """

    def __init__(
        self, model: LanguageModel, prompts: GenerationPrompts, grounder: Callable[[], TitleGrounder]
    ) -> None:
        self.model, self.prompts, self._make_grounder = model, prompts, grounder

    @cached_property
    def grounder(self) -> TitleGrounder:
        """Maps titles to items."""
        return self._make_grounder()

    def write(self, history: History, n: int, excluded: frozenset[int], request: str | None) -> Written:
        """Ask for interests and n titles; see `Writer`."""
        with step("prompt"):
            prompt = self.prompts.predictions(history, request, n)
        broken: tuple[str, ...] = ()
        sampling = Sampling(max_tokens=_LONGEST_INTERESTS + _LONGEST_TITLE * n, thinking=THINKING)
        try:
            with step("generate", what="interests and titles", n=n):
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

    def _answer(self, prompt: Prompt, sampling: Sampling) -> PredictionsAnswer:
        try:
            return self.model.generate(prompt.messages, schema=PredictionsAnswer, sampling=sampling)
        except OutputParseError:
            if self.model.capabilities.remote:  # an endpoint has been asked in words and again by then
                raise
            *others, last = prompt.messages
            asked = last.model_copy(update={"content": f"{last.content}\n{_FORM}"})
            return parse_output(self.model.generate([*others, asked], sampling=sampling), PredictionsAnswer)

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
        return tuple(items.values())[:n], _notes(seen, ambiguous)

    def _item(self, found: Grounding, position: int) -> GeneratedItem:
        return in_catalogue(self.grounder.catalog, position, found.text, _HOW[found.how])


def _broken(read: PredictionsAnswer) -> str:
    interests, titles = counted(len(read.interests), "interest"), counted(len(read.titles), "title")
    return f"The answer was cut off or faulty; {interests} and {titles} were complete in it and are used."


def _notes(seen: int, ambiguous: int) -> tuple[str, ...]:
    notes = []
    if seen:
        what = counted(seen, "generated title is", "generated titles are")
        notes.append(f"{what} of the history, or not to be named, and left out.")
    if ambiguous:
        what = counted(ambiguous, "generated title fits", "generated titles fit")
        notes.append(f"{what} several items, and so none of them.")
    return tuple(notes)
