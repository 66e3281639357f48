"""Baselines that any recommender is compared with, each tuned on validation only; imported when first used.

Importing this package loads neither torch nor scipy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextinterest.eval.baselines.base import Baseline, BaselineConfig
    from nextinterest.eval.baselines.ease import EASE, EASEConfig
    from nextinterest.eval.baselines.itemknn import ItemKNN, ItemKNNConfig
    from nextinterest.eval.baselines.markov import Markov, MarkovConfig
    from nextinterest.eval.baselines.popularity import Popularity, PopularityConfig
    from nextinterest.eval.baselines.recent import RecentPopularity, RecentPopularityConfig
    from nextinterest.eval.baselines.text import TextConfig, TextSimilarity
    from nextinterest.eval.baselines.trained import (
        TrainedBaseline,
        TrainedConfig,
        Trainer,
        Training,
        register,
        trained_names,
    )
    from nextinterest.eval.baselines.tuning import build, names

__all__ = [
    "EASE",
    "Baseline",
    "BaselineConfig",
    "EASEConfig",
    "ItemKNN",
    "ItemKNNConfig",
    "Markov",
    "MarkovConfig",
    "Popularity",
    "PopularityConfig",
    "RecentPopularity",
    "RecentPopularityConfig",
    "TextConfig",
    "TextSimilarity",
    "TrainedBaseline",
    "TrainedConfig",
    "Trainer",
    "Training",
    "build",
    "names",
    "register",
    "trained_names",
]

_HOME = {
    "Baseline": "base",
    "BaselineConfig": "base",
    "names": "tuning",
    "build": "tuning",
    "EASE": "ease",
    "EASEConfig": "ease",
    "ItemKNN": "itemknn",
    "ItemKNNConfig": "itemknn",
    "Markov": "markov",
    "MarkovConfig": "markov",
    "Popularity": "popularity",
    "PopularityConfig": "popularity",
    "RecentPopularity": "recent",
    "RecentPopularityConfig": "recent",
    "TextConfig": "text",
    "TextSimilarity": "text",
    "TrainedBaseline": "trained",
    "TrainedConfig": "trained",
    "Trainer": "trained",
    "Training": "trained",
    "register": "trained",
    "trained_names": "trained",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
