"""A tuned adapter on disk, and the manifest that says what it belongs to. Written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue

from nextinterest.artifact_files import Kind, MadeFrom, read_artifact, write_artifact
from nextinterest.errors import IntegrityError
from nextinterest.finetune.adapters import save_adapter
from nextinterest.finetune.backbone import Backbone
from nextinterest.finetune.processes import is_main_process
from nextinterest.finetune.task_config import BackboneConfig, TuningConfig
from nextinterest.llm.adapters import adapter_files
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval.tuned import ADAPTER, TunedContent

__all__ = ["claim_work", "save_tuned"]

Content = TypeVar("Content", bound=TunedContent)


class _Claim(BaseModel):
    """What a work folder is for."""

    model_config = ConfigDict(extra="forbid")
    data: str
    config: dict[str, JsonValue]


_WORK = Kind(
    "tuning run",
    _Claim,
    remedy="Start anew with resume=False.",
    command="Start anew with --no-resume.",
    among_others=True,
    manifest="options.json",
)


def claim_work(work: Path, config: TuningConfig, data: str, *, resume: bool) -> None:
    """Note what a work folder is for, so that an interrupted run is not continued as another.

    The loop itself compares only its own options; examples, prompts and adapters are compared here.

    Raises
    ------
    IntegrityError
        If the folder was begun with other options or data, or by another version, and is to be continued.
    """
    claim = _Claim(data=data, config=config.model_dump(mode="json"))
    if resume and (work / _WORK.manifest).is_file() and read_artifact(work, _WORK).content != claim:
        raise IntegrityError(
            f"The run in {work} was begun with other options or data.",
            remedy="Continue with those it was started with, or start anew with resume=False.",
            command="Continue with those it was started with, or start anew with --no-resume.",
        )
    if is_main_process():
        write_artifact(work, _WORK, claim, {})


def save_tuned(
    out: Path,
    kind: Kind[Content],
    backbone: Backbone,
    config: TuningConfig,
    template: PromptTemplate,
    made_from: MadeFrom,
    learned: Mapping[str, object],
) -> None:
    """Write a tuned model; of several processes only the first writes.

    Parameters
    ----------
    out
        The folder.
    kind
        What it was tuned to.
    backbone, config, template
        What was tuned, how, and under which template; serving must use the same.
    made_from
        What it was tuned on.
    learned
        Split, steps and measures, for the manifest.
    """
    if not is_main_process():
        return
    adapter = out / "work" / ADAPTER
    save_adapter(backbone.model, adapter, config.model)
    common: dict[str, object] = {
        "base_model": {"name": config.model, "fingerprint": backbone.fingerprint},
        "template": template.name,
        "template_hash": template.hash,
        "config": config.model_dump(mode="json"),
    }
    if isinstance(config, BackboneConfig):
        common["prompts"] = config.prompts
    content = kind.content.model_validate({**common, **learned})
    files = {f"{ADAPTER}/{name}": (adapter / name).read_bytes() for name in adapter_files(adapter)}
    write_artifact(out, kind, content, files, made_from)
