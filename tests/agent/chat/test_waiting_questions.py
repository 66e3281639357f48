"""Questions that wait for an answer go when they are out of date, whether or not the user comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from nextinterest.agent.chat.schema import Question
from nextinterest.agent.chat.waiting import PATIENCE, WaitingQuestions
from nextinterest.messages import Message

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_old_questions_expire_by_themselves() -> None:
    waiting = WaitingQuestions()
    asked = [Message(role="user", content="delete my profile")]
    question = Question.model_construct(kind="forget_everything")
    waiting.put("ann", asked, question, NOW)
    waiting.put("bob", asked, question, NOW + timedelta(seconds=1))
    waiting.expire(NOW + PATIENCE)
    assert set(waiting._asked) == {"ann", "bob"}
    waiting.expire(NOW + PATIENCE + timedelta(seconds=1))
    assert set(waiting._asked) == {"bob"}
