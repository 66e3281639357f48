from __future__ import annotations

import numpy as np

from nextinterest.data.features import RatingBand, event_categories, gaps, rating_bands, sessions
from nextinterest.domain import Catalog, History


def history(n: int, times: list[int] | None = None, ratings: list[float] | None = None) -> History:
    return History(
        np.arange(n, dtype=np.int32),
        None if times is None else np.array(times, dtype=np.int64),
        None if ratings is None else np.array(ratings, dtype=np.float32),
    )


def test_gaps_and_sessions_follow_the_times() -> None:
    five = history(5, [0, 0, 1800, 3601, 3700])
    since = gaps(five)
    assert since is not None
    assert np.isnan(since[0])
    assert since[1:].tolist() == [0, 1800, 1801, 99]
    found = sessions(five)
    assert found is not None
    assert found.tolist() == [0, 0, 0, 1, 1]
    wider = sessions(five, gap=1801)
    assert wider is not None
    assert wider.tolist() == [0] * 5


def test_without_times_or_ratings_there_is_nothing_to_say() -> None:
    bare = history(3)
    assert (gaps(bare), sessions(bare), rating_bands(bare)) == (None, None, None)


def test_an_empty_history_has_empty_features() -> None:
    empty = history(0, [], [])
    for feature in (gaps(empty), sessions(empty), rating_bands(empty)):
        assert feature is not None
        assert feature.shape == (0,)


def test_rating_bands_are_relative_to_the_user() -> None:
    mild = rating_bands(history(4, ratings=[3, 4, 5, 4]))
    harsh = rating_bands(history(4, ratings=[1, 2, 3, 2]))
    assert mild is not None
    assert harsh is not None
    assert (
        mild.tolist()
        == harsh.tolist()
        == [RatingBand.LOW, RatingBand.USUAL, RatingBand.HIGH, RatingBand.USUAL]
    )


def test_equal_ratings_are_usual_and_missing_ones_unrated() -> None:
    bands = rating_bands(history(3, ratings=[4, np.nan, 4]))
    assert bands is not None
    assert bands.tolist() == [RatingBand.USUAL, RatingBand.UNRATED, RatingBand.USUAL]
    none = rating_bands(history(1, ratings=[np.nan]))
    assert none is not None
    assert none.tolist() == [RatingBand.UNRATED]


def test_categories_per_event() -> None:
    catalog = Catalog(["a", "b"], ["A", "B"], [("War", "Drama"), ()])
    assert event_categories(History(np.array([1, 0, 1], np.int32)), catalog) == [(), ("War", "Drama"), ()]
