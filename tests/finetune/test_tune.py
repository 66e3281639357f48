"""The two recipes end to end on tiny saved models: what is written is what serving loads."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from support.films import WordEncoder
from support.tiny import films, save_tiny, walks

from nextinterest.agent import AgentConfig, Engine
from nextinterest.artifact_files import MadeFrom, read_artifact
from nextinterest.data import Split, leave_last_out
from nextinterest.errors import DataError, IntegrityError, ModelError
from nextinterest.finetune.backbone import open_backbone
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.processes import is_main_process, use_own_gpu
from nextinterest.finetune.reading import read_options
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.finetune.task_config import ChoiceConfig, SupervisedConfig
from nextinterest.finetune.tune_choice import tune_choice
from nextinterest.finetune.tune_supervised import tune_supervised
from nextinterest.finetune.tuned_files import claim_work
from nextinterest.llm import LocalModel, Seq2SeqModel
from nextinterest.prompts import NextItemAnswer, PromptTemplate
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.rerank.choice import ChoiceReranker
from nextinterest.retrieval.tuned import CHOICE, WRITING

MADE = MadeFrom(data="walks")
CHANGES = [
    "examples=24",
    "min_history=2",
    "max_events=4",
    "n_candidates=5",
    "dtype=float32",
    "lora.rank=4",
    "training.epochs=1",
    "training.learning_rate=0.01",
    "training.warmup_steps=0",
]


@pytest.fixture(scope="module")
def split() -> Split:
    return leave_last_out(walks(), 1, 1)


@pytest.fixture(scope="module")
def retriever(split: Split) -> Retriever:
    return Retriever.build(films(), split.train, WordEncoder())


def test_the_choice_is_written_as_serving_loads_it(
    split: Split, retriever: Retriever, tmp_path: Path
) -> None:
    base = save_tiny(tmp_path / "base", "causal")
    config = read_options(ChoiceConfig, None, [*CHANGES, "frozen_layers=1", "cached=true", "orders=1"])
    tuned = tune_choice(
        split,
        retriever,
        open_backbone(base, config),
        config,
        tmp_path / "out",
        made_from=MadeFrom(data="walks"),
    )
    written = read_artifact(tmp_path / "out", CHOICE)
    assert written.content.template_hash == PromptTemplate.named("choice").hash
    assert written.content.validation["choice"] == tuned.choice == tuned.run.metrics
    assert written.content.base_model.fingerprint == LocalModel.load(base, dtype="float32").fingerprint
    assert written.manifest.made_from.data == "walks"
    assert written.folder("adapter") == tmp_path / "out" / "adapter"
    assert tuned.choice != tuned.untrained
    assert tuned.blend["log_loss"] <= tuned.retrieval["log_loss"] + 1e-6

    model = LocalModel.load(base, adapter=tmp_path / "out" / "adapter", dtype="float32")
    reranker = ChoiceReranker(
        model, PromptTemplate.named("choice"), films(), config.prompts, calibrated=False
    )
    lists = RerankingCases.of(retriever, split.validation, config.n_candidates)
    served = reranker.log_probabilities(lists.histories, lists.items)
    assert lists.measure(served) == pytest.approx(tuned.choice, rel=1e-4)

    settings = AgentConfig(
        n_candidates=config.n_candidates,
        max_events=config.max_events,
        max_prompt_tokens=config.budget,
        choice_weight=1.5,
        choice_calibrated=False,
    )
    engine = Engine(retriever, model, settings)
    (ranked,) = engine.rank(lists.histories[:1], config.n_candidates)
    agreed = {int(i): float(p) for i, p in zip(lists.items[0], served[0], strict=True)}
    for item, log_p in zip(ranked.items.tolist(), ranked.parts["choice"].tolist(), strict=True):
        assert log_p == pytest.approx(agreed[item], abs=1e-4)


@pytest.mark.parametrize(("kind", "answer"), [("causal", "json"), ("seq2seq", "title")])
def test_the_writer_is_written_as_serving_loads_it(
    split: Split, retriever: Retriever, tmp_path: Path, kind: str, answer: str
) -> None:
    base = save_tiny(tmp_path / "base", kind)
    frozen = ["frozen_layers=1", "cached=true"] if kind == "causal" else ["checkpointing=true"]
    config = read_options(
        SupervisedConfig, None, [*CHANGES, f"kind={kind}", f"answer={answer}", "validation_cases=10", *frozen]
    )
    backbone = open_backbone(base, config, kind=config.kind)
    tuned = tune_supervised(
        split, retriever, backbone, config, tmp_path / "out", made_from=MadeFrom(data="walks")
    )
    written = read_artifact(tmp_path / "out", WRITING).content
    assert written.validation["supervised"] == tuned.run.metrics
    assert written.template == ("next-item-json" if answer == "json" else "next-title")

    adapter = tmp_path / "out" / "adapter"
    if kind == "causal":
        model: LocalModel | Seq2SeqModel = LocalModel.load(base, adapter=adapter, dtype="float32")
    else:
        model = Seq2SeqModel.load(base, adapter=adapter, dtype="float32")
    row = tuned.task.examples[0]
    assert float(model.score(row.prompt, [row.answer])[0]) == pytest.approx(
        float(tuned.task.score(row.prompt, [row.answer])[0]), rel=1e-4
    )
    prompt = tuned.task.answers.renderer.history(walks().history(0, 5))
    if answer == "json":
        assert backbone.tokenizer.render(prompt.messages) == prompt.text
        assert isinstance(model.generate(prompt.messages, schema=NextItemAnswer), NextItemAnswer)


def test_a_work_folder_is_continued_with_its_own_options_only(tmp_path: Path) -> None:
    config = read_options(ChoiceConfig, None, CHANGES)
    claim_work(tmp_path, config, "walks", resume=True)
    claim_work(tmp_path, config, "walks", resume=True)
    other = config.model_copy(update={"n_candidates": 6})
    with pytest.raises(IntegrityError, match="other options or data"):
        claim_work(tmp_path, other, "walks", resume=True)
    with pytest.raises(IntegrityError, match="other options or data"):
        claim_work(tmp_path, config, "films", resume=True)
    claim_work(tmp_path, other, "walks", resume=False)
    claim_work(tmp_path, other, "walks", resume=True)


def test_options_are_changed_one_by_one_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "choice.yaml"
    file.write_text("n_candidates: 10\ntraining:\n  epochs: 7\n")
    config = read_options(ChoiceConfig, file, ["lora.rank=2", "training.seed=4"])
    assert (config.n_candidates, config.training.epochs, config.training.seed) == (10, 7, 4)
    assert config.training.batch_size == ChoiceConfig().training.batch_size
    assert config.lora == LoraOptions(rank=2)
    with pytest.raises(DataError, match=r"no option \'training\.epoch\'\. Nearest: training\.epochs\."):
        read_options(ChoiceConfig, file, ["training.epoch=3"])
    with pytest.raises(DataError, match="n_candidates"):
        read_options(ChoiceConfig, None, ["n_candidates=40"])
    with pytest.raises(DataError, match="field=value"):
        read_options(ChoiceConfig, None, ["epochs"])
    file.write_text("- a list")
    with pytest.raises(DataError, match="no fields"):
        read_options(ChoiceConfig, file)


@pytest.mark.parametrize(("name", "schema"), [("choice", ChoiceConfig), ("title", SupervisedConfig)])
def test_the_shipped_recipes_are_valid_and_say_how_they_are_run(
    name: str, schema: type[ChoiceConfig] | type[SupervisedConfig]
) -> None:
    file = Path(str(files("nextinterest.finetune"))) / "configs" / "tasks" / f"ml-100k-{name}.yaml"
    assert read_options(schema, file).validation_cases == 943
    first = file.read_text().splitlines()[0]
    assert first.startswith("# Run: nextinterest finetune-task ")
    assert f"configs/tasks/{file.name} " in first


def test_qlora_elsewhere_than_on_cuda_is_refused_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    config = read_options(ChoiceConfig, None, ["lora.quantised=true"])
    with pytest.raises(ModelError, match=r"CUDA only\. Set lora\.quantised to false"):
        open_backbone(tmp_path / "nothing here", config)


def test_each_process_takes_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr("torch.cuda.set_device", taken.append)
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    use_own_gpu()
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    use_own_gpu()
    monkeypatch.delenv("LOCAL_RANK")
    use_own_gpu()
    assert taken == [3]


def test_of_several_processes_the_first_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    assert is_main_process()
    monkeypatch.setenv("RANK", "1")
    assert not is_main_process()


@pytest.mark.parametrize(
    ("change", "nearest"),
    [
        ("training.epoch=3", "training.epochs"),
        ("trainig.epochs=3", "training.epochs"),
        ("epochs=3", "training.epochs"),
        ("lora.rang=4", "lora.rank"),
        ("example=5", "examples"),
    ],
)
def test_an_unknown_option_is_named_with_the_nearest(change: str, nearest: str) -> None:
    with pytest.raises(DataError) as refused:
        read_options(ChoiceConfig, None, [change])
    assert refused.value.message == f"There is no option {change.partition('=')[0]!r}."
    assert refused.value.remedy.startswith(f"Nearest: {nearest}.")
    assert "Sections: lora, training" in refused.value.remedy
    assert "examples" in refused.value.remedy
    assert read_options(ChoiceConfig, None, [f"{nearest}={change.partition('=')[2]}"])  # the remedy


def test_a_refused_option_of_a_file_is_named_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "choice.yaml"
    file.write_text("trainig: {epochs: 3}\nn_candidates: 40\n")
    with pytest.raises(DataError) as refused:
        read_options(ChoiceConfig, file, ["zzz=3"])
    assert f"There is no option 'trainig' in {file}." in refused.value.message
    assert f"The option 'n_candidates' in {file} is not valid" in refused.value.message
    assert "There is no option 'zzz'." in refused.value.message
    assert "Nearest: training." in refused.value.remedy


def test_a_section_takes_no_value() -> None:
    with pytest.raises(DataError, match="'training' is a section") as refused:
        read_options(ChoiceConfig, None, ["training=3"])
    assert "training.epochs" in refused.value.remedy
