"""Sessions: whose they are, how they go on, when they end, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nextinterest.agent import RecommenderAgent, sessions
from nextinterest.agent.chat import ChatReply
from nextinterest.agent.sessions import Sessions
from nextinterest.domain import Answer, Request, Session, Where
from nextinterest.errors import DataError, UnknownUserError
from nextinterest.messages import Message
from nextinterest.profiles import open_store


class Clock:
    """A clock that tests move on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path, clock: Clock) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    yield agent.with_store(store, clock=clock)
    store.close()


def say(
    agent: RecommenderAgent, message: str, user: str | None = "eve", session: str | None = "s"
) -> ChatReply:
    return agent.chat([Message(role="user", content=message)], user, session=session)


def ids(reply: ChatReply) -> list[str]:
    assert reply.recommendations is not None
    return [item.item_id for item in reply.recommendations.items]


@pytest.mark.parametrize("user", ["eve", None])
def test_single_messages_of_one_session_are_one_conversation(
    live: RecommenderAgent, user: str | None
) -> None:
    first = say(live, "three crime films please", user)
    assert first.session is not None
    assert (first.session.new, first.session.messages) == (True, 2)
    second = say(live, "I loved the second one", user)
    assert second.session is not None
    assert (second.session.new, second.session.messages) == (False, 4)
    assert second.confirmation is not None
    assert [one.item_id for one in second.confirmation.liked] == ids(first)[1:2]
    third = say(live, "only from the nineties", user)
    assert third.request.where.categories == ("Crime",)
    assert third.request.count == 3
    assert ids(first)[1] not in ids(third)


def test_without_a_session_nothing_is_kept(live: RecommenderAgent) -> None:
    assert say(live, "three crime films", session=None).session is None
    assert live.sessions.of("eve", live.clock()) == ()


def test_what_is_kept_is_data(live: RecommenderAgent) -> None:
    first = say(live, "two romances please")
    say(live, "I loved the first one")
    kept = live.session("s", "eve")
    assert kept is not None
    assert kept.shown == tuple(ids(first))
    assert [(event.item, event.kind) for event in kept.events] == [(ids(first)[0], "liked")]
    assert kept.request is not None
    assert kept.request.where.categories == ("Romance",)
    assert [one.role for one in kept.messages] == ["user", "assistant"] * 2
    assert Session.model_validate_json(kept.model_dump_json()) == kept


def test_references_are_to_the_list_and_not_to_its_text(live: RecommenderAgent) -> None:
    """Whatever words a reply had, or none, the second item of its list is meant."""
    first = say(live, "two romances please")
    answer = Answer.of(first, "Take your pick: 1. Heat 2. Alien 3. Fargo")
    said = [Message(role="user", content="two romances please"), answer]
    reply = live.chat([*said, Message(role="user", content="I loved the second one")], "eve")
    assert reply.confirmation is not None
    assert [one.item_id for one in reply.confirmation.liked] == ids(first)[1:]


def test_two_users_have_no_session_in_common(live: RecommenderAgent) -> None:
    say(live, "three crime films", "eve", "same")
    other = say(live, "I loved the first one", "max", "same")
    assert other.session is not None
    assert other.session.new
    assert other.confirmation is None
    assert live.session("same", None) is None
    assert say(live, "only from the nineties", None, "same").request.where.categories == ()


def test_names_in_two_unicode_forms_are_one_user(live: RecommenderAgent) -> None:
    say(live, "three crime films", "Zo\u00eb")
    assert say(live, "only from the nineties", "Zoe\u0308").request.where.categories == ("Crime",)
    assert live.session("s", "Zoe\u0308") is not None
    assert live.end_session("s", "Zoe\u0308")
    assert live.session("s", "Zo\u00eb") is None


def test_an_expired_session_says_so_once(live: RecommenderAgent, clock: Clock) -> None:
    state = say(live, "three crime films").session
    assert state is not None
    assert state.expires == clock.now + timedelta(seconds=live.sessions.seconds)
    clock.now = state.expires
    assert live.session("s", "eve") is None
    late = say(live, "only from the nineties")
    assert late.request.where.categories == ()
    assert late.session is not None
    assert late.session.new
    assert "not used for too long" in late.text
    assert "not used for too long" not in say(live, "no romances").text


def test_a_session_in_use_does_not_expire(live: RecommenderAgent, clock: Clock) -> None:
    say(live, "three crime films")
    for _ in range(3):
        clock.now += timedelta(seconds=live.sessions.seconds - 1)
        reply = say(live, "and without romances")
    assert reply.request.where.categories == ("Crime",)


def test_forgetting_a_user_drops_the_sessions(live: RecommenderAgent) -> None:
    for session in ("one", "two"):
        say(live, "I liked Heat", session=session)
    say(live, "I liked Emma", "max")
    live.forget("eve")
    assert live.sessions.of("eve", live.clock()) == ()
    assert live.session("s", "max") is not None
    assert say(live, "undo that", session="one").confirmation is None


def test_deleting_the_profile_in_chat_keeps_nothing_of_the_conversation(live: RecommenderAgent) -> None:
    say(live, "I liked Heat")
    assert say(live, "delete my profile").question is not None
    done = say(live, "yes")
    assert done.confirmation is not None
    assert done.session is None
    assert live.sessions.of("eve", live.clock()) == ()


def test_deleting_nothing_keeps_nothing_either(live: RecommenderAgent) -> None:
    say(live, "three crime films")
    say(live, "delete my profile")
    assert live.sessions.of("eve", live.clock()) == ()


def test_a_user_forgotten_during_an_answer_is_kept_nowhere(live: RecommenderAgent) -> None:
    say(live, "I liked Heat")
    pieces = live.chat_stream([Message(role="user", content="two romances please")], "eve", session="s")
    next(pieces)
    live.forget("eve")
    *_, reply = pieces
    assert isinstance(reply, ChatReply)
    assert reply.session is None
    assert live.sessions.of("eve", live.clock()) == ()


def test_a_user_forgotten_by_another_process_is_dropped(live: RecommenderAgent) -> None:
    say(live, "I liked Heat")
    live.store.forget("eve")  # as another process does
    assert live.session("s", "eve") is None
    say(live, "I liked Heat")
    live.store.forget("eve")
    live.synchronise()
    assert live.sessions.of("eve", live.clock()) == ()


def test_a_reply_that_is_broken_off_is_kept_with_what_it_did(live: RecommenderAgent) -> None:
    pieces = live.chat_stream(
        [Message(role="user", content="I liked Heat, two romances please")], "eve", session="s"
    )
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    kept = live.session("s", "eve")
    assert kept is not None
    assert [event.item for event in kept.events] == ["h"]
    assert len(kept.shown) == 2


def test_messages_sent_along_are_matched_and_not_doubled(live: RecommenderAgent) -> None:
    first = say(live, "three crime films")
    said = [
        Message(role="user", content="three crime films"),
        Message(role="assistant", content="Other words altogether."),
        Message(role="user", content="I loved the second one"),
    ]
    reply = live.chat(said, "eve", session="s")
    assert reply.confirmation is not None
    assert [one.item_id for one in reply.confirmation.liked] == ids(first)[1:2]
    assert reply.session is not None
    assert reply.session.messages == 4


def test_an_edited_message_goes_on_from_its_place(live: RecommenderAgent) -> None:
    say(live, "three crime films")
    say(live, "only from the nineties")
    edited = [
        Message(role="user", content="three crime films"),
        Message(role="assistant", content="..."),
        Message(role="user", content="without romances"),
    ]
    reply = live.chat(edited, "eve", session="s")
    assert reply.request.where.year_from is None
    assert reply.request.where.excluded_categories == ("Romance",)
    assert reply.session is not None
    assert reply.session.messages == 4


def test_another_conversation_replaces_the_session_and_says_so(live: RecommenderAgent) -> None:
    say(live, "three crime films")
    other = [
        Message(role="user", content="two romances please"),
        Message(role="assistant", content="Here are two."),
        Message(role="user", content="only from the nineties"),
    ]
    reply = live.chat(other, "eve", session="s")
    assert reply.request.where.categories == ("Romance",)
    assert "not those of the session" in reply.text


def test_a_replayed_conversation_begins_a_session(live: RecommenderAgent) -> None:
    first = say(live, "three crime films", session=None)
    said = [
        Message(role="user", content="three crime films"),
        Message(role="assistant", content=first.text),
        Message(role="user", content="I loved the second one"),
    ]
    reply = live.chat(said, "eve", session="fresh")
    assert reply.confirmation is not None
    assert [one.item_id for one in reply.confirmation.liked] == ids(first)[1:2]
    assert say(live, "only from the nineties", session="fresh").request.where.categories == ("Crime",)


def test_memory_is_bounded_in_number_and_size(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    kept = Sessions(most=3)
    reply = ChatReply(request=Request(intent="other"), text="x" * 1000)

    def add(session: str) -> None:
        opened = kept.open("eve", session, [Message(role="user", content=session)], clock())
        kept.close(opened, reply, reply.text, clock(), None)

    for n in range(5):
        add(str(n))
    assert [one.id for one in kept.of("eve", clock())] == ["2", "3", "4"]
    monkeypatch.setattr(sessions, "MOST_BYTES", 12_000)
    add("5")
    assert [one.id for one in kept.of("eve", clock())] == ["4", "5"]
    assert kept.open("eve", "0", [Message(role="user", content="?")], clock()).notes


def test_one_session_is_bounded_and_keeps_what_was_done(clock: Clock) -> None:
    session = Session(id="s")
    long = Message(role="user", content="y" * 5000)
    noted = ChatReply(request=Request(where=Where(categories=("Crime",))), text="Noted.")
    for _ in range(150):
        session = session.after((*session.messages, long), Answer.of(noted, noted.text), clock())
    assert len(session.messages) == 200
    assert sum(len(one.content) for one in session.messages) <= 24_000
    assert session.request == noted.request


@pytest.mark.parametrize("wrong", ["", "x" * 201, "a\nb", 7])
def test_an_id_that_is_none_is_refused(live: RecommenderAgent, wrong: str) -> None:
    with pytest.raises(DataError, match="session"):
        say(live, "hello", session=wrong)


def test_a_whole_request_refers_to_the_list_of_its_session(live: RecommenderAgent) -> None:
    first = say(live, "two romances please")
    asked = live.carry_out(Request(intent="ask", references=(2,)), "eve", session="s")
    assert [one.item_id for one in asked.found] == ids(first)[1:]
    others = live.carry_out(Request(count=9, others=True), "eve", session="s")
    assert others.recommendations is not None
    assert not {item.item_id for item in others.recommendations.items} & set(ids(first))
    after = say(live, "I loved the first one")
    assert after.confirmation is not None
    assert after.confirmation.liked[0].item_id == others.recommendations.items[0].item_id


def test_numbers_beyond_the_list_are_left_out_and_said(live: RecommenderAgent) -> None:
    say(live, "two romances please")
    outcome = live.carry_out(Request(references=(9,)), "eve", session="s")
    assert any("9" in note for note in outcome.notes)


def test_a_failing_answer_leaves_the_session_as_it_was(agent: RecommenderAgent) -> None:
    say(agent, "three crime films", "ann")
    with pytest.raises(UnknownUserError):
        say(agent, "three crime films", "nobody")
    kept = agent.session("s", "ann")
    assert kept is not None
    assert len(kept.messages) == 2


@pytest.mark.parametrize("words", ["thanks", "thanks a lot, that is very kind of you indeed " * 12])
def test_what_was_done_long_ago_still_counts(live: RecommenderAgent, words: str) -> None:
    """Forty messages, or six thousand characters, are read again: what replies did outlasts them."""
    say(live, "I liked Heat")
    first = say(live, "two romances please")
    for _ in range(21):
        say(live, words)
    noted = say(live, "I loved the second one")
    assert noted.confirmation is not None
    assert [one.item_id for one in noted.confirmation.liked] == ids(first)[1:]
    assert say(live, "only from the nineties").request.where.categories == ("Romance",)
    say(live, "undo that")
    say(live, "undo that")
    assert [event.item_id for event in live.store.events("eve")] == ["h"]
    say(live, "undo that")
    assert live.store.events("eve") == []
