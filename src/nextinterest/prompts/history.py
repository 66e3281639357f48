"""A history as a prompt: newest events last, within a token budget counted by the model's own tokenizer.

Oldest events fall away first; what they were is then said by category shares, or by the sentences of a given
`Summariser`, where that takes no more than its part of the budget. Every piece is tokenised by itself, so the
tokens up to an event depend on nothing behind it: a longer history with the same first event extends the
tokens of the shorter one, which is what a cached state lives on.

This module knows no model and no item vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from string import ascii_uppercase
from types import MappingProxyType

import numpy as np

from nextinterest.domain import Catalog, History, IntArray
from nextinterest.errors import PromptError
from nextinterest.prompts.asking import Asking, asked_text, day_text
from nextinterest.prompts.frame import frame_of
from nextinterest.prompts.lines import ItemLines, Piece, encode_piece
from nextinterest.prompts.options import PromptOptions
from nextinterest.prompts.prompt import Prompt
from nextinterest.prompts.sanitise import neutralise
from nextinterest.prompts.summary import Summariser, category_shares, shorter_and_shorter
from nextinterest.prompts.template import PromptTemplate
from nextinterest.prompts.tokenizing import TextTokenizer

__all__ = ["LETTERS", "PromptRenderer"]

LETTERS = tuple(ascii_uppercase)
"""Letters of candidates where nothing else is asked for."""

_SHORTER_TITLES = (64, 40, 24, 12, 6, 3)  # characters, tried one after the other
_LEAST_EVENTS = 3  # newest events that a choice shows before titles are cut for them
_OFFERED_SHARE = 0.5  # of the budget, for candidates that a model may choose from and need not
_SOME = 50  # candidates that are shown where not all are
_MAX_SENTENCE_CHARS = 2000  # whole sentences are left out before one is cut within a number

_NONE: Mapping[str, object] = MappingProxyType({})


class PromptRenderer:
    """Renders histories over one catalogue under one template and tokenizer, and keeps the lines.

    Parameters
    ----------
    template
        The template.
    catalog
        The catalogue that positions in histories refer to.
    tokenizer
        The tokenizer of the model that will read the prompts.
    options
        Budget and the like.
    variables
        Values of variables that the template uses beyond those of its sections, such as ``schema``.
    summariser
        Says what events were that do not fit, in place of the template's line of category shares. Its
        sentences are neutralised here, and the last ones left out until they take no more than
        ``summary_share`` of the budget. A template without a summary, and ``summarise=False``, ask for none.

    Raises
    ------
    PromptError
        If the template uses a variable that was not given.
    """

    def __init__(
        self,
        template: PromptTemplate,
        catalog: Catalog,
        tokenizer: TextTokenizer,
        options: PromptOptions | None = None,
        variables: Mapping[str, object] = _NONE,
        *,
        summariser: Summariser | None = None,
    ) -> None:
        self.template = template
        self.catalog = catalog
        self.tokenizer = tokenizer
        self.options = options or PromptOptions()
        self._variables = dict(variables)
        self._summariser = summariser
        self._frame = frame_of(template, tokenizer, self._variables)
        self._lines = ItemLines(template, catalog, tokenizer, self.options)
        self._tighter: dict[int, ItemLines] = {}
        self._before = encode_piece(tokenizer, self._frame.before)
        self._after = encode_piece(tokenizer, self._frame.after)
        self._special = tokenizer.special_tokens

    def history(self, history: History, request: str | None = None) -> Prompt:
        """Render a history, and behind it what the person asks for now.

        Where not even the newest event fits, titles are cut shorter.

        Raises
        ------
        PromptError
            If the budget holds less than the template and a title of a few characters.
        """
        behind = self._asked(Asking(request=request), history)
        for lines in self._ever_shorter():
            found = self._render(history, behind, (), lines, 1)
            if found is not None:
                return found
        raise self._too_small(behind)

    def choice(
        self,
        history: History,
        candidates: Sequence[int] | IntArray,
        letters: Sequence[str] = LETTERS,
        *,
        request: str | None = None,
        today: date | None = None,
    ) -> Prompt:
        """Render a history and lettered candidates, in the order given.

        The budget holds for everything: candidates are always all shown, the history gets what is left. Where
        that is less than its newest events need, all titles are cut shorter, for all candidates alike; then
        the history falls away.

        Parameters
        ----------
        history
            The history, which may be empty.
        candidates
            Catalogue positions.
        letters
            One per candidate at least.
        request
            What the person asks for now, in their words; None for nothing.
        today
            As in `Asking`.

        Raises
        ------
        PromptError
            If there are more candidates than letters, a letter twice, or the budget holds less than the
            template and titles of a few characters.
        """
        positions = [int(position) for position in candidates]
        used = tuple(letters[: len(positions)])
        if len(used) < len(positions) or len(set(used)) < len(used):
            raise PromptError(
                f"{len(positions)} candidates cannot be distinguished by the letters {', '.join(used)}.",
                remedy=f"Offer at most {len(set(letters))} candidates in one prompt, or give more letters.",
            )
        labels = tuple(self.template.render("target", letter=letter, **self._variables) for letter in used)
        front = (*self._asked(Asking(request=request), history), *self._offer(complete=True))
        day = self._day(history, today)
        behind: tuple[Piece, ...] = front
        for lines in self._ever_shorter():
            rows = [
                lines.candidate(position, letter) for position, letter in zip(positions, used, strict=True)
            ]
            behind = (*front, *rows, *day)
            found = self._render(history, behind, labels, lines, _LEAST_EVENTS)
            if found is not None:
                return found
        found = self._render(history, behind, labels, lines, 0)
        if found is None:
            raise self._too_small(behind)
        return found

    def offer(
        self, history: History, candidates: Sequence[int] | IntArray, asking: Asking, *, complete: bool
    ) -> Prompt:
        """Render a history and items that the answer may name, as far as half of the budget holds them.

        Parameters
        ----------
        history
            The history, which may be empty.
        candidates
            Catalogue positions, best first; they are shown in catalogue order. Where not all fit, the first
            50 are shown, or as many as fit.
        asking
            What the person asks for.
        complete
            Whether these are all items that may be named, which the template can say.

        Raises
        ------
        PromptError
            If the budget holds less than the template and titles of a few characters.
        """
        asked, day = self._asked(asking, history), self._day(history, asking.today)
        behind: tuple[Piece, ...] = (*asked, *day)
        for lines in self._ever_shorter():
            rows = [lines.candidate(int(position), "") for position in candidates]
            room = np.cumsum([len(row.tokens) for row in rows]) <= _OFFERED_SHARE * self.options.budget
            n = len(rows) if room.all() else min(int(room.sum()), _SOME)
            if n:
                shown = sorted(range(n), key=lambda i: int(candidates[i]))
                offer = self._offer(complete=complete and n == len(rows))
                behind = (*asked, *offer, *(rows[i] for i in shown), *day)
            found = self._render(history, behind, (), lines, min(len(history), 1))
            if found is not None:
                return found
        raise self._too_small(behind)

    def target(self, item: int) -> list[int]:
        """Return the tokens of an item as the answer to a prompt of this template (such as its title).

        What fine-tuning to generate learns from, and the continuations that packed likelihood compares.
        """
        return list(self._lines.target(item).tokens)

    def _asked(self, asking: Asking, history: History) -> tuple[Piece, ...]:
        asked = self._pieces(asked_text(self.template, asking, self._special, self._variables))
        if len(history) or "nothing" not in self.template.sections:
            return asked
        return (*self._pieces(self.template.render("nothing", **self._variables)), *asked)

    def _day(self, history: History, today: date | None) -> tuple[Piece, ...]:
        return self._pieces(day_text(self.template, history, today, self._variables))

    def _offer(self, *, complete: bool) -> tuple[Piece, ...]:
        if "candidates" not in self.template.sections:
            return ()
        return self._pieces(self.template.render("candidates", complete=complete, **self._variables))

    def _pieces(self, text: str) -> tuple[Piece, ...]:
        return (encode_piece(self.tokenizer, text),) if text else ()

    def _ever_shorter(self) -> Iterator[ItemLines]:
        """Yield the lines as the options say, then with titles cut shorter and shorter."""
        yield self._lines
        for chars in _SHORTER_TITLES:
            if chars < self.options.max_title_chars:
                if chars not in self._tighter:
                    self._tighter[chars] = ItemLines(
                        self.template, self.catalog, self.tokenizer, self.options, longest_title=chars
                    )
                yield self._tighter[chars]

    def _too_small(self, behind: Sequence[Piece]) -> PromptError:
        return PromptError(
            f"A prompt of template {self.template.name!r} takes {self._fixed(behind)} tokens without events; "
            f"the budget is {self.options.budget}.",
            remedy="Raise the budget, or offer fewer candidates.",
        )

    def _fixed(self, behind: Sequence[Piece]) -> int:
        return sum(len(piece.tokens) for piece in (self._before, *behind, self._after))

    def _render(
        self,
        history: History,
        behind: Sequence[Piece],
        labels: tuple[str, ...],
        lines: ItemLines,
        least: int,
    ) -> Prompt | None:
        """Render under the budget; None where fewer than `least` of the events there are would fit."""
        fitted = self._fit(history, self.options.budget - self._fixed(behind), lines, least)
        if fitted is None:
            return None
        first, summary, events = fitted
        tokens = list(self._before.tokens)
        if summary is not None:
            tokens += summary.tokens
        ends: list[int] = []
        for piece in events:
            tokens += piece.tokens
            ends.append(len(tokens) - 1)
        for piece in (*behind, self._after):
            tokens += piece.tokens
        said = "" if summary is None else summary.text
        body = said + "".join([piece.text for piece in (*events, *behind)])
        return Prompt(
            tokens=tokens,
            text=self._frame.before + body + self._frame.after,
            event_ends=ends,
            first_event=first,
            first_number=first - self._numbered_from(len(history)) + 1,
            summary=None if summary is None else said.strip(),
            messages=self._frame.messages(body),
            labels=labels,
        )

    def _fit(
        self, history: History, budget: int, lines: ItemLines, least: int
    ) -> tuple[int, Piece | None, list[Piece]] | None:
        """Choose the oldest event to keep, the summary of those before it, and the lines kept.

        Whether there is a summary, and which, follows from the first event alone, never from how many
        tokens the events behind it happen to leave: otherwise an appended event could change the start of the
        prompt and a cached state would be lost.
        """
        n = len(history)
        if budget < 0:
            return None
        if n == 0:
            return 0, None, []
        shown = history.last(self.options.max_events or n)
        begin = n - len(shown) - self._numbered_from(n) + 1
        pieces = lines.newest_first(shown, budget, begin)
        sizes = np.cumsum([len(piece.tokens) for piece in pieces])
        fitting = int(np.searchsorted(sizes, budget, side="right"))
        if fitting < min(least, len(shown)):
            return None
        if fitting == 0:
            return n, None, []
        oldest = n - fitting
        if oldest == 0:
            return 0, None, pieces[:fitting][::-1]
        for first in self._windows(oldest, n):
            summary = self._summarise(history, first)
            size = 0 if summary is None else len(summary.tokens)
            if size + sizes[n - first - 1] <= budget:
                return first, summary, pieces[: n - first][::-1]
        return n - 1, None, pieces[:1]

    def _numbered_from(self, n: int) -> int:
        """Return the event whose number would be 1: numbers stay small, and move a stride at a time."""
        stride = self.options.drop_stride
        return max(n - (self.options.max_events or n), 0) // stride * stride

    def _windows(self, oldest: int, n: int) -> Iterator[int]:
        """Yield first events to try: whole strides as long as any event is left, then single steps."""
        stride = self.options.drop_stride
        aligned = range(-(-oldest // stride) * stride, n, stride)
        yield from aligned
        yield from range((aligned[-1] if aligned else oldest - 1) + 1, n)

    def _summarise(self, history: History, dropped: int) -> Piece | None:
        if dropped == 0 or not self.options.summarise or "summary" not in self.template.sections:
            return None
        budget = int(self.options.budget * self.options.summary_share)
        for text in self._summaries(history.first(dropped)):
            piece = encode_piece(self.tokenizer, text)
            if len(piece.tokens) <= budget:
                return piece
        return None

    def _summaries(self, dropped: History) -> Iterator[str]:
        """Yield what may be said of the dropped events, the longest first."""
        if self._summariser is not None:
            given = (
                neutralise(said, max_chars=_MAX_SENTENCE_CHARS, special_tokens=self._special)
                for said in self._summariser(dropped)
            )
            for some in shorter_and_shorter([said for said in given if said]):
                yield " ".join(some) + "\n"
            return
        shares = [
            (name, percent)
            for raw, percent in category_shares(dropped.items, self.catalog)
            if (name := neutralise(raw, special_tokens=self._special))
        ]
        for few in shorter_and_shorter(shares):
            yield self.template.render("summary", n_dropped=len(dropped), shares=few, **self._variables)
