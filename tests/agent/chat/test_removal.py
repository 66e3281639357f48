"""What is said in passing removes nothing; what is named in full, and nothing else, goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.films import FILMS, WordEncoder

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.chat import ChatReply
from nextinterest.domain import Catalog, Item
from nextinterest.profiles import ProfileEvent, open_store
from nextinterest.retrieval import Retriever

from .test_consent import kinds, talk

EXTRA = [
    Item("ts", "Toy Story", ("Comedy",), 1995),
    Item("n1", "Night Ferry", ("Drama",), 2001),
    Item("n2", "Night Ferry", ("Horror",), 2001),
]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[RecommenderAgent]:
    catalog = Catalog.from_items([*FILMS, *EXTRA])
    store = open_store(str(tmp_path / "profiles.db"))
    agent = RecommenderAgent(Engine(Retriever.build(catalog, None, WordEncoder())))
    made = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    made.add_events("eve", [ProfileEvent(item_id=item) for item in catalog.ids])
    yield made
    store.close()


def gone(live: RecommenderAgent) -> set[str]:
    catalog = live.catalog
    left = {item for item, _ in kinds(live)}
    return {catalog[catalog.position(item)].title for item in catalog.ids if item not in left}


@pytest.mark.parametrize("verb", ["forget", "delete", "please remove", "erase"])
@pytest.mark.parametrize(
    "what",
    [
        "everything except {}",
        "all but {}",
        "everything apart from {}",
        "everything other than {}",
        "everything, keep only {}",
        "everything but {}",
        "all my films except for {}",
    ],
)
@pytest.mark.parametrize("kept", ["Alien", "comedies", "the comedies"])
def test_an_exception_removes_nothing(live: RecommenderAgent, verb: str, what: str, kept: str) -> None:
    reply = talk(live, f"{verb} {what.format(kept)}")
    assert "one by one" in reply.text
    assert reply.question is None
    assert talk(live, f"{verb} {what.format(kept)}", "yes").confirmation is None
    assert gone(live) == set()


@pytest.mark.parametrize(
    "message",
    [
        "remove {} from the list", "take {} off the list", "remove {} from the recommendations",
        "erase {} from my mind", "forget {} for now", "forget {} tonight", "remove {} from these results",
        "delete {} from your suggestions", "remove {} from the page", "forget {}, just for now",
        "let's forget {} for a moment", "drop {} from this list", "forget about {} today",
        "forget {} and the weather", "forget {} when you recommend", "erase {} from the screen please",
        "cut {} from my recommendations", "delete {} from the search results", "forget {} this evening",
    ],
)  # fmt: skip
@pytest.mark.parametrize("title", ["Heat", "Alien"])
def test_what_is_said_in_passing_removes_nothing(live: RecommenderAgent, message: str, title: str) -> None:
    reply = talk(live, message.format(title))
    assert reply.confirmation is None
    assert len(kinds(live)) == len(live.catalog)
    assert talk(live, message.format(title), "yes").confirmation is None


@pytest.mark.parametrize(
    "message",
    [
        "remove horror from the list", "delete horror from the results", "get rid of the horror ones",
        "take the horror out", "forget horror for now", "forget about horror tonight", "scrap horror",
        "cut horror from my recommendations", "let's forget horror for a moment", "drop the horror",
        "everything I said about horror, forget it", "please delete all horror from the list",
    ],
)  # fmt: skip
def test_a_category_is_left_out_of_the_list(live: RecommenderAgent, message: str) -> None:
    reply = talk(live, message)
    assert (reply.request.intent, reply.question) == ("recommend", None)
    assert (reply.request.where.categories, reply.request.where.excluded_categories) == ((), ("Horror",))


@pytest.mark.parametrize("tail", ["give me a comedy", "just relax with a comedy", "recommend a comedy"])
def test_a_request_behind_and_is_kept(live: RecommenderAgent, tail: str) -> None:
    request = talk(live, f"forget everything and {tail}").request
    assert (request.intent, request.where.categories) == ("recommend", ("Comedy",))


@pytest.mark.parametrize("name", ["Toy Story 2", "Toy Story 3", "Alien Resurrection", "Heat 2"])
def test_a_longer_name_is_not_the_title(live: RecommenderAgent, name: str) -> None:
    reply = talk(live, f"forget {name}")
    assert name in reply.text
    assert "nothing was changed" in reply.text
    assert gone(live) == set()


@pytest.mark.parametrize(
    ("message", "titles", "missing"),
    [
        ("forget Alien, Heat and Emma", {"Alien", "Heat", "Emma"}, None),
        ("delete Alien and Heat, and Emma from my history", {"Alien", "Heat", "Emma"}, None),
        ("forget Alien, Zanzibar Nights and Emma", {"Alien", "Emma"}, "Zanzibar Nights"),
        ("remove Toy Story and Zanzibar Nights please", {"Toy Story"}, "Zanzibar Nights"),
        ("forget that I saw Alien, that was my brother", {"Alien"}, None),
    ],
)
def test_all_of_a_list_go(
    live: RecommenderAgent, message: str, titles: set[str], missing: str | None
) -> None:
    reply = talk(live, message)
    assert gone(live) == titles
    assert all(title in reply.text for title in titles)
    assert missing is None or f"Nothing is recorded about “{missing}”." in reply.text


@pytest.mark.parametrize(
    "message",
    [
        "GDPR: delete my data", "hi, delete my data", "Subject: delete all my data",
        "Dear team, erase my data",
        "I no longer wish to use this, please remove all my data", "I'm leaving, delete my account",
        "delete all my likes, watch history and ratings", "GDPR request - please delete my profile",
        "I don't want to use this anymore. Delete my profile",
    ],
)  # fmt: skip
def test_a_prefix_or_a_list_of_everything_is_a_request(live: RecommenderAgent, message: str) -> None:
    asked = talk(live, message).question
    assert asked is not None
    assert asked.kind == "forget_everything"
    assert gone(live) == set()


@pytest.mark.parametrize(
    "message", ["Ticket 77: delete my data", "he said: delete my data", "forget my data x"]
)
def test_nobody_is_answered_that_nothing_is_held_of_their_data(live: RecommenderAgent, message: str) -> None:
    assert "Nothing is recorded" not in talk(live, message).text
    assert gone(live) == set()


@pytest.mark.parametrize(
    "message", ["forget Night Ferry", "delete Night Ferry (2001)", "forget Heat and Night Ferry"]
)
def test_which_of_two_of_one_title_is_asked_first(live: RecommenderAgent, message: str) -> None:
    asked = talk(live, message)
    assert asked.question is not None
    assert asked.question.kind == "which_item"
    assert "Drama" in asked.text
    assert "Horror" in asked.text
    assert gone(live) == set()
    talk(live, message, "the second")
    assert {"n1", "n2"} - {item for item, _ in kinds(live)} == {"n2"}
    assert ("Heat" in gone(live)) == ("Heat" in message)


def test_without_a_store_the_data_is_said_to_stay(live: RecommenderAgent) -> None:
    reply: ChatReply = live.chat([{"role": "user", "content": "forget me"}])
    assert "not changed by chat" in reply.text
