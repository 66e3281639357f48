"""A small recommender whose tiny language model was taught its tasks by the one function."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from support.tiny import save_tiny

from nextinterest.data import Dataset, load
from nextinterest.finetune import FinetuneConfig, FinetunedRecommender, finetune, read_config

RETRIEVER = ["encoder.dimension=16", "encoder.blocks=1", "encoder.window=8", "split.n_validation=2"]
LOOP = ["training.epochs=2", "training.validate_every=1", "training.warmup_steps=2"]
TAUGHT = {
    "rank": ["language.max_events=6", "language.budget=256", "language.training.epochs=1"],
    "generate": [
        "tasks.generate.examples=8",
        "tasks.generate.validation_cases=3",
        "tasks.generate.measured=2",
    ],
    "rerank": [
        "tasks.rerank.examples=12",
        "tasks.rerank.n_candidates=5",
        "tasks.rerank.max_events=4",
        "tasks.rerank.validation_cases=40",
    ],
    "understand": [
        "tasks.understand.examples=6",
        "tasks.understand.validation_cases=3",
        "tasks.understand.measured=2",
    ],
}
TUNING = [
    "tasks.lora.rank=2",
    "tasks.dtype=float32",
    "tasks.training.epochs=1",
    "tasks.training.batch_size=4",
    "tasks.training.learning_rate=0.01",
    "tasks.training.warmup_steps=0",
]


def write_data(folder: Path) -> Path:
    """Write thirty films that forty users take in order."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(3)
    items = "".join(
        f"{n},part{n} (19{50 + n}),{('Drama', 'Comedy|War', 'War')[n % 3]}\n" for n in range(1, 31)
    )
    (folder / "movies.csv").write_text("movieId,title,genres\n" + items)
    events = "".join(
        f"{user},{1 + int(item)},4,{100 + place}\n"
        for user in range(1, 41)
        for place, item in enumerate((rng.integers(30) + np.arange(14)) % 30)
    )
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + events)
    return folder


def options(tasks: Sequence[str]) -> list[str]:
    """Return overrides that make a run a matter of seconds."""
    own = [change for task in tasks for change in TAUGHT[task]]
    return [*RETRIEVER, *LOOP, *own, *(TUNING if set(tasks) - {"rank"} else [])]


def config(tasks: Sequence[str], *changes: str) -> FinetuneConfig:
    return read_config(None, [*options(tasks), *changes])


def teach(
    folder: Path, tasks: Sequence[str], *changes: str, kind: str = "causal", data: Dataset | None = None
) -> FinetunedRecommender:
    """Write ``data``, ``base`` and ``recommender`` into a folder; the encoder of texts is the caller's."""
    dataset = load(str(write_data(folder / "data"))) if data is None else data
    base = folder / "base"
    if not base.is_dir():
        save_tiny(base, kind)
    return finetune(
        dataset,
        folder / "recommender",
        language_model=str(base),
        tasks=tasks,
        config=config(tasks, *changes),
        keep_split=True,
    )
