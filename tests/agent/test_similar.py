"""Items like others: for anybody and for a user, under constraints, and what is wrong with a request."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nextinterest import RecommenderAgent
from nextinterest.domain import Item, Recommendations, Request, Where
from nextinterest.errors import DataError, UnknownItemError
from nextinterest.profiles import ProfileEvent


def ids(made: Recommendations) -> list[str]:
    return [item.item_id for item in made.items]


def test_it_is_anybodys_list_and_says_what_is_alike(agent: RecommenderAgent) -> None:
    made = agent.similar("Casablanca", 4)
    assert made == agent.similar(["c"], 4) == asyncio.run(agent.asimilar(["Casablanca"], 4))
    assert set(ids(made)[:2]) == {"e", "g"}  # bob and dot saw all three
    assert "c" not in ids(made)
    assert made.user is None
    assert made.events_used == 0
    assert not any("popular" in note or "empty" in note for note in made.notes)
    for item in made.items:
        total, *shares = item.scores.items()
        assert total[0] == "similarity"
        assert total[1] == pytest.approx(sum(value for _, value in shares), abs=1e-5)
        assert set(item.sources) <= {"text", "cooccurrence", "common_users", "lift"}
    scores = [item.scores["similarity"] for item in made.items]
    assert scores == sorted(scores, reverse=True)


def test_a_users_items_are_left_out_unless_asked_for(agent: RecommenderAgent) -> None:
    seen = {agent.catalog.ids[int(i)] for i in agent.history("ann").items}
    assert set(ids(agent.similar("Casablanca", 9, user="ann"))) == set(agent.catalog.ids) - seen - {"c"}
    whole = agent.similar("Casablanca", 9, history=["a", "b"], exclude_seen=False)
    assert set(ids(whole)) == set(agent.catalog.ids) - {"c"}
    assert whole.events_used == 2
    assert whole.items[-1].evidence != () or whole.items[0].evidence != ()


def test_hidden_items_stay_hidden(agent: RecommenderAgent, tmp_path: Path) -> None:
    live = agent.with_store(tmp_path / "profiles.db", clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    live.add_events("zoe", [ProfileEvent(item_id="g", kind="hidden"), ProfileEvent(item_id="e")])
    assert not {"g", "e"} & set(ids(live.similar("c", 9, user="zoe")))
    assert "e" in ids(live.similar("c", 9, user="zoe", exclude_seen=False))
    live.store.close()


def test_constraints_hold(agent: RecommenderAgent) -> None:
    made = agent.similar(["Casablanca", "Alien"], 9, where={"categories": ["Horror"]})
    assert ids(made) == ["d"]
    assert "Only 1 item is left to recommend; 9 were asked for." in made.notes
    none = agent.similar("Alien", where=Where(categories=("Romanze",)))
    assert none.items == ()
    assert none.notes == (
        "No item has the category 'Romanze'; the nearest is 'Romance'.",
        "No item meets the constraints.",
    )


def test_of_a_new_item_texts_alone_say_what_is_alike_and_a_note_says_so(agent: RecommenderAgent) -> None:
    agent.put_items([Item("z", "Alien Resurrection", ("Horror", "Sci-Fi"), 1997)])
    made = agent.similar("Alien Resurrection", 3)
    assert ids(made)[0] == "a"
    assert made.notes == (
        "Nobody's events say what is like 'Alien Resurrection': these are the items whose texts are closest.",
    )
    assert agent.similar("Alien", 3).notes == ()


def test_what_is_not_in_the_catalogue(agent: RecommenderAgent) -> None:
    with pytest.raises(UnknownItemError, match=r"Element 1 of the items, 'Oppenheimer', is neither"):
        agent.similar("Oppenheimer")
    skipped = agent.similar(["Oppenheimer", "Alien"], 2, on_unknown="skip")
    assert skipped.skipped == ("Oppenheimer",)
    assert ids(skipped) == ids(agent.similar("Alien", 2))
    with pytest.raises(UnknownItemError, match="None of the items is in the catalogue"):
        agent.similar("Oppenheimer", on_unknown="skip")
    with pytest.raises(DataError, match="No item is named"):
        agent.similar([])
    for wrong in (7, None, [7], b"Alien"):
        with pytest.raises(DataError, match="items"):
            agent.similar(wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="k"):
        agent.similar("Alien", 0)


def test_chat_and_requests_give_the_same_list(agent: RecommenderAgent) -> None:
    asked = Request(intent="similar", similar_to=("Casablanca",), count=3)
    done = agent.carry_out(asked).recommendations
    assert done is not None
    assert ids(done) == ids(agent.similar("Casablanca", 3))
    assert done.notes == ()  # nothing about popularity, though nothing is known of the person
    reply = agent.chat([{"role": "user", "content": "something like Casablanca"}])
    assert reply.recommendations is not None
    assert ids(reply.recommendations)[:3] == ids(done)
    assert "popular" not in reply.text


def test_it_is_traced(agent: RecommenderAgent) -> None:
    made = agent.similar("Casablanca", 3, trace=True)
    assert made.trace is not None
    assert "retrieve" in made.trace.model_dump_json()
