"""One argument picks the model: every form of it, and what is said of forms that are none."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from support.endpoint import Reply, serving
from support.saved_llama import save_tiny_llama
from transformers import AutoModelForCausalLM, AutoTokenizer

from nextinterest.errors import AssetError, ModelError
from nextinterest.llm import (
    EndpointSettings,
    LanguageModel,
    LocalModel,
    Message,
    OpenAICompatibleModel,
    ScriptedLanguageModel,
    open_model,
)
from nextinterest.llm.opening import LanguageModelLike, name_of, remote_name

ASK = [Message(role="user", content="hi")]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "NEXTINTEREST_API_KEY", "OPENAI_BASE_URL", "NEXTINTEREST_MAX_COST"):
        monkeypatch.delenv(name, raising=False)


def test_a_folder_as_text_or_path(tmp_path: Path) -> None:
    folder = save_tiny_llama(tmp_path / "tiny")
    for spec in (folder, str(folder)):
        model = open_model(spec)
        assert isinstance(model, LocalModel)
        assert isinstance(model, LanguageModel)
        assert name_of(model) == str(folder)
        assert model.capabilities.hidden_states
        assert not model.capabilities.instructed  # 135 million weights read messages worse than the rules


def test_a_pair_of_transformers(tmp_path: Path) -> None:
    folder = save_tiny_llama(tmp_path / "tiny")
    module = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = open_model(cast("LanguageModelLike", (module, tokenizer)))
    assert isinstance(model, LocalModel)
    assert model.tokenizer.encode("a") == open_model(folder).tokenizer.encode("a")
    assert name_of(model) is None  # nothing says where it can be loaded again
    with pytest.raises(ModelError, match="in this order"):
        open_model(cast("LanguageModelLike", (tokenizer, module)))


def test_an_object_is_taken_as_it_is() -> None:
    model = ScriptedLanguageModel()
    assert open_model(model) is model


@pytest.mark.parametrize("spec", [7, object(), ("a", "b"), ScriptedLanguageModel, [1, 2]])
def test_what_is_no_model_is_said(spec: object) -> None:
    with pytest.raises(ModelError, match="is no language model"):
        open_model(cast("LanguageModelLike", spec))


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(AssetError, match="no language-model"):
        open_model("./nothing here")


@pytest.mark.parametrize(
    ("spec", "model", "url"),
    [
        ("openai:m@http://h:1/v1", "m", "http://h:1/v1"),
        ("openai:org/big-3@https://h/v1", "org/big-3", "https://h/v1"),
        ("openai:m@2024@http://u:p@h/v1?key=k", "m@2024", "http://h/v1"),
        ("openai:gpt-x", "gpt-x", "https://api.openai.com/v1"),
    ],
)
def test_names_of_endpoints(spec: str, model: str, url: str) -> None:
    named = remote_name(spec)
    assert named is not None
    assert (named.model, str(named)) == (model, f"openai:{model}@{url}")


@pytest.mark.parametrize("spec", ["openai:", "openai:@http://h/v1", "openai:http://h/v1", "openai:m@"])
def test_an_endpoint_without_a_model_is_said(spec: str) -> None:
    with pytest.raises(ModelError, match="openai:MODEL@URL"):
        open_model(spec)


@pytest.mark.parametrize("place", ["127.0.0.1:18501/v1", "h", "user:pw-1@h/v1", "2024", "//h/v1"])
def test_an_address_without_a_scheme_is_refused_and_the_right_form_works(place: str) -> None:
    with pytest.raises(ModelError, match="without http:// or https://") as caught:
        open_model(f"openai:strong@{place}")
    assert "pw-1" not in str(caught.value)
    if "pw-1" not in place and "//" not in place:
        named = remote_name(caught.value.remedy.rpartition(" ")[2].removesuffix("."))
        assert named is not None
        assert (named.model, named.url) == ("strong", f"http://{place}")


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "NEXTINTEREST_API_KEY"])
def test_an_endpoint_by_name_sends_the_key_and_shows_it_nowhere(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "key-of-mine")
    with serving(Reply("hello")) as endpoint:
        model = open_model(f"openai:m@{endpoint.url}")
        assert model.generate(ASK) == "hello"
        assert endpoint.headers[-1]["authorization"] == "Bearer key-of-mine"
    assert isinstance(model, OpenAICompatibleModel)
    assert name_of(model) == f"openai:m@{endpoint.url}"
    assert "key-of-mine" not in repr(model) + str(name_of(model)) + model.fingerprint
    assert model.capabilities.remote
    assert model.capabilities.instructed


def test_settings_come_from_arguments_then_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTINTEREST_INPUT_PRICE", "0.25")
    monkeypatch.setenv("NEXTINTEREST_OUTPUT_PRICE", "2")
    monkeypatch.setenv("NEXTINTEREST_CONCURRENCY", "3")
    found = EndpointSettings.of(EndpointSettings(concurrency=5), max_cost=1.5)
    assert (found.input_price, found.output_price, found.concurrency, found.max_cost) == (0.25, 2, 5, 1.5)
    monkeypatch.setenv("NEXTINTEREST_TIMEOUT", "soon")
    with pytest.raises(ModelError, match="timeout"):
        EndpointSettings.of()


def test_a_tokenizer_that_is_named_counts(tmp_path: Path) -> None:
    folder = save_tiny_llama(tmp_path / "tiny")
    own = open_model(folder).tokenizer
    model = open_model("openai:m@http://127.0.0.1:9/v1", endpoint=EndpointSettings(tokenizer=str(folder)))
    text = "Heat (1995), liked\n"
    assert model.tokenizer.encode(text) == own.encode(text)
    assert model.tokenizer.special_tokens == own.special_tokens
    assert not model.tokenizer.has_chat_template  # the endpoint has its own
    with pytest.raises(AssetError, match="no language-model"):
        open_model("openai:m@http://127.0.0.1:9/v1", endpoint=EndpointSettings(tokenizer="./nothing here"))


def test_a_limit_of_cost_needs_prices() -> None:
    with pytest.raises(ModelError, match="input_price and output_price"):
        EndpointSettings.of(None, max_cost=1.0)
