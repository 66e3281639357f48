"""HEAD is answered wherever GET is."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from fastapi.testclient import TestClient

from nextinterest.server.routes.page import PAGE_PATHS

PATHS = (
    *sorted(PAGE_PATHS), "/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/models", "/v1/users",
    "/v1/users/zoe", "/v1/items/a", "/v1/items?query=alien", "/v1/catalogue", "/v1/items/nowhere",
)  # fmt: skip


def test_head_is_get_without_the_body(serve: Callable[..., TestClient]) -> None:
    client = serve()
    for path in PATHS:
        got, head = client.get(path), client.head(path)
        assert head.status_code == got.status_code, path
        assert head.content == b"", path
        assert head.headers["Content-Type"] == got.headers["Content-Type"], path
    counted = client.get("/metrics").text.splitlines()
    assert any('method="HEAD"' in line and 'route="/healthz"' in line for line in counted)


def test_a_real_server_answers_head(listen: Callable[..., str]) -> None:
    with httpx.Client(base_url=listen()) as client:
        for path in ("/", "/healthz", "/readyz"):
            answer = client.head(path)
            assert answer.status_code == 200
            assert int(answer.headers["Content-Length"]) > 0
            assert client.get(path).status_code == 200  # the connection is still sound


@pytest.mark.parametrize("path", ["/healthz", "/v1/users", "/v1/users/zoe"])
def test_what_a_path_allows_names_head(serve: Callable[..., TestClient], path: str) -> None:
    answer = serve().request("PATCH", path, json={})
    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer.headers["Allow"].split(", "))


def test_what_has_no_get_has_no_head(serve: Callable[..., TestClient]) -> None:
    answer = serve().head("/v1/recommend")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_a_key_is_needed_for_head_as_for_get(serve: Callable[..., TestClient]) -> None:
    client = serve(keys=("a-key-that-is-long-enough",))
    assert client.head("/healthz").status_code == 200
    assert client.head("/v1/users").status_code == 401
