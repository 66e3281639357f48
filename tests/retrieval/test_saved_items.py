"""Items that are named and not copied: the same retriever comes back, and other data is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.films import WordEncoder
from support.saved_retriever import load as restore
from support.saved_retriever import save

from nextinterest.agent.shipped import shipped_recommender
from nextinterest.data import CleaningConfig, Dataset, load
from nextinterest.errors import IntegrityError
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.saved_items import ItemsFrom

MOVIES = (
    "movieId,title,genres\n1,Night Terror (1980),Horror\n"
    "2,Dark Cellar (1981),Horror\n3,Big Laugh (1990),Comedy\n"
)
RATINGS = "userId,movieId,rating,timestamp\n1,1,4,100\n1,2,5,200\n2,3,3,100\n2,1,4,300\n"
COPIES = ("catalog.parquet", "index.faiss")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    (data / "movies.csv").write_text(MOVIES)
    (data / "ratings.csv").write_text(RATINGS)
    return data


def build(dataset: Dataset) -> Retriever:
    return Retriever.build(dataset.catalog, dataset.log, WordEncoder())


def test_nothing_of_the_items_is_written_and_the_ranking_comes_back(folder: Path, tmp_path: Path) -> None:
    dataset = load(folder)
    retriever = build(dataset)
    save(retriever, tmp_path / "saved", ItemsFrom(data=str(folder)))
    assert not any((tmp_path / "saved" / name).exists() for name in COPIES)
    written = b"".join(file.read_bytes() for file in (tmp_path / "saved").iterdir())
    assert not any(title.encode() in written for title in dataset.catalog.titles)
    loaded = restore(tmp_path / "saved", WordEncoder())
    histories = [dataset.log.history(0), dataset.log.history(1)]
    assert loaded.catalog.fingerprint == retriever.catalog.fingerprint
    assert np.array_equal(loaded.recommend(histories, 3).items, retriever.recommend(histories, 3).items)
    assert np.allclose(loaded.item_vectors, retriever.item_vectors)


def test_copied_items_need_no_data(folder: Path, tmp_path: Path) -> None:
    retriever = build(load(folder))
    save(retriever, tmp_path / "saved")
    (folder / "movies.csv").unlink()
    assert restore(tmp_path / "saved", WordEncoder()).catalog.fingerprint == retriever.catalog.fingerprint


def test_other_data_of_the_same_name_is_refused(folder: Path, tmp_path: Path) -> None:
    save(build(load(folder)), tmp_path / "saved", ItemsFrom(data=str(folder)))
    (folder / "movies.csv").write_text(MOVIES.replace("Big Laugh", "Small Laugh"))
    with pytest.raises(IntegrityError, match="is not the one this recommender was made with"):
        restore(tmp_path / "saved", WordEncoder())


def test_cleaning_is_kept_because_it_decides_which_items_there_are(folder: Path, tmp_path: Path) -> None:
    cleaning = CleaningConfig(min_item_events=2)
    retriever = build(load(folder, cleaning=cleaning))
    assert len(retriever.catalog) == 1
    save(retriever, tmp_path / "saved", ItemsFrom(data=str(folder), cleaning=cleaning))
    assert restore(tmp_path / "saved", WordEncoder()).catalog.fingerprint == retriever.catalog.fingerprint


def test_the_shipped_recommender_holds_no_titles() -> None:
    shipped = shipped_recommender()
    assert shipped is not None
    names = {str(file.relative_to(shipped)) for file in shipped.rglob("*") if file.is_file()}
    assert not names & set(COPIES)
    size = sum(file.stat().st_size for file in shipped.rglob("*"))
    assert size < 18_000_000  # three encoders, item matrices, relations, two adapters
    assert shipped_recommender("nothing of this name") is None
