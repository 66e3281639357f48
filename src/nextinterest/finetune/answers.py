"""What a model is taught to write as the next item: the title, or the structured answer with the title in it.

Both are written under the template that serving reads the prompt from. Knows no model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from nextinterest.domain import Catalog
from nextinterest.prompts import (
    NextItemAnswer,
    PromptOptions,
    PromptRenderer,
    PromptTemplate,
    TextTokenizer,
    neutralise,
    schema_text,
)

__all__ = ["AnswerForm", "Answers"]

AnswerForm = Literal["title", "json"]


class Answers:
    """Prompts that ask for the next item, and the tokens of right answers.

    Parameters
    ----------
    form
        ``title`` for the title alone, ``json`` for a `NextItemAnswer`.
    catalog, tokenizer, options
        As of `PromptRenderer`.

    Examples
    --------
    >>> from nextinterest.llm.tokenizer import ByteTokenizer
    >>> answers = Answers("json", Catalog(["a"], ["Alien"], years=[1979]), ByteTokenizer())
    >>> bytes(answers.tokens(0)).decode()
    '{"title":"Alien (1979)"}'
    """

    def __init__(
        self,
        form: AnswerForm,
        catalog: Catalog,
        tokenizer: TextTokenizer,
        options: PromptOptions | None = None,
    ) -> None:
        name, variables = "next-title", {}
        if form == "json":
            name, variables = "next-item-json", {"schema": schema_text(NextItemAnswer)}
        self.renderer = PromptRenderer(PromptTemplate.named(name), catalog, tokenizer, options, variables)
        self.tokens: Callable[[int], list[int]] = self._object if form == "json" else self.renderer.target

    def _object(self, item: int) -> list[int]:
        renderer = self.renderer
        catalog, tokenizer, options = renderer.catalog, renderer.tokenizer, renderer.options
        special = tokenizer.special_tokens
        title = neutralise(catalog.titles[item], max_chars=options.max_title_chars, special_tokens=special)
        year = catalog.years[item]
        said = f"{title or catalog.ids[item]} ({year})" if year else title or catalog.ids[item]
        text = NextItemAnswer(title=said).model_dump_json()
        return tokenizer.encode(renderer.template.render("target", answer=text))
