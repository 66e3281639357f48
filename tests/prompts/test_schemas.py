from __future__ import annotations

import json

import pytest
from pydantic import BaseModel, ValidationError

from nextinterest.prompts import (
    InterestsAnswer,
    PredictionsAnswer,
    interests_schema,
    schema_text,
)

SCHEMAS = [InterestsAnswer, PredictionsAnswer, interests_schema(("War", "Drama"))]


class Titled(BaseModel):
    title: str


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_field_is_documented_and_required(schema: type[BaseModel]) -> None:
    tree = schema.model_json_schema()
    for node in [tree, *tree.get("$defs", {}).values()]:
        assert node["additionalProperties"] is False
        assert set(node["required"]) == set(node["properties"])
        assert all(len(field["description"]) > 15 for field in node["properties"].values())


def test_schema_text_is_the_schema_on_one_line() -> None:
    text = schema_text(Titled)
    assert "\n" not in text
    shown = json.loads(text)
    assert shown["properties"]["title"]["type"] == "string"  # the field named title stays
    assert "title" not in shown  # the caption goes
    assert len(text) < len(json.dumps(Titled.model_json_schema()))


def test_nothing_is_converted() -> None:
    with pytest.raises(ValidationError):
        InterestsAnswer.model_validate({"interests": "none"})
    with pytest.raises(ValidationError):
        InterestsAnswer.model_validate_json('{"interests": [], "year": 1979}')
