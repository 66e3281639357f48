"""How well the next recommendation of a dialogue is found: R@1, R@10 and R@50 on ReDial and OpenDialKG.

    python bench/crs.py --data FOLDER --dataset opendialkg                   # validation turns
    python bench/crs.py --data FOLDER --dataset opendialkg --part test
    python bench/crs.py --data FOLDER --dataset redial --language-model smollm2-135m-instruct --turns 200

FOLDER is `data` of the repository RUCAIBox/iEvaLM-CRS, which holds, for each of the two, `NAME/id2info.json`,
`NAME/entity2id.json`, `NAME/item_ids.json` and `NAME_eval/PART_data_processed.jsonl`. None of it belongs to
this repository.

A case is an item that the recommending side names in a turn. The agent is asked as a program would ask it,
`agent.recommend(history, query=..)`: the items named before are the history, the last words of the other side
the request. It is `RecommenderAgent.from_dataset` of the items that dialogues name (title, year, genres,
people, plot as far as the files have them) and of the training dialogues, the items of each as the events of
one user; nothing is trained on what is asked. Of a training dialogue that is evaluated too, only what
was said before the earliest evaluated turn is learned from.

Targets that were named before in their dialogue stand apart: an answer about such an item is no
recommendation. For them and for all targets together, any item may be returned; for the others, items named
before are left out, by every method.

popularity     how many training dialogues name the item
co-mention     in how many training dialogues it stands with the items of the history, then popularity
with people    the same with all names that the files mark before the turn: items, people, genres
text           cosine of the last words and the item's text

Standard errors are over dialogues. What decides, said before the test part was read: on the unmentioned
targets of OpenDialKG's test part, R@10 and R@50 of the agent without a language model against those of
popularity and of both co-mention counts; sign-flip tests over dialogues, Holm's correction over the six.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nextinterest import RecommenderAgent
from nextinterest.agent.building import build_engine
from nextinterest.agent.config import AgentConfig
from nextinterest.data import EventLog
from nextinterest.data.assets import DEFAULT_TEXT_ENCODER
from nextinterest.domain import Catalog, Item
from nextinterest.eval.significance import holm, sign_flip_test
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.request_words import topic_words

DEPTHS = (1, 10, 50)
COUNTS = ("popularity", "co-mention", "co-mention with people")
LONGEST = 300  # characters of a request, of which the last are kept

Row = dict[str, object]
Floats = NDArray[np.float64]
Ranker = Callable[["Turn", bool], Sequence[int]]
"""The best items of a turn, at least 50 of them, items named before among them or not."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn in which something is recommended.

    Attributes
    ----------
    dialogue
        Its id.
    named
        Catalogue positions of the items named before, each once, the one named last at the end.
    names
        All names that are marked before.
    said
        The last words of the other side.
    targets
        Catalogue positions of the items that are recommended.
    """

    dialogue: str
    named: tuple[int, ...]
    names: frozenset[str]
    said: str
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dialogues:
    """The catalogue, what is learned from, the names in each dialogue of that, and the turns of one part."""

    catalog: Catalog
    log: EventLog
    names: list[frozenset[str]]
    turns: list[Turn]


def item_of(number: int, info: Mapping[str, object]) -> Item:
    """Return an item as a catalogue has it."""

    def texts(name: str) -> tuple[str, ...]:
        values = info.get(name) or []
        return tuple(dict.fromkeys(map(str, values if isinstance(values, list) else [values])))

    title, year = str(info["name"]), str(info.get("year", ""))
    people = {name: texts(name) for name in ("actor", "star", "director", "writer", "language")}
    return Item(
        str(number),
        title,
        texts("genre"),
        int(year) if year.isdecimal() and len(year) == 4 else None,
        str(info["plot"]) if info.get("plot") else None,
        attributes={name: values for name, values in people.items() if values},
    )


def read_rows(folder: Path, dataset: str, part: str) -> list[Row]:
    """Return the turns of a part as the file has them; none where there is no such file."""
    path = folder / f"{dataset}_eval" / f"{part}_data_processed.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def read_dialogues(folder: Path, dataset: str, part: str, learn: Sequence[str]) -> Dialogues:
    """Return what the files hold.

    Parameters
    ----------
    folder, dataset
        As of the module docstring.
    part
        Whose turns are evaluated.
    learn
        The parts whose dialogues are learned from.
    """

    def read(name: str) -> dict[str, dict[str, object]]:
        found: dict[str, dict[str, object]] = json.loads((folder / dataset / name).read_text("utf-8"))
        return found

    numbers = read("entity2id.json")
    known = set(json.loads((folder / dataset / "item_ids.json").read_text("utf-8")))
    infos = {str(info["name"]): info for info in read("id2info.json").values()}
    names = [name for name in infos if numbers.get(name) in known]
    catalog = Catalog.from_items(item_of(n, infos[name]) for n, name in enumerate(names))
    position = {name: n for n, name in enumerate(names)}

    def named(row: Row, *columns: str) -> tuple[int, ...]:
        values = [str(value) for column in columns for value in row[column]]  # type: ignore[attr-defined]
        last = dict.fromkeys(position[value] for value in reversed(values) if value in position)
        return tuple(reversed(last))

    def names_in(row: Row, *columns: str) -> frozenset[str]:
        return frozenset(str(value) for column in columns for value in row[column])  # type: ignore[attr-defined]

    rows = read_rows(folder, dataset, part)
    turns = [
        Turn(
            str(row["dialog_id"]),
            named(row, "entity"),
            names_in(row, "entity"),
            str(row["context"][-1]),  # type: ignore[index]
            named(row, "rec"),
        )
        for row in rows
        if row["context"]
    ]
    first: dict[object, int] = {}
    for row in rows:
        turn = int(str(row["turn_id"]))
        first[row["dialog_id"]] = min(turn, first.get(row["dialog_id"], turn))
    longest: dict[str, Row] = {}
    for row in (row for one in learn for row in read_rows(folder, dataset, one)):
        if int(str(row["turn_id"])) < first.get(row["dialog_id"], np.inf):
            dialogue, turn = str(row["dialog_id"]), int(str(row["turn_id"]))
            if dialogue not in longest or turn > int(str(longest[dialogue]["turn_id"])):
                longest[dialogue] = row
    histories = {dialogue: named(row, "entity", "rec") for dialogue, row in longest.items()}
    users = [n for n, items in enumerate(histories.values()) for _ in items]
    items = [item for items in histories.values() for item in items]
    log = EventLog.from_arrays(
        tuple(histories), np.array(users, dtype=np.int32), np.array(items, dtype=np.int32)
    )
    marked = [names_in(row, "entity", "rec") for row in longest.values()]
    return Dialogues(catalog, log, marked, turns)


def best(scores: Floats, turn: Turn, allow_named: bool) -> list[int]:
    """Return the items of largest score."""
    if not allow_named:
        scores = scores.copy()
        scores[list(turn.named)] = -np.inf
    return [int(item) for item in np.argsort(-scores, kind="stable")[: DEPTHS[-1]]]


def baselines(data: Dialogues, agent: RecommenderAgent) -> dict[str, Ranker]:
    """Return what the agent is compared with."""
    log, n_items = data.log, len(data.catalog)
    popular = np.bincount(log.items, minlength=n_items).astype(np.float64)
    tie = popular / (1.0 + popular.max())
    dialogues_of: dict[str, list[int]] = {}
    for user, names in enumerate(data.names):
        for name in names:
            dialogues_of.setdefault(name, []).append(user)

    def together(names: Iterable[str]) -> Floats:
        counts = np.zeros(n_items)
        for name in names:
            for user in dialogues_of.get(name, ()):
                counts[log.items[log.offsets[user] : log.offsets[user + 1]]] += 1
        return np.asarray(counts + tie)

    def titles(turn: Turn) -> list[str]:
        return [data.catalog.titles[item] for item in turn.named]

    encoder = agent.engine.retriever.encoder
    vectors = encoder.encode(catalog_texts(data.catalog))
    words = encoder.encode([topic_words(turn.said) for turn in data.turns])
    of_turn = {id(turn): vector for turn, vector in zip(data.turns, words, strict=True)}
    return {
        "popularity": lambda turn, named: best(popular, turn, named),
        "co-mention": lambda turn, named: best(together(titles(turn)), turn, named),
        "co-mention with people": lambda turn, named: best(together(turn.names), turn, named),
        "text": lambda turn, named: best((vectors @ of_turn[id(turn)]).astype(np.float64), turn, named),
    }


def agent_of(data: Dialogues, language_model: str | None = None) -> RecommenderAgent:
    """Return what `RecommenderAgent.from_dataset` makes of a catalogue and a log."""
    config = AgentConfig(n_evidence=0)  # evidence moves no list
    return RecommenderAgent(
        build_engine(data.catalog, data.log, language_model, DEFAULT_TEXT_ENCODER, config)
    )


def asked(agent: RecommenderAgent, *, words: bool = True, history: bool = True) -> Ranker:
    """Return the agent as a program asks it."""
    catalog = agent.engine.catalog

    def rank(turn: Turn, allow_named: bool) -> list[int]:
        found = agent.recommend(
            [catalog.ids[item] for item in turn.named] if history else [],
            DEPTHS[-1],
            exclude_seen=not allow_named,
            query=turn.said[-LONGEST:] if words and turn.said.strip() else None,
        )
        return [catalog.position(one.item_id) for one in found.items]

    return rank


@dataclass(frozen=True, slots=True)
class Found:
    """The rank of each target, from 1, infinite behind 50; with items named before allowed, and without."""

    dialogues: NDArray[np.int64]
    mentioned: NDArray[np.bool_]
    open: Floats
    masked: Floats


def find(rank: Ranker, turns: Sequence[Turn]) -> Found:
    """Rank the items of every turn."""
    number = {dialogue: n for n, dialogue in enumerate(dict.fromkeys(turn.dialogue for turn in turns))}
    rows: list[tuple[int, bool, float, float]] = []
    for turn in turns:
        masked = rank(turn, False)
        lists = [rank(turn, True) if turn.named else masked, masked]
        for target in turn.targets:
            places = [1.0 + one.index(target) if target in one else np.inf for one in lists]
            rows.append((number[turn.dialogue], target in turn.named, places[0], places[1]))
    columns = list(zip(*rows, strict=True))
    return Found(
        np.array(columns[0]), np.array(columns[1], dtype=bool), np.array(columns[2]), np.array(columns[3])
    )


def hits(found: Found, group: str, depth: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return whether each target of a group is found, and the dialogue of each."""
    ranks = found.masked if group == "unmentioned" else found.open
    some = np.ones(len(ranks), dtype=bool) if group == "all" else found.mentioned == (group == "mentioned")
    return (ranks[some] <= depth).astype(np.float64), found.dialogues[some]


def share(values: Floats, dialogues: NDArray[np.int64]) -> str:
    """Return a mean and its standard error over dialogues (linearised ratio)."""
    if not len(values):
        return "-"
    total, count = np.bincount(dialogues, values), np.bincount(dialogues)
    error = np.sqrt(((total - values.mean() * count) ** 2).sum()) / len(values)
    return f"{values.mean():.3f} ({error:.3f})"


def contrast(found: Mapping[str, Found], ours: str, others: Sequence[str]) -> list[str]:
    """Return the deciding comparison, a line for each depth and baseline."""
    named = [(depth, other) for depth in (10, 50) for other in others if other in found]
    tests = []
    for depth, other in named:
        own, dialogues = hits(found[ours], "unmentioned", depth)
        count = np.bincount(dialogues)
        difference = np.bincount(dialogues, own - hits(found[other], "unmentioned", depth)[0])[count > 0]
        tests.append((difference.sum() / len(own), sign_flip_test(difference / count[count > 0]).p_value))
    corrected = holm([p for _, p in tests])
    return [
        f"R@{depth} of unmentioned targets, {ours} less {other}: {gain:+.3f}, p = {p:.4f}"
        for (depth, other), (gain, _), p in zip(named, tests, corrected, strict=True)
    ]


def table(found: Mapping[str, Found]) -> str:
    """Return all figures."""
    lines = []
    for group in ("unmentioned", "mentioned", "all"):
        n = len(hits(next(iter(found.values())), group, 1)[0])
        head = f"{group} targets ({n})"
        lines += ["", f"{head:<36}" + "".join(f"{f'R@{depth}':>16}" for depth in DEPTHS)]
        for name, one in found.items():
            cells = "".join(f"{share(*hits(one, group, depth)):>16}" for depth in DEPTHS)
            lines.append(f"{name:<36}{cells}")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder data of iEvaLM-CRS")
    parser.add_argument("--dataset", choices=("redial", "opendialkg"), required=True)
    parser.add_argument("--part", choices=("valid", "test"), default="valid")
    parser.add_argument(
        "--learn", nargs="+", default=["train"], help="parts whose dialogues are learned from"
    )
    parser.add_argument("--turns", type=int, help="a sample of so many turns, evenly drawn")
    parser.add_argument("--apart", action="store_true", help="the agent by history alone and by words alone")
    parser.add_argument("--language-model", help="a second agent, with this model")
    given = parser.parse_args()
    data = read_dialogues(given.data, given.dataset, given.part, given.learn)
    turns = data.turns
    if given.turns:
        turns = [turns[i] for i in np.unique(np.linspace(0, len(turns) - 1, given.turns).astype(int))]
    log = data.log
    print(
        f"{given.dataset}, {given.part}: {len(turns)} turns; {len(data.catalog)} items; "
        f"{log.n_users} dialogues with {log.n_events} events learned from"
    )
    agent = agent_of(data)
    rankers = baselines(data, agent) | {
        "agent": asked(agent),
    }
    if given.apart:
        rankers["agent, history alone"] = asked(agent, words=False)
        rankers["agent, words alone"] = asked(agent, history=False)
    if given.language_model:
        rankers[f"agent with {given.language_model}"] = asked(agent_of(data, given.language_model))
    found = {name: find(rank, turns) for name, rank in rankers.items()}
    print(table(found))
    print()
    for line in contrast(found, "agent", COUNTS):
        print(line)


if __name__ == "__main__":
    main()
