"""Serve MovieLens-100K for the HTTP benchmarks, in a process of its own; they start it themselves.

    python bench/http_serving.py --agent retrieval --port 8000 --store /tmp/profiles.db

``default`` is what ``nextinterest serve`` serves; ``retrieval`` is the same without its language model;
``scripted`` has a model that costs nothing. The data's first users are put into the store.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from nextinterest.agent import RecommenderAgent
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.server.app import create_app
from nextinterest.server.run import run
from nextinterest.server.settings import ServerSettings


def agent_called(kind: str) -> RecommenderAgent:
    """Return the default agent, or one of its variants."""
    agent = RecommenderAgent.from_pretrained()
    if kind != "default":
        model = None if kind == "retrieval" else ScriptedLanguageModel()
        agent = RecommenderAgent(replace(agent.engine, language_model=model), agent.log)
    return agent


def main() -> None:
    """Serve until told to stop."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--agent", choices=("default", "retrieval", "scripted"), default="retrieval")
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--store", required=True)
    options.add_argument("--users", type=int, default=50)
    given = options.parse_args()
    agent = agent_called(given.agent)
    live = agent.with_store(given.store)
    users = agent.log.user_ids[: given.users] if agent.log is not None else ()
    for user in users:
        live.import_history(agent.history(user).last(60))
    settings = ServerSettings(port=given.port, requests_per_minute=100_000_000)
    run(create_app(live, settings), settings)


if __name__ == "__main__":
    main()
