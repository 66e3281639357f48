"""A choice tuned for a recommender, kept inside its directory, and refused where it does not belong.

The adapter is folded into a model of its own: the one that explains and talks stays as it was published, at
the price of its weights in memory a second time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from nextinterest.artifact_files import Artifact, NamedModel, read_artifact
from nextinterest.data.assets import locate
from nextinterest.errors import IntegrityError
from nextinterest.llm import LanguageModel, LocalModel
from nextinterest.llm.adapters import CONFIG_FILE, WEIGHTS_FILE, adapter_digest
from nextinterest.llm.devices import DtypeName
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval.language_files import base_model_wanted
from nextinterest.retrieval.tuned import ADAPTER, CHOICE, ChoiceContent

__all__ = ["CARD_HEADING", "FOLDER", "ChoiceRecord", "TunedChoice", "load_choice", "read_tuned"]

CARD_HEADING = "## Choice between candidates"

FOLDER = "choice"
"""Folder of the adapter in a recommender directory."""


class ChoiceRecord(BaseModel):
    """What a recommender's manifest says of a tuned choice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: NamedModel
    """The base model, without the adapter."""
    template: str
    template_hash: str
    catalog: str
    """Fingerprint of the catalogue it was added to."""


@dataclass(frozen=True, slots=True, eq=False)
class TunedChoice:
    """A model that was tuned to choose.

    Attributes
    ----------
    model
        The base model with the adapter folded in.
    record
        What it belongs to.
    saved
        The recommender directory that holds its adapter.
    """

    model: LanguageModel
    record: ChoiceRecord
    saved: Artifact[BaseModel]

    def files(self) -> dict[str, bytes]:
        """Return the adapter's files by name, checked, to be written into another directory."""
        return {name: self.saved.read(name) for name in self.saved.names(FOLDER)}


def load_choice(
    record: ChoiceRecord,
    saved: Artifact[BaseModel],
    catalog: str,
    *,
    device: str = "auto",
    dtype: DtypeName = "auto",
    moved: str | None = None,
) -> TunedChoice:
    """Load the base model with the adapter.

    Parameters
    ----------
    record
        What the manifest says of it.
    saved
        The recommender directory.
    catalog
        Fingerprint of its catalogue.
    device, dtype
        See `nextinterest.llm.LocalModel.load`.
    moved
        Folder of the base model, where it lies elsewhere now.

    Raises
    ------
    ModelError
        If the base model is not found.
    IntegrityError
        If catalogue, template, adapter or base model are not those of the manifest; it says which.
    """
    if catalog != record.catalog:
        raise IntegrityError(
            f"The choice in {saved.directory} belongs to the catalogue {record.catalog[:12]}, not to this "
            f"one, {catalog[:12]}.",
            remedy="Tune the choice on this recommender and add it again.",
        )
    _check_template(record.template, record.template_hash, saved.directory)
    folder = saved.folder(FOLDER)
    base = moved or record.base.name
    with base_model_wanted(base, saved.directory):
        model = LocalModel.load(locate(base, "language-model"), device=device, dtype=dtype, adapter=folder)
    joined = hashlib.sha256((record.base.fingerprint + adapter_digest(folder)).encode()).hexdigest()
    if model.fingerprint != joined:
        raise IntegrityError(
            f"The choice in {saved.directory} was tuned on the language model {record.base.name!r} of "
            f"fingerprint {record.base.fingerprint[:12]}; the one found under that name is another.",
            remedy="Put the same base model there, say where it lies now with language_model=..., or tune "
            "the choice again on this one.",
            command="Put the same base model there, or say where it lies now with --language-model.",
        )
    return TunedChoice(model, record, saved)


@dataclass(frozen=True, slots=True)
class Read:
    """A tuned choice as `read_tuned` found it: its files, its settings and its lines for the card."""

    tuned: ChoiceContent
    data: str
    adapter: dict[str, bytes]

    def files(self) -> dict[str, bytes]:
        """Return the adapter's files by their names in a recommender directory."""
        return {f"{FOLDER}/{name}": data for name, data in self.adapter.items()}

    def record(self, catalog: str) -> ChoiceRecord:
        """Return what a recommender's manifest says of it."""
        return ChoiceRecord(
            base=self.tuned.base_model,
            template=self.tuned.template,
            template_hash=self.tuned.template_hash,
            catalog=catalog,
        )

    def settings(self) -> dict[str, object]:
        """Return the agent settings under which the choice was tuned, by name."""
        return {
            "n_candidates": self.tuned.n_candidates,
            "template": self.tuned.template,
            "max_prompt_tokens": self.tuned.prompts.budget,
            "max_events": self.tuned.prompts.max_events,
            "older_events": "shares",
            "choice_weight": self.tuned.choice_weight,
            "choice_calibrated": False,
        }

    def card(self) -> str:
        """Return a section for the model card, its figures from the tuning."""
        rows = "\n".join(
            f"| {name} | {m['ndcg@10']:.4f} | {m['hr@10']:.4f} | {m['log_loss']:.3f} |"
            for name, m in self.tuned.validation.items()
        )
        return (
            f"{CARD_HEADING}\n\n{self.tuned.base_model.name} with an adapter chooses between the "
            f"{self.tuned.n_candidates} best. Its weight is {self.tuned.choice_weight:g}, fitted on "
            f"validation events, on which these are measured:\n\n"
            f"| order of the candidates | NDCG@10 | HR@10 | log-loss (nats) |\n|---|---|---|---|\n{rows}\n"
            + (f"\nTraining: {self.tuned.training}.\n" if self.tuned.training else "")
        )


def read_tuned(tuned: Path) -> Read:
    """Read what ``nextinterest finetune-task choice`` wrote, its files checked.

    Raises
    ------
    IntegrityError
        If a file is missing or changed, or was tuned under another version of its template.
    """
    found = read_artifact(tuned, CHOICE)
    _check_template(found.content.template, found.content.template_hash, tuned)
    adapter = {name: found.read(f"{ADAPTER}/{name}") for name in (CONFIG_FILE, WEIGHTS_FILE)}
    return Read(found.content, found.manifest.made_from.data, adapter)


def _check_template(name: str, expected: str, where: Path) -> None:
    template = PromptTemplate.named(name)
    if template.hash != expected:
        raise IntegrityError(
            f"The choice in {where} was tuned under another version of the template {name!r}: "
            f"{expected[:12]}, not {template.hash[:12]}.",
            remedy="Use the version of nextinterest it was tuned with, or tune it again.",
        )
