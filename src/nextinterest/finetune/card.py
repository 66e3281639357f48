"""The model card of a trained recommender: what it was learned from, how, and its numbers on validation."""

from __future__ import annotations

from collections.abc import Mapping

from nextinterest.agent.additions import CARD_HEADING
from nextinterest.agent.tuned import TunedRecord
from nextinterest.finetune.config import FinetuneConfig
from nextinterest.finetune.cost import described
from nextinterest.finetune.loop import Trained
from nextinterest.finetune.pool_fit import BESIDE_PARTS, Measures
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.trained import TrainedRetriever
from nextinterest.version import __version__

__all__ = ["model_card", "tasks_card"]


def model_card(
    retriever: TrainedRetriever, config: FinetuneConfig, runs: Mapping[str, Trained], command: str
) -> str:
    """Return the model card as Markdown, every figure from the run itself."""
    learned = retriever.provenance
    weights = {name: f"{weight:.3g}" for name, weight in retriever.pool.weights.items()}
    rows = "\n".join(
        f"| {name.replace('_', ' ')} | {m['ndcg@10']:.4f} | {m['hr@10']:.4f} | {m['log_loss']:.3f} | "
        f"{weights.get(name, '')} |"
        for name, m in learned.validation.items()
        if name not in BESIDE_PARTS
    )
    training = "\n".join(
        f"- `{name}`: best after epoch {run.epoch}; {described(run.cost, run.steps)}"
        for name, run in runs.items()
    )
    return _CARD.format(
        data=learned.data,
        items=len(retriever.catalog),
        events=learned.n_events,
        learned=_learned(learned),
        rows=rows,
        language=_language(retriever, config),
        calibration=_calibration(learned.validation),
        training=training,
        command=command,
        version=__version__,
        fingerprint=learned.data_fingerprint,
    )


def _learned(learned: Provenance) -> str:
    """Return which events were learned from."""
    if not learned.refitted:
        return f"the training part of\n`{learned.split}`. Held-out events were never trained on."
    return (
        f"all there are.\nA run on the training part of `{learned.split}` found the epochs and the weights, "
        "and the figures\nbelow are that run's. Then every part was learned anew from all events: none is "
        "left to evaluate it on."
    )


def _language(retriever: TrainedRetriever, config: FinetuneConfig) -> str:
    """Return what the language model does here and what it adds, or that there is none."""
    adds, how = retriever.provenance.validation.get("language_adds"), config.language
    if adds is None or how is None:
        return "No language model takes part in this ranking."
    tuned = f"with LoRA of rank {how.lora.rank} above layer {how.frozen_layers}" if how.lora else "frozen"
    drawn = " with random weights" if how.initialise == "random" else ""
    layers = ", ".join(map(str, how.read))
    return (
        f"`item softmax` is {how.model}{drawn}, {tuned}, read at layers {layers} at the end of each event's "
        f"line by a trained head. What it adds to the blend, each case by weights fitted on other users: "
        f"NDCG@10 {adds['ndcg@10']:+.4f} (s.e. {adds['ndcg@10_se']:.4f}), log-loss "
        f"{adds['log_loss']:+.4f} nats (s.e. {adds['log_loss_se']:.4f}); paired, over users."
    )


def _calibration(measures: Measures) -> str:
    """Return what probabilities promise and keep, before the fit of the weights and after it."""

    def sentence(of: dict[str, float]) -> str:
        return (
            f"promise {of['promised@10']:.3f} and hold the target in {of['hr@10']:.3f}; temperature still "
            f"missing: {of['temperature']:.3f}"
        )

    return (
        "Calibration, the first ten positions together: as trained, the first part's "
        f"{sentence(measures['calibration_before'])}. The blend's, by weights fitted on other users, "
        f"{sentence(measures['calibration'])} (1 is none)."
    )


_CARD = """\
# A nextinterest recommender, learned from {data}

```python
from nextinterest import RecommenderAgent

agent = RecommenderAgent.from_pretrained("DIRECTORY")  # this one
agent.recommend(agent.catalog.ids[:2], k=10)  # ids or titles, oldest first
```

It ranks {items:,} items for any history, and was learned from {events:,} events: {learned}
It holds no events of users.

## Validation

Full ranking of the catalogue, seen items left out; each held-out validation event predicted from everything
before it. These events chose the epoch and the weights, so the numbers are a little flattering; test numbers
come from `nextinterest evaluate`.

| part | NDCG@10 | HR@10 | log-loss (nats) | weight in the blend |
|---|---|---|---|---|
{rows}

{language}

{calibration}

## How it was made

```sh
{command}
```

{training}

nextinterest {version}, data fingerprint `{fingerprint}`.

## Parts

`sequence` is self-attention over item vectors (text embedding, projected, plus a learned residual); `ease`
and `lift` are item-item matrices read with a memory of a few events; `popularity` is the log of an item's
share of events. The blend adds their scores by weight; its softmax is the probability that an item is next.

## Terms

The data's terms apply to what was learned from it. Models are named, not copied.
"""


def tasks_card(record: TunedRecord, command: str) -> str:
    """Return the section of the card on what the language model was taught, every figure from the run."""
    rows = "\n".join(
        f"| {task} | {name} | {', '.join(f'{key} {value:.4f}' for key, value in measures.items())} |"
        for task, own in record.tasks.items()
        for name, measures in own.validation.items()
    )
    default = [task for task, own in record.tasks.items() if own.default]
    return _TASKS.format(
        heading=CARD_HEADING,
        base=record.base.name,
        tasks=", ".join(record.tasks),
        default=f"By default it does so for: {', '.join(default)}." if default else _NONE,
        rows=rows,
        training=f"{record.training}; best after epoch {record.epoch}",
        command=command,
    )


_NONE = (
    "By default none of it takes part in an answer: on validation none was better, by two standard errors, "
    "than what needs no language model."
)

_TASKS = """\
{heading}

{base} with one adapter does: {tasks}. {default}
Measured on validation, which the best epoch and the weight were chosen by:

| task | of | measures |
|---|---|---|
{rows}

```sh
{command}
```

Training: {training}.
"""
