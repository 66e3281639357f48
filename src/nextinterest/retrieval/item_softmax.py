"""Item softmax on a language model as one part of a pool: one pass over a history's text ranks every item.

The head reads the hidden states at the end of the newest event's line (`nextinterest.retrieval.item_head`).
The model here is an object of its own, cut to the layers the head reads and with the adapter folded in; the
model that chooses, explains and talks is another one, which the adapter does not change.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np
import torch

from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.errors import ModelError
from nextinterest.llm import Continuations, LanguageModel, LocalModel, StateStore
from nextinterest.prompts import Prompt, PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.item_head import ItemHead
from nextinterest.retrieval.language_files import (
    LanguageManifest,
    Origin,
    adapter_bytes,
    head_arrays,
    head_of,
    load_language_model,
)
from nextinterest.retrieval.parts import HistoryScorer, LoadContext, Stored
from nextinterest.retrieval.reading import IndexedVectors, Reading
from nextinterest.retrieval.softmax_paths import SoftmaxPaths
from nextinterest.tracing import sent

__all__ = ["ItemSoftmax", "covering_prompts"]


class ItemSoftmax:
    """A language model with an item head, as one part of a pool.

    Parameters
    ----------
    model
        The language model, its adapter attached.
    head
        Trained on the same model, adapter and template.
    catalog
        The items.
    template, options
        How histories become text: those of training.
    layers
        The layers whose hidden states the head reads (see `nextinterest.llm.LanguageModel.encode`).
    origin
        How the model is loaded again; without it the part cannot be saved.
    """

    name = "item_softmax"
    kind: ClassVar[str] = "item softmax"

    def __init__(
        self,
        model: LanguageModel,
        head: ItemHead,
        catalog: Catalog,
        template: PromptTemplate,
        options: PromptOptions,
        layers: Sequence[int] = (-1,),
        origin: Origin | None = None,
    ) -> None:
        self.model, self.head, self.template, self.options = model, head.eval(), template, options
        self.layers, self.origin = tuple(layers), origin
        self.tokens_read = 0
        self._renderer = PromptRenderer(template, catalog, model.tokenizer, options)
        self._states: StateStore | None = None
        self._indexed: IndexedVectors | None = None

    def continued(self, length: int, n_paths: int) -> HistoryScorer:
        """Return a scorer that reads the history's text once, where the model keeps its state."""
        if not isinstance(self.model, LocalModel):
            return self
        return SoftmaxPaths(
            self.head, self._renderer, Continuations(self.model, n_paths, self.layers), length
        )

    def remember(self, max_bytes: int) -> None:
        """Keep what was read of named users' histories from now on, so that a new event costs its own line.

        For servers; `forget` drops a user's. What is kept is found again by user and token, so that no other
        history can be answered from it. Models without a cache read everything anew, as before.

        Parameters
        ----------
        max_bytes
            Of all users together; the least recently asked for go first. 0 keeps nothing.
        """
        self._states = None
        if max_bytes > 0 and isinstance(self.model, LocalModel):
            self._states = StateStore(self.model, self.template.hash, max_bytes=max_bytes)

    def forget(self, user: str) -> None:
        """Drop what is kept of a user's history, if anything is."""
        if self._states is not None:
            self._states.forget(user)

    def remembered(self) -> frozenset[str]:
        """Return the users of whom something is kept now."""
        return frozenset() if self._states is None else frozenset(self._states.users())

    def __deepcopy__(self, memo: dict[int, object]) -> ItemSoftmax:
        """Return a part with a head of its own; the model and what it has read of users are shared."""
        made = copy.copy(self)
        made.head, made._indexed = copy.deepcopy(self.head, memo), copy.deepcopy(self._indexed, memo)
        memo[id(self)] = made
        return made

    def scores(self, histories: Sequence[History]) -> FloatArray:
        """Return scores of all items, float32, shape (n, n_items)."""
        return self.read(histories).all()

    @torch.inference_mode()
    def read(self, histories: Sequence[History]) -> Reading:
        """Return the head's scores; an empty history names nothing and scores by the item biases.

        A history whose prompt another's begins with costs nothing of its own: a causal model's states do
        not depend on what follows. One named user's history alone is read from where it was left, if
        `remember` was called.
        """
        prompts = [self._renderer.history(history) for history in histories]
        filled = [i for i, prompt in enumerate(prompts) if prompt.event_ends]
        queries = np.zeros((len(histories), self.head.config.dimension + 1), dtype=np.float32)
        queries[:, -1] = 1.0  # against the biases
        for i in filled:
            sent(prompts[i].text)
        if filled:
            user = histories[0].user if len(histories) == 1 else None
            if user is not None and self._states is not None:
                states = self._states_of_user(prompts[0], user, self._states)
            else:
                states = self._states_of([prompts[i] for i in filled])
            device = self.head.bias.device
            users = self.head.user_vectors(torch.from_numpy(states).to(device))
            queries[filled, :-1] = users.float().cpu().numpy()
        names = np.zeros(len(histories), dtype=bool)
        names[filled] = True
        return self._items().read(queries, names)

    def _states_of(self, prompts: Sequence[Prompt]) -> FloatArray:
        """Return the hidden states at the newest event of each prompt, shape (n, state_size)."""
        tokens = [tuple(prompt.tokens) for prompt in prompts]
        cover = covering_prompts(tokens)
        used = sorted(set(cover))
        at = {
            i: sorted({p.event_ends[-1] for p, c in zip(prompts, cover, strict=True) if c == i}) for i in used
        }
        self.tokens_read += sum(len(tokens[i]) for i in used)
        states = self.model.encode([tokens[i] for i in used], [at[i] for i in used], layers=self.layers)
        found = {
            (i, end): row
            for i, rows in zip(used, states, strict=True)
            for end, row in zip(at[i], rows, strict=True)
        }
        return np.stack([found[c, p.event_ends[-1]] for p, c in zip(prompts, cover, strict=True)])

    def _states_of_user(self, prompt: Prompt, user: str, states: StateStore) -> FloatArray:
        with states.state(user, prompt.tokens) as state:
            known = state.shared_with(prompt.tokens)
            found: FloatArray = state.read(prompt.tokens, at=[prompt.event_ends[-1]], layers=self.layers)
        self.tokens_read += len(prompt.tokens) - known
        return found

    def _items(self) -> IndexedVectors:
        """Return the head's item vectors, their biases behind; computed once, since nothing learns here."""
        if self._indexed is None:
            self._indexed = IndexedVectors(self.head.scored_vectors())
        return self._indexed

    def follow(self, change: CatalogChange) -> None:
        """Take over a changed catalogue."""
        self.head.follow(change)
        if self._indexed is not None:
            self._indexed.follow(change, self.head.scored_vectors())
        self._renderer = PromptRenderer(self.template, change.catalog, self.model.tokenizer, self.options)

    def save(self) -> Stored:
        """Return head, adapter and names.

        Raises
        ------
        ModelError
            If the part does not know by which name its model can be loaded again.
        """
        if self.origin is None:
            raise ModelError(
                "This item softmax was given its model as an object, so a directory could not name it.",
                remedy="Give it an Origin.",
            )
        manifest = LanguageManifest(
            base=self.origin.base,
            n_layers=self.origin.n_layers,
            fingerprint=self.model.fingerprint,
            random_seed=self.origin.random_seed,
            layers=self.layers,
            head=self.head.config,
            template=self.template.name,
            template_hash=self.template.hash,
            options=self.options,
            adapter=self.origin.adapter is not None,
        )
        settings = manifest.model_dump(mode="json")
        return Stored(self.kind, self.name, settings, head_arrays(self.head), adapter_bytes(self.origin))

    @classmethod
    def load(cls, stored: Stored, context: LoadContext) -> ItemSoftmax:
        """Load base model and adapter and put the head on them.

        Raises
        ------
        IntegrityError
            If the template, the adapter's files or the base model are not those of training, or the head is
            of another catalogue; the message says which.
        """
        manifest = LanguageManifest.model_validate(stored.settings)
        model, template, origin = load_language_model(
            manifest, context.saved, device=context.device, dtype=context.dtype, moved=context.moved
        )
        head = head_of(manifest.head, stored.tensors, context.text, context.saved.directory).to(model.device)
        return cls(model, head, context.catalog, template, manifest.options, manifest.layers, origin)


def covering_prompts(prompts: Sequence[tuple[int, ...]]) -> list[int]:
    """Return for each prompt the index of a longest one that begins with it; its own where there is none.

    Examples
    --------
    >>> covering_prompts([(1,), (1, 2, 3), (1, 2), (4,)])
    [1, 1, 1, 3]
    """
    cover = list(range(len(prompts)))
    # Sorted, a prompt stands before all that begin with it, and the longest of a chain comes last.
    order = sorted(range(len(prompts)), key=lambda i: prompts[i], reverse=True)
    for before, i in pairwise(order):
        if prompts[before][: len(prompts[i])] == prompts[i]:
            cover[i] = cover[before]
    return cover
