"""Prompts and right answers that a language model learns to write: next interests and titles, requests.

Prompts are made by the functions that serving asks with (`nextinterest.prompts`), so that what is learned is
what will be asked. Knows no loss.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import numpy as np

from nextinterest.counting import counted
from nextinterest.data import EventLog, HeldOut
from nextinterest.domain import Catalog, History, IntArray
from nextinterest.errors import DataError, ModelError
from nextinterest.finetune.backbone import Backbone
from nextinterest.finetune.choice_examples import draw_events
from nextinterest.finetune.task_config import GenerateConfig, UnderstandConfig
from nextinterest.finetune.utterances import Split, Utterance, generate
from nextinterest.finetune.utterances.invented import THINGS, invented
from nextinterest.finetune.writing_task import WrittenExample
from nextinterest.prompts import GenerationPrompts, GenerationTask
from nextinterest.prompts.flat_request import request_answer, request_prompt

__all__ = ["Generation", "Utterances", "future_of"]

_FIRST_LINES = 3  # too little of a history to predict the next line from


def future_of(held_out: HeldOut, most: int) -> list[tuple[History, IntArray]]:
    """Return the history of each user before the first held-out event, and all of them, oldest first.

    Parameters
    ----------
    held_out
        The events.
    most
        Users at most, drawn evenly.
    """
    users, first = np.unique(held_out.users, return_index=True)
    some = np.unique(np.linspace(0, len(users) - 1, min(most, len(users))).astype(np.int64))
    return [(held_out.histories[int(first[i])], held_out.targets[held_out.users == users[i]]) for i in some]


class Generation:
    """Examples of generation over one catalogue.

    Parameters
    ----------
    catalog
        The items.
    backbone
        The model that learns; the interests are left out where its vocabulary cannot write JSON.
    config
        How many. Prompts are those of serving.
    """

    def __init__(self, catalog: Catalog, backbone: Backbone, config: GenerateConfig) -> None:
        self.prompts = GenerationPrompts(catalog, backbone.tokenizer)
        self.config, self._end = config, backbone.tokenizer.end_id
        named: tuple[GenerationTask, ...] = ("interest",) if self.prompts.names else ()
        written: tuple[GenerationTask, ...] = ("interests",) if backbone.tokenizer.writes_json else ()
        self.tasks: tuple[GenerationTask, ...] = ("title", *named, *(written if named else ()))

    def training(self, log: EventLog, rng: np.random.Generator) -> list[WrittenExample]:
        """Draw examples from a log, as many of each of `tasks`; interests of as many events as are asked.

        Where no history goes on for so long, those are of what there is.

        Raises
        ------
        DataError
            If no user has history enough.
        """
        least = self.config.min_history
        events = list(islice(draw_events(log, least, rng), 2 * self.config.examples))
        if not events:
            raise DataError(
                f"No event has {counted(least, 'other')} before it to be written from.",
                remedy="Lower generate.min_history.",
            )
        each = -(-self.config.examples // len(self.tasks))
        made: list[WrittenExample] = []
        for i, task in enumerate(self.tasks):
            own = events[i :: len(self.tasks)] or events
            cases = [(user, end, self._following(log, user, end)) for user, end in own]
            if task == "interest":
                cases = [case for case in cases if self.prompts.catalog.categories[int(case[2][0])]]
            elif task == "interests":
                cases = [case for case in cases if len(case[2]) == self.prompts.horizon] or cases
            for user, end, following in cases[:each]:
                made.append(self._example(f"{task}-{user}-{end}", task, log.history(user, end), following))
        return made

    def _following(self, log: EventLog, user: int, end: int) -> IntArray:
        begin = int(log.offsets[user]) + end
        return log.items[begin : min(begin + self.prompts.horizon, int(log.offsets[user + 1]))]

    def validation(self, held_out: HeldOut) -> list[WrittenExample]:
        """Return what would have been right before the held-out events, `tasks` for each user."""
        return [
            self._example(f"validation-{task}-{i}", task, history, following)
            for i, (history, following) in enumerate(future_of(held_out, self.config.validation_cases))
            for task in self.tasks
            if task != "interest" or self.prompts.catalog.categories[int(following[0])]
        ]

    def _example(
        self, name: str, task: GenerationTask, history: History, following: IntArray
    ) -> WrittenExample:
        example = self.prompts.example(task, history, following)
        prompt = example.prompt
        ends = prompt.event_ends
        lines = range(ends[_FIRST_LINES - 1] + 1, ends[-1] + 1) if len(ends) > _FIRST_LINES else range(0)
        return WrittenExample(name, prompt.tokens, [*example.answer, self._end], lines)


class Utterances:
    """Examples of chat: some filled from the data's catalogue, the others from invented ones.

    Parameters
    ----------
    catalog
        The items.
    backbone
        The model that learns.
    config
        How many, and which.

    Raises
    ------
    ModelError
        If the model's vocabulary cannot write JSON, or names no end token.
    """

    def __init__(self, catalog: Catalog, backbone: Backbone, config: UnderstandConfig) -> None:
        if not backbone.tokenizer.writes_json:
            raise ModelError(
                f"The vocabulary of {backbone.name} has no braces: it cannot write what a message asks for.",
                remedy="Leave the task 'understand' out.",
            )
        self.catalog, self.config, self._end = catalog, config, backbone.tokenizer.end_id
        self._tokenizer = backbone.tokenizer
        self._render: Callable[[Utterance], str] = (
            self._conversation if backbone.kind == "causal" else self._lines
        )

    def draw(self, split: Split, n: int, rng: np.random.Generator) -> list[WrittenExample]:
        """Return n utterances of wordings of a split, as serving reads and decodes them."""
        n_invented = round(self.config.invented * n)
        made = [
            *generate(self.catalog, split, n - n_invented, rng, self.config.things),
            *generate(invented(self.catalog, rng), split, n_invented, rng, THINGS),
        ]
        encode = self._tokenizer.encode
        return [
            WrittenExample(
                f"{split}-{i}",
                encode(self._render(one)),
                [*encode(request_answer(one.written)), self._end],
            )
            for i, one in enumerate(made)
        ]

    def _conversation(self, utterance: Utterance) -> str:
        return self._tokenizer.render(request_prompt(utterance.messages, self._tokenizer.special_tokens))

    def _lines(self, utterance: Utterance) -> str:
        said = request_prompt(utterance.messages, self._tokenizer.special_tokens)
        return "\n".join(message.content for message in said)
