"""The real data sets: what is published of them must come out exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from nextinterest.data import CleaningConfig, leave_one_out, load

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data")


def test_movielens_100k_from_its_package() -> None:
    dataset = load("ml-100k")
    assert (dataset.log.n_users, len(dataset.catalog), dataset.log.n_events) == (943, 1682, 100_000)
    assert dataset.report.dropped == ()
    assert dataset.report.users_tied_at_the_end == 415
    assert dataset.log.user_ids == tuple(str(i) for i in range(1, 944))
    assert dataset.catalog.ids == tuple(str(i) for i in range(1, 1683))
    toy_story, aristocats = dataset.catalog[0], dataset.catalog[dataset.catalog.position("102")]
    assert (toy_story.title, toy_story.year) == ("Toy Story", 1995)
    assert toy_story.categories == ("Animation", "Children's", "Comedy")
    assert aristocats.title == "The Aristocats"
    assert len(dataset.catalog.category_names) == 18
    assert not [title for title in dataset.catalog.titles if title.endswith((", The", ", A", ", Le", ", La"))]
    assert dataset.users is not None
    assert dataset.users.columns == ["user_id", "age", "gender", "occupation", "zip_code"]
    assert dataset.users["gender"].value_counts(sort=True).rows() == [("M", 670), ("F", 273)]


@needs_shared
def test_movielens_latest_small_under_the_published_protocol() -> None:
    dataset = load(SHARED / "ml-latest-small", cleaning=CleaningConfig.five_core(ties="item"))
    assert (dataset.log.n_users, len(dataset.catalog), dataset.log.n_events) == (610, 3650, 90_274)
    assert round(float(dataset.log.lengths.mean()), 2) == 147.99
    ids = [int(item) for item in dataset.catalog.ids]
    for history in list(dataset.log.histories())[:50]:
        assert history.times is not None
        keys = list(zip(history.times.tolist(), [ids[i] for i in history.items], strict=True))
        assert keys == sorted(keys)


@needs_shared
def test_amazon_games_gives_the_published_held_out_items() -> None:
    dataset = load(SHARED / "amazon-games")
    assert (dataset.log.n_users, len(dataset.catalog)) == (50_546, 16_859)
    assert dataset.report.dropped == ()
    split = leave_one_out(dataset.log)
    ids = dataset.catalog.ids
    for part, held in (("valid", split.validation), ("test", split.test)):
        lines = (SHARED / "amazon-games" / f"Games-6k.{part}.inter").read_text().splitlines()[1:]
        assert len(lines) == len(held)
        assert [line.rsplit("\t", 1)[1] for line in lines] == [ids[i] for i in held.targets]
        for case in range(0, len(held), 500):
            user, history, _ = lines[case].split("\t")
            found = held.histories[case]
            assert (found.user, " ".join(ids[i] for i in found.items[-50:])) == (user, history)
