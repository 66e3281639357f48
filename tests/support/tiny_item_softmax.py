"""An untrained item softmax on a tiny random model, whose tokens are bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from support.tiny import tiny_llama

from nextinterest.domain import Catalog
from nextinterest.llm import LocalModel
from nextinterest.llm.tokenizer import ByteTokenizer
from nextinterest.prompts import PromptOptions, PromptTemplate
from nextinterest.retrieval import Encoder
from nextinterest.retrieval.item_head import ItemHead, ItemHeadConfig
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.item_text import catalog_texts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

OPTIONS = PromptOptions(budget=512, max_events=4, drop_stride=2, summarise=False)


class _Bare:
    eos_token_id = None


def tiny_item_softmax(catalog: Catalog, encoder: Encoder) -> ItemSoftmax:
    """Return one of random weights, the same every time."""
    model = LocalModel(tiny_llama(vocab_size=300, spread=0.2), cast("PreTrainedTokenizerBase", _Bare()))
    model.tokenizer = ByteTokenizer()  # type: ignore[assignment]
    torch.manual_seed(1)
    head = ItemHead(ItemHeadConfig(state_size=64, dimension=16), encoder.encode(catalog_texts(catalog)))
    return ItemSoftmax(model, head, catalog, PromptTemplate.named("item-softmax"), OPTIONS, layers=(1, -1))
