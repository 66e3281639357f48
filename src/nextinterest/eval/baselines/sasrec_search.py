"""Build a SASRec: train a few configs, keep the best on validation, fit its temperature, cache it.

The candidates differ from the documented default in what the best value of depends on the data. What a
wider search found is in the default itself (see `SASRecConfig`).
"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from nextinterest.data.splits import Split
from nextinterest.domain import Catalog
from nextinterest.eval.baselines.cache import cache_key, code_version, data_key, load_entry, save_entry
from nextinterest.eval.baselines.sasrec import SASRec, SASRecConfig
from nextinterest.eval.baselines.sasrec_training import Progressed, train_sasrec
from nextinterest.eval.baselines.selection import fit_temperature, measure

__all__ = ["CANDIDATES", "build_sasrec"]

CANDIDATES: tuple[dict[str, float | int | bool], ...] = ({"dropout": 0.3}, {"dropout": 0.5})
"""What `build_sasrec` tries: changes to the default config."""

_MODULES = (
    "base",
    "columns",
    "matrices",
    "sasrec",
    "sasrec_loss",
    "sasrec_search",
    "sasrec_training",
    "sasrec_windows",
    "selection",
)


def build_sasrec(
    split: Split,
    catalog: Catalog,
    *,
    seed: int = 0,
    cache_dir: Path | None = None,
    max_seconds: float | None = None,
    default: SASRecConfig | None = None,
    console: Console | None = None,
) -> SASRec:
    """Return the SASRec that ranks the validation part best, from the cache where it is there.

    With a `cache_dir` an interrupted call goes on from its last look at validation. `max_seconds` is shared
    evenly among the candidates still to be trained. Other arguments are those of
    `nextinterest.eval.baselines.build`.
    """
    default = default or SASRecConfig()
    inputs: dict[str, object] = {
        "name": SASRec.NAME,
        "data": data_key(split, catalog, None),
        "space": [dict(candidate) for candidate in CANDIDATES],
        "default": default.model_dump(mode="json"),
        "seed": seed,
        "max_seconds": max_seconds,
        "code": code_version(_MODULES),
    }
    folder = None if cache_dir is None else cache_dir / "baselines" / f"sasrec-{cache_key(inputs)}"
    if folder is not None and (found := load_entry(folder)) is not None:
        state, values, provenance = found
        cached = SASRec.restore(catalog, SASRecConfig.model_validate(values), state)
        cached.provenance = provenance
        return cached
    best: tuple[SASRec, Progressed] | None = None
    tried: list[dict[str, object]] = []
    left = max_seconds
    for n, candidate in enumerate(CANDIDATES):
        config = SASRecConfig.model_validate({**default.model_dump(), **candidate})
        checkpoint_path = None if folder is None else folder / f"candidate-{n}.safetensors"
        share = None if left is None else max(0.0, left) / (len(CANDIDATES) - n)
        model, progressed = train_sasrec(
            split.train,
            catalog,
            split.validation,
            config,
            seed=seed,
            checkpoint_path=checkpoint_path,
            max_seconds=share,
            console=console,
        )
        left = None if left is None else left - progressed.seconds
        tried.append({"values": dict(candidate), **_summary(progressed)})
        if best is None or progressed.best_ndcg > best[1].best_ndcg:
            best = model, progressed
    if best is None:
        raise AssertionError("CANDIDATES is never empty")
    model, progressed = best
    began = time.monotonic()
    temperature = fit_temperature(model.scores, split.validation, len(catalog), seed=seed)
    model = model.with_config(model.config.model_copy(update={"temperature": temperature}))
    model.provenance = {
        **model.provenance,
        **inputs,
        "criterion": "NDCG@10 on validation, all items ranked, seen items left out",
        "search": "each candidate trained once with the seed given",
        "tried": tried,
        "curve": [list(row) for row in progressed.curve],
        "validation": measure(model.scores, split.validation, len(catalog)).as_dict(),
        "calibration_seconds": round(time.monotonic() - began, 2),
    }
    if folder is not None:
        save_entry(folder, model.state(), model.config.model_dump(mode="json"), model.provenance)
        for leftover in folder.glob("candidate-*.safetensors"):
            leftover.unlink()
    return model


def _summary(progressed: Progressed) -> dict[str, object]:
    figures = asdict(progressed)
    del figures["curve"], figures["stale"]
    return figures
