"""Measure what understands chat: exact requests and slots, on wordings nobody tuned on.

    python bench/chat_understanding.py                    # rules, every set, milliseconds, longest read
    python bench/chat_understanding.py --model smollm2-135m-instruct --limit 30   # a model beside them
    python bench/chat_understanding.py --tuned DIRECTORY --limit 150              # one that was tuned to read

Sets: the generator's validation and test wordings (`nextinterest.finetune.utterances`; filled from
MovieLens-100K), and the hand-written utterances of tests/data: the odd ids are the development half, the
even ids were held out, ``utterances_more.jsonl`` is a second hand-written set that was tuned on after it had
been measured once, and ``utterances_third.jsonl`` was written from the documentation alone, without
sight of the rules.
Exact means that every field of the request is as expected, lists in any order. A slot's F1 is over (field,
value) pairs, micro-averaged. English and other languages are counted apart.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import (
    ChatContext,
    CompositionalReader,
    ModelReader,
    TunedReader,
    Understanding,
    Understood,
)
from nextinterest.data import load
from nextinterest.domain import Catalog, Item, Request
from nextinterest.finetune.utterances import Split, generate
from nextinterest.messages import Message
from nextinterest.prompts.flat_request import FIELDS, flat_form

DATA = Path(__file__).parents[1] / "tests" / "data"
Fields = dict[str, object]


@dataclass(frozen=True)
class Example:
    """A conversation and the request expected."""

    messages: tuple[Message, ...]
    expected: Fields
    context: ChatContext


def contexts() -> dict[str, ChatContext]:
    """Return the catalogues that are talked about."""
    goods = json.loads((DATA / "products.json").read_text("utf-8"))
    shop = Catalog.from_items(Item(i, title, tuple(names), year) for i, title, names, year in goods)
    return {"ml-100k": ChatContext(load("ml-100k").catalog), "products": ChatContext(shop)}


def sets(known: dict[str, ChatContext], n_generated: int) -> dict[str, list[Example]]:
    """Return the utterances of each set."""
    found: dict[str, list[Example]] = {}
    films = known["ml-100k"]
    generated: tuple[tuple[Split, int], ...] = (("validation", 20260500), ("test", 20260501))
    for split, seed in generated:
        rng = np.random.default_rng(seed)
        found[f"generator, {split} wordings"] = [
            Example(
                tuple(Message(role=r, content=t) for r, t in made.messages),
                dict(made.request),
                films,
            )
            for made in generate(films.catalog, split, n_generated, rng, ("movies", "films", "titles"))
        ]
    written = (  # the file, and what its odd and its even half are called
        ("utterances", "hand-written, development", "hand-written, held out"),
        ("utterances_more", "hand-written, second set", "hand-written, second set"),
        ("utterances_third", "blind to the rules, odd half", "blind to the rules, even half"),
    )
    for file, odd, even in written:
        for line in (DATA / f"{file}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            name = odd if int(row["id"][1:]) % 2 else even
            if row["language"] != "en":
                name = "hand-written, German and French"
            messages = tuple(Message.model_validate(message) for message in row["messages"])
            found.setdefault(name, []).append(Example(messages, row["expected"], known[row["catalog"]]))
    return found


def sample(examples: Sequence[Example], limit: int | None) -> list[Example]:
    """Return at most `limit` examples, drawn evenly and always the same ones."""
    if limit is None or limit >= len(examples):
        return list(examples)
    chosen = np.random.default_rng(0).choice(len(examples), limit, replace=False)
    return [examples[int(i)] for i in np.sort(chosen)]


class Remembering:
    """A reader whose answers are kept, so that a second look at the same messages costs nothing.

    Its milliseconds are true in the first look alone.
    """

    def __init__(self, reader: Understanding) -> None:
        self.reader = reader
        self.read_before: dict[tuple[int, tuple[tuple[str, str], ...]], Understood] = {}

    @property
    def name(self) -> str:
        """Name of the reader."""
        return self.reader.name

    def read(self, messages: Sequence[Message], context: ChatContext) -> Understood:
        """Return what the reader returned for these messages."""
        key = (id(context), tuple((message.role, message.content) for message in messages))
        if key not in self.read_before:
            self.read_before[key] = self.reader.read(messages, context)
        return self.read_before[key]


class AskedWhereUnsure:
    """The rules, and a second reader for conversations in which they found little.

    Rules have no probabilities, so their doubt is read off the request: nothing beside a vague intent, or
    words that are no title of the catalogue.
    """

    def __init__(self, second: Understanding) -> None:
        self.rules, self.second = CompositionalReader(), second

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        return f"{self.rules.name}, else {self.second.name}"

    def read(self, messages: Sequence[Message], context: ChatContext) -> Understood:
        """Return what the newest user message asks for."""
        understood = self.rules.read(messages, context)
        request = understood.request
        if request.query is not None and request.query != "everything":
            unsure = context.titles.resolve(request.query) is None
        else:
            unsure = request in (Request(intent="other"), Request())
        return self.second.read(messages, context) if unsure else understood


def pairs(fields: Fields) -> Counter[tuple[str, object]]:
    """Return the (field, value) pairs of a request, one per value of a list."""
    counted: Counter[tuple[str, object]] = Counter()
    for name, value in fields.items():
        counted.update((name, one) for one in (value if isinstance(value, list) else [value]))
    return counted


def measure(understanding: Understanding, examples: Sequence[Example]) -> dict[str, float]:
    """Return exact accuracy, intent accuracy, F1 by field, and median milliseconds."""
    exact = 0
    hit: Counter[str] = Counter()
    said: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    spent: list[float] = []
    for example in examples:
        start = time.perf_counter()
        request = understanding.read(example.messages, example.context).request
        spent.append(1e3 * (time.perf_counter() - start))
        fields = flat_form().of(request).model_dump(mode="json", exclude_defaults=True)
        got, expected = pairs(fields), pairs(example.expected)
        exact += got == expected
        for (name, _), n in (got & expected).items():
            hit[name] += n
        for counter, of in ((said, got), (wanted, expected)):
            for (name, _), n in of.items():
                counter[name] += n
    result = {"n": float(len(examples)), "exact": exact / max(1, len(examples))}
    for name in FIELDS:
        total = said[name] + wanted[name]
        result[name] = 2 * hit[name] / total if total else float("nan")
    return result | {"ms": float(np.median(spent)) if spent else 0.0}


def show(title: str, rows: Iterable[tuple[str, dict[str, float]]]) -> None:
    """Print one table."""
    short = ("intent", "count", "incl.", "excl.", "from", "to", "liked", "disl.", "like", "query")
    print(f"\n{title}")
    print(f"{'set':34} {'n':>5} {'exact':>6} " + " ".join(f"{name:>6}" for name in short) + f" {'ms':>7}")
    for name, row in rows:
        cells = " ".join("     -" if np.isnan(row[field]) else f"{row[field]:6.3f}" for field in FIELDS)
        print(f"{name:34} {row['n']:5.0f} {row['exact']:6.3f} {cells} {row['ms']:7.1f}", flush=True)


def longest_read(context: ChatContext) -> str:
    """Return one line about the longest read of 6,000 characters that are meant to take long."""
    rng = np.random.default_rng(0)
    invented = " ".join("".join(rng.choice(list("abdeilmnorstu"), 6)) for _ in range(857))
    spent: dict[str, float] = {}
    for text in (
        "zxqvb wkjq " * 545,
        "like " + "Alein Teh Godfahter " * 300,
        invented,
        "horror comedy " * 428,
    ):
        for parts in (1, 3, 40):
            size = len(text) // parts
            said = [Message(role="user", content=text[n * size : (n + 1) * size]) for n in range(parts)]
            start = time.thread_time()
            CompositionalReader().read(said, context)
            spent[f"{text[:11]!r}... in {parts} message(s)"] = time.thread_time() - start
    slowest = max(spent, key=lambda name: spent[name])
    return f"longest read of 6,000 characters: {1e3 * spent[slowest]:.0f} ms of CPU time ({slowest})"


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--generated", type=int, default=2000, help="utterances from the generator")
    parser.add_argument("--model", help="an asset's name or a folder: measure this model too")
    parser.add_argument("--limit", type=int, help="at most so many utterances of each set, drawn evenly")
    parser.add_argument("--tuned", help="recommender directory whose model was taught to understand")
    parser.add_argument("--only", help="only sets whose name contains this")
    arguments = parser.parse_args()
    known = contexts()
    chosen = {
        name: sample(examples, arguments.limit)
        for name, examples in sets(known, arguments.generated).items()
        if arguments.only is None or arguments.only in name
    }
    show("rules", [(name, measure(CompositionalReader(), examples)) for name, examples in chosen.items()])
    print(longest_read(known["ml-100k"]))
    if arguments.tuned:
        engine = RecommenderAgent.from_pretrained(arguments.tuned).engine
        if engine.model is None:
            raise SystemExit(f"{arguments.tuned} has no language model.")
        tuned = TunedReader(engine.model)
        kept = Remembering(tuned)
        show(tuned.name, ((name, measure(kept, examples)) for name, examples in chosen.items()))
        both = AskedWhereUnsure(kept)
        show(
            "rules, else the tuned model",
            ((name, measure(both, examples)) for name, examples in chosen.items()),
        )
    if arguments.model:
        from nextinterest.data.assets import locate
        from nextinterest.llm import LocalModel

        model = LocalModel.load(locate(arguments.model, "language-model"))
        reader = ModelReader(model)
        show(model.name, ((name, measure(reader, examples)) for name, examples in chosen.items()))


if __name__ == "__main__":
    main()
