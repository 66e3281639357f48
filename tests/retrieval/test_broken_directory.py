"""A saved retriever with any file damaged, or written to a full disk: one error that names the file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.full_disk import full_disk
from support.saved_retriever import load, save

from nextinterest.artifact_files import MANIFEST
from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog
from nextinterest.errors import IntegrityError, StorageError
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.saving import RetrieverContent


@pytest.fixture
def whole(catalog: Catalog, log: EventLog, encoder: Encoder, tmp_path: Path) -> Path:
    save(Retriever.build(catalog, log, encoder), tmp_path / "whole")
    return tmp_path / "whole"


@pytest.mark.parametrize("damage", ["empty", "cut", "zeros", "list", "object", "missing"])
def test_each_file_is_checked_and_named(whole: Path, encoder: Encoder, tmp_path: Path, damage: str) -> None:
    files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    assert len(files) >= 3
    for number, name in enumerate(files):
        copy = Path(shutil.copytree(whole, tmp_path / str(number)))
        data = (copy / name).read_bytes()
        changed = {
            "empty": b"",
            "cut": data[: len(data) // 2],
            "zeros": bytes(len(data)),
            "list": b"[]",
            "object": b"{}",
        }
        if damage == "missing":
            (copy / name).unlink()
        else:
            (copy / name).write_bytes(changed[damage])
        with pytest.raises(IntegrityError, match=name.name) as caught:
            load(copy, encoder)
        assert caught.value.remedy


@pytest.mark.parametrize("wrong", [None, 7, "x", [], {"a": None}])
def test_a_manifest_of_other_types_is_refused(whole: Path, encoder: Encoder, wrong: object) -> None:
    path = whole / MANIFEST
    content = json.loads(path.read_bytes())
    for key in RetrieverContent.model_fields:
        path.write_text(json.dumps(content | {"content": content["content"] | {key: wrong}}))
        try:
            load(whole, encoder)
        except IntegrityError as error:
            assert str(whole) in str(error)  # noqa: PT017 - some types are harmless where none is needed


@pytest.mark.parametrize("room", [0, 100, 1000, 3000])
def test_a_full_disk_leaves_nothing_that_loads(
    catalog: Catalog, log: EventLog, encoder: Encoder, tmp_path: Path, room: int
) -> None:
    retriever = Retriever.build(catalog, log, encoder)
    folder = tmp_path / "full"
    with pytest.raises(StorageError, match=f"{folder}.*could not be written"), full_disk(room):
        save(retriever, folder)
    with pytest.raises(IntegrityError):
        load(folder, encoder)
    save(retriever, folder)  # the remedy
    assert len(load(folder, encoder).catalog) == len(catalog)
