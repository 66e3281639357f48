"""The language model as predictor, tiny and random: it learns, caching changes nothing, serving agrees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import torch
from support.tiny import tiny_llama

from nextinterest.data import EventLog, leave_last_out
from nextinterest.domain import Catalog, History
from nextinterest.errors import ModelError
from nextinterest.finetune.adapters import add_lora, decoder_of, quantisation, save_adapter
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.language_task import LanguageInputs, LanguageObjective, LanguageTask
from nextinterest.finetune.language_windows import fixed_windows
from nextinterest.finetune.loop import train
from nextinterest.finetune.lower_layers import LowerLayers, run_lower, run_upper
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.finetune.windows import WindowBatch
from nextinterest.llm import LocalModel
from nextinterest.llm.tokenizer import ByteTokenizer
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.retrieval import Encoder
from nextinterest.retrieval.item_head import ItemHead, ItemHeadConfig
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.item_text import catalog_texts

if TYPE_CHECKING:
    from transformers import PreTrainedModel

OPTIONS = PromptOptions(budget=512, max_events=6, drop_stride=2, summarise=False)
TEMPLATE = PromptTemplate.named("item-softmax")


def tiny() -> PreTrainedModel:
    return tiny_llama(vocab_size=300, spread=None)


class World:
    """Everything a test needs, put together once."""

    def __init__(
        self,
        catalog: Catalog,
        log: EventLog,
        words: Encoder,
        *,
        frozen: int = 1,
        cache: Path | None = None,
        lora: LoraOptions | None = None,
        read: tuple[int, ...] = (3,),
        newest: bool = True,
    ) -> None:
        self.catalog, self.split = catalog, leave_last_out(log, 1, 1)
        self.base = tiny()
        options = lora or LoraOptions(rank=4, dropout=0.0)
        self.model = add_lora(self.base, options, frozen)
        body = decoder_of(self.model)
        torch.manual_seed(1)
        text = words.encode(catalog_texts(catalog))
        self.head = ItemHead(ItemHeadConfig(state_size=32 * len(read), dimension=16, hidden=24), text)
        objective = LanguageObjective(self.model, body, self.head, read, frozen)
        self.renderer = PromptRenderer(TEMPLATE, catalog, ByteTokenizer(), OPTIONS)
        lower = None if cache is None else LowerLayers(body, frozen, read, cache, "tiny")
        self.task = LanguageTask(
            objective,
            self.renderer,
            self.split.train,
            self.split.validation,
            catalog,
            window=6,
            batch_size=8,
            lower=lower,
            newest=newest,
            head_rate=5.0,
            vector_rate=5.0,
        )
        self.task.standardise(20)


def options(epochs: int = 2) -> TrainingConfig:
    return TrainingConfig(epochs=epochs, learning_rate=5e-3, warmup_steps=3, validate_every=1)


def test_only_adapters_above_the_frozen_layers_and_the_head_learn(
    catalog: Catalog, log: EventLog, words: Encoder, tmp_path: Path
) -> None:
    world = World(catalog, log, words)
    before = {name: p.detach().clone() for name, p in world.task.objective.named_parameters()}
    done = train(world.task, options(), tmp_path)
    changed = {
        name
        for name, p in world.task.objective.named_parameters()
        if not torch.equal(p.detach(), before[name])
    }
    assert all("lora_" in name or name.startswith("head.") for name in changed)
    assert any(".layers.1." in name for name in changed)
    assert any(".layers.2." in name for name in changed)
    assert not any(".layers.0." in name for name in changed)
    assert np.mean(done.losses[-5:]) < np.mean(done.losses[:5]) - 0.2


@pytest.mark.parametrize("read", [(3,), (0, 1, 2, 3)])
@pytest.mark.parametrize("newest", [True, False])
def test_caching_the_frozen_layers_changes_nothing(
    catalog: Catalog, log: EventLog, words: Encoder, tmp_path: Path, read: tuple[int, ...], newest: bool
) -> None:
    few = log.keep(log.users < 24)  # three batches in each of two epochs
    plain = train(World(catalog, few, words, read=read, newest=newest).task, options(), tmp_path / "plain")
    cached_world = World(catalog, few, words, read=read, newest=newest, cache=tmp_path / "states")
    cached = train(cached_world.task, options(), tmp_path / "cached")
    assert cached.losses == pytest.approx(plain.losses, rel=1e-3)
    assert list((tmp_path / "states").rglob("*.safetensors"))
    files = len(list((tmp_path / "states").rglob("*.safetensors")))
    assert files == (len(cached_world.task.shown) if newest else files)  # one prompt for both


def test_no_place_sees_an_event_of_validation(catalog: Catalog, log: EventLog, words: Encoder) -> None:
    world = World(catalog, log, words)
    rng = np.random.default_rng(0)
    for i, window in enumerate(world.task.shown):
        (inputs, batch), positions = cast(
            "tuple[tuple[LanguageInputs, WindowBatch], int]",
            world.task.prepare([i], rng, torch.device("cpu")),
        )
        trained = world.split.train.history(window.user)
        assert positions == min(len(trained) - 1, positions)
        assert set(batch.columns.tolist()) <= set(trained.items.tolist())
        text = bytes(t for t in inputs.tokens[0].tolist() if t < 256).decode(errors="ignore")
        later = log.history(window.user).items[len(trained) :]
        assert not any(catalog.titles[int(item)] + "\n" in text for item in set(later) - set(trained.items))


@pytest.mark.parametrize("family", ["llama", "qwen3", "mistral", "gemma3_text"])
def test_lower_and_upper_layers_make_the_whole(family: str) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    shape: dict[str, object] = {"head_dim": 8} if family != "llama" else {}
    if family == "gemma3_text":  # the last layer sees all, the others four tokens
        kinds = ["sliding_attention", "sliding_attention", "full_attention"]
        shape |= {"sliding_window": 4, "layer_types": kinds}
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        family,
        vocab_size=300,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        **shape,
    )
    body = decoder_of(AutoModelForCausalLM.from_config(config).eval())  # type: ignore[no-untyped-call]
    tokens = list(range(3, 40))
    with torch.inference_mode():
        lower = run_lower(body, tokens, 2)
        upper = run_upper(body, lower[2][None], 2)
        out = body(input_ids=torch.tensor([tokens]), output_hidden_states=True)
    assert torch.allclose(out.last_hidden_state, upper[-1], atol=1e-5)
    for found, expected in zip([*lower, upper[1][0]], out.hidden_states, strict=True):
        assert torch.allclose(found, expected[0], atol=1e-5)
    assert [len(lower), len(upper)] == [3, 2]
    assert len(cast(torch.nn.ModuleList, body.layers)) == 3


@pytest.mark.parametrize("read", [(3,), (0, 2, 3)])
def test_serving_scores_what_training_validated(
    catalog: Catalog, log: EventLog, words: Encoder, tmp_path: Path, read: tuple[int, ...]
) -> None:
    world = World(catalog, log, words, read=read)
    train(world.task, options(), tmp_path)
    save_adapter(world.model, tmp_path / "adapter", "tiny")

    from peft import PeftModel

    loaded = PeftModel.from_pretrained(tiny(), str(tmp_path / "adapter")).eval()
    model = LocalModel(loaded, cast("object", _Bytes()))  # type: ignore[arg-type]
    model.tokenizer = ByteTokenizer()  # type: ignore[assignment]
    part = ItemSoftmax(model, world.head, catalog, TEMPLATE, OPTIONS, read)
    expected = np.concatenate(list(world.task.validation_scores()))
    found = part.scores(world.split.validation.histories[:])
    assert np.allclose(found, expected, atol=1e-4)


def test_histories_that_begin_one_another_are_read_once(
    catalog: Catalog, log: EventLog, words: Encoder
) -> None:
    world = World(catalog, log, words)
    model = LocalModel(world.base, cast("object", _Bytes()))  # type: ignore[arg-type]
    model.tokenizer = ByteTokenizer()  # type: ignore[assignment]
    part = ItemSoftmax(model, world.head, catalog, TEMPLATE, OPTIONS)
    whole = log.history(0)
    histories = [whole.first(n) for n in (3, 1, 2, 3, 0)]
    together = part.scores(histories)
    read = part.tokens_read
    assert read == len(world.renderer.history(whole.first(3)).tokens)
    for row, history in enumerate(histories):
        assert np.allclose(together[row], part.scores([history])[0], atol=1e-4)
    assert np.array_equal(part.scores([History(np.empty(0, dtype=np.int32))])[0], together[4])


def test_windows_cover_every_place() -> None:
    rows = fixed_windows([1, 2, 30], window=6, overlap=2)
    assert all(row.user != 0 for row in rows)
    covered = {position for row in rows if row.user == 2 for position in range(row.first, row.end)}
    assert covered == set(range(29))
    assert all(row.end - row.first <= 6 for row in rows)


def test_freezing_every_layer_is_refused() -> None:
    with pytest.raises(ModelError, match="3 layers"):
        add_lora(tiny(), LoraOptions(), frozen_layers=3)


def test_targets_that_do_not_exist_are_named() -> None:
    with pytest.raises(ModelError, match=r"lora\.targets"):
        add_lora(tiny(), LoraOptions(targets=("nothing_proj",)))


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what is wrong without CUDA")
def test_qlora_without_cuda_says_what_to_do_instead() -> None:
    assert quantisation(LoraOptions()) is None
    with pytest.raises(ModelError, match="cached: true"):
        quantisation(LoraOptions(quantised=True))


class _Bytes:
    """The least a tokenizer must have to stand in a `LocalModel`."""

    eos_token_id = None
