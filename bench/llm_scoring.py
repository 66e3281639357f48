"""Ranking 20 candidates four ways, a new event on a warm state, and batch throughput, in one run.

Run: ``python bench/llm_scoring.py [--rounds 3]`` on an otherwise idle machine; on a busy one add
``--processor-time``, which counts the time of one thread on the processor and not the wait for it.

Default model, MovieLens-100K, the last 50 events of test users, 20 candidates each (the true next item and
19 popular ones). All ways share the weights, the precision and the threads, and take turns within a round;
figures are medians over rounds, ratios are taken within a round. The peers are as kind as they can be:

- generate: ``transformers.generate`` decodes exactly as many tokens as a complete ranked list of the 20
  titles has, greedily, with its cache; then the list is parsed
- one by one: one ``transformers`` pass per candidate over the full prompt, logits of the title only
- padded: the same 20 sequences in one batch

Packed scoring stands in three rows: the history read anew, its state kept from before (what a server does),
and the same with weights of 16 bits (``dtype="float16-weights"``, whose difference is printed).

The warm part follows one event from its arrival to the ranking of every item: its line is rendered, the
user's state comes from the store and reads that line, the item head scores the catalogue; cold, all is read
again. Both must name the same ten items.

Operations counted: two per weight of the layers and token, and four per attended pair, head and dimension
(the causal half); the peak is that of square products of the same type, measured in the same round.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
import torch

from nextinterest.data import leave_one_out, load
from nextinterest.data.assets import DEFAULT_DATA, DEFAULT_LANGUAGE_MODEL, fetch
from nextinterest.domain import Catalog, History
from nextinterest.llm import FloatArray, LocalModel, StateStore
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.retrieval.item_head import ItemHead, ItemHeadConfig

CLOCK: list[Callable[[], float]] = [time.perf_counter]
EVENTS = 50
CANDIDATES = 20
BATCH = 8
PACKED = ("packed", "packed, warm", "packed, warm, 16 bits")


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = CLOCK[0]()
    run()
    return CLOCK[0]() - started


def matrix_peak(dtype: torch.dtype) -> float:
    """Return the best rate of square products, operations per second."""
    best = 0.0
    for n in (1024, 2048):
        a, b = (torch.ones(n, n, dtype=dtype) for _ in range(2))
        best = max(best, *(2 * n**3 / timed(lambda a=a, b=b: a @ b) for _ in range(5)))  # type: ignore[misc]
    return best


def embedding_of(model: LocalModel) -> torch.Tensor:
    """Return the input embedding."""
    return model.module.get_input_embeddings().get_parameter("weight")


def operations(model: LocalModel, lengths: list[int]) -> float:
    """Return the operations of passes over sequences of these lengths, up to the last hidden state."""
    config = model.module.config
    embedding = embedding_of(model).numel()
    weights = sum(p.numel() for p in model.module.parameters()) - embedding
    attended = sum(n * (n + 1) / 2 for n in lengths)
    per_pair = 4.0 * config.num_hidden_layers * config.num_attention_heads * config.head_dim
    return float(2.0 * weights * sum(lengths) + per_pair * attended)


class Peers:
    """The three usual ways, by transformers."""

    def __init__(self, model: LocalModel) -> None:
        self.model, self.module = model, model.module

    @torch.inference_mode()
    def generate(self, prompt: list[int], titles: list[str]) -> list[int]:
        """Decode a ranked list and parse it; return the candidates found in it."""
        listing = "\n".join(titles)
        asked = self.model.tokenizer.encode(f"\nRank these, best first, one per line:\n{listing}\nRanking:\n")
        ids = torch.tensor([[*prompt, *asked]])
        length = len(self.model.tokenizer.encode(listing))
        out = self.module.generate(  # type: ignore[operator]
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            min_new_tokens=length,
            max_new_tokens=length,
        )
        text = self.model.tokenizer.decode(out[0, ids.shape[1] :].tolist())
        return [titles.index(line.strip()) for line in text.split("\n") if line.strip() in titles]

    @torch.inference_mode()
    def one_by_one(self, prompt: list[int], titles: list[list[int]]) -> FloatArray:
        """Score each candidate with a pass of its own."""
        scores = []
        for title in titles:
            logits = self.module(
                torch.tensor([[*prompt, *title]]), use_cache=False, logits_to_keep=len(title) + 1
            ).logits[0, :-1]
            logp = torch.log_softmax(logits.float(), dim=-1)
            scores.append(float(logp[torch.arange(len(title)), torch.tensor(title)].sum()))
        return np.array(scores, dtype=np.float32)

    @torch.inference_mode()
    def padded(self, prompt: list[int], titles: list[list[int]]) -> FloatArray:
        """Score all candidates in one batch, padded on the right."""
        longest = max(map(len, titles))
        ids = torch.zeros(len(titles), len(prompt) + longest, dtype=torch.long)
        for row, title in enumerate(titles):
            ids[row, : len(prompt) + len(title)] = torch.tensor([*prompt, *title])
        logits = self.module(ids, use_cache=False, logits_to_keep=longest + 1).logits
        logp = torch.log_softmax(logits.float(), dim=-1)
        return np.array(
            [
                float(logp[row, torch.arange(len(title)), torch.tensor(title)].sum())
                for row, title in enumerate(titles)
            ],
            dtype=np.float32,
        )


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processor-time", action="store_true", help="for a busy machine, with one thread")
    arguments = parser.parse_args()
    rounds = arguments.rounds
    if arguments.processor_time:
        torch.set_num_threads(1)
        CLOCK[0] = time.process_time
    dataset = load(DEFAULT_DATA)
    split = leave_one_out(dataset.log)
    model = LocalModel.load(fetch(DEFAULT_LANGUAGE_MODEL))
    half = LocalModel.load(fetch(DEFAULT_LANGUAGE_MODEL), dtype="float16-weights")
    options = PromptOptions(budget=2048, max_events=EVENTS)
    renderer = PromptRenderer(PromptTemplate.named("next-title"), dataset.catalog, model.tokenizer, options)
    head = item_head(model, dataset.catalog)
    roomy = options.model_copy(update={"max_events": EVENTS + 1})  # the new event pushes no old one out
    softmax_template = PromptTemplate.named("item-softmax")
    lines = PromptRenderer(softmax_template, dataset.catalog, model.tokenizer, roomy)
    counts = split.train.item_counts(len(dataset.catalog))
    popular = np.argsort(-counts, kind="stable")
    peers = Peers(model)
    users = [u for u in range(len(split.test)) if len(split.test.histories[u]) > EVENTS][:rounds]
    print(
        f"{model.dtype}, {torch.get_num_threads()} threads, {CLOCK[0].__name__}, "
        f"{rounds} users, their last {EVENTS} events"
    )
    rows: dict[str, list[float]] = {}
    worst = rounded = 0.0
    tokens: list[int] = []
    found: list[int] = []
    for user in users:
        history, target = split.test.histories[user].last(EVENTS), int(split.test.targets[user])
        items = [target, *(int(i) for i in popular[:CANDIDATES] if int(i) != target)][:CANDIDATES]
        prompt = list(renderer.history(history).tokens)
        titles = [list(renderer.target(item)) for item in items]
        tokens.append(len(prompt))
        differences = compare(model, half, peers, prompt, titles, found, rows)
        worst, rounded = max(worst, differences[0]), max(rounded, differences[1])
        warm(model, half, lines, head, history, target, rows)
        throughput(model, renderer, [split.test.histories[u] for u in range(BATCH)], rows)
    print(
        f"prompts of {median(tokens):.0f} tokens; largest difference packed - one by one: {worst:.1e}, "
        f"16-bit weights - 32-bit: {rounded:.1e}"
    )
    for name in (*PACKED, "generate", "one by one", "padded"):
        ratios = [median(a / b for a, b in zip(rows[name], rows[against], strict=True)) for against in PACKED]
        told = " ".join(f"{ratio:8.1f} x" for ratio in ratios)
        print(f"  rank {CANDIDATES}: {name:<22} {1e3 * median(rows[name]):9.0f} ms {told}")
    print("  (times as long as each of the three packed rows)")
    print(f"  generated lists name {median(found):.0f} of {CANDIDATES} candidates (median)")
    ratios = [a / b for a, b in zip(rows["cold"], rows["warm"], strict=True)]
    halves = [a / b for a, b in zip(rows["cold"], rows["warm half"], strict=True)]
    print(
        f"new event to ranking of {len(dataset.catalog):,} items: {1e3 * median(rows['warm']):.0f} ms with a "
        f"warm state, its line {median(rows['line']):.0f} tokens; re-reading {EVENTS} events: "
        f"{1e3 * median(rows['cold']):.0f} ms, {median(ratios):.1f} x; with 16-bit weights "
        f"{1e3 * median(rows['warm half']):.0f} ms, {median(halves):.1f} x; "
        f"{median(rows['bytes']) / 1e6:.1f} MB per cached user"
    )
    share = [a / b for a, b in zip(rows["rate"], rows["peak"], strict=True)]
    print(
        f"batch of {BATCH} prompts: {median(rows['speed']):,.0f} tokens/s, {median(rows['rate']) / 1e9:.0f} "
        f"of {median(rows['peak']) / 1e9:.0f} GFLOP/s = {median(share):.0%} of the matrix peak"
    )


def compare(
    model: LocalModel,
    half: LocalModel,
    peers: Peers,
    prompt: list[int],
    titles: list[list[int]],
    found: list[int],
    rows: dict[str, list[float]],
) -> tuple[float, float]:
    """Time the ways; return how far packed scores are from those one by one, and 16-bit weights from 32."""
    texts = [model.tokenizer.decode(title).strip() for title in titles]
    packed = model.score(prompt, titles)
    state, half_state = model.open(prompt), half.open(prompt)
    rounded = half_state.score(titles)
    alone: list[FloatArray] = []
    ways: dict[str, Callable[[], object]] = {
        "packed": lambda: model.score(prompt, titles),
        "packed, warm": lambda: state.score(titles),
        "packed, warm, 16 bits": lambda: half_state.score(titles),
        "generate": lambda: found.append(len(set(peers.generate(prompt, texts)))),
        "one by one": lambda: alone.append(peers.one_by_one(prompt, titles)),
        "padded": lambda: peers.padded(prompt, titles),
    }
    for name, way in ways.items():
        rows.setdefault(name, []).append(timed(way))
    return float(np.abs(packed - alone[0]).max()), float(np.abs(packed - rounded).max())


def item_head(model: LocalModel, catalog: Catalog) -> ItemHead:
    """Return a head of the usual shape; how good its weights are changes no time."""
    torch.manual_seed(0)
    text = torch.nn.functional.normalize(torch.randn(len(catalog), 384), dim=1).numpy()
    return ItemHead(ItemHeadConfig(state_size=model.hidden_size), text).eval()


def warm(
    model: LocalModel,
    half: LocalModel,
    renderer: PromptRenderer,
    head: ItemHead,
    history: History,
    target: int,
    rows: dict[str, list[float]],
) -> None:
    """Time a new event from its arrival to the ranking of every item, on a cached state and without."""
    before = history.first(len(history) - 1)
    after = before.followed_by(np.array([target], dtype=np.int32))

    def top(states: FloatArray) -> list[int]:
        with torch.inference_mode():
            best: list[int] = head(torch.from_numpy(states)).topk(10).indices[0].tolist()
        return best

    answers: list[list[int]] = []
    halved: list[list[int]] = []

    def from_state(store: StateStore, answers: list[list[int]]) -> None:
        prompt = renderer.history(after)
        with store.state("user", prompt.tokens) as state:
            answers.append(top(state.read(prompt.tokens, at=[prompt.event_ends[-1]])))

    def anew() -> None:
        prompt = renderer.history(after)
        answers.append(top(model.encode([prompt.tokens], [[prompt.event_ends[-1]]])[0]))

    known = renderer.history(before).tokens
    for _ in range(5):
        for name, reader, given in (("warm", model, answers), ("warm half", half, halved)):
            store = StateStore(reader, renderer.template.hash)
            with store.state("user", known) as state:
                state.read(known, at=[-1])
            rows.setdefault(name, []).append(timed(partial(from_state, store, given)))
        rows.setdefault("bytes", []).append(float(store.nbytes))
        rows.setdefault("cold", []).append(timed(anew))
        rows.setdefault("line", []).append(float(len(renderer.history(after).tokens) - len(known)))
    # bf16 rounds a state read in one pass and in two differently, which may swap neighbours.
    most = 10 if model.dtype is torch.float32 else 11
    assert all(len({*answer, *answers[0]}) <= most for answer in answers), "a warm ranking is another one"
    assert all(len({*answer, *answers[0]}) <= 11 for answer in halved), "16 bits change more than one item"


def throughput(
    model: LocalModel, renderer: PromptRenderer, histories: list[History], rows: dict[str, list[float]]
) -> None:
    """Time a batch of prompts and the matrix peak beside it."""
    prompts = [list(renderer.history(h.last(EVENTS)).tokens) for h in histories]
    lengths = [len(p) for p in prompts]
    before = matrix_peak(model.dtype)
    seconds = timed(lambda: model.choose(prompts, [[" A", " B"]] * len(prompts)))
    rows.setdefault("peak", []).append(max(before, matrix_peak(model.dtype)))
    rows.setdefault("rate", []).append(operations(model, lengths) / seconds)
    rows.setdefault("speed", []).append(sum(lengths) / seconds)


if __name__ == "__main__":
    main()
