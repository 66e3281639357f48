"""Options from a YAML file, single fields of them changed on the command line, all of them checked."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

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
    if path is not None and not path.is_file():
        found = "a folder, no file" if path.is_dir() else "not there"
        raise DataError(
            f"The configuration {path} is {found}.", remedy="Check the path, or give a YAML file."
        )
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path} cannot be read: {error}.", remedy="Give a YAML file.") from error
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
        raise _refused(schema, error.errors(), path, overrides) from error


def _refused(
    schema: type[BaseModel], errors: Sequence[ErrorDetails], path: Path | None, overrides: Sequence[str]
) -> DataError:
    """Return the error that names each refused option, its file, and the nearest of an unknown one."""
    names = _names(schema)
    given = {override.partition("=")[0].strip(): override for override in overrides}
    wrong: list[str] = []
    advice: list[str] = []
    for error in errors:
        name = ".".join(map(str, error["loc"]))
        whole = next((one for one in given if f"{one}.".startswith(f"{name}.")), None)
        where = f" in {path}" if path is not None and whole is None else ""
        if error["type"] == "extra_forbidden":
            wrong.append(f"There is no option {whole or name!r}{where}.")
            if near := _nearest(whole or name, names):
                advice.append(f"Nearest: {', '.join(near)}.")
        else:
            wrong.append(f"The option {name!r}{where} is not valid: {error['msg']}.")
            if below := [one for one in names if one.startswith(f"{name}.")]:
                advice.append(f"{name!r} is a section; give one of its options: {', '.join(below)}.")
    if any(error["type"] == "extra_forbidden" for error in errors):
        sections = dict.fromkeys(name.partition(".")[0] for name in names if "." in name)
        single = [name for name in names if "." not in name]
        advice.append(f"Sections: {', '.join(sections)}. Options of no section: {', '.join(single)}.")
    return DataError(" ".join(wrong), remedy=" ".join(advice) or "Give a value that the option allows.")


def _names(schema: type[BaseModel]) -> list[str]:
    """Return every option as ``option`` or ``section.option``, sections of sections among them."""
    names: list[str] = []
    for name, field in schema.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        section = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        names += [name] if section is None else [f"{name}.{below}" for below in _names(section)]
    return names


def _nearest(name: str, names: Sequence[str]) -> list[str]:
    """Return the options that may have been meant: alike in letters, or of the same or a like last part."""
    sections = {name.rpartition(".")[0] for name in names} - {""}
    if near := get_close_matches(name, [*names, *sections], n=1, cutoff=0.75):
        return near
    lasts = [one.rpartition(".")[2] for one in names]
    like = get_close_matches(name.rpartition(".")[2], lasts, n=1, cutoff=0.75)
    return [one for one, last in zip(names, lasts, strict=True) if last in like][:3]


def _merged(base: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    """Return `base` with the fields of `over` in it, part by part."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
