"""Turns with a shop, a news site and a music service: as many are answered right as are named here."""

from __future__ import annotations

import pytest
from support.domain_turns import clerk, judged, turns_of

from nextinterest.data.assets import DEFAULT_TEXT_ENCODER
from nextinterest.retrieval.encoder_assets import open_encoder

RIGHT = {
    "shop": {1, 2, 3, 4, 7, 9, 11, 13, 14, 16, 17, 18, 20},
    "news": {1, 2, 3, 6, 13, 14, 18, 19},
    "music": {1, 4, 7, 11, 18, 19, 20},
}


@pytest.mark.model
@pytest.mark.parametrize("domain", RIGHT)
def test_turns_are_answered_as_a_good_clerk_does(domain: str) -> None:
    agent = clerk(domain, open_encoder(DEFAULT_TEXT_ENCODER))
    right = {turn.number for turn in turns_of(domain) if judged(turn, agent.chat(turn.said, history=[]))}
    assert right >= RIGHT[domain]
