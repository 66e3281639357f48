"""The published OpenAPI document against the server: schemathesis asks, and every answer must fit.

Left out is its check ``positive_data_acceptance``: which items the catalogue has, and which histories have
times, cannot be written into a schema.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from nextinterest.llm import ScriptedLanguageModel

GENERATED = '{"interests": [], "titles": ["Fargo"]}'
"""What the model answers to /v1/generate."""


def test_the_examples_work(listen: Callable[..., str], model: ScriptedLanguageModel) -> None:
    model.answers.append(GENERATED)
    with httpx.Client(base_url=listen(talker=None)) as client:
        document = client.get("/openapi.json").json()
        schemas = document["components"]["schemas"]
        tried: set[str] = set()
        # Items first: the events' example is about the item of the items' example.
        for path, operations in sorted(document["paths"].items(), key=lambda named: "items" not in named[0]):
            for method, operation in operations.items():
                if "requestBody" not in operation:
                    continue
                reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                examples = schemas[reference.rpartition("/")[2]].get("examples", [])
                assert examples, path
                for example in examples:
                    answer = client.request(method, path.replace("{user}", "zoe"), json=example)
                    assert answer.status_code == 200, (path, answer.text)
                    tried.add(path)
    assert len(tried) == 10


def test_the_document_names_keys_where_there_are_some(serve: Callable[..., TestClient]) -> None:
    key = "a-long-enough-test-key"
    client = serve(keys=(key,))
    document = client.get("/openapi.json", headers={"Authorization": f"Bearer {key}"}).json()
    assert document["components"]["securitySchemes"] == {"HTTPBearer": {"type": "http", "scheme": "bearer"}}
    assert document["paths"]["/v1/users"]["get"]["security"] == [{"HTTPBearer": []}]


@pytest.mark.slow
def test_schemathesis_passes(
    listen: Callable[..., str], tmp_path: Path, model: ScriptedLanguageModel
) -> None:
    model.answers.extend([GENERATED] * 10_000)
    address = listen(
        requests_per_minute=10_000_000,
        max_k=10_000,
        max_events_per_request=10_000,
        max_body_bytes=1 << 26,
    )
    run = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", f"{address}/openapi.json",
            "--checks", "all", "--exclude-checks", "positive_data_acceptance",
            "--max-examples", "20", "--seed", "7", "--generation-database", "none", "--no-color",
            "--continue-on-failure",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-8000:]
    counts = re.search(r"(\d+) generated, (\d+) passed", run.stdout)
    assert counts is not None, run.stdout[-2000:]
    assert counts[1] == counts[2]
    assert int(counts[1]) > 1000
