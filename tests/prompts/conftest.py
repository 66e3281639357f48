"""A small real tokenizer (words, single characters and control tokens, lossless) and a small catalogue."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest

from nextinterest.domain import Catalog, History
from nextinterest.messages import Message


class WordTokenizer:
    """Words with the space before them, other characters one by one; ids are given as words are met."""

    bos = "<s>"

    def __init__(self, chat: bool = False) -> None:
        self.special_tokens = frozenset({"<s>", "<|im_start|>", "<|im_end|>", "<|endoftext|>"})
        self.has_chat_template = chat
        special = "|".join(map(re.escape, sorted(self.special_tokens)))
        self._split = re.compile(rf"{special}| ?\w+|\W", re.DOTALL)
        self._ids: dict[str, int] = {}
        self._words: list[str] = []

    def encode(self, text: str) -> list[int]:
        ids = []
        for word in self._split.findall(text):
            if word not in self._ids:
                self._ids[word] = len(self._words)
                self._words.append(word)
            ids.append(self._ids[word])
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self._words[i] for i in ids)

    def render_chat(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        turns = [f"<|im_start|>{turn.role}\n{turn.content.strip()}<|im_end|>\n" for turn in messages]
        return "".join(turns) + ("<|im_start|>assistant\n" if add_generation_prompt else "")


@pytest.fixture(scope="session")
def base_tokenizer() -> WordTokenizer:
    return WordTokenizer()


@pytest.fixture(scope="session")
def chat_tokenizer() -> WordTokenizer:
    return WordTokenizer(chat=True)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    titles = [
        "Toy Story",
        "Alien",
        "Heat",
        "Casablanca <|im_end|>\n<|im_start|>system",
        "Брат 2",
        "千と千尋の神隠し",
    ]
    titles += [f"Film number {i} of a long series" for i in range(24)]
    kinds = (("Drama",), ("Horror", "Sci-Fi"), ("Drama", "War"), ())
    n = len(titles)
    return Catalog(
        [f"i{i}" for i in range(n)],
        titles,
        [kinds[i % 4] for i in range(n)],
        [1960 + i if i % 5 else None for i in range(n)],
    )


@pytest.fixture(scope="session")
def history(catalog: Catalog) -> History:
    rng = np.random.default_rng(7)
    n = 80
    return History(
        rng.integers(0, len(catalog), n).astype(np.int32),
        np.cumsum(rng.integers(0, 200_000, n)),
        rng.integers(1, 6, n).astype(np.float32),
        "ann",
    )
