"""A trained retriever as a recommender directory that the agent loads.

    recommender.json    manifest: settings of the agent, models by name and fingerprint, template, SHA-256
    README.md           model card: what it was learned from, how, and its numbers on validation
    trained.json ...    what was learned (see `nextinterest.retrieval.directory`)

The agent reads ``recommender.json`` (see `nextinterest.agent.saving`); the two rooms share the file's form
and nothing else. It is written last, so that a half-written directory is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nextinterest.finetune.config import FinetuneConfig
from nextinterest.finetune.loop import Trained
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval.files import Json, sha256, write_atomic, write_manifest
from nextinterest.retrieval.trained import TrainedRetriever
from nextinterest.version import __version__

__all__ = ["ModelName", "model_card", "save_recommender"]

_FORMAT = "nextinterest-recommender-1"
_TEMPLATE = "choice"


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model by what it is called and what it is."""

    name: str
    fingerprint: str


def save_recommender(
    retriever: TrainedRetriever,
    directory: Path,
    *,
    text_encoder: ModelName,
    language_model: ModelName | None,
    choice_weight: float,
    card: str,
) -> None:
    """Write the directory.

    Parameters
    ----------
    retriever
        What was learned.
    directory
        Where to.
    text_encoder, language_model
        The models the agent will load again; no language model ranks by what was learned alone.
    choice_weight
        Weight of the language model's choice in the agent's blend.
    card
        The model card, from `model_card`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "recommender.json").unlink(missing_ok=True)
    retriever.save(directory)
    hashes: dict[str, Json] = {
        name: sha256((directory / name).read_bytes()) for name in ("retriever.json", "trained.json")
    }
    hashes["README.md"] = write_atomic(directory / "README.md", card.encode())
    write_manifest(
        directory / "recommender.json",
        {
            "format": _FORMAT,
            "version": __version__,
            "config": {"template": _TEMPLATE, "choice_weight": choice_weight},
            "text_encoder": _named(text_encoder),
            "language_model": None if language_model is None else _named(language_model),
            "template_hash": PromptTemplate.named(_TEMPLATE).hash,
            "sha256": hashes,
        },
    )


def model_card(
    retriever: TrainedRetriever, config: FinetuneConfig, runs: Mapping[str, Trained], command: str
) -> str:
    """Return the model card as Markdown, every figure from the run itself."""
    learned = retriever.provenance
    rows = "\n".join(
        f"| {name} | {m['ndcg@10']:.4f} | {m['hr@10']:.4f} | {m['log_loss']:.3f} | "
        f"{retriever.pool.weights.get(name, 1.0):.3g} |"
        for name, m in learned.validation.items()
    )
    training = "\n".join(
        f"- `{name}`: best after epoch {run.epoch} of at most {config.training.epochs}, {run.steps:,} steps, "
        f"{run.seconds / 60:.1f} minutes"
        for name, run in runs.items()
    )
    return _CARD.format(
        data=learned.data,
        items=len(retriever.catalog),
        events=learned.n_events,
        split=learned.split,
        rows=rows,
        training=training,
        command=command,
        version=__version__,
        fingerprint=learned.data_fingerprint,
    )


def _named(model: ModelName) -> dict[str, Json]:
    return {"name": model.name, "fingerprint": model.fingerprint}


_CARD = """\
# A nextinterest recommender, learned from {data}

    from nextinterest import RecommenderAgent
    agent = RecommenderAgent.from_pretrained("THIS DIRECTORY")
    agent.recommend(["an item's id or title", "another"], k=10)

It ranks {items:,} items for any history, and was learned from {events:,} events: the training part of
`{split}`. Held-out events were never trained on. It holds no events of users.

## Validation

Full ranking of the catalogue, seen items left out; each held-out validation event predicted from everything
before it. These events chose the epoch and the weights, so the numbers are a little flattering; test numbers
come from `nextinterest evaluate`.

| part | NDCG@10 | HR@10 | log-loss (nats) | weight in the blend |
|---|---|---|---|---|
{rows}

## How it was made

    {command}

{training}

nextinterest {version}, data fingerprint `{fingerprint}`.

## Parts

`sequence` is self-attention over item vectors (text embedding, projected, plus a learned residual); `ease`
and `lift` are item-item matrices read with a memory of a few events; `popularity` is the log of an item's
share of events. The blend adds their scores by weight; its softmax is the probability that an item is next.

## Terms

The data's terms apply to what was learned from it. Models are named, not copied.
"""
