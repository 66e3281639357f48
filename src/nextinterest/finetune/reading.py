"""Options from a YAML file, single fields of them changed on the command line, all of them checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from nextinterest.errors import DataError

__all__ = ["read_options"]

OptionsT = TypeVar("OptionsT", bound=BaseModel)


def read_options(schema: type[OptionsT], path: Path | None, overrides: Sequence[str] = ()) -> OptionsT:
    """Read a YAML file into `schema` and change single fields of it.

    Parameters
    ----------
    schema
        The options there are.
    path
        The file; None for the defaults.
    overrides
        ``field=value`` or ``part.field=value``, the value read as YAML.

    Raises
    ------
    DataError
        If the file cannot be read, a field does not exist or a value is not allowed; the message says which.

    Examples
    --------
    >>> from nextinterest.finetune.training_config import TrainingConfig
    >>> read_options(TrainingConfig, None, ["epochs=2"]).epochs
    2
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path} cannot be read: {error}", remedy="Give a YAML file.") from error
    if not isinstance(raw or {}, dict):
        raise DataError(f"{path} holds no fields.", remedy="Write one field: value on each line.")
    # Over the defaults, so that naming one field of a part leaves the part's others as they were.
    fields = _merged(schema().model_dump(), raw or {})
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise DataError(
                f"{override!r} changes nothing.",
                remedy="Write it as field=value.",
                command="Write it as --override field=value.",
            )
        try:
            change: object = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise DataError(
                f"{override!r} has a value that is not YAML.", remedy="Put the value into quotes."
            ) from error
        for part in reversed(key.strip().split(".")):
            change = {part: change}
        assert isinstance(change, dict)  # noqa: S101 - a key has one part at least
        fields = _merged(fields, change)
    try:
        return schema.model_validate(fields)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise DataError(
            f"The options {path or ''} are not valid: {wrong}.",
            remedy=f"The fields are those of {schema.__module__}.{schema.__name__}.",
        ) from error


def _merged(base: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    """Return `base` with the fields of `over` in it, part by part."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
