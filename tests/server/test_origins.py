"""Pages of other origins: refused without keys, allowed by name, never by a wildcard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from nextinterest.server.settings import ServerSettings

APP = "https://app.example"
KEY = "a-long-enough-test-key"
CHAT = "/v1/chat/completions"
BODY = {"model": "nextinterest", "messages": [{"role": "user", "content": "hi"}]}
ASKED = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-nextinterest-user",
}
Serve = Callable[..., TestClient]


def test_without_the_option_no_origin_is_answered(serve: Serve) -> None:
    client = serve()
    asked = client.options(CHAT, headers={"Origin": APP} | ASKED)
    assert asked.status_code == 405
    read = client.get("/v1/models", headers={"Origin": APP})
    assert read.status_code == 200
    assert read.headers["cross-origin-resource-policy"] == "same-origin"
    for answer in (asked, read):
        assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("keys", [(), (KEY,)])
def test_an_allowed_origin_may_call(serve: Serve, keys: tuple[str, ...]) -> None:
    client = serve(keys=keys, origins=("https://other.example", f"{APP}/"))
    asked = client.options(CHAT, headers={"Origin": APP, "Sec-Fetch-Site": "cross-site"} | ASKED)
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == APP
    assert "POST" in asked.headers["access-control-allow-methods"]
    allowed = asked.headers["access-control-allow-headers"]
    assert {"authorization", "content-type", "x-nextinterest-user"} <= set(allowed.split(", "))
    headers = {"Origin": APP, "Sec-Fetch-Site": "cross-site", "Authorization": f"Bearer {KEY}"}
    answers = [client.post(CHAT, json=BODY, headers=headers), client.get("/v1/models", headers=headers)]
    assert [answer.status_code for answer in answers] == [200, 200]
    refused = client.post(CHAT, json=BODY | {"n": 2}, headers=headers)
    assert refused.status_code == 422
    for answer in (*answers, refused):
        assert answer.headers["access-control-allow-origin"] == APP
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "Origin" in answer.headers["vary"]
    if keys:  # a page may read why it was refused
        unknown = client.get("/v1/models", headers={"Origin": APP})
        assert (unknown.status_code, unknown.headers["access-control-allow-origin"]) == (401, APP)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{APP}.evil.example", "http://app.example"]
)
def test_other_origins_get_nothing(serve: Serve, origin: str) -> None:
    client = serve(origins=(APP,))
    asked = client.options(CHAT, headers={"Origin": origin} | ASKED)
    assert asked.status_code == 405
    sent = client.post(CHAT, json=BODY, headers={"Origin": origin})
    assert sent.status_code == 403
    assert sent.json()["error"]["code"] == "wrong_origin"
    for answer in (asked, sent):
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:9000", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://localhost:8000"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "file://127.0.0.1:8000"}, 403),
    ],
)
def test_no_page_of_another_site_can_change_anything(
    serve: Serve, headers: dict[str, str], status: int
) -> None:
    client = serve()
    events = {"events": [{"item_id": "a"}]}
    asked = [
        client.post("/v1/users/zoe/events", json=events, headers=headers),
        client.put("/v1/items", json={"items": [{"id": "z", "title": "Z"}]}, headers=headers),
        client.delete("/v1/items/z", headers=headers),
        client.delete("/v1/users/zoe", headers=headers),
        client.post(CHAT, json=BODY, headers=headers),
    ]
    assert {answer.status_code for answer in asked} == {status}


def test_what_a_form_can_send_is_refused(serve: Serve) -> None:
    client = serve()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        body = b'{"events": [{"item_id": "a"}]}'
        answer = client.post("/v1/users/zoe/events", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 415
    assert client.get("/v1/users").json()["users"] == []


def test_with_keys_a_page_needs_one_as_everybody(serve: Serve) -> None:
    client = serve(keys=(KEY,))
    headers = {"Origin": "https://evil.example", "Authorization": f"Bearer {KEY}"}
    answer = client.post(CHAT, json=BODY, headers=headers)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example", "app.example", "https://a.example/x", "null", ""]
)
def test_what_is_no_origin(origin: str) -> None:
    with pytest.raises(ValidationError):
        ServerSettings(origins=(origin,))
