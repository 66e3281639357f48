"""Item softmax on a language model: the hidden state after each event line, against every item's vector.

    score(x, i) = (A norm(h)) . v_i + b_i          v_i = P t_i + r_i

h is the model's hidden state at the last token of the newest event's line, v_i an item vector of the same
form as the sequence encoder's (text embedding projected, plus a learned residual). One forward pass over the
history's text ranks the whole catalogue. How head and adapter are learned is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.llm import LanguageModel
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.retrieval.catalog_change import CatalogChange

__all__ = ["ItemHead", "ItemSoftmax", "covering_prompts"]


class ItemHead(nn.Module):
    """From hidden states to scores of all items.

    Parameters
    ----------
    hidden_size
        Width of a hidden state.
    dimension
        Length of an item vector.
    text
        Unit text vectors of the items, float32, shape (n_items, text_dimension).
    bias
        Where the item biases start, float32, shape (n_items,).
    """

    text: Tensor

    def __init__(self, hidden_size: int, dimension: int, text: FloatArray, bias: FloatArray) -> None:
        super().__init__()
        self.register_buffer("text", torch.tensor(text, dtype=torch.float32), persistent=False)
        self.norm = nn.LayerNorm(hidden_size)
        self.state = nn.Linear(hidden_size, dimension)
        self.projection = nn.Linear(text.shape[1], dimension, bias=False)
        self.residual = nn.Parameter(torch.randn(len(text), dimension) * 0.02)
        self.bias = nn.Parameter(torch.tensor(bias, dtype=torch.float32))

    def item_vectors(self) -> Tensor:
        """Return the vectors of all items, shape (n_items, dimension)."""
        projected: Tensor = self.projection(self.text)
        return projected + self.residual

    def forward(self, states: Tensor) -> Tensor:
        """Return scores, shape (n, n_items), for hidden states of shape (n, hidden_size)."""
        users: Tensor = self.state(self.norm(states.float()))
        return users @ self.item_vectors().T + self.bias

    @torch.no_grad()
    def follow(self, change: CatalogChange) -> None:
        """Take over a changed catalogue; new items have no residual and a bias of the lower quartile."""
        n, (old, new) = len(change.catalog), change.kept
        text = self.text.new_zeros(n, self.text.shape[1])
        residual = self.residual.new_zeros(n, self.residual.shape[1])
        bias = torch.quantile(self.bias, 0.25).repeat(n)
        text[new], residual[new], bias[new] = self.text[old], self.residual[old], self.bias[old]
        text[change.encoded] = torch.from_numpy(change.vectors).to(text)
        self.text, self.residual, self.bias = text, nn.Parameter(residual), nn.Parameter(bias)


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
    layer
        The layer whose hidden states the head reads (see `nextinterest.llm.LanguageModel.encode`).
    """

    name = "item_softmax"

    def __init__(
        self,
        model: LanguageModel,
        head: ItemHead,
        catalog: Catalog,
        template: PromptTemplate,
        options: PromptOptions,
        layer: int = -1,
    ) -> None:
        self.model, self.head, self.template, self.options = model, head.eval(), template, options
        self.layer = layer
        self.tokens_read = 0
        self._renderer = PromptRenderer(template, catalog, model.tokenizer, options)

    @torch.inference_mode()
    def scores(self, histories: Sequence[History]) -> FloatArray:
        """Return scores of all items, float32, shape (n, n_items).

        A history whose prompt another's begins with costs nothing of its own: a causal model's states do
        not depend on what follows. An empty history scores by the item biases.
        """
        out = np.empty((len(histories), len(self.head.bias)), dtype=np.float32)
        prompts = [self._renderer.history(history) for history in histories]
        spoken = [i for i, prompt in enumerate(prompts) if prompt.event_ends]
        out[[i for i in range(len(histories)) if i not in set(spoken)]] = self.head.bias.cpu().numpy()
        tokens = [tuple(prompts[i].tokens) for i in spoken]
        cover = covering_prompts(tokens)
        used = sorted(set(cover))
        at = {
            i: sorted({prompts[spoken[j]].event_ends[-1] for j in range(len(spoken)) if cover[j] == i})
            for i in used
        }
        self.tokens_read += sum(len(tokens[i]) for i in used)
        states = self.model.encode([tokens[i] for i in used], [at[i] for i in used], layers=(self.layer,))
        found = {
            (i, end): row
            for i, rows in zip(used, states, strict=True)
            for end, row in zip(at[i], rows, strict=True)
        }
        if spoken:
            stacked = np.stack([found[cover[j], prompts[i].event_ends[-1]] for j, i in enumerate(spoken)])
            device = self.head.bias.device
            out[spoken] = self.head(torch.from_numpy(stacked).to(device)).cpu().numpy()
        return out

    def follow(self, change: CatalogChange) -> None:
        """Take over a changed catalogue."""
        self.head.follow(change)
        self._renderer = PromptRenderer(self.template, change.catalog, self.model.tokenizer, self.options)


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
