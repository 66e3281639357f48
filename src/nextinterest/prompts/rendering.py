"""`render_history` and `render_choice`: one prompt at a call, with the renderers behind them kept.

Whoever renders in bulk, or with variables of their own, holds a `PromptRenderer` instead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from nextinterest.domain import Catalog, History, IntArray
from nextinterest.prompts.history import LETTERS, PromptRenderer
from nextinterest.prompts.options import PromptOptions
from nextinterest.prompts.prompt import Prompt
from nextinterest.prompts.template import PromptTemplate
from nextinterest.prompts.tokenizing import TextTokenizer

__all__ = ["render_choice", "render_history"]

_KEPT = 16

# By identity of catalogue and tokenizer: a renderer holds both, so an id cannot pass to another object
# while its renderer is kept.
_Key = tuple[PromptTemplate, int, int, PromptOptions]
_renderers: OrderedDict[_Key, PromptRenderer] = OrderedDict()
_lock = Lock()


def _renderer(
    template: PromptTemplate, catalog: Catalog, tokenizer: TextTokenizer, options: PromptOptions
) -> PromptRenderer:
    key = (template, id(catalog), id(tokenizer), options)
    with _lock:
        renderer = _renderers.get(key)
        if renderer is None:
            renderer = _renderers[key] = PromptRenderer(template, catalog, tokenizer, options)
            if len(_renderers) > _KEPT:
                _renderers.popitem(last=False)
        _renderers.move_to_end(key)
    return renderer


def render_history(
    template: PromptTemplate,
    history: History,
    catalog: Catalog,
    tokenizer: TextTokenizer,
    budget: int = 1024,
    *,
    options: PromptOptions | None = None,
) -> Prompt:
    """Render one history; see `PromptRenderer.history`.

    Renderers of the last few templates, catalogues and tokenizers are kept, so that lines are rendered once.
    `budget` overrides that of `options`.
    """
    return _renderer(template, catalog, tokenizer, _with_budget(options, budget)).history(history)


def render_choice(
    template: PromptTemplate,
    history: History,
    catalog: Catalog,
    candidates: Sequence[int] | IntArray,
    tokenizer: TextTokenizer,
    budget: int = 1024,
    *,
    letters: Sequence[str] = LETTERS,
    options: PromptOptions | None = None,
) -> Prompt:
    """Render one history and lettered candidates; see `PromptRenderer.choice` and `render_history`."""
    renderer = _renderer(template, catalog, tokenizer, _with_budget(options, budget))
    return renderer.choice(history, candidates, letters)


def _with_budget(options: PromptOptions | None, budget: int) -> PromptOptions:
    return (options or PromptOptions()).model_copy(update={"budget": budget})
