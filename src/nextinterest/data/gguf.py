"""One-time conversion of a GGUF file to a transformers checkpoint: config, safetensors and tokenizer.

transformers loads GGUF by dequantising it on every start, which takes seconds, and such a model refuses
``save_pretrained`` and ``.float()`` because its config still says it is quantised. So the model is rebuilt
from its config without that entry, given the dequantised weights and saved once.

The weights are stored in fp32. A Q4_1 weight is ``d * q + m`` with d and m in fp16 and q of four bits, a Q6_K
or Q4_K weight a product of more factors still: such values need more bits than the 11 of fp16 or the 8 of
bf16, and rounding a second time would make a model that is not the published one. Whoever wants bf16 asks for
it at load time.

Knows nothing of where the file came from.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import errno
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers.pre_tokenizers import PreTokenizer
    from transformers import PreTrainedTokenizerBase

__all__ = ["convert_gguf"]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' bars and tqdm's, which do not ask whether stderr is a terminal, from being drawn."""
    logger = logging.getLogger("transformers")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)


def _pre_tokenizer(kind: str) -> PreTokenizer | None:
    """Return the splitting of text before merges that GGUF records by a name only, where it is known."""
    from tokenizers import pre_tokenizers

    if kind != "smollm":
        return None
    # The published tokenizer splits digits first; without that, spaces before digits merge otherwise.
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )


def _metadata(gguf: Path) -> dict[str, object]:
    """Return the few entries of the file's header that transformers leaves out of the tokenizer."""
    from gguf import GGUFReader

    fields = GGUFReader(gguf).fields
    wanted = ("tokenizer.ggml.pre",)
    return {name: fields[name].contents() for name in wanted if name in fields}


def _tokenizer(gguf: Path, max_length: int) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
        gguf.parent, gguf_file=gguf.name, local_files_only=True
    )
    splitting = _pre_tokenizer(str(_metadata(gguf).get("tokenizer.ggml.pre")))
    if splitting is not None:
        tokenizer.backend_tokenizer.pre_tokenizer = splitting
    tokenizer.model_max_length = max_length
    return tokenizer


def _return_freed_memory() -> None:
    """Give freed memory back to the system at once.

    glibc keeps 0.4 GB of what dequantising freed, and the model is loaded next, on top of it: the memory peak
    of a first run. Other C libraries do without.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def convert_gguf(gguf: Path, folder: Path) -> None:
    """Write the checkpoint and the tokenizer of a GGUF file into a folder.

    The result loads with ``AutoModelForCausalLM.from_pretrained(folder)`` and
    ``AutoTokenizer.from_pretrained(folder)``; the tokenizer keeps its special tokens and chat template.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    with _quiet():
        quantised = AutoModelForCausalLM.from_pretrained(
            gguf.parent, gguf_file=gguf.name, dtype=torch.float32, local_files_only=True
        )
        config = copy.deepcopy(quantised.config)
        if hasattr(config, "quantization_config"):
            del config.quantization_config
        # Takes the weights over: two copies of them would be the memory peak of a first run.
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
        model.load_state_dict(quantised.state_dict(), assign=True)
        model.tie_weights()
        if quantised.generation_config is not None:
            model.generation_config = quantised.generation_config
        try:
            model.save_pretrained(folder)
        except SafetensorError as error:  # it writes files itself and has no OSError of its own
            raise OSError(errno.EIO, f"the weights could not be written ({error})") from error
        _tokenizer(gguf, config.max_position_embeddings).save_pretrained(folder)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # safetensors writes for the owner alone; a shared cache is read by others
    del quantised, model
    _return_freed_memory()
