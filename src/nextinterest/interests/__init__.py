"""Interests over time: the portrait of what they are and were, the outlook on where they go, words, pictures.

Pure functions of a history, a catalogue and an item distribution. Names are loaded when first used; pictures
need matplotlib (the extra ``eval``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextinterest.domain.portraits import InterestOutlook, InterestPortrait
    from nextinterest.interests.clusters import cluster_catalog
    from nextinterest.interests.fitting import fit_forecast_model
    from nextinterest.interests.forecaster import PooledForecaster
    from nextinterest.interests.model import ForecastModel
    from nextinterest.interests.naming import interest_catalog
    from nextinterest.interests.older import PortraitSummary, describe_older
    from nextinterest.interests.outlook import Horizon, default_model, forecast_interests
    from nextinterest.interests.paths import StatefulItemScorer, sample_paths
    from nextinterest.interests.pictures import draw_changes, draw_river, save_figure, svg_of
    from nextinterest.interests.portrait import PortraitConfig, portray
    from nextinterest.interests.tracker import InterestTracker
    from nextinterest.interests.wording import WordedPortrait, word_portrait
    from nextinterest.interests.words import TextPortrait, describe

__all__ = [
    "ForecastModel",
    "Horizon",
    "InterestOutlook",
    "InterestPortrait",
    "InterestTracker",
    "PooledForecaster",
    "PortraitConfig",
    "PortraitSummary",
    "StatefulItemScorer",
    "TextPortrait",
    "WordedPortrait",
    "cluster_catalog",
    "default_model",
    "describe",
    "describe_older",
    "draw_changes",
    "draw_river",
    "fit_forecast_model",
    "forecast_interests",
    "interest_catalog",
    "portray",
    "sample_paths",
    "save_figure",
    "svg_of",
    "word_portrait",
]

_HOME = {
    "ForecastModel": "model",
    "Horizon": "outlook",
    "InterestOutlook": "outlook",
    "InterestPortrait": "portrait",
    "InterestTracker": "tracker",
    "PooledForecaster": "forecaster",
    "PortraitConfig": "portrait",
    "PortraitSummary": "older",
    "StatefulItemScorer": "paths",
    "TextPortrait": "words",
    "WordedPortrait": "wording",
    "cluster_catalog": "clusters",
    "default_model": "outlook",
    "describe": "words",
    "describe_older": "older",
    "draw_changes": "pictures",
    "draw_river": "pictures",
    "fit_forecast_model": "fitting",
    "forecast_interests": "outlook",
    "interest_catalog": "naming",
    "portray": "portrait",
    "sample_paths": "paths",
    "save_figure": "pictures",
    "svg_of": "pictures",
    "word_portrait": "wording",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
