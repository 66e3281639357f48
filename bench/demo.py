"""Time and memory of the demo, and how close one reranking pass comes to the machine's matrix peak.

Run: ``python bench/demo.py`` (after ``make demo``, so that assets are in the cache)

The second part reranks 20 candidates for one history: one forward pass of the default model over the
prompt. Its speed in floating-point operations is set against square matrix products of the same data type
measured in the same run, with the same number of threads. Operations counted: two per weight of the layers
and token, and four per attended pair, head and head dimension in attention (the causal half); embeddings,
norms and rotations count as time but not as operations.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from statistics import median

import torch

from nextinterest.agent import RecommenderAgent
from nextinterest.data import leave_one_out, load
from nextinterest.data.assets import DEFAULT_DATA
from nextinterest.llm import LocalModel
from nextinterest.retrieval.rerank import ChoiceReranker

REPEATS = 7


def demo_process() -> None:
    """Run the demo as a user does, and print what the whole process took."""
    walls = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "nextinterest", "demo"], check=True, capture_output=True)
        walls.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1 << 20)
    print(f"demo, whole process: median {median(walls):.1f} s of 3 runs, peak memory {peak:.2f} GB")


def matrix_peak(dtype: torch.dtype, seconds: float = 1.5) -> float:
    """Return the best rate of square matrix products in operations per second."""
    best = 0.0
    for n in (512, 1024, 2048):
        a, b = (torch.randn(n, n).to(dtype) for _ in range(2))
        a @ b
        ended = time.perf_counter() + seconds / 3
        while time.perf_counter() < ended:
            started = time.perf_counter()
            a @ b
            best = max(best, 2 * n**3 / (time.perf_counter() - started))
    return best


def operations(model: LocalModel, tokens: int) -> float:
    """Return the operations of one forward pass over `tokens` tokens, up to the last hidden state."""
    config = model.module.config.get_text_config()
    embedding = sum(p.numel() for p in model.module.get_input_embeddings().parameters())
    weights = sum(p.numel() for p in model.module.parameters()) - embedding
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    attended = tokens * (tokens + 1) / 2
    width = float(config.num_hidden_layers * config.num_attention_heads * head)
    return 2.0 * weights * tokens + 4.0 * width * attended


def rerank() -> None:
    """Rerank 20 candidates of one user and print the share of the matrix peak."""
    dataset = load(DEFAULT_DATA)
    split = leave_one_out(dataset.log)
    agent = RecommenderAgent.from_dataset(dataset, train=split.train)
    assert isinstance(agent.engine.model, LocalModel)
    assert isinstance(agent.engine.reranker, ChoiceReranker)
    history = split.validation.histories[0]
    agent.engine.rank([history])  # letters' own attraction is measured once
    candidates = agent.retriever.recommend([history], 20).items
    before, passes = agent.engine.tokens_used, agent.engine.reranker.forward_passes
    seconds, peaks = [], []
    for _ in range(REPEATS):
        started = time.perf_counter()
        agent.engine.reranker.log_probabilities([history], list(candidates))
        seconds.append(time.perf_counter() - started)
        peaks.append(matrix_peak(agent.engine.model.dtype))
    tokens = (agent.engine.tokens_used - before) // REPEATS
    passes = agent.engine.reranker.forward_passes - passes
    rate = operations(agent.engine.model, tokens) / median(seconds)
    print(
        f"rerank 20 candidates: {passes // REPEATS} forward pass of {tokens} tokens in "
        f"{1e3 * median(seconds):.0f} ms, {tokens / median(seconds):,.0f} tokens/s, "
        f"{agent.engine.model.dtype}, "
        f"{torch.get_num_threads()} threads"
    )
    print(
        f"matrix peak, same type and threads: {median(peaks) / 1e9:.0f} GFLOP/s; the pass runs at "
        f"{rate / 1e9:.0f} GFLOP/s = {rate / median(peaks):.0%} of it"
    )


if __name__ == "__main__":
    demo_process()
    rerank()
