"""How well a tuned model does a task on validation, beside what needs no language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from nextinterest.agent.chat.reading.reader import CompositionalReader
from nextinterest.agent.chat.tuned_reader import TunedReader
from nextinterest.agent.chat.understanding import ChatContext, Understanding
from nextinterest.agent.config import GeneratedSource, InterestStyle
from nextinterest.agent.generation import make_generator
from nextinterest.agent.histories import ReadHistory
from nextinterest.data import Split
from nextinterest.domain import Catalog, IntArray, NextInterests
from nextinterest.finetune.task_config import GenerateConfig, UnderstandConfig
from nextinterest.finetune.utterances import Utterance, generate
from nextinterest.finetune.written_examples import future_of
from nextinterest.llm import LanguageModel
from nextinterest.messages import Message
from nextinterest.prompts.flat_request import flat_form
from nextinterest.retrieval import Retriever

__all__ = ["Measures", "measure_generation", "measure_reading"]

Measures = dict[str, float]

_SEED = 104_729
_CLEAR = 2.0  # standard errors by which a gain counts
_MIXED = 0.1
TITLES = 10

Shares = NDArray[np.float64]


def measure_generation(
    model: LanguageModel, retriever: Retriever, split: Split, config: GenerateConfig
) -> tuple[dict[str, Measures], GeneratedSource | None, InterestStyle]:
    """Return measures of what is generated, what it is as a source, and how interests are best said.

    Generated from each user's history before the validation events: titles, by how they rank the next event
    and what they find that is not among the retriever's first candidates; interests, by the log-loss of their
    shares on all validation events, beside the user's own shares; both with a tenth of everybody's in them.
    Interests are measured as written and as scored, and the style of the smaller log-loss is returned.
    """
    generators = {style: make_generator(model, retriever, style) for style in get_args(InterestStyle)}
    generator = generators["written"]
    catalog, depth = generator.prompts.catalog, retriever.config.depth
    everybody = _shares(catalog, split.train.items)
    rows: dict[str, list[float]] = {}
    for history, following in future_of(split.validation, config.measured):
        read = ReadHistory(history)
        made = {
            style: one.generate(read, TITLES if one is generator else 1) for style, one in generators.items()
        }
        titles = [
            catalog.position(item.item_id) for item in made["written"].items if item.item_id is not None
        ]
        target = int(following[0])
        offered = set(retriever.recommend([history], depth).items[0].tolist())
        coming = set(following.tolist())
        own = _shares(catalog, history.items)
        seen = {
            "ndcg@10": 1 / np.log2(2 + titles.index(target)) if target in titles else 0.0,
            "hr@10": float(target in titles),
            "adds": len((coming & set(titles)) - offered) / len(coming),
            "own": _log_loss(own, following, catalog, everybody),
        }
        for style, one in made.items():
            seen[style] = _log_loss(_said(one, catalog, everybody), following, catalog, everybody)
        for name, value in seen.items():
            rows.setdefault(name, []).append(float(value))
    mean = {name: float(np.mean(values)) for name, values in rows.items()}
    error = float(np.std(rows["adds"], ddof=1) / np.sqrt(len(rows["adds"]))) if len(rows["adds"]) > 1 else 0.0
    adds = {"share_of_events": mean["adds"], "standard_error": error}
    measures: dict[str, Measures] = {
        "generated titles": {
            "ndcg@10": mean["ndcg@10"],
            "hr@10": mean["hr@10"],
            "cases": float(len(rows["adds"])),
        },
        f"beyond {depth} candidates": adds,
        "interests, log-loss": {
            "own shares": mean["own"],
            **{style: mean[style] for style in generators},
        },
    }
    finds = mean["adds"] > 0 and mean["adds"] > _CLEAR * error
    source = GeneratedSource(titles=TITLES, validation=adds) if finds else None
    return measures, source, min(generators, key=lambda style: mean[style])


def _shares(catalog: Catalog, items: IntArray) -> Shares:
    totals = catalog.category_matrix[items].sum(axis=0, dtype=np.float64)
    return np.asarray(totals / max(totals.sum(), 1e-12))


def _said(made: NextInterests, catalog: Catalog, everybody: Shares) -> Shares:
    """Return the generated shares, those of everybody where there are none."""
    share = {one.name: one.share for one in made.interests}
    said = np.array([share.get(name, 0.0) for name in catalog.category_names])
    return said / said.sum() if said.sum() > 0 else everybody


def _log_loss(shares: Shares, following: IntArray, catalog: Catalog, everybody: Shares) -> float:
    mixed = (1 - _MIXED) * shares + _MIXED * everybody
    return -float((_shares(catalog, following) * np.log(np.maximum(mixed, 1e-9))).sum())


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
