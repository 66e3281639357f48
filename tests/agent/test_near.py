"""An id or title that is not known proposes the one that is likely meant; HTTP names no other user."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from support.films import WordEncoder

from nextinterest import RecommenderAgent
from nextinterest.agent import Engine
from nextinterest.agent.near import near_id
from nextinterest.cli.main import main
from nextinterest.data import load
from nextinterest.errors import DataError, UnknownItemError, UnknownUserError
from nextinterest.retrieval import Retriever
from nextinterest.server.failures import answer_to

ITEMS = ("Rain Jacket Light", "Moka Pot", "Tent")
ROWS = "user,item,title,time\n" + "".join(
    f"C-000{u},P-{i},{title},2026-05-0{i + 1}\n" for u in (7, 8) for i, title in enumerate(ITEMS)
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "shop.csv").write_text(ROWS)
    return tmp_path / "shop.csv"


@pytest.fixture
def agent(path: Path) -> RecommenderAgent:
    data = load(path)
    return RecommenderAgent(Engine(Retriever.build(data.catalog, data.log, WordEncoder())), data.log)


@pytest.mark.parametrize("user", ["c-0007", "C 0007", "C-00O7"])
def test_an_unknown_user_proposes_the_near_one(agent: RecommenderAgent, user: str) -> None:
    with pytest.raises(
        UnknownUserError, match=r"is not among the 2 users.*Did you mean 'C-000\d'\?"
    ) as caught:
        agent.recommend(user=user)
    assert "Did you mean" in caught.value.command
    assert "nextinterest data users" in caught.value.command
    assert "C-000" not in str(answer_to(caught.value)).replace(user, "")


def test_nothing_is_proposed_for_what_is_like_nothing(agent: RecommenderAgent) -> None:
    with pytest.raises(DataError) as caught:
        agent.recommend(user="somebody else")
    assert "Did you mean" not in str(caught.value)
    assert near_id("42", ["421", "4"]) is None


@pytest.mark.parametrize(
    ("item", "proposed"),
    [
        ("Rain Jacket", "Rain Jacket Light"),
        ("p-1", "P-1"),
        ("Moka Pott", "Moka Pot"),
        ("Rain Jaket Light", ITEMS[0]),
    ],
)
def test_an_unknown_item_proposes_the_near_one(agent: RecommenderAgent, item: str, proposed: str) -> None:
    with pytest.raises(
        UnknownItemError, match=rf"Element 2 of the history.*Did you mean '{proposed}'\?"
    ) as caught:
        agent.recommend(["Tent", item])
    assert f"Did you mean '{proposed}'?" in caught.value.command


def test_the_named_command_lists_the_users(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(options: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["data", "users", str(path), *shlex.split(options)])
        assert not ended.value.code
        return capsys.readouterr().out

    assert said("") == "C-0007\t3\nC-0008\t3\n"
    assert said("-n 1") == "C-0007\t3\n"
    assert said("--find c-0008") == "C-0008\t3\n"
