"""The examples of docs/clients.md, run against a server."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
BLOCKS = re.findall(r"```(python|sh)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
OFFICIAL = "http://127.0.0.1:8000"


@pytest.fixture
def address(listen: Callable[..., str]) -> str:
    return listen(talker=None, keys=("your-key-is-long",))


def ready(code: str, address: str) -> str:
    assert OFFICIAL in code
    code = code.replace('"item_id": "50"', '"item_id": "a"')  # of the data served by default; here, of a few
    return code.replace(OFFICIAL, address).replace("your-key", "your-key-is-long")


def test_the_page_has_examples_of_each_kind() -> None:
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds.count("python") == 5
    assert kinds.count("sh") == 6


@pytest.mark.parametrize("code", [code for kind, code in BLOCKS if kind == "python"])
def test_python_examples(code: str, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    compiled = compile(ready(code, address), str(PAGE), "exec", dont_inherit=True)
    exec(compiled, {"__name__": "example"})  # noqa: S102 - our own page
    printed = capsys.readouterr().out
    if "loved it" in code:
        assert "Alien" in printed
        assert printed.splitlines()[-1] == "feedback"
    elif "responses.create" in code or "stream=True" in code:
        assert "Fargo" in printed
        assert "2 items" in printed.splitlines()
        assert ("previous_response_id" in code) == ("Noted: you liked Heat" in printed)
    elif "Picks" in code:
        assert {line.rpartition(" ")[0] for line in printed.splitlines()} == {"Fargo 1996", "Heat 1995"}
    else:
        assert printed.strip()


@pytest.mark.parametrize("code", [code for kind, code in BLOCKS if kind == "sh"])
def test_curl_examples(code: str, address: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    run = subprocess.run(["sh", "-c", ready(code, address)], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr
    assert '"error"' not in run.stdout
    expected = {
        "events": '"accepted":1',
        "recommend": '"items":[',
        "similar": '"items":[',
        "requests": '"items":[',
        "forecast": '"next_step"',
    }
    route = next((name for name in expected if f"/{name}" in code), None)
    assert (expected[route] if route else "data: [DONE]") in run.stdout
