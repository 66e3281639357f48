"""Measure how rules, or a model, read turns of real people, each by itself, as somebody else labelled them.

    python bench/chat_turns.py --data ML-LATEST-SMALL --out-of-scope FILE.txt   # labels: bench/labels
    python bench/chat_turns.py ... --language-model NAME   # a model beside the rules
    python bench/chat_turns.py ... --show titles           # the turns read otherwise than labelled

A line of the labels is a user turn: ``text``; ``titles``, each with ``movieId`` or ``movieIds`` (null where
the catalogue has no such film); ``count``; ``genres_wanted``, ``genres_unwanted``. The catalogue is that of
the folder.

titles       precision and recall of (turn, item) pairs; of a title that several items have, any is right
unsaid       turns in which a title is found that nobody said
counts       turns in which a number of items is found that nobody asked for
genres       F1 of (turn, category) pairs, wanted and unwanted apart
left alone   questions outside the job that are read as nothing but `other`

Errors are over turns: a bootstrap of 1,000 draws gives the 95 % interval.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nextinterest.agent.chat import ChatContext, CompositionalReader, ModelReader, Understanding, Understood
from nextinterest.data import load
from nextinterest.domain import Request
from nextinterest.llm import open_model
from nextinterest.messages import Message

LABELS = Path(__file__).parent / "labels" / "iard_turns.jsonl"


def read_alone(reader: Understanding, text: str, context: ChatContext) -> Understood:
    """Return what a message without any conversation before it is read as."""
    return reader.read([Message(role="user", content=text)], context)


def items_of(read: Understood, context: ChatContext) -> set[str]:
    """Return the ids of all items that a reading names."""
    request = read.request
    names = (*request.liked, *request.disliked, *request.similar_to, *request.less_like)
    if request.query is not None and request.intent in {"search", "ask", "explain", "feedback", "forget"}:
        names = (*names, request.query)
    found = {item for name in names if (item := context.titles.resolve(name)) is not None}
    found |= {one.item for one in read.reported} | set(read.unclear)
    ids = {context.catalog.ids[item] for item in found}
    out = {context.catalog.ids[item] for _, items in read.left_out for item in items}  # by words, not named
    return ids | (set(request.where.excluded_items) - out) | set(request.where.only_items or ())


def titles_said(row: dict[str, object], known: set[str]) -> list[set[str]]:
    """Return the films that a turn names: for each the ids that are right."""
    said = []
    for one in row["titles"]:  # type: ignore[attr-defined]
        ids = one.get("movieIds") or ([] if one.get("movieId") is None else [one["movieId"]])
        right = {str(i) for i in ids} & known
        if right:
            said.append(right)
    return said


def measure(
    reader: Understanding, rows: Sequence[dict[str, object]], context: ChatContext, show: str
) -> dict[str, np.ndarray]:
    """Return counts a turn by their names, float64, shape (n_turns,) each."""
    known = set(context.catalog.ids)
    out: dict[str, list[float]] = {}
    for row in rows:
        text = str(row["text"])
        read = read_alone(reader, text, context)
        got, said = items_of(read, context), titles_said(row, known)
        hit = sum(bool(right & got) for right in said)
        wrong = got - set[str]().union(*said)
        where = read.request.where
        counts = {
            "said": len(said),
            "hit": hit,
            "found": hit + len(wrong),
            "unsaid": bool(wrong),
            "count": read.request.count is not None and read.request.count != row["count"],
        }
        for name, have, field in (
            ("wanted", where.categories, "genres_wanted"),
            ("unwanted", where.excluded_categories, "genres_unwanted"),
        ):
            want = {str(one) for one in row[field]} & set(context.catalog.category_names)  # type: ignore[attr-defined]
            counts |= {f"{name} hit": len(want & set(have)), f"{name} all": len(want) + len(have)}
        for name, value in counts.items():
            out.setdefault(name, []).append(float(value))
        if (show == "titles" and (wrong or hit < len(said))) or (show == "counts" and counts["count"]):
            titles = [context.catalog[context.catalog.position(one)].title for one in sorted(got)]
            print(f"{text!r}\n    read: {titles} {read.request.count or ''}   labelled: {row['titles']}")
    return {name: np.array(values) for name, values in out.items()}


def left_alone(
    reader: Understanding, questions: Sequence[str], context: ChatContext, show: str
) -> np.ndarray:
    """Return whether each question is read as nothing that the agent does, bool, shape (n,)."""
    alone = []
    for text in questions:
        read = read_alone(reader, text, context)
        alone.append(read.request == Request(intent="other") and not read.reported)
        if show == "questions" and not alone[-1]:
            print(f"{text!r}: {read.request.model_dump(mode='json', exclude_defaults=True)}")
    return np.array(alone, dtype=np.float64)


def interval(top: np.ndarray, bottom: np.ndarray | None = None) -> str:
    """Return the ratio of two sums over turns, or a mean, with its bootstrap interval."""
    below = np.ones(len(top)) if bottom is None else bottom
    draws = np.random.default_rng(0).integers(0, len(top), (1000, len(top)))
    ratios = top[draws].sum(axis=1) / np.maximum(below[draws].sum(axis=1), 1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return f"{top.sum() / max(below.sum(), 1):.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--labels", type=Path, nargs="+", default=[LABELS])
    parser.add_argument("--data", required=True, help="folder or name of the catalogue")
    parser.add_argument("--out-of-scope", type=Path)
    parser.add_argument("--language-model")
    parser.add_argument("--show", choices=("titles", "counts", "questions"), default="")
    options = parser.parse_args()
    lines = [line for path in options.labels for line in path.read_text("utf-8").splitlines()]
    rows = [json.loads(line) for line in lines if line.strip()]
    context = ChatContext(load(options.data).catalog)
    readers: list[Understanding] = [CompositionalReader()]
    if options.language_model:
        readers.append(ModelReader(open_model(options.language_model)))
    questions = options.out_of_scope.read_text("utf-8").splitlines() if options.out_of_scope else []
    for reader in readers:
        seen = measure(reader, rows, context, options.show)
        print(f"\n{reader.name}: {len(rows)} turns, {int(seen['said'].sum())} titles of the catalogue")
        figures = {
            "titles, precision": interval(seen["hit"], seen["found"]),
            "titles, recall": interval(seen["hit"], seen["said"]),
            "a title nobody said": interval(seen["unsaid"]),
            "a count nobody asked for": interval(seen["count"]),
            "genres wanted, F1": interval(2 * seen["wanted hit"], seen["wanted all"]),
            "genres unwanted, F1": interval(2 * seen["unwanted hit"], seen["unwanted all"]),
        }
        if questions:
            figures["questions left alone"] = interval(left_alone(reader, questions, context, options.show))
        for name, figure in figures.items():
            print(f"  {name:26} {figure}")


if __name__ == "__main__":
    main()
