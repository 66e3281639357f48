"""Directories of version 0.1 are refused with a command, and the command makes them load as they were."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.films import WordEncoder
from support.tiny import films, walks
from typer.testing import CliRunner

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.artifact import RECOMMENDER
from nextinterest.agent.shipped import shipped_recommender
from nextinterest.agent.tuned import FOLDER
from nextinterest.agent.upgrade import upgrade
from nextinterest.artifact_files import MANIFEST, read_artifact, sha256
from nextinterest.cli.main import app
from nextinterest.data import load
from nextinterest.errors import IntegrityError
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.saving import RELATIONS

WRITTEN = Path(__file__).parent / "version_0_1"  # the manifests of the shipped recommender, as 0.1 wrote them


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Return the shipped recommender as version 0.1 shipped it."""
    now = shipped_recommender()
    assert now is not None
    old = Path(shutil.copytree(now, tmp_path / "an old one"))
    (old / MANIFEST).unlink()
    for path in WRITTEN.iterdir():
        shutil.copyfile(path, old / path.name)
    return old


def files(directory: Path) -> dict[str, str]:
    found = {
        str(f.relative_to(directory)): sha256(f.read_bytes()) for f in directory.rglob("*") if f.is_file()
    }
    newer = ("README.md", f"{FOLDER}/", RELATIONS)
    return {name: digest for name, digest in found.items() if not name.startswith(newer)}


def test_the_shipped_recommender_is_what_the_advised_command_makes_of_the_old_one(shipped: Path) -> None:
    now = shipped_recommender()
    assert now is not None
    with pytest.raises(IntegrityError, match=r"written by nextinterest 0\.1") as caught:
        RecommenderAgent.from_pretrained(shipped)
    assert caught.value.command.endswith(f"nextinterest upgrade '{shipped}'")
    result = CliRunner().invoke(app, ["upgrade", str(shipped)])
    assert result.exit_code == 0, result.output
    made, kept = read_artifact(shipped, RECOMMENDER), read_artifact(now, RECOMMENDER)
    # What the language model was taught, how it is asked, and likeness are newer than version 0.1.
    ranking = kept.content.retriever.model_copy(
        update={"relations": (), "config": made.content.retriever.config}
    )
    config = kept.content.config.model_copy(update={"interest_style": made.content.config.interest_style})
    newer = {
        "tuned": None,
        "template_hash": made.content.template_hash,
        "retriever": ranking,
        "config": config,
    }
    assert made.content == kept.content.model_copy(update=newer)
    assert made.manifest.made_from == kept.manifest.made_from
    assert files(shipped) == {**files(now), MANIFEST: files(shipped)[MANIFEST]}
    learned = json.loads((WRITTEN / "trained.json").read_bytes())
    hashes = {**learned["sha256"], **json.loads((WRITTEN / "retriever.json").read_bytes())["sha256"]}
    hashes |= {f"adapter/{name}": digest for name, digest in learned["language"]["adapter"].items()}
    assert {name: files(now)[name] for name in hashes} == hashes  # no weight has changed since
    assert "nextinterest upgrade" in (now / "README.md").read_text()
    assert upgrade(shipped) is RECOMMENDER  # a second time changes nothing
    assert read_artifact(shipped, RECOMMENDER) == made


@pytest.mark.parametrize(
    "name", ["heads.safetensors", "retriever.json", "trained.json", "adapter/adapter_config.json"]
)
def test_a_changed_or_missing_file_is_not_brought_into_a_new_form(shipped: Path, name: str) -> None:
    path = shipped / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    before = files(shipped)
    with pytest.raises(IntegrityError, match=path.name):
        upgrade(shipped)
    path.unlink()
    with pytest.raises(IntegrityError, match=path.name):
        upgrade(shipped)
    assert files(shipped) == {key: value for key, value in before.items() if key != name}


@pytest.mark.parametrize("wrong", [None, 7, "x", [], {}])
def test_an_old_manifest_of_other_types_is_refused(shipped: Path, wrong: object) -> None:
    path = shipped / "recommender.json"
    whole = json.loads(path.read_bytes())
    for key in ("config", "text_encoder", "template_hash", "sha256", "version"):
        path.write_text(json.dumps(whole | {key: wrong}))
        if (key, wrong) not in (("config", {}), ("template_hash", "x"), ("version", "x")):
            with pytest.raises(IntegrityError):
                upgrade(shipped)
    path.write_text("{")
    with pytest.raises(IntegrityError, match=r"recommender\.json cannot be read"):
        upgrade(shipped)


def test_what_is_no_directory_of_ours_is_named(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="holds no recommender"):
        upgrade(tmp_path)


def as_version_0_1(directory: Path) -> None:
    """Give an untrained recommender with copied items the manifests of version 0.1."""
    raw = json.loads((directory / MANIFEST).read_bytes())
    content, hashes = raw["content"], {name: entry["sha256"] for name, entry in raw["files"].items()}
    retriever = content["retriever"]
    index = retriever.pop("index")
    del retriever["learned"]
    retriever["sources"] = ["text", *(source["name"] for source in retriever["sources"])]
    manifests = {
        "index.json": {"format": "nextinterest-index-1", **index, "sha256": hashes["index.faiss"]},
        "retriever.json": {
            "format": "nextinterest-retriever-1",
            **retriever,
            "sha256": {name: hashes[name] for name in ("catalog.parquet", "sources.safetensors")},
        },
    }
    for name, manifest in manifests.items():
        (directory / name).write_text(json.dumps(manifest))
    del content["retriever"]
    first = {
        "format": "nextinterest-recommender-1",
        "version": "0.1.0",
        **content,
        "sha256": {"retriever.json": sha256((directory / "retriever.json").read_bytes())},
    }
    (directory / "recommender.json").write_text(json.dumps(first))
    (directory / MANIFEST).unlink()


def test_an_untrained_one_with_copied_items_ranks_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    agent = RecommenderAgent(
        Engine(Retriever.build(films(), walks(), WordEncoder()), text_encoder_name="words")
    )
    agent.save_pretrained(tmp_path / "it")
    whole = files(tmp_path / "it")
    as_version_0_1(tmp_path / "it")
    with pytest.raises(IntegrityError, match="nextinterest upgrade"):
        RecommenderAgent.from_pretrained(tmp_path / "it")
    assert upgrade(tmp_path / "it") is RECOMMENDER
    assert set(files(tmp_path / "it")) == set(whole)
    again = RecommenderAgent.from_pretrained(tmp_path / "it")
    for user in range(3):
        history = walks().history(user)
        assert again.recommend(history) == agent.recommend(history)


LISTS: dict[str, tuple[list[str], list[float]]] = {
    # Users of MovieLens-100K, their lists and probabilities without the language model, by version 0.1.
    "1": (["625", "501", "418", "473", "596"], [0.02807902, 0.02092718, 0.01838899, 0.01609712, 0.01528325]),
    "405": (
        ["1280", "305", "887", "311", "690"],
        [0.0237762, 0.0198535, 0.0142168, 0.0139754, 0.0138111],
    ),
    "900": (["482", "98", "498", "603", "134"], [0.02725289, 0.02051507, 0.01500619, 0.01499360, 0.01398261]),
}


@pytest.mark.model
@pytest.mark.parametrize("user", LISTS)
def test_the_shipped_recommender_ranks_as_version_0_1_did(user: str) -> None:
    now = shipped_recommender()
    assert now is not None
    agent = RecommenderAgent.from_pretrained(now, language_model=None).with_log(load("ml-100k"))
    items, probabilities = LISTS[user]
    found = agent.recommend(user=user, k=len(items)).items
    assert [item.item_id for item in found] == items
    assert [item.probability for item in found] == pytest.approx(probabilities, rel=1e-5)
