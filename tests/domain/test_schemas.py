"""What is published of the types is what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from nextinterest.domain import Request, Where, json_schemas

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas.json"


def test_the_published_schemas_are_those_of_the_types() -> None:
    # After a change of a type: nextinterest schemas > docs/schemas.json
    assert json.loads(PUBLISHED.read_text("utf-8")) == json_schemas()


@pytest.mark.parametrize("name", json_schemas())
def test_a_schema_is_one_and_describes_every_field(name: str) -> None:
    schema = json_schemas()[name]
    Draft202012Validator.check_schema(schema)
    fields = schema["properties"]
    assert isinstance(fields, dict)
    assert all(isinstance(said, dict) and said.get("description") for said in fields.values())


def test_a_request_fits_its_schema() -> None:
    request = Request(
        count=3, where=Where(categories=("Coffee",), price_to=30, available=True), query="beans"
    )
    validator = Draft202012Validator(json_schemas()["Request"])
    validator.validate(json.loads(request.model_dump_json()))
    assert not validator.is_valid({"count": 0})
    assert not validator.is_valid({"colour": "red"})
