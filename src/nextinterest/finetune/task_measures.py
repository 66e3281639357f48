"""How well a tuned model does a task on validation, beside what needs no language model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nextinterest.agent.chat.reading.reader import CompositionalReader
from nextinterest.agent.chat.tuned_reader import TunedReader
from nextinterest.agent.chat.understanding import ChatContext, Understanding
from nextinterest.domain import Catalog
from nextinterest.finetune.task_config import UnderstandConfig
from nextinterest.finetune.utterances import Utterance, generate
from nextinterest.llm import LanguageModel
from nextinterest.messages import Message
from nextinterest.prompts.flat_request import flat_form

__all__ = ["Measures", "measure_reading"]

Measures = dict[str, float]

_SEED = 104_729
_CLEAR = 2.0  # standard errors by which a gain counts


def measure_reading(
    model: LanguageModel, catalog: Catalog, config: UnderstandConfig
) -> tuple[dict[str, Measures], bool]:
    """Return the share of utterances that model and rules read exactly, and whether the model is better.

    Utterances are of wordings that were not learned from, filled from the data's catalogue.
    """
    rng = np.random.default_rng(_SEED)
    said = list(generate(catalog, "validation", config.measured, rng, config.things))
    context = ChatContext(catalog)
    rules = _exact(CompositionalReader(), said, context)
    tuned = _exact(TunedReader(model), said, context)
    gain = tuned - rules
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else 0.0
    better = bool(gain.mean() > _CLEAR * error)
    return {
        "rules": {"exact": float(rules.mean())},
        "model, looked up": {"exact": float(tuned.mean())},
        "gain": {"exact": float(gain.mean()), "standard_error": error},
    }, better


def _exact(
    reader: Understanding, said: Sequence[Utterance], context: ChatContext
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([_read(reader, one, context) == one.request for one in said], dtype=np.float64)


def _read(reader: Understanding, utterance: Utterance, context: ChatContext) -> dict[str, object]:
    """Return the request a reader finds, its lists sorted as those of an utterance are."""
    messages = [Message.model_validate({"role": r, "content": t}) for r, t in utterance.messages]
    read = reader.read(messages, context).request
    found = flat_form().of(read).model_dump(mode="json", exclude_defaults=True)
    return {name: sorted(value) if isinstance(value, list) else value for name, value in found.items()}
