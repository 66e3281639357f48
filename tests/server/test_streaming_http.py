"""A worded reply is streamed over HTTP as the model writes it: sentences leave before the model has ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Event
from typing import cast

import httpx
from pydantic import BaseModel
from support.talker import EchoTalker

from nextinterest.agent import RecommenderAgent
from nextinterest.llm import Sampling, ScriptedLanguageModel
from nextinterest.messages import Message

LIMIT = 60.0  # seconds after which a test that hangs fails; nothing is measured by it


class Waiting(ScriptedLanguageModel):
    """Writes one sentence, then waits until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.ended = Event(), False

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[str]:
        """Yield two sentences."""
        yield "Here are two for you.\nT"
        assert self.go.wait(LIMIT)
        self.ended = True
        yield "hese are what you asked for."


def test_the_first_sentence_is_received_before_the_model_has_ended(
    agent: RecommenderAgent, listen: Callable[..., str]
) -> None:
    model = Waiting()
    talker = RecommenderAgent(replace(agent.engine, roles={"word": model}), agent.log)
    url = listen(talker=cast(EchoTalker, talker))
    body = {
        "model": "nextinterest",
        "messages": [{"role": "user", "content": "two films please"}],
        "user": "ann",
        "stream": True,
    }
    texts: list[str] = []
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=LIMIT) as answer:
        for line in answer.iter_lines():
            if not line.startswith("data: {"):
                continue
            deltas = [choice["delta"].get("content") for choice in json.loads(line[6:])["choices"]]
            texts.extend(filter(None, deltas))
            if len(texts) == 1:
                assert texts == ["Here are two for you."]
                assert not model.ended
                model.go.set()
    assert "".join(texts).splitlines()[0] == "Here are two for you."
    assert texts[-1] == "\nThese are what you asked for."
