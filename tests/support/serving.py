"""The server over the small world as a process of its own: ``python -m support.serving --store PATH``.

It listens on ``--port``. ``--slow SECONDS`` makes every ranked list take that long, ``--slow-chat SECONDS``
every piece of a chat; ``--shutdown SECONDS`` is how long running requests may go on once it is asked to stop.
"""

from __future__ import annotations

import argparse
import socket
import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from support.films import FILMS, WordEncoder

from nextinterest.agent import AgentConfig, Engine, RecommenderAgent
from nextinterest.agent.chat import ChatReply
from nextinterest.agent.chat.messages import MessageLike
from nextinterest.agent.config import OnUnknown
from nextinterest.agent.histories import HistoryLike
from nextinterest.data import EventLog
from nextinterest.domain import Catalog, Item, Recommendations, Where
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.retrieval import Retriever
from nextinterest.server.app import create_app
from nextinterest.server.run import run
from nextinterest.server.settings import ServerSettings


class SlowAgent(RecommenderAgent):
    """Takes its time."""

    seconds = 0.0
    chat_seconds = 0.0

    def recommend(
        self,
        history: HistoryLike | None = None,
        k: int = 10,
        *,
        user: str | None = None,
        exclude_seen: bool = True,
        on_unknown: OnUnknown = "raise",
        where: Where | Mapping[str, object] | None = None,
        query: str | None = None,
        trace: bool = False,
    ) -> Recommendations:
        time.sleep(self.seconds)
        return super().recommend(
            history,
            k,
            user=user,
            exclude_seen=exclude_seen,
            on_unknown=on_unknown,
            where=where,
            query=query,
            trace=trace,
        )

    def chat_stream(
        self,
        messages: Sequence[MessageLike],
        user: str | None = None,
        history: HistoryLike | None = None,
        *,
        session: str | None = None,
        confirm_forget: bool = False,
        trace: bool = False,
    ) -> Iterator[str | ChatReply]:
        pieces = super().chat_stream(
            messages, user, history, session=session, confirm_forget=confirm_forget, trace=trace
        )
        for piece in pieces:
            yield piece
            time.sleep(self.chat_seconds)


def small_agent(more: tuple[Item, ...] = ()) -> RecommenderAgent:
    """Return an agent over the nine films and a scripted model."""
    catalog = Catalog.from_items([*FILMS, *more])
    told = ("abda", "cegc", "fhab", "ceg")
    users = np.array([u for u, items in enumerate(told) for _ in items], dtype=np.int32)
    items = np.array([catalog.position(i) for row in told for i in row], dtype=np.int32)
    times = np.arange(len(items), dtype=np.int64) * 3600
    log = EventLog.from_arrays(("1", "2", "3", "4"), users, items, times)
    config = AgentConfig(n_candidates=5, max_prompt_tokens=4096)
    return RecommenderAgent(
        Engine(Retriever.build(catalog, log, WordEncoder()), ScriptedLanguageModel(), config)
    )


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--store", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--slow", type=float, default=0.0)
    options.add_argument("--slow-chat", type=float, default=0.0)
    options.add_argument("--shutdown", type=float, default=30.0)
    given = options.parse_args()
    live = SlowAgent(small_agent().engine).with_store(given.store)
    live.seconds, live.chat_seconds = given.slow, given.slow_chat
    settings = ServerSettings(port=given.port, requests_per_minute=1_000_000, shutdown_seconds=given.shutdown)
    run(create_app(live, settings), settings)


if __name__ == "__main__":
    main()
