"""A run on disk: what was asked, by whom it was answered, and every answer, written once.

    NAME/manifest.json            what was asked: data, split, protocol, code, machine, arguments
    NAME/cases.parquet            one row per case, with what breakdowns group by
    NAME/items.parquet            one row per item: title, categories, training count
    NAME/vectors.npy              item embeddings for diversity, where they were given
    NAME/methods/KEY.parquet      one row per case: rank, log-probability, flaws, list, seconds
    NAME/methods/KEY.json         the method: seed, provenance, flaws, failures, cost
    NAME/methods/KEY.parts/       answers of a method that is not finished yet

Every metric, plot and comparison is computed from these files. Knows nothing of how methods are asked
(`runner`) or what the numbers mean (`measures`).
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from nextinterest.counting import counted
from nextinterest.domain import FloatArray
from nextinterest.errors import DataError, IntegrityError, StorageError
from nextinterest.eval.answers import Answers
from nextinterest.eval.cost import Cost
from nextinterest.eval.protocol import Protocol
from nextinterest.files import check_output, write_atomic

__all__ = ["Manifest", "MethodRecord", "Run", "check_run_folder", "method_key"]

_FORMAT = 1
_CASES, _ITEMS = "cases.parquet", "items.parquet"


class Manifest(BaseModel):
    """What a run asked, and where it was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = _FORMAT
    data: str = Field(description="Name of the data.")
    log_fingerprint: str = Field(description="SHA-256 of the event log.")
    catalog_fingerprint: str = Field(description="SHA-256 of the catalogue.")
    train_fingerprint: str = Field(description="SHA-256 of the events learned from.")
    split: str = Field(description="The split and its arguments.")
    protocol: Protocol = Field(description="How methods were asked and judged.")
    candidates: str | None = Field(default=None, description="Candidates file and its SHA-256.")
    cases_fingerprint: str = Field(description="SHA-256 of histories, targets and candidates.")
    n_cases: int
    n_users: int
    n_items: int
    notes: tuple[str, ...] = Field(default=(), description="What was left out, and why.")
    created: datetime
    code: Mapping[str, str] = Field(description="Version, hash of the sources, git commit.")
    machine: Mapping[str, str]
    arguments: tuple[str, ...] = Field(default=(), description="The command line, where there was one.")

    @property
    def identity(self) -> dict[str, str]:
        """What must be equal for two sets of answers to stand in one run."""
        asked = self.protocol.model_dump(exclude={"batch_size"})
        return {
            "data": self.log_fingerprint,
            "catalogue": self.catalog_fingerprint,
            "training events": self.train_fingerprint,
            "split": self.split,
            "protocol": json.dumps(asked, sort_keys=True),
            "candidates": str(self.candidates),
            "cases": self.cases_fingerprint,
        }


class MethodRecord(BaseModel):
    """One method, at one seed, in a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    seed: int | None = Field(default=None, description="Seed it was trained with; None for none.")
    scored: str = Field(description="'all items', 'candidates' or 'lists': what its ranks were read from.")
    arguments: Mapping[str, JsonValue] = Field(default_factory=dict, description="Options it was built with.")
    provenance: Mapping[str, JsonValue] = Field(
        default_factory=dict, description="Search space, chosen values, validation scores."
    )
    flaws: Mapping[str, int] = Field(description="Flawed answers by kind.")
    flawed_misses: int = Field(description="Answers that are misses because of a flaw.")
    failures: tuple[str, ...] = Field(default=(), description="Messages of the first few exceptions.")
    build_seconds: float = Field(description="Seconds to build, fit or load the method.")
    answer_seconds: float = Field(description="Seconds to answer all cases.")
    cost: Cost | None = Field(default=None, description="Latency, throughput and memory, where measured.")
    code: Mapping[str, str] = Field(default_factory=dict)


def method_key(name: str, seed: int | None) -> str:
    """Return the file name of a method at a seed.

    Examples
    --------
    >>> method_key("sasrec", 2), method_key("text (MiniLM)", None)
    ('sasrec.seed2', 'text_MiniLM_')
    """
    safe = re.sub(r"[^A-Za-z0-9.+-]+", "_", name)
    return safe if seed is None else f"{safe}.seed{seed}"


def check_run_folder(path: Path) -> None:
    """Refuse to write a run among other files, before anything is asked.

    Raises
    ------
    StorageError
        If the folder is not empty and holds no run.
    """
    check_output(path, ("manifest.json",), "run")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    try:
        write_atomic(path, data)
    except StorageError as error:
        raise StorageError(
            error.message, remedy=error.remedy, command="Free some space, or name another folder with --out."
        ) from error


def _write_parquet(path: Path, frame: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    write_atomically(path, buffer.getvalue())


def _write_vectors(path: Path, vectors: FloatArray) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(vectors, dtype=np.float32), allow_pickle=False)
    write_atomically(path / "vectors.npy", buffer.getvalue())


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
        file = self.path / "manifest.json"
        if not file.is_file():
            raise _no_run(self.path)
        try:
            self.manifest = Manifest.model_validate_json(file.read_bytes())
        except ValidationError as error:
            raise IntegrityError(
                f"{file} cannot be read as a manifest: {error.errors()[0]['msg']}.",
                remedy="It was damaged or written by another version; evaluate again.",
            ) from error

    @classmethod
    def create(
        cls,
        path: Path,
        manifest: Manifest,
        cases: pl.DataFrame,
        items: pl.DataFrame,
        vectors: FloatArray | None = None,
    ) -> Run:
        """Open the run in a folder, or start it there.

        Raises
        ------
        IntegrityError
            If the folder holds a run that asked something else.
        StorageError
            If it holds other files and no run.
        """
        if (path / "manifest.json").is_file():
            run = cls(path)
            ours, theirs = manifest.identity, run.manifest.identity
            differing = [key for key in ours if ours[key] != theirs[key]]
            if differing:
                raise IntegrityError(
                    f"{path} holds a run that differs in {', '.join(differing)}.",
                    remedy="Give another --out, or remove the folder.",
                )
        else:
            check_run_folder(path)
            write_atomically(path / "manifest.json", manifest.model_dump_json(indent=2).encode())
            run = cls(path)
        for name, frame in ((_CASES, cases), (_ITEMS, items)):
            if not (path / name).is_file():
                _write_parquet(path / name, frame)
        if vectors is not None:
            _write_vectors(path, vectors)
        return run

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
        file = self.path / name
        if not file.is_file():
            raise IntegrityError(
                f"The run {self.path} lacks {name}.",
                remedy="Evaluate again with the same options and folder.",
            )
        return pl.read_parquet(file)

    @cached_property
    def vectors(self) -> FloatArray | None:
        """Item embeddings, shape (n_items, d), where the run has them."""
        file = self.path / "vectors.npy"
        return np.load(file, allow_pickle=False) if file.is_file() else None

    def records(self) -> dict[str, MethodRecord]:
        """Return the finished methods by key, in the order they were written."""
        files = [f for f in (self.path / "methods").glob("*.json") if f.with_suffix(".parquet").is_file()]
        return {
            file.stem: MethodRecord.model_validate_json(file.read_bytes())
            for file in sorted(files, key=lambda f: (f.stat().st_mtime_ns, f.name))
        }

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
            If the file does not hold one row per case.
        """
        file = self.path / "methods" / f"{key}.parquet"
        if not file.is_file():
            raise DataError(
                f"The run {self.path} has no method {key!r}.", remedy=f"It has: {', '.join(self.records())}."
            )
        frame = pl.read_parquet(file, columns=list(columns) if columns else None)
        if len(frame) != self.manifest.n_cases:
            raise IntegrityError(
                f"{file} holds {counted(len(frame), 'answer')} to {counted(self.manifest.n_cases, 'case')}.",
                remedy="Remove the file and evaluate the method again.",
            )
        return frame

    def finished(self, key: str, arguments: Mapping[str, JsonValue]) -> bool:
        """Return whether a method has been answered already.

        Raises
        ------
        IntegrityError
            If it was built with other arguments.
        """
        file = self.path / "methods" / f"{key}.json"
        if not (file.is_file() and file.with_suffix(".parquet").is_file()):
            return False
        record = MethodRecord.model_validate_json(file.read_bytes())
        if dict(record.arguments) != dict(arguments):
            raise IntegrityError(
                f"{self.path} already has a method {key!r} built with {dict(record.arguments)}, "
                f"not {dict(arguments)}.",
                remedy="Give another --out, or remove the method's two files.",
            )
        return True

    def add_part(self, key: str, start: int, answers: Answers, arguments: Mapping[str, JsonValue]) -> None:
        """Keep answers from case `start` on, so that an interrupted method resumes behind them."""
        mark = hashlib.sha256(json.dumps(dict(arguments), sort_keys=True).encode()).hexdigest()[:8]
        _write_parquet(
            self.path / "methods" / f"{key}.parts" / f"{mark}-{start:010d}.parquet", _answers_frame(answers)
        )

    def parts(self, key: str, arguments: Mapping[str, JsonValue]) -> list[pl.DataFrame]:
        """Return the kept parts in order, as far as they follow one another without a gap."""
        mark = hashlib.sha256(json.dumps(dict(arguments), sort_keys=True).encode()).hexdigest()[:8]
        found: list[pl.DataFrame] = []
        start = 0
        for file in sorted((self.path / "methods" / f"{key}.parts").glob(f"{mark}-*.parquet")):
            if int(file.stem.partition("-")[2]) != start:
                break
            found.append(pl.read_parquet(file))
            start += len(found[-1])
        return found

    def finish(self, key: str, record: MethodRecord, arguments: Mapping[str, JsonValue]) -> None:
        """Join the parts of a method into its file and write its record, the record last."""
        frame = pl.concat(self.parts(key, arguments))
        head = self.cases.select("case", "user_id", "target_id")
        _write_parquet(self.path / "methods" / f"{key}.parquet", pl.concat([head, frame], how="horizontal"))
        write_atomically(self.path / "methods" / f"{key}.json", record.model_dump_json(indent=2).encode())
        shutil.rmtree(self.path / "methods" / f"{key}.parts")


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
