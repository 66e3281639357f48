"""Which cases an evaluation asks: parts, users, samples, candidates, cold items and users."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nextinterest.data import EventLog, Split, leave_last_out, time_split
from nextinterest.domain import Catalog
from nextinterest.errors import DataError
from nextinterest.eval import Protocol, hold_out_cold, read_candidates
from nextinterest.eval.candidates import CandidateLists
from nextinterest.eval.cases import select_cases


def test_validation_by_default_and_test_only_when_asked(split: Split) -> None:
    validation, test = select_cases(split, Protocol()), select_cases(split, Protocol(part="test"))
    np.testing.assert_array_equal(validation.held_out.targets, split.validation.targets)
    np.testing.assert_array_equal(test.held_out.targets, split.test.targets)
    assert all(
        len(test.held_out.histories[i]) == len(validation.held_out.histories[i]) + 1 for i in range(len(test))
    )


def test_a_sample_is_of_users_and_of_the_seed(split: Split) -> None:
    first = select_cases(split, Protocol(sample=10, seed=1))
    again = select_cases(split, Protocol(sample=10, seed=1))
    other = select_cases(split, Protocol(sample=10, seed=2))
    assert len(first) == 10
    np.testing.assert_array_equal(first.held_out.users, again.held_out.users)
    assert set(first.held_out.users) != set(other.held_out.users)
    assert len(select_cases(split, Protocol(sample=10_000))) == len(split.validation)


def test_given_users_only_and_unknown_ones_are_an_error(split: Split) -> None:
    cases = select_cases(split, Protocol(users=("u3", "u1")))
    assert [cases.user_ids[u] for u in cases.held_out.users] == ["u1", "u3"]
    with pytest.raises(DataError, match="'stranger'"):
        select_cases(split, Protocol(users=("u3", "stranger")))


def test_several_events_per_user_and_a_time_split(log: EventLog) -> None:
    several = select_cases(leave_last_out(log, 2, 2), Protocol(part="test"))
    assert (np.bincount(several.held_out.users, minlength=log.n_users) <= 2).all()
    assert len(several) == 2 * len(np.unique(several.held_out.users))
    by_time = select_cases(time_split(log, 1_700_000, 1_850_000), Protocol(part="test"))
    assert log.times is not None
    assert len(by_time) == int((log.times >= 1_850_000).sum())


def test_fingerprint_tells_cases_apart(split: Split) -> None:
    prints = {
        select_cases(split, protocol).fingerprint
        for protocol in (Protocol(), Protocol(part="test"), Protocol(sample=5), Protocol(sample=5, seed=9))
    }
    assert len(prints) == 4
    assert select_cases(split, Protocol()).fingerprint in prints


def test_cold_items_and_users_leave_training_and_stay_asked_for(split: Split) -> None:
    cold = hold_out_cold(split, items=0.25, users=0.2, seed=3)
    gone_items = set(split.train.items.tolist()) - set(cold.train.items.tolist())
    gone_users = np.flatnonzero((split.train.lengths > 0) & (cold.train.lengths == 0))
    assert len(gone_items) >= round(0.25 * len(np.unique(split.train.items)))
    assert len(gone_users) >= 12
    np.testing.assert_array_equal(cold.test.targets, split.test.targets)
    assert np.isin(cold.test.targets, list(gone_items)).any()
    assert "cold(items=0.25, users=0.2, seed=3)" in cold.name
    with pytest.raises(DataError, match="share of cold users"):
        hold_out_cold(split, users=1.5)


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_both_layouts_give_the_same_lists(tmp_path: Path, catalog: Catalog) -> None:
    tab = read_candidates(_write(tmp_path / "a", "u1\ti3 i5 i7\nu2\ti1 i2\n"), catalog)
    lines = [{"user": "u1", "candidates": ["i3", "i5", "i7"]}, {"user": "u2", "candidates": ["i1", "i2"]}]
    rows = read_candidates(_write(tmp_path / "b", "\n".join(map(json.dumps, lines))), catalog)
    assert tab.users == rows.users == ("u1", "u2")
    assert [row.tolist() for row in tab.lists] == [row.tolist() for row in rows.lists] == [[3, 5, 7], [1, 2]]
    assert tab.source.startswith("a sha256:")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("u1\ti3 i99\n", "line 1: 'i99' is not in the catalogue"),
        ("u1\ti3\n\nu2\n", "line 3: no user or no candidates"),
        ("u1\ti3 i3\n", "line 1: an item stands twice"),
        ('{"user": "u1", "candidates": \n', "line 1: no user or no candidates"),
        ("", "holds no list"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, catalog: Catalog, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_candidates(_write(tmp_path / "bad", text), catalog)


def test_candidates_made_for_another_target_are_an_error(split: Split) -> None:
    log = split.test.histories.log
    wrong = (int(split.validation.targets[0]) + 1) % 40
    user = log.user_ids[split.validation.users[0]]
    lists = CandidateLists((user,), (np.array([1, 2, 3], dtype=np.int32),), (wrong,))
    with pytest.raises(DataError, match="made for another target"):
        select_cases(split, Protocol(), lists)


def test_users_without_candidates_are_noted(split: Split) -> None:
    log = split.test.histories.log
    lists = CandidateLists(
        (log.user_ids[split.validation.users[0]], "stranger"),
        (np.array([1, 2], dtype=np.int32), np.array([3], dtype=np.int32)),
        (None, None),
    )
    cases = select_cases(split, Protocol(), lists)
    assert len(cases) == 1
    assert len(cases.notes) == 2
    assert "without candidates" in " ".join(cases.notes)
