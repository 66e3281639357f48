"""What frozen, cached lower layers save when the language model is tuned on a CPU.

    OMP_NUM_THREADS=1 python bench/finetune_layers.py      each case in a process of its own, in turn

One training step (forward, backward, AdamW) on the same prompts of MovieLens-100K, by how much of SmolLM2
learns:

    all        LoRA in all 30 layers
    uncached   LoRA in the layers above 20, the lower ones run at every step
    cached     the same, the lower layers' outputs read from disk
    head       no adapters: the head alone, on cached states of layers 10, 14 and 20

Prints processor seconds a step (so a busy machine does not show, on one thread), tokens a second, how many
times faster than the first case; for cached cases also what the one pass that fills the cache takes.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES: dict[str, dict[str, object]] = {
    "all": {"frozen_layers": 0, "cached": False, "read": [-1]},
    "uncached": {"frozen_layers": 20, "cached": False, "read": [-1]},
    "cached": {"frozen_layers": 20, "cached": True, "read": [-1]},
    "head": {"lora": None, "cached": True, "read": [10, 14, 20]},
}


def measure(case: str, prompts: int, steps: int) -> dict[str, float]:
    """Return the numbers of one case."""
    import numpy as np
    import torch

    from nextinterest.data import leave_last_out, load
    from nextinterest.finetune.language_config import LanguageConfig
    from nextinterest.finetune.language_recipe import language_task

    data = load("ml-100k")
    split = leave_last_out(data.log, 10, 5)
    text = np.random.default_rng(0).standard_normal((len(data.catalog), 384), dtype=np.float32)
    config = LanguageConfig.model_validate(
        {"dtype": "float32", "hidden": 384, "dimension": 128, **CASES[case]}
    )
    with tempfile.TemporaryDirectory() as folder:
        task, _ = language_task(data.catalog, split.train, split.validation, text, config, Path(folder))
        batch = np.random.default_rng(0).permutation(len(task.shown))[:prompts].tolist()
        rng, device = np.random.default_rng(0), torch.device("cpu")
        started = time.process_time()
        inputs, places = task.prepare(batch, rng, device)
        filled = time.process_time() - started
        learned = [p for p in task.objective.parameters() if p.requires_grad]
        optimiser = torch.optim.AdamW(learned)
        task.objective.train()
        took = []
        for _ in range(steps):
            started = time.process_time()
            inputs, places = task.prepare(batch, rng, device)
            (task.objective(*inputs) / places).backward()
            optimiser.step()
            optimiser.zero_grad()
            took.append(time.process_time() - started)
        tokens = int(inputs[0].tokens.ne(0).sum())  # type: ignore[attr-defined]
    return {
        "seconds": min(took),
        "tokens": tokens,
        "learned": sum(p.numel() for p in learned),
        "filled": filled,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def main() -> None:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("--prompts", type=int, default=2)
    parser.add_argument("--steps", type=int, default=2)
    asked = parser.parse_args()
    if asked.case:
        print(json.dumps(measure(asked.case, asked.prompts, asked.steps)))
        return
    first = 0.0
    heads = ("s a step", "tokens/s", "times faster", "fill, s", "learned", "peak GB")
    print(f"{'case':10}" + "".join(f"{head:>13}" for head in heads))
    for case in CASES:
        command = [sys.executable, __file__, "--case", case]
        command += ["--prompts", str(asked.prompts), "--steps", str(asked.steps)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        got = json.loads(done.stdout.splitlines()[-1])
        first = first or got["seconds"]
        fill = f"{got['filled']:.1f}" if CASES[case]["cached"] else ""
        print(
            f"{case:10}{got['seconds']:13.2f}{got['tokens'] / got['seconds']:13.0f}"
            f"{first / got['seconds']:13.1f}{fill:>13}{got['learned']:13,}{got['peak_gb']:13.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
