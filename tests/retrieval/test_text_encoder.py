from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from nextinterest.domain import Catalog
from nextinterest.errors import ModelError
from nextinterest.retrieval import ItemIndex, TextEncoder, TitleVectors

TEXTS = ["alien", "", "the good the bad and the ugly", "toy story", "alien"]


@pytest.fixture(scope="module")
def model_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model of two small random layers, saved as safetensors."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    root = tmp_path_factory.mktemp("encoder")
    markers = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*markers, "alien", "the", "good", "bad", "and", "ugly", "toy", "story"]
    vocabulary = root / "vocab.txt"
    vocabulary.write_text("\n".join(words), encoding="utf-8")
    torch.manual_seed(0)
    bert = root / "bert"
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
    )
    BertModel(config).save_pretrained(bert)
    BertTokenizer(str(vocabulary)).save_pretrained(bert)
    transformer = Transformer(str(bert), max_seq_length=32)
    directory = root / "model"
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(directory))
    return directory


@pytest.fixture
def half_directory(model_directory: Path, tmp_path: Path) -> Path:
    """The same model, its weights saved in 16 bits."""
    import json

    from safetensors.torch import load_file, save_file

    directory = Path(shutil.copytree(model_directory, tmp_path / "half"))
    (weights,) = directory.rglob("*.safetensors")
    save_file({n: t.half() for n, t in load_file(str(weights)).items()}, str(weights), {"format": "pt"})
    config = weights.parent / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"dtype": "float16"}))
    return directory


def test_weights_of_16_bits_are_widened(half_directory: Path) -> None:
    import torch

    encoder = TextEncoder.load(half_directory, device="cpu")
    vectors = encoder.encode(TEXTS)
    assert {p.dtype for p in encoder.model.parameters()} == {torch.float32}
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    for text, vector in zip(TEXTS, vectors, strict=True):
        np.testing.assert_allclose(encoder.encode([text])[0], vector, atol=1e-6)


def test_where_16_bits_are_asked_for_vectors_have_unit_length_all_the_same(half_directory: Path) -> None:
    import torch

    encoder = TextEncoder.load(half_directory, device="cpu", half=True)
    vectors = encoder.encode(TEXTS)
    assert {p.dtype for p in encoder.model.parameters()} == {torch.float16}
    assert vectors.dtype == encoder.encode([]).dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    assert encoder.fingerprint != TextEncoder.load(half_directory, device="cpu").fingerprint


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_files_that_are_cut_are_named(model_directory: Path, tmp_path: Path, suffix: str) -> None:
    for number, path in enumerate(sorted(model_directory.rglob(f"*{suffix}"))):
        copy = Path(shutil.copytree(model_directory, tmp_path / str(number)))
        damaged = copy / path.relative_to(model_directory)
        damaged.write_bytes(damaged.read_bytes()[:-3])
        with pytest.raises(ModelError, match=f"{path.name} is") as caught:
            TextEncoder.load(copy, device="cpu").encode(["alien"])
        assert caught.value.remedy == f"Copy or download {copy} again."


def test_vectors_are_unit_float32_in_the_order_given(model_directory: Path) -> None:
    encoder = TextEncoder.load(model_directory, device="cpu", batch_size=2)
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (5, 32)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[4], atol=1e-6)
    # Neither the company in a batch nor the order of texts changes a vector.
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(vectors, alone, atol=1e-5)
    assert np.abs(vectors[0] - vectors[3]).max() > 0.01
    assert encoder.encode([]).shape == (0, 32)


def test_fingerprint_is_of_the_files_and_needs_no_model(model_directory: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(model_directory, copy)
    encoder = TextEncoder.load(copy)
    assert encoder.fingerprint == TextEncoder.load(model_directory).fingerprint
    assert "model" not in vars(encoder)  # nothing was loaded
    (copy / "README.md").write_text("other words", encoding="utf-8")
    assert TextEncoder.load(copy).fingerprint == encoder.fingerprint
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(bytes(weights))
    assert TextEncoder.load(copy).fingerprint != encoder.fingerprint


def test_what_is_no_encoder_is_refused(model_directory: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no modules\.json"):
        TextEncoder.load(tmp_path)
    with pytest.raises(ModelError, match="no folder and could not be fetched"):
        TextEncoder.load("not a/valid/hub id")
    # Weights that would have to be unpickled are not read.
    pickled = tmp_path / "pickled"
    shutil.copytree(model_directory, pickled)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be loaded"):
        TextEncoder.load(pickled, device="cpu").encode(["alien"])


@pytest.mark.model
def test_the_default_encoder_knows_what_titles_mean() -> None:
    from nextinterest.data.assets import locate

    encoder = TextEncoder.load(locate("all-minilm-l6-v2", "text-encoder"), device="cpu")
    titles = ["Star Wars: The Empire Strikes Back", "Pride and Prejudice", "The Lion King", "Alien"]
    index = TitleVectors(
        Catalog(["a", "b", "c", "d"], titles), ItemIndex.from_vectors(encoder.encode(titles)), encoder
    )
    items, cosines = index(["empire strikes back (star wars)", "Lion King, The", "tax return form 1040"])
    assert items[:2, 0].tolist() == [0, 2]
    assert (cosines[:2, 0] > 0.7).all()
    assert cosines[2, 0] < 0.4
