"""Forms in which a request's words may move a ranking, on dialogues of real people.

    python bench/requests.py
    python bench/requests.py --data ../shared/data/ml-latest-small --dialogues ../shared/data/chat

A case is a film that somebody accepted in a dialogue and what they had last asked for before, titles cut
out; the ranking to be moved is popularity, since the people have no history. Printed for each form: R@10 and
R@50 of the film, its mean log-probability, by halves of the dialogues too, and how far two hundred requests
of random letters and two hundred sentences about other matters move popularity (total variation).
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nextinterest.data import load
from nextinterest.data.assets import DEFAULT_TEXT_ENCODER
from nextinterest.domain import Catalog
from nextinterest.retrieval.encoder_assets import open_encoder
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.matching import CLEAR, STEER, WEAK, Noise
from nextinterest.retrieval.reading import IndexedVectors
from nextinterest.retrieval.request_words import topic_words
from nextinterest.retrieval.rest import draw_order
from nextinterest.titles.normal import normalise_title

Floats = NDArray[np.float64]
Form = Callable[[Floats, Floats, Floats], Floats]  # popularity, cosines, clearness -> log-scores

ASKING = {"IQU", "CRI-F", "CRI-A", "CRI-C"}
YEAR = re.compile(r"\s*\((\d{4})\)")
LONGEST = 12  # words of a title


def named(text: str, films: dict[tuple[str, int], int]) -> Iterator[tuple[int, int, int]]:
    """Yield where a text names films as "Title (1999)": start, end, position in the catalogue."""
    last = 0
    for year in YEAR.finditer(text):
        starts = [last + word.start() for word in re.finditer(r"\S+", text[last : year.start()])]
        for start in starts[-LONGEST:]:
            if (key := (normalise_title(text[start : year.start()]), int(year[1]))) in films:
                yield start, year.end(), films[key]
                break
        last = year.end()


def cases(folder: Path, catalog: Catalog) -> Iterator[tuple[str, str, int]]:
    """Yield dialogue, request, and the film accepted after it."""
    films = {
        (normalise_title(title), year + off): position
        for off in (1, -1, 0)
        for position, (title, year) in enumerate(zip(catalog.titles, catalog.years, strict=True))
        if year is not None
    }
    for path in ("iard.jsonl", "iard_slots.jsonl"):
        for line in (folder / path).read_text("utf-8").splitlines():
            dialogue, asked = json.loads(line), ""
            offered: list[int] = []
            done: set[int] = set()
            for turn in dialogue["turns"]:
                text, intents = turn["text"], {act["intent"] for act in turn["acts"]}
                found = list(named(text, films))
                if turn["who"] == "agent":
                    offered = [film for *_, film in found] or offered
                    continue
                if intents & ASKING:
                    asked = text
                    for start, end, _ in reversed(found):
                        asked = asked[:start] + asked[end:]
                if "ACC" in intents and asked:
                    said = [film for *_, film in found]
                    for film in dict.fromkeys(
                        [one for one in said if one in offered] or said or offered[-1:]
                    ):
                        if film not in done:
                            yield dialogue["id"], asked, film
                        done.add(film)


def log_p(scores: Floats) -> Floats:
    """Return the log-probabilities of log-scores."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def share(clearness: Floats) -> Floats:
    """Return how much of the words counts, shape (n, 1)."""
    return np.asarray(np.clip((clearness - WEAK) / (CLEAR - WEAK), 0, 1)[:, None])


def forms(spread: float) -> dict[str, Form]:
    """Return the forms compared; `spread` is a meaningless string's standard deviation of cosines."""

    def deviations(near: Floats) -> Floats:
        term = 3.0 * near / near.std(axis=1, keepdims=True)
        return np.asarray(term * np.minimum(1.0, 10.0 / term.max(axis=1, keepdims=True)))

    def linear(nats: float, *, gated: bool) -> Form:
        return lambda prior, near, clear: prior + nats * (share(clear) if gated else 1.0) * near / spread

    def mixture(prior: Floats, near: Floats, clear: Floats) -> Floats:
        weight = 0.8 * share(clear)
        moved = np.exp(log_p(prior + near / spread))
        return np.log((1 - weight) * np.exp(log_p(prior)) + weight * moved)

    return {
        "popularity alone": lambda prior, near, clear: np.broadcast_to(prior, near.shape),
        "3 nats a deviation, without popularity": lambda prior, near, clear: deviations(near),
        "3 nats a deviation": lambda prior, near, clear: prior + deviations(near),
        "linear": linear(STEER, gated=False),
        **{f"linear by clearness, {nats:g}": linear(nats, gated=True) for nats in (0.6, 0.8, 1.0, 1.2)},
        "mixture by clearness": mixture,
    }


def main() -> None:
    """Read the arguments and run."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--data", default="../shared/data/ml-latest-small")
    options.add_argument("--dialogues", type=Path, default=Path("../shared/data/chat"))
    given = options.parse_args()
    dataset, encoder = load(given.data), open_encoder(DEFAULT_TEXT_ENCODER)
    catalog = dataset.catalog
    items = IndexedVectors(encoder.encode(catalog_texts(catalog)))
    noise = Noise(items, draw_order(len(catalog)), encoder)
    prior = np.log(np.bincount(dataset.log.items, minlength=len(catalog)) + 0.5)[None]
    ids, asked, films = zip(*cases(given.dialogues, catalog), strict=True)
    random = np.random.default_rng(7)
    letters = [
        " ".join("".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), 6)) for _ in range(1 + n % 2))
        for n in range(200)
    ]
    elsewhere = (given.dialogues / "out_of_scope.txt").read_text("utf-8").splitlines()
    read = {}
    for name, texts in (("asked", asked), ("letters", letters), ("elsewhere", elsewhere)):
        vectors = encoder.encoder.encode([topic_words(text) for text in texts])
        near = (vectors @ items.vectors.T).astype(np.float64)
        clearness = np.array([noise.match(vector).clearness for vector in vectors])
        read[name] = near - near.mean(axis=1, keepdims=True), clearness
        kinds = ", ".join(f"{np.mean(clearness <= edge):.0%} up to {edge:g}" for edge in (WEAK, CLEAR))
        print(f"{name}: {len(texts)} texts, clearness {kinds}")
    half = np.array([sha256(one.encode()).digest()[0] % 2 for one in ids])
    print(f"{len(films)} films accepted in {len(set(ids))} dialogues; {len(catalog):,} films to choose from")
    print(f"{'':<42}{'R@10':>7}{'R@50':>7}{'log p':>8}{'halves':>16}{'letters':>9}{'95 %':>6}{'other':>7}")
    popular = np.exp(log_p(prior))
    for name, form in forms(noise.spread).items():
        logs = log_p(form(prior, *read["asked"]))
        of_film = logs[np.arange(len(films)), films]
        ranks = (logs > of_film[:, None]).sum(axis=1)
        moved = [
            np.abs(np.exp(log_p(form(prior, *read[what]))) - popular).sum(axis=1) / 2
            for what in ("letters", "elsewhere")
        ]
        halves = " ".join(f"{of_film[half == side].mean():.2f}" for side in (0, 1))
        found = f"{np.mean(ranks < 10):>7.3f}{np.mean(ranks < 50):>7.3f}{of_film.mean():>8.2f}{halves:>16}"
        off = f"{moved[0].mean():>9.3f}{np.quantile(moved[0], 0.95):>6.2f}{moved[1].mean():>7.3f}"
        print(f"{name:<42}{found}{off}")


if __name__ == "__main__":
    main()
