"""From a history to `NextInterests`: one model over one catalogue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from nextinterest.agent.config import InterestStyle
from nextinterest.agent.generation.asked import AskedWriter, Candidates, longest_answer
from nextinterest.agent.generation.constrained import ConstrainedWriter
from nextinterest.agent.generation.limits import NO_ITEM
from nextinterest.agent.generation.written import Writer
from nextinterest.agent.histories import ReadHistory
from nextinterest.agent.metered import metered
from nextinterest.counting import counted
from nextinterest.domain import BoolArray, Catalog, GeneratedItem, History, IntArray, NextInterests
from nextinterest.errors import ModelError
from nextinterest.llm import ConstrainedModel, LanguageModel
from nextinterest.prompts import GENERATION_OPTIONS, Asking, GenerationPrompts, PromptOptions, TitleGrounder
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.title_vectors import TitleVectors

__all__ = ["Generator", "make_generator"]

_ASKED_OPTIONS = PromptOptions(budget=8000, max_events=60)
_ANSWER = 400  # tokens of a context that are left for the answer
_USUAL = 10  # titles that the room for an asked answer is measured by


class Generator:
    """Predicts next interests and titles.

    Parameters
    ----------
    model
        The language model. One that can be constrained writes titles of the catalogue alone; one that
        cannot is asked for JSON, and its titles are looked up.
    catalog
        The catalogue.
    grounder
        Makes the grounder of titles for a model that cannot be constrained.
    candidates
        Finds titles that such a model is shown.
    style
        How a model that can be constrained says interests.
    open_kinds
        Kinds of events that leave an item open (`History.had`).
    """

    def __init__(
        self,
        model: LanguageModel,
        catalog: Catalog,
        grounder: Callable[[], TitleGrounder],
        candidates: Candidates,
        style: InterestStyle = "written",
        open_kinds: Collection[str] = (),
    ) -> None:
        self.model, self.open_kinds = model, open_kinds
        self.writer: Writer
        if isinstance(model, ConstrainedModel):
            self.prompts = GenerationPrompts(catalog, model.tokenizer, _fitting(GENERATION_OPTIONS, model))
            self.writer = ConstrainedWriter(model, self.prompts, style)
        else:
            options = _fitting(_ASKED_OPTIONS, model, longest_answer(_USUAL))
            self.prompts = GenerationPrompts(catalog, model.tokenizer, options)
            self.writer = AskedWriter(model, self.prompts, grounder, candidates)

    @metered
    def generate(
        self, read: ReadHistory, n: int, *, request: str | Asking | None = None, exclude_seen: bool = True
    ) -> NextInterests:
        """Return what comes next for one history; see `RecommenderAgent.generate`."""
        history = read.history
        asking = request if isinstance(request, Asking) else Asking(request=request)
        had = history.had(self.open_kinds) if exclude_seen else ()
        seen = frozenset(int(item) for item in had)
        excluded = seen | read.unwanted
        written = self.writer.write(history, n, excluded, asking)
        notes = list(read.notes)
        if not len(history):
            notes.insert(0, "The history is empty: the model says what it expects of anybody.")
        if read.skipped:
            what = counted(len(read.skipped), "item of the history is", "items of the history are")
            notes.append(f"{what} not in the catalogue, and left out.")
        notes += [*_named(self.prompts.source), *written.notes]
        if NO_ITEM not in notes:
            notes += _short(written.items, n)
        return NextInterests(
            user=history.user,
            interests=written.interests,
            items=written.items,
            events_used=len(history),
            model=self.model.name,
            skipped=read.skipped,
            notes=tuple(notes),
        )


def make_generator(
    model: LanguageModel | None,
    retriever: Retriever,
    style: InterestStyle = "written",
    candidates: Candidates | None = None,
) -> Generator:
    """Return what predicts next interests over a retriever's catalogue, whose encoder grounds titles.

    Parameters
    ----------
    model, style
        As of `Generator`.
    retriever
        Holds the catalogue, its text index and encoder.
    candidates
        Finds titles to show; None takes the retriever's best, whatever is asked for.

    Raises
    ------
    ModelError
        If there is no language model.
    """
    if model is None:
        raise ModelError(
            "This agent has no language model to generate with.",
            remedy="Make it with one: language_model='smollm2-135m-instruct', a folder or a hub id.",
            command="Leave out what switches the language model off.",
        )
    catalog, encoder = retriever.catalog, retriever.encoder

    def best(history: History, k: int, allowed: BoolArray, request: str | None) -> IntArray:
        return retriever.shortlist([history], k, False, allowed=allowed)[0].items

    def grounder() -> TitleGrounder:
        return TitleGrounder(catalog, TitleVectors(catalog, retriever.index, encoder))

    return Generator(model, catalog, grounder, candidates or best, style, retriever.config.open_kinds)


def _short(items: Sequence[GeneratedItem], n: int) -> Iterator[str]:
    """Yield what should be known of fewer titles than were asked for, and of titles that are no items."""
    if items and all(item.item_id is None for item in items):
        several = f"All {counted(len(items), 'title')} generated are"
        what = "The one title generated is" if len(items) == 1 else several
        yield f"{what} outside of the catalogue."
    if len(items) < n:
        yield f"{counted(len(items), 'title')} instead of {n}."


def _named(source: str) -> tuple[str, ...]:
    """Return what should be known of the interests' names where they are not the catalogue's categories."""
    kind, _, name = source.partition(" ")
    if kind == "categories":
        return ()
    if kind == "nothing":
        return ("The catalogue names no interests: it has no categories, and no words that titles share.",)
    called = f"the values of {name!r}" if kind == "attribute" else source
    return (f"The catalogue has too few categories; its interests are {called}.",)


def _fitting(
    options: PromptOptions, model: LanguageModel | ConstrainedModel, answer: int = _ANSWER
) -> PromptOptions:
    """Return options whose prompts leave room for an answer in the model's context."""
    room = model.context_length - 1  # an end token
    if not isinstance(model, ConstrainedModel) or model.kind == "causal":
        room = max(model.context_length - answer, model.context_length // 2, 1)
    return options.model_copy(update={"budget": min(options.budget, room)})
