from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from support.full_disk import full_disk

from nextinterest.domain import FloatArray
from nextinterest.retrieval import CachedEncoder, Encoder
from nextinterest.retrieval.vector_cache import VectorCache


def rows(*values: float) -> FloatArray:
    return np.array([[value, 1.0] for value in values], dtype=np.float32)


def test_what_is_stored_is_found_by_text(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "c")
    found, vectors = cache.lookup(["a"])
    assert not found.any()
    assert vectors.shape == (1, 0)
    cache.store(["a", "b"], rows(1, 2))
    cache.store(["c"], rows(3))
    found, vectors = VectorCache(tmp_path / "c").lookup(["c", "x", "a"])
    assert found.tolist() == [True, False, True]
    np.testing.assert_array_equal(vectors[[0, 2]], rows(3, 1))


def test_only_new_texts_are_encoded(encoder: Encoder, encoded: list[str], tmp_path: Path) -> None:
    cached = CachedEncoder(encoder, tmp_path)
    assert cached.fingerprint == encoder.fingerprint
    first = cached.encode(["red fox", "blue bird", "red fox"])
    assert encoded == ["red fox", "blue bird"]
    np.testing.assert_array_equal(first[0], first[2])
    encoded.clear()
    second = CachedEncoder(encoder, tmp_path).encode(["new text", "blue bird"])
    assert encoded == ["new text"]
    np.testing.assert_array_equal(second[1], first[1])
    assert cached.encode([]).shape == (0, 256)


def test_encoders_do_not_share_vectors(encoder: Encoder, encoded: list[str], tmp_path: Path) -> None:
    class Other:
        fingerprint = "other"
        encode = staticmethod(encoder.encode)

    CachedEncoder(encoder, tmp_path).encode(["a b"])
    CachedEncoder(Other(), tmp_path).encode(["a b"])
    assert encoded == ["a b", "a b"]


def test_a_damaged_shard_is_encoded_again(
    encoder: Encoder, encoded: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached = CachedEncoder(encoder, tmp_path)
    expected = cached.encode(["a b", "c d"])
    (shard,) = cached.cache.directory.glob("*.safetensors")
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    shard.write_bytes(bytes(data))
    encoded.clear()
    np.testing.assert_array_equal(cached.encode(["a b", "c d"]), expected)
    assert encoded == ["a b", "c d"]
    assert "damaged" in caplog.text


def test_many_small_shards_are_merged_and_nothing_is_lost(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    for n in range(80):
        cache.store([f"t{n}"], rows(n))
    assert len(list(tmp_path.glob("*.safetensors"))) <= 33
    found, vectors = cache.lookup([f"t{n}" for n in range(80)])
    assert found.all()
    np.testing.assert_array_equal(vectors, rows(*range(80)))


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    def write(worker: int) -> None:
        cache = VectorCache(tmp_path)
        for n in range(25):
            cache.store([f"{worker}-{n}", f"shared-{n}"], rows(1000 * worker + n, n))

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = [f"{worker}-{n}" for worker in range(4) for n in range(25)]
    found, vectors = VectorCache(tmp_path).lookup(texts)
    assert found.all()
    np.testing.assert_array_equal(vectors[:, 0], [1000 * w + n for w in range(4) for n in range(25)])
    assert not list(tmp_path.glob(".*.safetensors.*"))  # no half-written file is left


def test_a_folder_that_cannot_be_written_to_only_costs_time(
    encoder: Encoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "vectors").write_text("")
    cached = CachedEncoder(encoder, tmp_path / "vectors")
    texts = ["red fox", "blue bird"]
    np.testing.assert_array_equal(cached.encode(texts), encoder.encode(texts))
    np.testing.assert_array_equal(cached.encode(["new", *texts]), encoder.encode(["new", *texts]))
    (record,) = caplog.records
    for word in ("not kept", str(tmp_path / "vectors"), "NEXTINTEREST_HOME"):
        assert word in record.getMessage()


def test_a_full_disk_leaves_no_half_shard(
    encoder: Encoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached = CachedEncoder(encoder, tmp_path / "full")
    with full_disk(100):
        first = cached.encode(["red fox"])
    assert "not kept" in caplog.text
    assert not [path for path in (tmp_path / "full").rglob("*") if path.is_file()]
    np.testing.assert_array_equal(cached.encode(["red fox"]), first)


def test_a_full_disk_keeps_the_shards_that_were_there(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "many")
    for number in range(32):
        cache.store([f"t{number}"], rows(number))
    with full_disk(600):  # room for a shard, none for all of them in one
        cache.store(["one more"], rows(99))
    found, _ = cache.lookup(["one more", *(f"t{number}" for number in range(32))])
    assert found.all()
