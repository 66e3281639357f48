"""A run on disk: what was asked, by whom it was answered, and every answer, written once.

    NAME/                     what was asked: data, split, protocol, code, machine, arguments
        cases.parquet         one row per case, with what breakdowns group by
        items.parquet         one row per item: title, categories, training count
        vectors.npy           item embeddings for diversity, where they were given
        methods/KEY/          the method: seed, provenance, flaws, failures, cost
            answers.parquet   one row per case: rank, log-probability, flaws, list, seconds
        unfinished/KEY/       answers of a method that is not finished yet, in parts

NAME and each KEY is a directory of `nextinterest.artifact_files`: a manifest, and files that are read only
where they are what it says. A method has its own, so that several processes can answer into one run.

Every metric, plot and comparison is computed from these files. Knows nothing of how methods are asked
(`runner`) or what the numbers mean (`measures`).
"""

from __future__ import annotations

import io
import logging
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, JsonValue

from nextinterest.artifact_files import (
    MANIFEST,
    Artifact,
    MadeFrom,
    check_target,
    kind_of,
    read_artifact,
    update_artifact,
    write_artifact,
)
from nextinterest.counting import counted
from nextinterest.domain import FloatArray
from nextinterest.errors import DataError, IntegrityError, StorageError
from nextinterest.eval.answers import Answers
from nextinterest.eval.run_manifests import METHOD, PARTS, RUN, Asked, Begun, MethodRecord
from nextinterest.files import storing, write_atomic

__all__ = ["Run", "check_run_folder", "write_atomically"]

_log = logging.getLogger(__name__)

_CASES, _ITEMS, _VECTORS, _ANSWERS = "cases.parquet", "items.parquet", "vectors.npy", "answers.parquet"


def check_run_folder(path: Path) -> None:
    """Refuse to write a run among other files, before anything is asked.

    Raises
    ------
    StorageError
        If the folder is not empty and holds no run.
    IntegrityError
        If it holds a run that cannot be read, such as one of nextinterest 0.1.
    """
    if (path / MANIFEST).is_file() and kind_of(path / MANIFEST) in (None, RUN.name):
        read_artifact(path, RUN)
    else:
        check_target(path, RUN)


@contextmanager
def _naming_out() -> Iterator[None]:
    """Let what cannot be written name the option."""
    try:
        yield
    except StorageError as error:
        raise StorageError(
            error.message, remedy=error.remedy, command="Free some space, or name another folder with --out."
        ) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with _naming_out():
        write_atomic(path, data)


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _npy(vectors: FloatArray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(vectors, dtype=np.float32), allow_pickle=False)
    return buffer.getvalue()


def _intact(artifact: Artifact[BaseModel], name: str) -> bool:
    """Return whether a file is what the manifest says; warn of a damaged one, which is made again."""
    if name not in artifact.names():
        return False
    try:
        artifact.read(name)
    except IntegrityError as error:
        _log.warning("%s It is made again.", error.message)
        return False
    return True


class Run:
    """A run folder, opened.

    Parameters
    ----------
    path
        The folder.

    Raises
    ------
    DataError
        If the folder holds no run.
    IntegrityError
        If its manifest cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        if not (self.path / MANIFEST).is_file():
            raise _no_run(self.path)
        self._artifact = read_artifact(self.path, RUN)
        self._verified: set[str] = set()

    @property
    def manifest(self) -> Asked:
        """What was asked."""
        return self._artifact.content

    @classmethod
    def create(
        cls,
        path: Path,
        asked: Asked,
        cases: pl.DataFrame,
        items: pl.DataFrame,
        vectors: FloatArray | None = None,
    ) -> Run:
        """Open the run in a folder, or start it there.

        Raises
        ------
        IntegrityError
            If the folder holds a run that asked something else, or one that cannot be read.
        StorageError
            If it holds other files and no run.
        """
        check_run_folder(path)
        if (path / MANIFEST).is_file():
            artifact = read_artifact(path, RUN)
            ours, theirs = asked.identity, artifact.content.identity
            differing = [key for key in ours if ours[key] != theirs[key]]
            if differing:
                raise IntegrityError(
                    f"{path} holds a run that differs in {', '.join(differing)}.",
                    remedy="Give another --out, or remove the folder.",
                )
        else:  # without files at first: a process that is killed here leaves a run to be gone on with
            made = MadeFrom(data=asked.data, command=shlex.join(asked.arguments))
            with _naming_out():
                write_artifact(path, RUN, asked, {}, made)
            artifact = read_artifact(path, RUN)  # with the defaults as written, which `update_artifact` keeps
        files = {
            name: _parquet(frame)
            for name, frame in ((_CASES, cases), (_ITEMS, items))
            if not _intact(artifact, name)
        }
        if vectors is not None:
            files[_VECTORS] = _npy(vectors)
        if files:
            with _naming_out():
                update_artifact(artifact, files=files)
        return cls(path)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    @cached_property
    def cases(self) -> pl.DataFrame:
        """One row per case; see `frames.cases_frame`."""
        return self._table(_CASES)

    @cached_property
    def items(self) -> pl.DataFrame:
        """One row per item; see `frames.items_frame`."""
        return self._table(_ITEMS)

    def _table(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(io.BytesIO(self._artifact.read(name)))

    @cached_property
    def vectors(self) -> FloatArray | None:
        """Item embeddings, shape (n_items, d), where the run has them."""
        if _VECTORS not in self._artifact.names():
            return None
        found: FloatArray = np.load(io.BytesIO(self._artifact.read(_VECTORS)), allow_pickle=False)
        return found

    def records(self) -> dict[str, MethodRecord]:
        """Return the finished methods by key, in the order they were written."""
        files = sorted(self._folder().glob(f"*/{MANIFEST}"), key=lambda f: (f.stat().st_mtime_ns, str(f)))
        return {file.parent.name: read_artifact(file.parent, METHOD).content for file in files}

    def _folder(self, *key: str) -> Path:
        return self.path.joinpath("methods", *key)

    def _begun(self, key: str) -> Path:
        return self.path / "unfinished" / key

    def families(self) -> dict[str, list[str]]:
        """Return the keys of each method's seeds, by method name."""
        found: dict[str, list[str]] = {}
        for key, record in self.records().items():
            found.setdefault(record.name, []).append(key)
        return found

    def answers(self, key: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Return a method's answers: case, user_id, target_id, rank, log_prob, flaws, seconds, items, ...

        Raises
        ------
        DataError
            If the run has no such method.
        IntegrityError
            If the file was damaged, or does not hold one row per case.
        """
        if not (self._folder(key) / MANIFEST).is_file():
            raise DataError(
                f"The run {self.path} has no method {key!r}.", remedy=f"It has: {', '.join(self.records())}."
            )
        method = read_artifact(self._folder(key), METHOD)
        wanted = list(columns) if columns else None
        if key in self._verified:  # a large file is hashed once, and then only some columns are read
            frame = pl.read_parquet(method.directory / method.manifest.files[_ANSWERS].path, columns=wanted)
        else:
            frame = pl.read_parquet(io.BytesIO(method.read(_ANSWERS)), columns=wanted)
            self._verified.add(key)
        if len(frame) != self.manifest.n_cases:
            raise IntegrityError(
                f"{method.directory} holds {counted(len(frame), 'answer')} to "
                f"{counted(self.manifest.n_cases, 'case')}.",
                remedy="It belongs to another run: remove it and evaluate the method again.",
            )
        return frame

    def finished(self, key: str, arguments: Mapping[str, JsonValue]) -> bool:
        """Return whether a method has been answered already; one whose files were damaged has not.

        Raises
        ------
        IntegrityError
            If it was built with other arguments.
        """
        if not (self._folder(key) / MANIFEST).is_file():
            return False
        try:
            method = read_artifact(self._folder(key), METHOD)
        except IntegrityError as error:
            _log.warning("%s The method is asked again.", error.message)
            return False
        record = method.content
        if dict(record.arguments) != dict(arguments):
            raise IntegrityError(
                f"{self.path} already has a method {key!r} built with {dict(record.arguments)}, "
                f"not {dict(arguments)}.",
                remedy=f"Give another --out, or remove the folder {self._folder(key)}.",
            )
        return _intact(method, _ANSWERS)

    def add_part(self, key: str, start: int, answers: Answers, arguments: Mapping[str, JsonValue]) -> None:
        """Keep answers from case `start` on, so that an interrupted method resumes behind them."""
        files = {f"{start:010d}.parquet": _parquet(_answers_frame(answers))}
        with _naming_out():
            if start:
                update_artifact(read_artifact(self._begun(key), PARTS), files=files)
            else:
                write_artifact(self._begun(key), PARTS, Begun(arguments=dict(arguments)), files)

    def parts(self, key: str, arguments: Mapping[str, JsonValue]) -> list[pl.DataFrame]:
        """Return the kept parts in order, as far as they are intact and follow one another without a gap."""
        if not (self._begun(key) / MANIFEST).is_file():
            return []
        try:
            begun = read_artifact(self._begun(key), PARTS)
        except IntegrityError as error:
            _log.warning("%s The method is asked again.", error.message)
            return []
        found: list[pl.DataFrame] = []
        if dict(begun.content.arguments) != dict(arguments):
            return found
        start = 0
        while _intact(begun, name := f"{start:010d}.parquet"):
            found.append(pl.read_parquet(io.BytesIO(begun.read(name))))
            start += len(found[-1])
        return found

    def finish(self, key: str, record: MethodRecord, arguments: Mapping[str, JsonValue]) -> None:
        """Join the parts of a method into its file, under its record."""
        frame = pl.concat(self.parts(key, arguments))
        head = self.cases.select("case", "user_id", "target_id")
        data = _parquet(pl.concat([head, frame], how="horizontal"))
        with _naming_out():
            write_artifact(
                self._folder(key), METHOD, record, {_ANSWERS: data}, self._artifact.manifest.made_from
            )
        self._verified.discard(key)
        with storing(self.path):
            shutil.rmtree(self._begun(key))
            if not any(self._begun(key).parent.iterdir()):
                self._begun(key).parent.rmdir()


def _answers_frame(answers: Answers) -> pl.DataFrame:
    width = answers.items.shape[1]
    return pl.DataFrame(
        {
            "rank": answers.rank,
            "log_prob": answers.log_prob,
            "flaws": answers.flaws,
            "seconds": answers.seconds,
            "items": pl.Series(answers.items, dtype=pl.Array(pl.Int32, width)),
            "probabilities": pl.Series(answers.probabilities, dtype=pl.Array(pl.Float32, width)),
        }
    )


def _no_run(path: Path) -> DataError:
    """Return the error for a folder without a run, which names those within it or says how one is made."""
    runs = sorted(manifest.parent for manifest in path.glob("*/manifest.json"))[:8]
    if runs:
        return DataError(
            f"{path} holds no run itself: it has no manifest.json.",
            remedy=f"Name one of the folders in it: {', '.join(map(str, runs))}.",
        )
    free = path if not path.exists() or (path.is_dir() and not any(path.iterdir())) else Path("NEW_FOLDER")
    return DataError(
        f"{path} holds no run: it has no manifest.json.",
        remedy="A run is made by nextinterest.eval.evaluate(..., out=FOLDER); name the folder of one.",
        command=f"Evaluate first: the same command with --out {free} and without --report and --compare "
        "makes a run and its report.",
    )
