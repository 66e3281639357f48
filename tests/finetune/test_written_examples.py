"""What is learned is what serving asks and what it should decode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from support.tiny import films, save_tiny, walks

from nextinterest.data import leave_last_out
from nextinterest.errors import DataError, ModelError
from nextinterest.finetune.backbone import Backbone, open_backbone
from nextinterest.finetune.task_config import GenerateConfig, TasksConfig, UnderstandConfig
from nextinterest.finetune.utterances.generator import patterns
from nextinterest.finetune.written_examples import Generation, Utterances, future_of
from nextinterest.prompts import GenerationPrompts, GenerationTask, InterestsAnswer, parse_output
from nextinterest.prompts.flat_request import request_prompt


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    return open_backbone(save_tiny(tmp_path_factory.mktemp("base"), "causal"), TasksConfig(dtype="float32"))


def test_titles_and_interests_are_those_of_the_prompts_of_serving(backbone: Backbone) -> None:
    log = leave_last_out(walks(), 1, 1).train
    made = Generation(films(), backbone, GenerateConfig(examples=10, min_history=2))
    rows = made.training(log, np.random.default_rng(0))
    kinds = [row.name.partition("-")[0] for row in rows]
    assert kinds == ["title"] * 4 + ["interest"] * 4 + ["interests"] * 4
    prompts = GenerationPrompts(films(), backbone.tokenizer)
    for row in rows:
        task, user, end = row.name.split("-")
        begin = int(log.offsets[int(user)]) + int(end)
        following = log.items[begin : int(log.offsets[int(user) + 1])]
        history = log.history(int(user), int(end))
        expected = prompts.example(cast("GenerationTask", task), history, following)
        assert row.prompt == expected.prompt.tokens
        assert row.answer == [*expected.answer, backbone.tokenizer.end_id]
        if task == "interests":
            written = backbone.tokenizer.decode(row.answer[:-1])
            assert parse_output(written, InterestsAnswer).interests


def test_validation_asks_once_for_each_user_what_followed() -> None:
    split = leave_last_out(walks(), 1, 2)
    cases = future_of(split.validation, 5)
    assert len(cases) == 5
    for history, following in cases:
        assert len(following) == 2
        log = walks()
        user = log.user_ids.index(str(history.user))
        begin = int(log.offsets[user])
        assert log.items[begin + len(history) : begin + len(history) + 2].tolist() == following.tolist()


def test_a_log_without_histories_is_refused(backbone: Backbone) -> None:
    made = Generation(films(), backbone, GenerateConfig(min_history=50))
    with pytest.raises(DataError, match="50 others before it") as refused:
        made.training(walks(), np.random.default_rng(0))
    assert refused.value.remedy == "Lower generate.min_history."


def test_a_vocabulary_without_braces_writes_titles_and_no_requests(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(backbone.tokenizer), "writes_json", False)
    assert Generation(films(), backbone, GenerateConfig()).tasks == ("title", "interest")
    with pytest.raises(ModelError, match="no braces") as refused:
        Utterances(films(), backbone, UnderstandConfig())
    assert "understand" in refused.value.remedy


def test_utterances_are_new_in_every_epoch_and_of_train_wordings(backbone: Backbone) -> None:
    made = Utterances(films(), backbone, UnderstandConfig())
    first, again, second = (made.draw("train", 24, np.random.default_rng((0, n))) for n in (0, 0, 1))
    assert first == again != second
    assert len(first) == 24
    fixed = {p.turns[0] for p in patterns() if p.split != "train" and "{" not in p.turns[0]}
    told = " ".join(backbone.tokenizer.decode(row.prompt) for row in first)
    assert not [turn for turn in fixed if f"U: {turn}<" in told]


def test_an_utterance_is_what_serving_reads_and_what_it_should_decode(backbone: Backbone) -> None:
    rows = Utterances(films(), backbone, UnderstandConfig(invented=0.0)).draw(
        "train", 40, np.random.default_rng(3)
    )
    tokenizer = backbone.tokenizer
    for row in rows:
        assert row.answer[-1] == tokenizer.end_id
        request = json.loads(tokenizer.decode(row.answer[:-1]))
        told = tokenizer.decode(row.prompt)
        for name in ("liked", "disliked", "similar_to"):
            assert all(title in told for title in request.get(name, []))
    again = tokenizer.render(request_prompt([("user", "hello")], tokenizer.special_tokens))
    assert again.endswith("<|im_start|>assistant\n")


def test_an_encoder_decoder_model_reads_utterances_as_its_serving_renders_them(tmp_path: Path) -> None:
    pair = open_backbone(save_tiny(tmp_path, "seq2seq"), TasksConfig(dtype="float32"))
    (row,) = Utterances(films(), pair, UnderstandConfig(invented=0.0)).draw(
        "train", 1, np.random.default_rng(0)
    )
    assert pair.tokenizer.decode(row.prompt).splitlines()[0] == "Say as JSON what the last message asks for."
