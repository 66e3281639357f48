"""A request that a program sends: what is done for it, and what is never done without being asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.notes import MATCHED
from nextinterest.domain import Request, Where
from nextinterest.errors import DataError, UnknownItemError
from nextinterest.profiles import ProfileEvent

WATCHED = [ProfileEvent(item_id="a", kind="liked"), ProfileEvent(item_id="e"), ProfileEvent(item_id="d")]


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    live = agent.with_store(tmp_path / "profiles.db", clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    live.add_events("zoe", WATCHED)
    yield live
    live.store.close()


def held(agent: RecommenderAgent, user: str = "zoe") -> list[tuple[str, str]]:
    return [(event.item_id, event.kind) for event in agent.store.events(user)]


def test_a_list_is_that_of_recommend(live: RecommenderAgent) -> None:
    where = Where(categories=("crime",), year_from=1980)
    done = live.carry_out(Request(where=where, count=2), "zoe")
    assert done.recommendations is not None
    same = live.recommend(user="zoe", k=2, where=where)
    assert [item.item_id for item in done.recommendations.items] == [item.item_id for item in same.items]
    assert asyncio.run(live.acarry_out(Request(where=where, count=2), "zoe")) == done
    assert held(live) == [("a", "liked"), ("e", "seen"), ("d", "seen")]


def test_free_text_and_seen_items(live: RecommenderAgent) -> None:
    done = live.carry_out(Request(query="a romance in wartime", exclude_seen=False, count=9), "zoe")
    assert done.recommendations is not None
    same = live.recommend(user="zoe", k=9, query="a romance in wartime", exclude_seen=False)
    assert [item.item_id for item in done.recommendations.items] == [item.item_id for item in same.items]
    assert len(same.items) == 9
    assert done.unknown == ()
    assert same.match is not None
    assert MATCHED[same.match] in done.notes


@pytest.mark.parametrize("blank", ["", " \n"])
def test_blank_words_are_refused_as_over_http(live: RecommenderAgent, blank: str) -> None:
    with pytest.raises(DataError, match="query is empty"):
        live.recommend(user="zoe", query=blank)


def test_items_are_named_by_id_or_title(live: RecommenderAgent) -> None:
    by_id = live.carry_out(Request(intent="similar", similar_to=("a",), disliked=("b",)), "zoe")
    named = Request(intent="similar", similar_to=("Alien",), disliked=("blade runer",))
    by_title = live.carry_out(named, "zoe")
    assert by_id == by_title
    assert by_id.request.similar_to == ("Alien",)
    unknown = live.carry_out(Request(intent="similar", similar_to=("Oppenheimer",)), "zoe")
    assert unknown.unknown == ("Oppenheimer",)
    assert unknown.recommendations is None


def test_what_no_item_has_is_named(live: RecommenderAgent) -> None:
    done = live.carry_out(Request(where=Where(categories=("Romanze",))), "zoe")
    assert done.recommendations is not None
    assert done.recommendations.items == ()
    assert done.notes[0] == "No item has the category 'Romanze'; the nearest is 'Romance'."


def test_liking_is_noted_by_feedback_alone(live: RecommenderAgent) -> None:
    live.carry_out(Request(liked=("Heat",)), "zoe")
    assert len(held(live)) == 3
    said = Request(intent="feedback", liked=("Heat",), disliked=("Emma",), query="Fargo")
    done = live.carry_out(said, "zoe")
    assert done.confirmation is not None
    assert [item.title for item in done.confirmation.liked] == ["Heat"]
    heat, emma, fargo = (live.find_items(title, 1)[0].id for title in ("Heat", "Emma", "Fargo"))
    assert set(held(live)[3:]) == {(heat, "liked"), (emma, "disliked"), (fargo, "seen")}


def test_a_part_is_deleted_once_that_is_confirmed(live: RecommenderAgent) -> None:
    asked = Request(intent="forget", where=Where(categories=("Horror",)))
    done = live.carry_out(asked, "zoe")
    assert done.question is not None
    assert {item.item_id for item in done.question.items} == {"a", "d"}
    assert len(held(live)) == 3
    assert live.carry_out(asked, "zoe", confirm_forget=True).confirmation is not None
    assert held(live) == [("e", "seen")]
    live.carry_out(Request(intent="forget", where=Where(only_items=("e",))), "zoe")
    assert held(live) == []


def test_the_whole_profile_is_deleted_once_that_is_confirmed(live: RecommenderAgent) -> None:
    asked = Request(intent="forget", query="everything")
    assert live.carry_out(asked, "zoe").question is not None
    assert len(held(live)) == 3
    live.carry_out(asked, "zoe", confirm_forget=True)
    assert held(live) == []


def test_a_given_history_leaves_the_store_alone(live: RecommenderAgent) -> None:
    done = live.carry_out(Request(intent="feedback", liked=("Heat",)), "zoe", ["Emma"])
    assert done.confirmation is not None
    assert not done.confirmation.durable
    assert len(held(live)) == 3
    with pytest.raises(UnknownItemError):
        live.carry_out(Request(), history=["Nowhere"])
    skipping = live.carry_out(Request(), history=["Nowhere"], on_unknown="skip")
    assert skipping.recommendations is not None


@pytest.mark.parametrize(("ahead", "horizon"), [({}, 10), ({"horizon_events": 3}, 3)])
def test_interests_are_forecast_as_far_as_is_asked(
    live: RecommenderAgent, ahead: dict[str, int], horizon: int
) -> None:
    done = live.carry_out(Request(intent="profile", **ahead), "zoe")
    assert done.portrait is not None
    assert done.outlook is not None
    assert done.outlook.horizon_events == horizon


def test_numbers_need_a_list(live: RecommenderAgent) -> None:
    done = live.carry_out(Request(references=(1,)), "zoe")
    assert "No list shown before has number 1." in done.notes


def test_a_dictionary_is_a_request_and_anything_else_is_refused(live: RecommenderAgent) -> None:
    given: object = {"count": 2, "where": {"categories": ["Crime"]}}
    done = live.carry_out(given, "zoe")  # type: ignore[arg-type]
    assert done == live.carry_out(Request(count=2, where=Where(categories=("Crime",))), "zoe")
    for wrong in ("two crime films", {"wish": 1}, None):
        with pytest.raises(DataError, match="request"):
            live.carry_out(wrong, "zoe")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="where"):
        live.recommend(user="zoe", where="Crime")  # type: ignore[arg-type]
