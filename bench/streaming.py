"""Streaming and tracing: time to the first sentence of a reply against the whole, and what a trace costs.

    python bench/streaming.py [--model DIRECTORY] [--pace .02] [--rounds 9]

First a scripted model words replies of the default recommender at a set pace (seconds a word), from the facts
of its prompt; the pace is the only time it takes. Then the processor time of `recommend` with and without a
trace, interleaved, and of a step that nobody collects.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from pydantic import BaseModel

from nextinterest.agent import RecommenderAgent
from nextinterest.domain import TraceStep
from nextinterest.llm import Sampling, ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.tracing import step

ASK = [Message(role="user", content="recommend me three comedies")]
HISTORY = ["Toy Story", "Fargo", "Alien", "Blade Runner", "The Terminator"]
ITEM = re.compile(r"- number \d+: (?P<item>.+?)(?: \(\d+\))?, .*in the person's history: (?P<because>.+)")


class PacedModel(ScriptedLanguageModel):
    """Words the facts of its prompt, some seconds a word."""

    def __init__(self, pace: float) -> None:
        super().__init__(name="paced")
        self.pace = pace

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[str]:
        """Yield an opening sentence, and one for each item, word by word."""
        found = [match for line in messages[-1].content.splitlines() if (match := ITEM.match(line))]
        reasons = [f"{one['item']} is here because of {one['because'].split(', ')[0]}." for one in found]
        for word in "\n".join(["Here are some for you, as you asked.", *reasons]).split(" "):
            time.sleep(self.pace)
            yield f"{word} "


def _streamed(agent: RecommenderAgent) -> tuple[float, float, int]:
    """Return the seconds to the first sentence and to the whole reply, and the number of sentences."""
    started = time.perf_counter()
    pieces = agent.chat_stream(ASK, history=HISTORY)
    next(pieces)
    first = time.perf_counter() - started
    n = sum(isinstance(piece, str) for piece in pieces) + 1
    return first, time.perf_counter() - started, n


def _worded(agent: RecommenderAgent, pace: float, rounds: int) -> None:
    paced = RecommenderAgent(replace(agent.engine, roles={**agent.engine.roles, "word": PacedModel(pace)}))
    for name, one in (("template", agent), (f"model, {pace:g} s a word", paced)):
        times = [_streamed(one) for _ in range(rounds)]
        first, whole = (median(row[i] for row in times) for i in (0, 1))
        print(
            f"{name}: first sentence after {1000 * first:.0f} ms, "
            f"whole reply ({times[0][2]} sentences) after {1000 * whole:.0f} ms"
        )


def _traced(agent: RecommenderAgent, rounds: int) -> None:
    times: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(4 * rounds):
        for trace in times:
            started = time.process_time()
            agent.recommend(HISTORY, trace=trace)
            times[trace].append(time.process_time() - started)
    plain, with_trace = (median(times[trace]) for trace in (False, True))
    ratio = with_trace / plain
    shown = f"{1000 * plain:.2f} ms, with a trace {1000 * with_trace:.2f} ms ({ratio:.3f})"
    print(f"recommend, processor time: {shown}")
    n, started = 200_000, time.process_time()
    for _ in range(n):
        with step("search", source="sequence", n=500) as s:
            s.note(found=500)
    idle = (time.process_time() - started) / n
    made = agent.recommend(HISTORY, trace=True).trace
    steps = 0 if made is None else _count(made.steps)
    share = steps * idle / plain
    print(f"a step that nobody collects: {1e9 * idle:.0f} ns; {steps} of them are {share:.4%} of a recommend")


def _count(steps: Sequence[TraceStep]) -> int:
    return len(steps) + sum(_count(one.steps) for one in steps)


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a recommender directory; the default one without")
    parser.add_argument(
        "--pace", type=float, default=0.02, help="seconds that the scripted model takes a word"
    )
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    agent = RecommenderAgent.from_pretrained(given.model, language_model=None)
    agent.recommend(HISTORY)
    agent.chat(ASK, history=HISTORY)
    _worded(agent, given.pace, given.rounds)
    _traced(agent, given.rounds)


if __name__ == "__main__":
    main()
