"""One-time conversion of a GGUF file to a transformers checkpoint: config, safetensors and tokenizer.

transformers loads GGUF by dequantising it on every start, which takes seconds, and such a model refuses
``save_pretrained`` and ``.float()`` because its config still says it is quantised. So the model is rebuilt from
its config without that entry, given the dequantised weights and saved once.

The weights are stored in fp32. A Q4_1 weight is ``d * q + m`` with d and m in fp16 and q of four bits, a Q6_K
or Q4_K weight a product of more factors still: such values need more bits than the 11 of fp16 or the 8 of
bf16, and rounding a second time would make a model that is not the published one. Whoever wants bf16 asks for
it at load time.

Knows nothing of where the file came from.
"""

from __future__ import annotations

import copy
from pathlib import Path

__all__ = ["convert_gguf"]


def convert_gguf(gguf: Path, folder: Path) -> None:
    """Write the checkpoint and the tokenizer of a GGUF file into a folder.

    The result loads with ``AutoModelForCausalLM.from_pretrained(folder)`` and
    ``AutoTokenizer.from_pretrained(folder)``; the tokenizer keeps its special tokens and chat template.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        quantised = AutoModelForCausalLM.from_pretrained(
            gguf.parent, gguf_file=gguf.name, dtype=torch.float32, local_files_only=True
        )
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True)
    finally:
        if bars:
            logging.enable_progress_bar()
    config = copy.deepcopy(quantised.config)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(quantised.state_dict())
    model.tie_weights()
    if quantised.generation_config is not None:
        model.generation_config = quantised.generation_config
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
