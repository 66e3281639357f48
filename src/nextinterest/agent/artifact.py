"""A recommender directory: one manifest, one way to write it, one way to read it.

    manifest.json            settings, models by name and fingerprint, template, what the retriever is
    sources.safetensors ...  the retriever (see `nextinterest.retrieval.saving`)
    tasks/                   adapter of a tuned language model (see `nextinterest.agent.tuned`)
    forecast.json            weights of the interest forecast, where some were fitted for this recommender
    README.md                what this directory is and how to load it

Models are named and fingerprinted, not copied. The form of the directory, and that it is always whole, is
`nextinterest.artifact_files`. Knows nothing of how anything is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from nextinterest.agent.config import AgentConfig
from nextinterest.agent.deferred import DeferredModel
from nextinterest.agent.engine import Engine
from nextinterest.agent.named import (
    found_from,
    is_the_saved,
    named_encoder,
    named_models,
    open_text_encoder,
)
from nextinterest.agent.role_models import open_roles
from nextinterest.agent.roles import SAVED, Role, Saved
from nextinterest.agent.tuned import FOLDER, Tuned, TunedRecord
from nextinterest.artifact_files import (
    Artifact,
    Kind,
    MadeFrom,
    NamedModel,
    invalid,
    read_artifact,
    write_artifact,
)
from nextinterest.errors import IntegrityError
from nextinterest.interests.model import ForecastModel
from nextinterest.llm import LanguageModelLike
from nextinterest.llm.devices import DtypeName
from nextinterest.llm.opening import is_none, name_of, remote_name
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.saved_items import ItemsFrom
from nextinterest.retrieval.saving import RetrieverContent, restore_retriever, retriever_files
from nextinterest.retrieval.trained import TrainedRetriever

__all__ = [
    "FORECAST",
    "README",
    "RECOMMENDER",
    "RecommenderContent",
    "forecast_file",
    "load_engine",
    "load_trained_retriever",
    "save_engine",
    "write_recommender",
]

FORECAST, README = "forecast.json", "README.md"


class RecommenderContent(BaseModel):
    """What a manifest says of a recommender."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: AgentConfig
    text_encoder: NamedModel
    language_model: NamedModel | None = None
    roles: dict[Role, NamedModel | None] = {}
    """Models of single roles; None for those left to their fallback."""
    template_hash: str
    """Of the template that ``config`` names."""
    retriever: RetrieverContent
    tuned: TunedRecord | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_choice(cls, fields: object) -> object:
        """Earlier versions noted that no choice was tuned."""
        if isinstance(fields, dict) and fields.get("choice", "") is None:
            return {name: value for name, value in fields.items() if name != "choice"}
        return fields


RECOMMENDER = Kind(
    "recommender",
    RecommenderContent,
    remedy="Restore it from a copy, or make the recommender again as its card says.",
    earlier=(
        "recommender.json",
        "retriever.json",
        "trained.json",
        "index.json",
        "sources.safetensors",
        "heads.safetensors",
        "catalog.parquet",
        "index.faiss",
        "adapter",
        FORECAST,
        FOLDER,
    ),
    upgradable=True,
)


def write_recommender(
    directory: Path,
    retriever: Retriever,
    config: AgentConfig,
    *,
    text_encoder: str,
    language_model: NamedModel | None,
    card: str | None = None,
    items_from: ItemsFrom | None = None,
    forecast_model: ForecastModel | None = None,
    tuned: Tuned | None = None,
    roles: Mapping[Role, NamedModel | None] | None = None,
    made_from: MadeFrom | None = None,
) -> None:
    """Write a recommender directory, in place of one that is there.

    Parameters
    ----------
    directory
        Where to.
    retriever
        What ranks, trained or not.
    config
        Settings of the agent.
    text_encoder
        Name by which the retriever's text encoder is loaded again.
    language_model
        The model that explains, talks, and chooses where no other was tuned to; None for none.
    card
        The model card; None writes a short one.
    items_from
        The data set that loading reads the items from again; None copies them into the directory.
    forecast_model
        Weights of the interest forecast.
    tuned
        What `language_model` was taught.
    roles
        Models of single roles in place of `language_model`.
    made_from
        What it was made from.

    Raises
    ------
    StorageError
        If the directory holds other files and no recommender, or cannot be written.
    ModelError
        If a part of the retriever has no file form.
    """
    content, files = retriever_files(retriever, items_from)
    if forecast_model is not None:
        files[FORECAST] = forecast_file(forecast_model)
    if tuned is not None:
        files |= tuned.files()
    if card is None:
        name = "none" if language_model is None else language_model.name
        card = _CARD.format(items=len(retriever.catalog), model=name, encoder=text_encoder)
    files[README] = card.encode()
    recommender = RecommenderContent(
        config=config,
        text_encoder=NamedModel(name=text_encoder, fingerprint=retriever.encoder.fingerprint),
        language_model=language_model,
        roles=dict(roles or {}),
        template_hash=PromptTemplate.named(config.template).hash,
        retriever=content,
        tuned=None if tuned is None else tuned.record,
    )
    write_artifact(directory, RECOMMENDER, recommender, files, made_from)


def save_engine(engine: Engine, directory: Path) -> None:
    """Write an engine as a recommender directory, in place of one that is there.

    Raises
    ------
    StorageError
        If the directory holds other files and no recommender, or cannot be written.
    ModelError
        If the engine does not know by which name its models can be loaded again.
    """
    encoder = named_encoder(engine, directory)
    model, roles = named_models(engine, directory)
    write_recommender(
        directory,
        engine.retriever,
        engine.config,
        text_encoder=encoder,
        language_model=model,
        forecast_model=engine.forecast_model,
        tuned=engine.tuned,
        roles=roles,
    )


def load_engine(
    directory: Path,
    *,
    language_model: LanguageModelLike | Saved | None = SAVED,
    roles: Mapping[Role, LanguageModelLike | None] | None = None,
    text_encoder: str | Path | None = None,
    device: str = "auto",
    dtype: DtypeName = "auto",
) -> Engine:
    """Read a recommender directory, without its language models where they are not wanted.

    Parameters
    ----------
    directory
        The directory.
    language_model
        In place of the saved one: where that lies now, or another model, which takes the roles; None goes
        without any. What the ranking was trained with stays part of it unless None is given.
    roles
        Models of single roles in place of those that were saved.
    text_encoder
        Where the text encoder lies now; None for the name that was saved.
    device, dtype
        See `nextinterest.llm.LocalModel.load`.

    Raises
    ------
    IntegrityError
        If a file is missing or changed, or template, text encoder or language model are not those it was
        saved with; the message says which. A language model that no list asks for is checked when it is
        first used.
    NextInterestError
        If a model is not found; the message names the argument that says where it lies.
    """
    saved = read_artifact(directory, RECOMMENDER)
    content = saved.content
    _check_template(saved)
    language_model = None if is_none(language_model) else language_model
    given = None if isinstance(language_model, Saved) else language_model
    moved = str(given) if isinstance(given, str | Path) and remote_name(given) is None else None
    with_language = language_model is not None
    encoder_name = (
        found_from(content.text_encoder.name, directory) if text_encoder is None else str(text_encoder)
    )
    encoder = open_text_encoder(encoder_name, directory, device)
    named, config = content.language_model, content.config
    retriever = restore_retriever(
        content.retriever,
        saved,
        encoder,
        with_language=with_language,
        device=device,
        dtype=dtype,
        moved=moved or (None if named is None else found_from(named.name, directory)),
    )
    same = given is None or (named is not None and is_the_saved(moved, named, directory))
    tuned = Tuned(content.tuned, saved) if with_language and same and content.tuned is not None else None

    def as_saved(named: NamedModel, where: str | None = None, adapter: Path | None = None) -> DeferredModel:
        at = where or found_from(named.name, directory)
        return DeferredModel(at, named.fingerprint, directory, adapter=adapter, device=device, dtype=dtype)

    first: LanguageModelLike | DeferredModel | None = given
    kept: dict[Role, LanguageModelLike | DeferredModel | None] = {}
    if with_language and same:
        adapter = None if tuned is None else tuned.checked()
        first = None if named is None else as_saved(named, moved, adapter)
        kept |= {role: None if one is None else as_saved(one) for role, one in content.roles.items()}
    model, own = open_roles(first, {**kept, **(roles or {})}, device=device, dtype=dtype)
    reranks = own.get("rerank", model)
    if "rerank" in (roles or {}) or not same:
        other = content.tuned is not None or (reranks is not None and reranks.capabilities.instructed)
        config = config.without_model() if other else config
    config = config.for_model(None if reranks is None else reranks.capabilities)
    if isinstance(reranks, DeferredModel) and config.choice_weight > 0:
        reranks.load()  # every list asks it
    return Engine(
        retriever,
        model,
        config,
        language_model_name=None if model is None else name_of(model),
        text_encoder_name=encoder_name,
        forecast_model=_forecast(saved),
        roles=own,
        tuned=tuned,
    )


def load_trained_retriever(
    directory: Path,
    encoder: Encoder,
    *,
    with_language: bool = True,
    device: str = "auto",
    dtype: DtypeName = "auto",
) -> TrainedRetriever:
    """Return the trained retriever of a recommender directory alone; parameters as of `load_engine`.

    Raises
    ------
    IntegrityError
        If it was not trained, or as of `nextinterest.retrieval.saving.restore_retriever`.
    """
    saved = read_artifact(directory, RECOMMENDER)
    found = restore_retriever(
        saved.content.retriever, saved, encoder, with_language=with_language, device=device, dtype=dtype
    )
    if not isinstance(found, TrainedRetriever):
        raise IntegrityError(
            f"The recommender in {directory} was not trained.",
            remedy="Give a directory that nextinterest finetune wrote.",
        )
    return found


def _check_template(saved: Artifact[RecommenderContent]) -> None:
    content = saved.content
    template = PromptTemplate.named(content.config.template)
    if content.config.choice_weight > 0 and not template.stands_for(content.template_hash):
        version = saved.manifest.made_from.versions.get("nextinterest", "of the version that wrote it")
        raise IntegrityError(
            f"{saved.directory} was saved with another version of the template {template.name!r}: "
            f"{content.template_hash[:12]}, not {template.hash[:12]}.",
            remedy=f"Use nextinterest {version}, or build and save the agent again.",
        )


def _forecast(saved: Artifact[RecommenderContent]) -> ForecastModel | None:
    if FORECAST not in saved.names():
        return None
    try:
        return ForecastModel.model_validate_json(saved.read(FORECAST))
    except ValidationError as error:
        raise saved.kind.error(f"{saved.directory / FORECAST} cannot be read: {invalid(error)}") from error


def forecast_file(model: ForecastModel) -> bytes:
    """Return the weights of the interest forecast as the content of their file."""
    return (model.model_dump_json(indent=1) + "\n").encode()


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
