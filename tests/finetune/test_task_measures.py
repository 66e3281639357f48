"""What is measured of generation decides how interests are said."""

from __future__ import annotations

import numpy as np
from support.films import WordEncoder
from support.tiny import films, walks
from support.tiny_speakers import bytes_tokenizer, speaker

from nextinterest.data import leave_last_out
from nextinterest.finetune.task_config import GenerateConfig
from nextinterest.finetune.task_measures import measure_generation
from nextinterest.retrieval import Retriever


def test_both_styles_are_measured_and_the_better_one_is_named() -> None:
    split = leave_last_out(walks(), 1, 2)
    retriever = Retriever.build(films(), split.train, WordEncoder())
    model = speaker("causal", bytes_tokenizer())
    measures, source, style = measure_generation(model, retriever, split, GenerateConfig(measured=3))
    losses = measures["interests, log-loss"]
    assert set(losses) == {"own shares", "written", "scored"}
    assert all(np.isfinite(loss) and loss > 0 for loss in losses.values())
    assert losses[style] == min(losses["written"], losses["scored"])
    assert measures["generated titles"]["cases"] == 3
    assert source is None or source.validation
