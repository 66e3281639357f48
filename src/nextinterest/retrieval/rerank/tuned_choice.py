"""A choice tuned for a recommender, kept inside its directory, and refused where it does not belong.

    recommender.json            under ``choice``: base model, template, catalogue and files, each by hash
    choice/HASH/                PEFT's own adapter_config.json and adapter_model.safetensors

The adapter's folder is named after its content, so that exchanging one tuned choice for another touches
nothing the manifest in force speaks of. The adapter is folded into a model of its own: the one that explains
and talks stays as it was published, at the price of its weights in memory a second time.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from nextinterest.data.assets import locate
from nextinterest.errors import IntegrityError
from nextinterest.llm import LanguageModel, LocalModel
from nextinterest.llm.adapters import CONFIG_FILE, WEIGHTS_FILE, adapter_digest
from nextinterest.llm.devices import DtypeName
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval.files import read_manifest, read_verified, write_atomic

__all__ = [
    "CARD_HEADING",
    "ChoiceManifest",
    "TunedChoice",
    "read_tuned",
    "remove_other_choices",
    "write_choice",
]

CARD_HEADING = "## Choice between candidates"
_FOLDER = "choice"


class ChoiceManifest(BaseModel):
    """What a tuned choice belongs to."""

    model_config = ConfigDict(extra="forbid")

    base: str
    """Name of the base model."""

    base_fingerprint: str
    """Of the base model, without the adapter."""

    template: str
    template_hash: str

    catalog: str
    """Fingerprint of the catalogue it was added to."""

    folder: str
    """Where the adapter lies, below the directory."""

    adapter: dict[str, str]
    """SHA-256 of the adapter's files by name."""

    def load(
        self, directory: Path, catalog: str, *, device: str = "auto", dtype: DtypeName = "auto"
    ) -> TunedChoice:
        """Load the base model with the adapter.

        Parameters
        ----------
        directory
            The recommender directory.
        catalog
            Fingerprint of its catalogue.
        device, dtype
            See `nextinterest.llm.LocalModel.load`.

        Raises
        ------
        IntegrityError
            If catalogue, template, adapter or base model are not those of the manifest; it says which.
        """
        if catalog != self.catalog:
            raise IntegrityError(
                f"The choice in {directory} belongs to the catalogue {self.catalog[:12]}, not to this one, "
                f"{catalog[:12]}.",
                remedy="Tune the choice on this recommender and add it again.",
            )
        _check_template(self.template, self.template_hash, directory)
        folder = directory / self.folder
        for name in (CONFIG_FILE, WEIGHTS_FILE):
            read_verified(folder / name, self.adapter.get(name, ""))
        model = LocalModel.load(
            locate(self.base, "language-model"), device=device, dtype=dtype, adapter=folder
        )
        joined = hashlib.sha256((self.base_fingerprint + adapter_digest(folder)).encode()).hexdigest()
        if model.fingerprint != joined:
            raise IntegrityError(
                f"The choice in {directory} was tuned on the language model {self.base!r} of fingerprint "
                f"{self.base_fingerprint[:12]}; the one found under that name is another.",
                remedy="Put the same base model there, or tune the choice again on this one.",
            )
        return TunedChoice(model, self, folder)


@dataclass(frozen=True, slots=True, eq=False)
class TunedChoice:
    """A model that was tuned to choose.

    Attributes
    ----------
    model
        The base model with the adapter folded in.
    manifest
        What it belongs to.
    folder
        Where the adapter's files are.
    """

    model: LanguageModel
    manifest: ChoiceManifest
    folder: Path

    def copied_to(self, directory: Path) -> ChoiceManifest:
        """Copy the adapter below another directory, for a save; return what belongs into its manifest."""
        for name, digest in self.manifest.adapter.items():
            write_atomic(directory / self.manifest.folder / name, read_verified(self.folder / name, digest))
        return self.manifest


class _Model(BaseModel):
    name: str
    fingerprint: str


class _Options(BaseModel):
    n_candidates: int


class _Prompts(BaseModel):
    budget: int
    max_events: int


class _Tuned(BaseModel):
    """What is needed of ``choice.json``; see `nextinterest.finetune.tuned_files`."""

    base_model: _Model
    template: str
    template_hash: str
    config: _Options
    prompts: _Prompts
    data: str
    split: str
    validation: dict[str, dict[str, float]]
    choice_weight: float
    training: str = ""
    sha256: dict[str, str]


@dataclass(frozen=True, slots=True)
class Read:
    """A tuned choice as `read_tuned` found it: its files, its settings and its lines for the card."""

    tuned: _Tuned
    files: dict[str, bytes]

    def settings(self) -> dict[str, object]:
        """Return the agent settings under which the choice was tuned, by name."""
        return {
            "n_candidates": self.tuned.config.n_candidates,
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
            f"{self.tuned.config.n_candidates} best. Its weight is {self.tuned.choice_weight:g}, fitted on "
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
    path = tuned / "choice.json"
    try:
        found = _Tuned.model_validate(read_manifest(path, "nextinterest-choice-1"))
    except ValidationError as error:
        raise IntegrityError(f"{path} cannot be read: {error}", remedy="Tune the choice again.") from error
    _check_template(found.template, found.template_hash, tuned)
    files = {
        name: read_verified(tuned / "adapter" / name, found.sha256.get(f"adapter/{name}", ""))
        for name in (CONFIG_FILE, WEIGHTS_FILE)
    }
    return Read(found, files)


def write_choice(read: Read, directory: Path, catalog: str) -> ChoiceManifest:
    """Write the adapter below a directory, under a name of its own; return what belongs into the manifest."""
    tuned = read.tuned
    folder = f"{_FOLDER}/{hashlib.sha256(b''.join(read.files.values())).hexdigest()[:12]}"
    hashes = {name: write_atomic(directory / folder / name, data) for name, data in read.files.items()}
    return ChoiceManifest(
        base=tuned.base_model.name,
        base_fingerprint=tuned.base_model.fingerprint,
        template=tuned.template,
        template_hash=tuned.template_hash,
        catalog=catalog,
        folder=folder,
        adapter=hashes,
    )


def remove_other_choices(directory: Path, kept: str) -> None:
    """Remove adapters that the manifest does not name any more."""
    for folder in (directory / _FOLDER).iterdir():
        if folder.is_dir() and folder != directory / kept:
            shutil.rmtree(folder)


def _check_template(name: str, expected: str, where: Path) -> None:
    template = PromptTemplate.named(name)
    if template.hash != expected:
        raise IntegrityError(
            f"The choice in {where} was tuned under another version of the template {name!r}: "
            f"{expected[:12]}, not {template.hash[:12]}.",
            remedy="Use the version of nextinterest it was tuned with, or tune it again.",
        )
