"""A tuned adapter on disk, and the manifest that says what it belongs to. Written last, whole or absent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nextinterest.errors import IntegrityError
from nextinterest.finetune.adapters import save_adapter
from nextinterest.finetune.backbone import Backbone
from nextinterest.finetune.processes import is_main_process
from nextinterest.finetune.task_config import BackboneConfig, TuningConfig
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval.files import Json, read_manifest, sha256, write_manifest
from nextinterest.version import __version__

__all__ = ["claim_work", "save_tuned"]


def claim_work(work: Path, config: TuningConfig, data: str, *, resume: bool) -> None:
    """Note what a work folder is for, so that an interrupted run is not continued as another.

    The loop itself compares only its own options; examples, prompts and adapters are compared here.

    Raises
    ------
    IntegrityError
        If the folder was begun with other options or data and is to be continued.
    """
    path, form = work / "options.json", "nextinterest-work-1"
    expected: dict[str, Json] = {"format": form, "data": data, "config": config.model_dump(mode="json")}
    if resume and path.is_file() and read_manifest(path, form) != expected:
        raise IntegrityError(
            f"The run in {work} was begun with other options or data.",
            remedy="Continue with those it was started with, or start anew with resume=False.",
            command="Continue with those it was started with, or start anew with --no-resume.",
        )
    if is_main_process():
        write_manifest(path, expected)


def save_tuned(
    out: Path,
    task: str,
    backbone: Backbone,
    config: TuningConfig,
    template: PromptTemplate,
    learned: Mapping[str, Json],
) -> None:
    """Write ``adapter/`` and ``TASK.json``; of several processes only the first writes.

    Parameters
    ----------
    out
        The folder.
    task
        Names the manifest and its format.
    backbone, config, template
        What was tuned, how, and under which template; serving must use the same.
    learned
        Data, steps and measures, for the manifest.
    """
    if not is_main_process():
        return
    manifest = out / f"{task}.json"
    manifest.unlink(missing_ok=True)
    save_adapter(backbone.model, out / "adapter", config.model)
    files = sorted(path for path in (out / "adapter").iterdir() if path.is_file())
    content: dict[str, Json] = {
        "format": f"nextinterest-{task}-1",
        "version": __version__,
        "base_model": {"name": config.model, "fingerprint": backbone.fingerprint},
        "template": template.name,
        "template_hash": template.hash,
        "config": config.model_dump(mode="json"),
        "sha256": {f"adapter/{path.name}": sha256(path.read_bytes()) for path in files},
    }
    if isinstance(config, BackboneConfig):
        content["prompts"] = config.prompts.model_dump(mode="json")
    write_manifest(manifest, content | dict(learned))
