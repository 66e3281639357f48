"""No error, log or representation shows a key, a password or a token."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from support.endpoint import Endpoint, Reply, failure, serving

from nextinterest.errors import ModelError, ProviderError
from nextinterest.llm.openai_compatible import connect
from nextinterest.messages import Message
from nextinterest.redaction import redact

KEY = "abc/DEF+0123456789"
PASSWORD = "p w-99!"
TOKEN = "tok-4711-xyz"
ASK = [Message(role="user", content="hi")]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


def url(endpoint: Endpoint) -> str:
    place = f"127.0.0.1:{endpoint.server_port}/v1?key={TOKEN}&v=2024-10"
    return f"http://ann:{quote(PASSWORD, safe='')}@{place}"


ECHOES = [
    f"Incorrect API key provided: {KEY}.",
    f"Authorization: Bearer {KEY}",
    f"headers {{'Authorization': 'Bearer {KEY}'}}",
    f"no route for /v1/chat/completions?key={TOKEN}",
    f"http://ann:{PASSWORD}@host/",
    f"http://ann:{quote(PASSWORD)}@host/",
    f"Basic {base64.b64encode(f'ann:{PASSWORD}'.encode()).decode()}",
    f"key {quote(KEY, safe='')} is not known",
    KEY,
]


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_nothing_that_an_endpoint_echoes_is_shown(endpoint: Endpoint, echo: str, status: int) -> None:
    endpoint.script = [failure(status, echo)]
    model = endpoint.model(url=url(endpoint), api_key=KEY, retries=1)
    with pytest.raises(ProviderError) as caught:
        model.generate(ASK)
    shown = "".join(traceback.format_exception(caught.value)) + repr(model) + repr(model.__dict__)
    for secret in (KEY, PASSWORD, TOKEN, quote(KEY, safe=""), quote(PASSWORD, safe="")):
        assert secret not in shown
    assert f"127.0.0.1:{endpoint.server_port}/v1" in str(caught.value)


def test_credentials_in_an_address_are_sent(endpoint: Endpoint) -> None:
    model = endpoint.model(url=url(endpoint), api_key=f" {KEY}\n")
    assert model.generate(ASK) == "hello there"
    assert endpoint.paths == [f"/v1/chat/completions?key={TOKEN}&v=2024-10"]
    assert endpoint.headers[0]["authorization"].startswith("Basic ")
    plain = endpoint.model(api_key=f" {KEY}\n")
    plain.generate(ASK)
    assert endpoint.headers[1]["authorization"] == f"Bearer {KEY}"
    assert plain.fingerprint == model.fingerprint  # a new password is no other model


def test_logs_of_the_client_show_no_credentials(endpoint: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        endpoint.model(url=url(endpoint), api_key=KEY).generate(ASK)
    assert "HTTP Request" in caplog.text
    for secret in (KEY, PASSWORD, quote(PASSWORD, safe=""), TOKEN):
        assert secret not in caplog.text


def test_an_address_that_is_none_is_shown_without_its_password() -> None:
    with pytest.raises(ModelError) as caught:
        connect(f"ftp://ann:{PASSWORD.replace(' ', '')}@host/v1?key={TOKEN}")
    assert TOKEN not in str(caught.value)
    assert "99" not in str(caught.value)


@pytest.mark.parametrize("key", ["kéy-123456", "key\x00-1234", "two\nlines-1234"])
def test_a_key_that_cannot_be_sent_is_refused_unseen(key: str) -> None:
    with pytest.raises(ModelError, match="characters that cannot be sent") as caught:
        connect("http://127.0.0.1:9/v1", api_key=key)
    assert "1234" not in str(caught.value)


def test_an_endless_body_is_shortened(endpoint: Endpoint) -> None:
    endpoint.script = [Reply(status=502, raw="<html>\n" + "gateway \x1b[31m" * 100_000)]
    with pytest.raises(ProviderError) as caught:
        endpoint.model(retries=1).generate(ASK)
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens: 5 is too large",
        "Unexpected token < in JSON at position 0",
        "Missing bearer or basic authentication in header",
        "postgresql at db.example:5432, user ann",
        "the model sk-2 at http://127.0.0.1:8000/v1",
    ],
)
def test_harmless_text_stays(text: str) -> None:
    assert redact(text, ["none"[:3], ""]) == text


@pytest.mark.parametrize(
    "text",
    [
        "https://SECRET99@host/v1",
        "postgresql://ann:SECRET99@db/x",
        '{"api_key": "SECRET99"}',
        "x-api-key: SECRET99",
        "password='SECRET99'",
        "access_token=SECRET99&x=1",
        "Bearer SECRET99",
        "proxy-authorization: Basic SECRET99",
        "https://host/cb#access_token=SECRET99",
        "sk-SECRET99SECRET99",
        "eyJSECRET99.SECRET99.SECRET99",
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str) -> None:
    assert "SECRET99" not in redact(text)
