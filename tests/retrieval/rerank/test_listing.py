"""From a written ranking to probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nextinterest.retrieval.rerank.listing import listed_log_probabilities, ranking_schema


@given(st.integers(1, 60), st.floats(0, 1), st.data())
@settings(deadline=None)
def test_a_ranking_is_a_distribution_that_keeps_its_order(n: int, sure: float, data: st.DataObject) -> None:
    named = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True))
    p = np.exp(listed_log_probabilities(n, named, sure))
    assert p.sum() == pytest.approx(1, abs=1e-5)
    places = [*named, *(i for i in range(n) if i not in named)]
    assert np.all(np.diff(p[places]) <= 1e-6)
    assert np.ptp(p[places[len(named) :]]) < 1e-6 if len(named) < n else True


@pytest.mark.parametrize(("sure", "fall"), [(0.25, 1.25), (0.5, 1.9), (0.9, 2.0)])
def test_the_surer_a_model_is_the_more_its_order_counts(sure: float, fall: float) -> None:
    p = np.exp(listed_log_probabilities(20, list(range(10)), sure))
    assert p[0] == pytest.approx(sure, abs=1e-5)
    assert np.all(p[1:9] / p[2:10] > fall - 1e-3)


def test_a_guess_is_even() -> None:
    np.testing.assert_allclose(np.exp(listed_log_probabilities(20, [3, 5], 0.05)), 0.05, atol=1e-6)


def test_unknown_labels_alone_are_no_answer_and_no_label_says_that_none_fits() -> None:
    form = ranking_schema(("A", "B"))
    assert form.model_validate({"ranking": ["B. Heat", "Z", "A Beautiful Mind"], "sure": 50}).ranking == ["B"]
    with pytest.raises(ValidationError):
        form.model_validate({"ranking": ["Z", "A Beautiful Mind"], "sure": 50})
    assert form.model_validate({"ranking": [], "sure": 0}).ranking == []
    assert np.ptp(listed_log_probabilities(5, [], 0.9)) == 0
