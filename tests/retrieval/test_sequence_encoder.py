"""The state at the newest event is that of the whole pass, computed for less."""

from __future__ import annotations

import numpy as np
import torch

from nextinterest.domain import History
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig


def test_user_vectors_are_the_last_states_of_the_whole_pass() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    config = SequenceEncoderConfig(dimension=16, blocks=2, window=12)
    encoder = SequenceEncoder(config, rng.standard_normal((30, 8)).astype(np.float32)).eval()
    histories = [History(rng.integers(0, 30, n).astype(np.int32)) for n in (1, 5, 0, 12, 40, 3)]
    found = encoder.user_vectors(histories)
    for history, vector in zip(histories, found, strict=True):
        if not len(history):
            assert not vector.any()
            continue
        items = torch.from_numpy(history.items[-12:].astype(np.int64))[None]
        with torch.inference_mode():
            states = encoder(items, encoder.item_vectors())
        np.testing.assert_allclose(vector, states[0, -1].numpy(), atol=1e-5)
