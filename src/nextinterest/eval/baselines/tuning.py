"""Build a baseline by name: tune it on validation, fit its temperature there, keep it in a cache.

The test part of a split is never read here. Nothing is learned from validation events either: they choose
among configs, and at prediction time they are part of the histories they belong to.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from nextinterest.data.splits import Split
from nextinterest.domain import Catalog, FloatArray
from nextinterest.errors import DataError
from nextinterest.eval.baselines.base import Baseline, BaselineConfig
from nextinterest.eval.baselines.cache import cache_key, code_version, data_key, load_entry, save_entry
from nextinterest.eval.baselines.selection import fit_temperature, measure, search
from nextinterest.eval.baselines.trained import build_trained, trained_names

__all__ = ["build", "names"]

_SHARED = ("base", "columns", "matrices", "selection", "tuning")

_KINDS: dict[str, tuple[str, str, str]] = {
    "popularity": ("popularity", "Popularity", "PopularityConfig"),
    "recent-popularity": ("recent", "RecentPopularity", "RecentPopularityConfig"),
    "markov": ("markov", "Markov", "MarkovConfig"),
    "itemknn": ("itemknn", "ItemKNN", "ItemKNNConfig"),
    "ease": ("ease", "EASE", "EASEConfig"),
    "text": ("text", "TextSimilarity", "TextConfig"),
}


def names() -> tuple[str, ...]:
    """Return the names that `build` knows: those of this package, and those whose trainers are registered."""
    return (*_KINDS, *trained_names())


def build(
    name: str,
    split: Split,
    catalog: Catalog,
    *,
    seed: int = 0,
    cache_dir: Path | None = None,
    item_vectors: FloatArray | None = None,
    max_seconds: float | None = None,
) -> Baseline[BaselineConfig]:
    """Return a baseline tuned on the validation part of a split, from the cache where it is there.

    Parameters
    ----------
    name
        One of `names`.
    split
        What is learned from (`train`) and chosen by (`validation`).
    catalog
        The catalogue whose positions the split's events hold.
    seed
        Seed of whatever is drawn.
    cache_dir
        Where fitted baselines are kept; None: nowhere.
    item_vectors
        Text embedding of each item, float32, shape (n_items, d); needed by ``text`` and used by no other.
    max_seconds
        Stop searching (and training) after this long and return the best so far; None: run to the end.

    Raises
    ------
    DataError
        If the name is unknown, or ``text`` is asked for without vectors.
    """
    if name in trained_names():
        made = build_trained(name, split, catalog, seed=seed, cache_dir=cache_dir, max_seconds=max_seconds)
        return cast("Baseline[BaselineConfig]", made)
    if name not in _KINDS:
        raise DataError(
            f"There is no baseline {name!r}.",
            remedy=f"Choose one of: {', '.join(names())}; or register a trainer of that name.",
            command=f"Choose one of: {', '.join(names())}.",
        )
    module, class_name, config_name = _KINDS[name]
    home = import_module(f"nextinterest.eval.baselines.{module}")
    kind = cast("type[Baseline[BaselineConfig]]", getattr(home, class_name))
    default = cast("type[BaselineConfig]", getattr(home, config_name))()
    vectors = item_vectors if name == "text" else None
    if name == "text" and vectors is None:
        raise DataError("The baseline 'text' needs item_vectors.", remedy="Pass one embedding per item.")
    default = _fit_memory(default, len(catalog))
    inputs: dict[str, object] = {
        "name": name,
        "data": data_key(split, catalog, vectors),
        "space": {field: list(values) for field, values in kind.SPACE.items()},
        "default": default.model_dump(mode="json"),
        "seed": seed,
        "max_seconds": max_seconds,
        "code": code_version(Path(__file__).parent / f"{file}.py" for file in (*_SHARED, module)),
    }
    folder = None if cache_dir is None else cache_dir / "baselines" / f"{name}-{cache_key(inputs)}"
    if folder is not None and (found := load_entry(folder)) is not None:
        state, values, provenance = found
        cached = kind.restore(catalog, type(default).model_validate(values), state)
        cached.provenance = provenance
        return cached
    model = _tune(kind, default, split, catalog, vectors, seed, max_seconds)
    model.provenance = {**model.provenance, **inputs}
    if folder is not None:
        save_entry(folder, model.state(), model.config.model_dump(mode="json"), model.provenance)
    return model


def _fit_memory(config: BaselineConfig, n_items: int) -> BaselineConfig:
    """Restrict EASE to as many popular items as its memory allows; the limit then stands in the config."""
    from nextinterest.eval.baselines.ease import EASEConfig
    from nextinterest.retrieval.ease import ease_memory_gb

    if isinstance(config, EASEConfig) and ease_memory_gb(n_items) > config.max_memory_gb:
        share = (config.max_memory_gb / ease_memory_gb(n_items)) ** 0.5
        return config.model_copy(update={"max_items": int(n_items * share)})
    return config


def _tune(
    kind: type[Baseline[BaselineConfig]],
    default: BaselineConfig,
    split: Split,
    catalog: Catalog,
    item_vectors: FloatArray | None,
    seed: int,
    max_seconds: float | None,
) -> Baseline[BaselineConfig]:
    began = time.monotonic()
    fit_any = cast("Callable[..., Baseline[BaselineConfig]]", kind.fit)  # type: ignore[attr-defined]

    def fit(config: BaselineConfig) -> Baseline[BaselineConfig]:
        if item_vectors is None:
            return fit_any(split.train, catalog, config)
        return fit_any(split.train, catalog, config, item_vectors=item_vectors)

    deadline = None if max_seconds is None else began + max_seconds
    model, trials = search(kind, default, fit, split.validation, len(catalog), deadline=deadline)
    if "temperature" in type(default).model_fields:
        flat = model.with_config(model.config.model_copy(update={"temperature": 1.0}))
        temperature = fit_temperature(flat.scores, split.validation, len(catalog), seed=seed)
        model = flat.with_config(flat.config.model_copy(update={"temperature": temperature}))
    model.provenance = {
        **model.provenance,
        "criterion": "NDCG@10 on validation, all items ranked, seen items left out",
        "search": "one field at a time in the order of the space, at most two rounds",
        "tried": [trial.as_dict() for trial in trials],
        "validation": measure(model.scores, split.validation, len(catalog)).as_dict(),
        "seconds": round(time.monotonic() - began, 2),
    }
    return model
