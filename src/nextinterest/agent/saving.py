"""An agent as a recommender directory, and back.

    recommender.json      manifest: settings, base model, text encoder, template, SHA-256 of the other files
    retriever.json ...    the retriever's own files (see `nextinterest.retrieval.saving`)
    choice/HASH/          adapter of a tuned choice (see `nextinterest.retrieval.rerank.tuned_choice`)
    forecast.json         weights of the interest forecast, where some were fitted for this recommender
    README.md             what this directory is and how to load it

Models are named and fingerprinted, not copied. The manifest is written last, so that a half-written directory
is refused; nothing is unpickled; every file is checked against its hash before it is read.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from nextinterest.agent.config import AgentConfig
from nextinterest.agent.deferred import DeferredModel
from nextinterest.agent.engine import Engine
from nextinterest.errors import IntegrityError, ModelError
from nextinterest.files import RECOMMENDER_FILES, check_output, storing
from nextinterest.interests.model import ForecastModel
from nextinterest.llm.devices import DtypeName
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval import Retriever, encoder_assets
from nextinterest.retrieval.directory import is_trained, load_trained
from nextinterest.retrieval.files import read_manifest, read_verified, sha256, write_atomic, write_manifest
from nextinterest.retrieval.rerank.tuned_choice import (
    CARD_HEADING,
    ChoiceManifest,
    TunedChoice,
    read_tuned,
    remove_other_choices,
    write_choice,
)
from nextinterest.version import __version__

__all__ = ["add_choice", "add_forecast_model", "load_engine", "save_engine"]

_FORMAT = "nextinterest-recommender-1"
_MANIFEST, _RETRIEVER, _TRAINED = "recommender.json", "retriever.json", "trained.json"
_FORECAST = "forecast.json"


class _Named(BaseModel):
    """A model by what it is called and what it is."""

    model_config = ConfigDict(extra="forbid")
    name: str
    fingerprint: str


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: str
    version: str
    config: AgentConfig
    text_encoder: _Named
    language_model: _Named | None
    template_hash: str
    choice: ChoiceManifest | None = None
    sha256: dict[str, str]


def save_engine(engine: Engine, directory: Path) -> None:
    """Write a recommender directory.

    Raises
    ------
    StorageError
        If the directory holds other files and no recommender, or cannot be written.
    ModelError
        If the engine does not know by which name its models can be loaded again.
    """
    unnamed = engine.model_name is not None and engine.language_model_name is None
    if engine.text_encoder_name is None or unnamed:
        raise ModelError(
            "This agent was given its models as objects, so a directory could not name them.",
            remedy="Build it with from_dataset, or pass language_model_name and text_encoder_name.",
        )
    check_output(directory, RECOMMENDER_FILES, "recommender")
    with storing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    (directory / _MANIFEST).unlink(missing_ok=True)  # the old manifest does not describe what follows
    (directory / _TRAINED).unlink(missing_ok=True)
    (directory / _FORECAST).unlink(missing_ok=True)
    engine.retriever.save(directory)
    if engine.forecast_model is not None:
        engine.forecast_model.save(directory / _FORECAST)
    model = None
    if engine.model_fingerprint is not None and engine.language_model_name is not None:
        model = _Named(name=engine.language_model_name, fingerprint=engine.model_fingerprint)
    card = _CARD.format(
        items=len(engine.catalog),
        model="none" if model is None else model.name,
        encoder=engine.text_encoder_name,
    )
    manifest = _Manifest(
        format=_FORMAT,
        version=__version__,
        config=engine.config,
        text_encoder=_Named(name=engine.text_encoder_name, fingerprint=engine.retriever.encoder.fingerprint),
        language_model=model,
        template_hash=PromptTemplate.named(engine.config.template).hash,
        choice=None if engine.choice is None else engine.choice.copied_to(directory),
        sha256={
            **{
                name: sha256((directory / name).read_bytes())
                for name in (_RETRIEVER, _TRAINED, _FORECAST)
                if (directory / name).is_file()
            },
            "README.md": write_atomic(directory / "README.md", card.encode()),
        },
    )
    write_manifest(directory / _MANIFEST, manifest.model_dump(mode="json"))


def add_forecast_model(directory: Path, model: ForecastModel) -> None:
    """Give a recommender directory weights of its own for the interest forecast, in place of any it has.

    At every moment the directory can be loaded: the manifest names the new file only once it is whole, and
    names none while one is exchanged.

    Raises
    ------
    IntegrityError
        If the directory has no manifest of this format.
    """
    manifest = _read(directory / _MANIFEST)
    hashes = {name: digest for name, digest in manifest.sha256.items() if name != _FORECAST}
    if hashes != manifest.sha256:
        _rewrite(directory, manifest.model_copy(update={"sha256": hashes}))
    hashes[_FORECAST] = write_atomic(directory / _FORECAST, model.model_dump_json(indent=1).encode() + b"\n")
    _rewrite(directory, manifest.model_copy(update={"sha256": hashes}))


def _read(path: Path) -> _Manifest:
    try:
        return _Manifest.model_validate(read_manifest(path, _FORMAT))
    except ValidationError as error:
        raise IntegrityError(f"{path} cannot be read: {error}", remedy="Save the agent again.") from error


def add_choice(tuned: Path, directory: Path) -> AgentConfig:
    """Give a recommender directory a choice tuned by ``nextinterest finetune-task choice``.

    The directory is at every moment the one before or the one after. Its settings become those under which
    the choice was tuned, its weight that fitted on validation, which may be 0; the card gets the figures.

    Parameters
    ----------
    tuned
        What the tuning wrote.
    directory
        A recommender directory.

    Returns
    -------
    AgentConfig
        The directory's new settings.

    Raises
    ------
    IntegrityError
        If files are missing or changed, the template is another version, or the choice was tuned on another
        split than the recommender.
    """
    manifest = _Manifest.model_validate(read_manifest(directory / _MANIFEST, _FORMAT))
    retriever = json.loads(read_verified(directory / _RETRIEVER, manifest.sha256.get(_RETRIEVER, "")))
    read = read_tuned(tuned)
    if is_trained(directory):
        trained = json.loads(read_verified(directory / _TRAINED, manifest.sha256.get(_TRAINED, "")))
        learned = trained["provenance"]
        if (read.tuned.data, read.tuned.split) != (learned["data"], learned["split"]):
            raise IntegrityError(
                f"The choice in {tuned} was tuned on {read.tuned.split} of {read.tuned.data!r}, the "
                f"recommender in {directory} learned from {learned['split']} of {learned['data']!r}.",
                remedy="Tune the choice with --retriever of this directory, and the same data and split.",
            )
    choice = write_choice(read, directory, retriever["catalog"])
    settings = manifest.config.model_copy(update=read.settings())
    path = directory / "README.md"
    kept = path.read_text(encoding="utf-8").split(CARD_HEADING)[0].rstrip() if path.is_file() else ""
    changed = {
        "choice": choice,
        "config": settings,
        "template_hash": choice.template_hash,
        "sha256": {**manifest.sha256, "README.md": write_atomic(path, f"{kept}\n\n{read.card()}".encode())},
    }
    _rewrite(directory, manifest.model_copy(update=changed))
    remove_other_choices(directory, choice.folder)
    return settings


def _rewrite(directory: Path, manifest: _Manifest) -> None:
    # What an older version did not write, such as new settings, stays unwritten: defaults may change.
    write_manifest(directory / _MANIFEST, manifest.model_dump(mode="json", exclude_unset=True))


def load_engine(
    directory: Path, *, with_language: bool = True, device: str = "auto", dtype: DtypeName = "auto"
) -> Engine:
    """Read what `save_engine` wrote, without its language models where they are not wanted.

    Raises
    ------
    IntegrityError
        If a file is missing or changed, or template, text encoder or language model are not those it was
        saved with; the message says which. A language model that no list asks for is checked when it is
        first used.
    """
    manifest = _read(directory / _MANIFEST)
    read_verified(directory / _RETRIEVER, manifest.sha256.get(_RETRIEVER, ""))
    template = PromptTemplate.named(manifest.config.template)
    if template.hash != manifest.template_hash:
        raise IntegrityError(
            f"{directory} was saved with another version of the template {template.name!r}: "
            f"{manifest.template_hash[:12]}, not {template.hash[:12]}.",
            remedy=f"Use nextinterest {manifest.version}, or build and save the agent again.",
        )
    text_encoder = encoder_assets.open_encoder(manifest.text_encoder.name, device)
    if is_trained(directory):
        read_verified(directory / _TRAINED, manifest.sha256.get(_TRAINED, ""))
        retriever: Retriever = load_trained(
            directory, text_encoder, with_language=with_language, device=device, dtype=dtype
        )
    else:
        retriever = Retriever.load(directory, text_encoder)
    model: DeferredModel | None = None
    named = manifest.language_model if with_language else None
    if named is not None:
        model = DeferredModel(named.name, named.fingerprint, directory, device=device, dtype=dtype)
        if manifest.choice is None and manifest.config.choice_weight > 0:  # every list asks it
            model.load()
    forecast = None
    if _FORECAST in manifest.sha256:
        data = read_verified(directory / _FORECAST, manifest.sha256[_FORECAST])
        forecast = ForecastModel.model_validate_json(data)
    choice: TunedChoice | None = None
    asked = with_language and manifest.config.choice_weight > 0
    if manifest.choice is not None and asked:  # else nothing would ask it
        catalog = retriever.catalog.fingerprint
        choice = manifest.choice.load(directory, catalog, device=device, dtype=dtype)
    return Engine(
        retriever,
        model,
        manifest.config,
        language_model_name=None if named is None else named.name,
        text_encoder_name=manifest.text_encoder.name,
        forecast_model=forecast,
        choice=choice,
    )


_CARD = """\
# A nextinterest recommender

{items:,} items; language model: {model}; text encoder: {encoder}.

```python
from nextinterest import RecommenderAgent

agent = RecommenderAgent.from_pretrained("DIRECTORY")  # this one
agent.recommend(agent.catalog.ids[:2], k=10)  # ids or titles, oldest first
```

It holds no events of users. Models are named, not copied: they must be found under the same names.
"""
