from __future__ import annotations

import json

import pytest
from pydantic import BaseModel, ValidationError

from nextinterest.domain import Catalog, History
from nextinterest.prompts import (
    InterestsAnswer,
    NextItemAnswer,
    PredictionsAnswer,
    PromptRenderer,
    PromptTemplate,
    TextTokenizer,
    interests_schema,
    schema_text,
)

SCHEMAS = [NextItemAnswer, InterestsAnswer, PredictionsAnswer, interests_schema(("War", "Drama"))]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_field_is_documented_and_required(schema: type[BaseModel]) -> None:
    tree = schema.model_json_schema()
    for node in [tree, *tree.get("$defs", {}).values()]:
        assert node["additionalProperties"] is False
        assert set(node["required"]) == set(node["properties"])
        assert all(len(field["description"]) > 15 for field in node["properties"].values())


def test_schema_text_is_the_schema_on_one_line() -> None:
    text = schema_text(NextItemAnswer)
    assert "\n" not in text
    shown = json.loads(text)
    assert shown["properties"]["title"]["type"] == "string"  # the field named title stays
    assert "title" not in shown  # the caption goes
    assert len(text) < len(json.dumps(NextItemAnswer.model_json_schema()))


def test_nothing_is_converted() -> None:
    with pytest.raises(ValidationError):
        NextItemAnswer.model_validate({"title": 7})
    with pytest.raises(ValidationError):
        NextItemAnswer.model_validate_json('{"title": "Alien", "year": 1979}')


def test_a_prompt_shows_its_schema(catalog: Catalog, history: History, chat_tokenizer: TextTokenizer) -> None:
    schema = schema_text(NextItemAnswer)
    template = PromptTemplate.named("next-item-json")
    prompt = PromptRenderer(template, catalog, chat_tokenizer, variables={"schema": schema}).history(history)
    assert schema in prompt.messages[-1].content
