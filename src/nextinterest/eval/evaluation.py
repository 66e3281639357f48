"""One call from methods and a split to a run on disk.

Knows how to ask (`runner`) and where to write (`runs`); metrics are computed from the run afterwards.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import JsonValue
from rich.progress import Progress

from nextinterest.bars import progress_bars
from nextinterest.counting import counted
from nextinterest.data.splits import Split
from nextinterest.domain import Catalog, FloatArray, ItemScorer, Recommender
from nextinterest.errors import DataError
from nextinterest.eval.answers import FATAL, Answers, Flaw
from nextinterest.eval.candidates import CandidateLists
from nextinterest.eval.cases import Cases, select_cases
from nextinterest.eval.cost import PeakMemory, measure_cost
from nextinterest.eval.frames import cases_frame, items_frame
from nextinterest.eval.protocol import Protocol
from nextinterest.eval.provenance import code_version, machine
from nextinterest.eval.run_manifests import Asked, MethodRecord, method_key
from nextinterest.eval.runner import CandidateScorer, Failures, answer
from nextinterest.eval.runs import Run
from nextinterest.files import discarded_on_failure

__all__ = ["Method", "evaluate"]

_FLUSH_SECONDS = 20.0  # answers that a killed process can cost


@dataclass(frozen=True)
class Method:
    """A method to evaluate, built only when its turn comes and only if the run lacks it.

    Attributes
    ----------
    name
        Name in tables. Several seeds of one method share it.
    build
        Returns the recommender, fitted; tuned on validation at most.
    seed
        Seed it is trained with; None for a method without chance.
    arguments
        Options it is built with, recorded; a run refuses the same method with others.
    timed
        Whether its cost is measured; False for what only looks answers up.
    """

    name: str
    build: Callable[[], Recommender]
    seed: int | None = None
    arguments: Mapping[str, JsonValue] = field(default_factory=dict)
    timed: bool = True


def evaluate(
    recommenders: Sequence[Recommender | Method] | Mapping[str, Recommender],
    split: Split,
    *,
    out: Path | None = None,
    protocol: Protocol | None = None,
    catalog: Catalog | None = None,
    users: pl.DataFrame | None = None,
    candidates: CandidateLists | None = None,
    vectors: FloatArray | None = None,
    data: str = "unnamed",
    cost_sample: int = 0,
    arguments: Sequence[str] = (),
    progress: bool | None = None,
    clock: Callable[[], float] = time.perf_counter,
    now: Callable[[], datetime] | None = None,
) -> Run:
    """Ask every method for every case of a split and write the answers.

    Parameters
    ----------
    recommenders
        Fitted recommenders (by name, or under their own), or `Method` objects that build them.
    split
        What is learned from and held out.
    out
        Folder of the run; what it already holds is not asked again. A temporary folder where None. A folder
        that this call makes is removed again if the call fails before there are answers to keep.
    protocol
        How methods are asked; validation, full ranking, seen items masked by default.
    catalog
        The catalogue; that of the first recommender where None.
    users
        Users table for breakdowns (`Dataset.users`).
    candidates
        Given candidate lists; the whole catalogue where None.
    vectors
        Item embeddings for intra-list diversity, shape (n_items, d).
    data
        Name of the data, for the manifest.
    cost_sample
        Users to measure latency on, per method; 0 measures none.
    arguments
        Command line, for the manifest.
    progress
        Show bars on stderr; None shows them on a terminal only.
    clock, now
        Seconds for timings, and the time of day in UTC.

    Returns
    -------
    Run
        The run, with every method answered.

    Raises
    ------
    DataError
        If two methods share name and seed, or a method ranks another catalogue.
    IntegrityError
        If `out` holds a run that asked something else.
    """
    methods = _as_methods(recommenders)
    protocol = protocol or Protocol()
    cases = select_cases(split, protocol, candidates)
    if catalog is None:
        if not methods:
            raise DataError("Nothing to evaluate: no method was given.")
        catalog = methods[0].build().catalog
    folder = out if out is not None else Path(tempfile.mkdtemp(prefix="nextinterest-run-"))
    code = code_version()
    asked = Asked(
        data=data,
        log_fingerprint=cases.held_out.histories.log.fingerprint,
        catalog_fingerprint=catalog.fingerprint,
        train_fingerprint=split.train.fingerprint,
        split=split.name,
        protocol=protocol,
        candidates=None if candidates is None else candidates.source,
        cases_fingerprint=cases.fingerprint,
        n_cases=len(cases),
        n_users=len(np.unique(cases.held_out.users)),
        n_items=len(catalog),
        notes=cases.notes,
        created=(now or (lambda: datetime.now(UTC)))(),
        code=code,
        machine=machine(),
        arguments=tuple(arguments),
    )
    with discarded_on_failure(folder, keep=("methods/*/*", "unfinished/*/*")):
        run = Run.create(
            folder, asked, cases_frame(cases, split, catalog, users), items_frame(split, catalog), vectors
        )
        with progress_bars(progress) as bars:
            for method in methods:
                _answer_method(run, method, cases, protocol, catalog, cost_sample, code, bars, clock)
    return run


def _as_methods(given: Sequence[Recommender | Method] | Mapping[str, Recommender]) -> list[Method]:
    methods: list[Method] = []
    if isinstance(given, Mapping):
        methods = [Method(name, lambda built=built: built) for name, built in given.items()]  # type: ignore[misc]
    else:
        for one in given:
            methods.append(one if isinstance(one, Method) else Method(one.name, lambda built=one: built))  # type: ignore[misc]
    keys = [method_key(method.name, method.seed) for method in methods]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise DataError(f"Two methods are called {twice!r}.", remedy="Give each a name of its own.")
    return methods


def _answer_method(
    run: Run,
    method: Method,
    cases: Cases,
    protocol: Protocol,
    catalog: Catalog,
    cost_sample: int,
    code: Mapping[str, str],
    bars: Progress,
    clock: Callable[[], float],
) -> None:
    key = method_key(method.name, method.seed)
    if run.finished(key, method.arguments):
        return
    label = method.name if method.seed is None else f"{method.name} (seed {method.seed})"
    task = bars.add_task(f"{label}: building", total=len(cases))
    began = clock()
    with PeakMemory() as memory:
        recommender = method.build()
    build_seconds = clock() - began
    if recommender.catalog.fingerprint != catalog.fingerprint:
        raise DataError(
            f"The method {method.name!r} ranks another catalogue "
            f"({counted(len(recommender.catalog), 'item')}) than "
            f"the one evaluated ({counted(len(catalog), 'item')}).",
            remedy="Build every method on the data set's own catalogue.",
        )
    done = sum(len(part) for part in run.parts(key, method.arguments))
    bars.update(task, description=label, completed=done)
    failures = Failures()
    rest = cases.take(np.arange(done, len(cases)))
    waiting: list[Answers] = []
    flushed = clock()
    try:
        for answers in answer(recommender, rest, protocol, failures=failures, clock=clock):
            waiting.append(answers)
            bars.advance(task, len(answers.rank))
            if clock() - flushed > _FLUSH_SECONDS:
                done += _flush(run, method, key, done, waiting)
                flushed = clock()
    finally:  # an interruption keeps what was answered
        if waiting:
            _flush(run, method, key, done, waiting)
    cost = None
    if cost_sample and method.timed:
        bars.update(task, description=f"{label}: timing")
        cost = measure_cost(
            recommender,
            cases,
            exclude_seen=protocol.exclude_seen,
            sample=cost_sample,
            seed=protocol.seed,
            build_memory_mib=memory.growth_mib,
            clock=clock,
        )
    frame = pl.concat(run.parts(key, method.arguments))
    flaws = frame["flaws"].to_numpy()
    fatal = Flaw(255) & ~Flaw.UNNORMALISED if protocol.strict else FATAL
    run.finish(
        key,
        MethodRecord(
            name=method.name,
            seed=method.seed,
            scored=_scored(recommender, cases, protocol),
            arguments=dict(method.arguments),
            provenance=_provenance(recommender),
            flaws={kind.name.lower(): int(((flaws & kind) > 0).sum()) for kind in Flaw if kind.name},
            flawed_misses=int(((flaws & int(fatal)) > 0).sum()),
            failures=tuple(failures.messages),
            build_seconds=build_seconds,
            answer_seconds=float(frame["seconds"].sum()),
            cost=cost,
            code=code,
        ),
        method.arguments,
    )
    bars.update(task, description=label)


def _flush(run: Run, method: Method, key: str, start: int, waiting: list[Answers]) -> int:
    joined = Answers.concatenate(waiting)
    waiting.clear()
    run.add_part(key, start, joined, method.arguments)
    return len(joined.rank)


def _scored(recommender: Recommender, cases: Cases, protocol: Protocol) -> str:
    if protocol.scoring == "lists":
        return "lists"
    if cases.candidates is not None and isinstance(recommender, CandidateScorer):
        return "candidates"
    return "all items" if isinstance(recommender, ItemScorer) else "lists"


def _provenance(recommender: Recommender) -> dict[str, JsonValue]:
    found = getattr(recommender, "provenance", None)
    return dict(found) if isinstance(found, Mapping) else {}
