"""One argument picks the model: what `language_model=` takes everywhere, and the model it means.

    "smollm2-135m-instruct"                 an asset's name
    "models/mine"                           a folder in transformers' format, causal or encoder-decoder
    "org/name"                              a hub id
    "openai:MODEL@http://host:8000/v1"      a model at an OpenAI-compatible endpoint
    model_object                            anything that keeps `LanguageModel`
    (model, tokenizer)                      of transformers
    None, "none"                            no model, where one may be missing

Knows names, files and addresses; nothing of what a model is used for.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from nextinterest.data.assets import locate
from nextinterest.errors import ModelError
from nextinterest.llm.base import LanguageModel
from nextinterest.llm.endpoint_settings import EndpointSettings
from nextinterest.redaction import address, redact

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from nextinterest.llm.devices import DtypeName

__all__ = [
    "LanguageModelLike",
    "RemoteName",
    "is_encoder_decoder",
    "is_language_model",
    "is_none",
    "name_of",
    "open_model",
    "remote_name",
]

LanguageModelLike: TypeAlias = "str | Path | LanguageModel | tuple[PreTrainedModel, PreTrainedTokenizerBase]"
"""Whatever names or is a language model."""

_SCHEME = "openai:"
_REMOTE = re.compile(r"(?P<model>.+?)@(?P<url>https?://.+)", re.DOTALL)
_OPENAI = "https://api.openai.com/v1"
_CALLS = ("generate", "stream", "choose", "encode", "score", "open")


@dataclass(frozen=True, slots=True)
class RemoteName:
    """A model at an endpoint, as ``openai:MODEL@URL`` names it.

    Attributes
    ----------
    model
        Its name there.
    url
        The address, which may hold credentials.
    """

    model: str
    url: str

    def __str__(self) -> str:
        """Return the name without credentials and query, which may be shown and saved."""
        return f"{_SCHEME}{self.model}@{address(self.url)}"


def remote_name(spec: object) -> RemoteName | None:
    """Return the endpoint that a name means; None where it means something else.

    Without an address it is OpenAI's, or the one in ``OPENAI_BASE_URL``.

    Examples
    --------
    >>> str(remote_name("openai:org/big@http://localhost:8000/v1"))
    'openai:org/big@http://localhost:8000/v1'

    Raises
    ------
    ModelError
        If it names no model.
    """
    if not isinstance(spec, str) or not spec.startswith(_SCHEME):
        return None
    rest = spec.removeprefix(_SCHEME).strip()
    found = _REMOTE.fullmatch(rest)
    model = rest if found is None else found["model"]
    if not model or "://" in model or (found is None and model.endswith("@")):
        raise ModelError(
            f"{redact(spec)!r} names no model at an endpoint.",
            remedy="Write openai:MODEL@URL, such as openai:qwen3@http://localhost:8000/v1.",
        )
    if found is None and "@" in model[1:]:  # prompts and key would go to another address
        at = model.index("@", 1)
        raise ModelError(
            f"The address of 'openai:{model[:at]}@...' is without http:// or https://.",
            remedy="Write openai:MODEL@URL with the scheme: "
            f"openai:{model[:at]}@{redact(f'http://{model[at + 1 :]}')}.",
        )
    if found is None:
        return RemoteName(model, os.environ.get("OPENAI_BASE_URL", "").strip() or _OPENAI)
    return RemoteName(model, found["url"])


def is_none(spec: object) -> bool:
    """Return whether no language model is meant: None, or the word for it."""
    return spec is None or (isinstance(spec, str) and spec.strip().casefold() == "none")


def is_language_model(spec: object) -> TypeGuard[LanguageModel]:
    """Return whether an object keeps the protocol, as far as its methods show."""
    return not isinstance(spec, type) and all(callable(getattr(spec, name, None)) for name in _CALLS)


def name_of(spec: object) -> str | None:
    """Return the name by which a model can be opened again, without credentials; None where it has none.

    An object has one where `open_model` made it from a name.
    """
    if isinstance(spec, str | Path):
        remote = remote_name(spec)
        return str(spec) if remote is None else str(remote)
    found = getattr(spec, "opened_as", None)
    return found if isinstance(found, str) and found else None


def open_model(
    spec: LanguageModelLike,
    *,
    device: str = "auto",
    dtype: DtypeName = "auto",
    endpoint: EndpointSettings | None = None,
    adapter: Path | None = None,
) -> LanguageModel:
    """Return the language model that a name, an object or a pair means.

    Parameters
    ----------
    spec
        As in the table of the module. A model object is returned as it is.
    device, dtype
        Of local models that are loaded here; see `LocalModel.load`.
    endpoint
        Limits, prices and the key of an endpoint; by default what the environment says (see
        `EndpointSettings`).
    adapter
        Folder of a PEFT adapter to attach to a local model that is loaded here.

    Raises
    ------
    AssetError
        If there is no such asset or path.
    ModelError
        If it cannot be loaded, or the object is no language model.
    MissingExtraError
        If an endpoint is named and the openai package is not installed.
    """
    if isinstance(spec, str | Path):
        remote = remote_name(spec)
        if remote is not None:
            from nextinterest.llm.openai_compatible import OpenAICompatibleModel

            return OpenAICompatibleModel.at(remote.url, remote.model, endpoint, opened_as=str(remote))
        return _load(str(spec), device, dtype, adapter)
    if isinstance(spec, tuple) and len(spec) == 2:
        return _wrap(*spec)
    if is_language_model(spec):
        return spec
    raise ModelError(
        f"{type(spec).__name__} is no language model.",
        remedy="Give an asset's name, a folder, a hub id, 'openai:MODEL@URL', an object with the methods of "
        "nextinterest.llm.LanguageModel, or a pair (model, tokenizer) of transformers.",
    )


def _load(name: str, device: str, dtype: DtypeName, adapter: Path | None) -> LanguageModel:
    found = locate(name, "language-model")
    from nextinterest.llm.local import LocalModel
    from nextinterest.llm.seq2seq import Seq2SeqModel

    kind = Seq2SeqModel if is_encoder_decoder(found) else LocalModel
    model = kind.load(found, device=device, dtype=dtype, adapter=adapter)
    model.opened_as = name
    return model


def is_encoder_decoder(found: Path | str) -> bool:
    """Return what the configuration says; of a hub id only where it is in the cache or can be reached."""
    if isinstance(found, str):
        from transformers import AutoConfig

        try:
            return bool(AutoConfig.from_pretrained(found).is_encoder_decoder)
        except (OSError, ValueError):  # loading says what is wrong
            return False
    try:
        config = json.loads((found / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and bool(config.get("is_encoder_decoder"))


def _wrap(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> LanguageModel:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise ModelError(
            f"A pair of {type(module).__name__} and {type(tokenizer).__name__} is no language model.",
            remedy="Give a transformers model and its tokenizer, in this order.",
        )
    from nextinterest.llm.loading import without_adapter

    plain: object = without_adapter(module)
    if not isinstance(plain, PreTrainedModel):
        raise ModelError(
            f"A pair of {type(module).__name__} and {type(tokenizer).__name__} is no language model.",
            remedy="Give a transformers model and its tokenizer, in this order.",
        )
    from nextinterest.llm.local import LocalModel
    from nextinterest.llm.seq2seq import Seq2SeqModel

    name = Path(str(getattr(plain, "name_or_path", "") or type(plain).__name__)).name
    module.eval()  # type: ignore[no-untyped-call]
    kind = Seq2SeqModel if plain.config.is_encoder_decoder else LocalModel
    return kind(module, tokenizer, name=name)
