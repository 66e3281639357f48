"""A trace has what models were sent and what they answered, as it was, without the key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import BaseModel
from support.endpoint import Reply, serving
from support.saved_llama import save_tiny_llama

from nextinterest.llm import LanguageModel, LocalModel, Sampling, ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.tracing import Step, step, tracing

KEY = "my-own-key-of-no-usual-form"
MESSAGES = [
    Message(role="system", content="Be short."),
    Message(role="user", content="Why “Alien”?\nSay it."),
]


class Reason(BaseModel):
    reason: str


def _asked(model: LanguageModel, schema: type[BaseModel] | None = None) -> Step:
    with tracing() as trace, step("word"):
        if schema is None:
            model.generate(MESSAGES, sampling=Sampling(max_tokens=4))
        else:
            model.generate(MESSAGES, schema=schema, sampling=Sampling(max_tokens=40))
    return trace.steps[0]


def _texts(asked: Step, name: str) -> list[str]:
    found = asked.details[name]
    assert isinstance(found, list)
    return [str(text) for text in found]


@pytest.mark.parametrize("schema", [None, Reason])
def test_a_local_model(tmp_path: Path, schema: type[BaseModel] | None) -> None:
    model = LocalModel.load(save_tiny_llama(tmp_path / "tiny"))
    asked = _asked(model, schema)
    assert _texts(asked, "prompts") == [model.tokenizer.render(MESSAGES)]
    assert len(_texts(asked, "answers")) == 1
    assert asked.tokens_read > 0
    prompts: Sequence[list[int]] = [
        model.tokenizer.encode("one A or B:"),
        model.tokenizer.encode("two A or B:"),
    ]
    with tracing() as trace, step("rerank"):
        model.choose(prompts, [[" A", " B"]] * 2)
    assert trace.steps[0].details["prompts"] == [model.tokenizer.decode(prompt) for prompt in prompts]


def test_a_scripted_model() -> None:
    asked = _asked(ScriptedLanguageModel(["Because."]))
    assert "Why “Alien”?\nSay it." in _texts(asked, "prompts")[0]
    assert _texts(asked, "answers") == ["Because."]


def test_an_endpoint_is_shown_with_its_parameters_and_without_its_key() -> None:
    with serving(Reply(f"You liked Heat; the key is {KEY}.")) as server:
        asked = _asked(server.model(api_key=KEY))
    (prompt,) = _texts(asked, "prompts")
    parameters, system, user = prompt.split("\n\n")
    assert '"max_tokens": 4' in parameters
    assert (system, user) == ("[system]\nBe short.", "[user]\nWhy “Alien”?\nSay it.")
    assert _texts(asked, "answers") == ["You liked Heat; the key is ***."]
    assert (asked.tokens_read, asked.tokens_written) == (10, 2)


def test_an_endpoint_is_shown_with_the_schema_as_it_was_sent() -> None:
    with serving(Reply(tool={"reason": "Heat"})) as server:
        asked = _asked(server.model(), Reason)
    assert '"tools": [{"type": "function"' in _texts(asked, "prompts")[0]
    assert '"arguments": "{\\"reason\\": \\"Heat\\"}"' in _texts(asked, "answers")[0]
