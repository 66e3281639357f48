"""What the manifests of a run, of its methods and of its unfinished methods say, and their kinds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from nextinterest.artifact_files import Kind
from nextinterest.eval.cost import Cost
from nextinterest.eval.protocol import Protocol

__all__ = ["METHOD", "PARTS", "RUN", "Asked", "Begun", "MethodRecord", "method_key"]


class Asked(BaseModel):
    """What a run asked, and where it was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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


class Begun(BaseModel):
    """What the parts of an unfinished method are answers of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arguments: Mapping[str, JsonValue]


RUN = Kind(
    "run",
    Asked,
    remedy="Evaluate anew into another folder.",
    command="Evaluate anew with --out and another folder.",
)
METHOD = Kind(
    "method of a run",
    MethodRecord,
    remedy="Evaluate again with the same options and folder; the other methods are not asked again.",
    among_others=True,
)
PARTS = Kind(
    "unfinished method of a run",
    Begun,
    remedy="Evaluate again with the same options and folder.",
    among_others=True,
)


def method_key(name: str, seed: int | None) -> str:
    """Return the file name of a method at a seed.

    Examples
    --------
    >>> method_key("sasrec", 2), method_key("text (MiniLM)", None)
    ('sasrec.seed2', 'text_MiniLM_')
    """
    safe = re.sub(r"[^A-Za-z0-9.+-]+", "_", name)
    return safe if seed is None else f"{safe}.seed{seed}"
