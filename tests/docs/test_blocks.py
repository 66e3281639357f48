"""Every block of the documents that is no shell command: Python runs, settings are read, outputs compared."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.documents import Block, blocks, pages
from support.small_world import Commands

CLIENTS = "docs/clients.md"  # tests/server/test_clients.py runs its examples against a server
PLAIN = {  # values made smaller
    "n_candidates=12, examples=2000": "n_candidates=4, examples=8, validation_cases=6, training={'epochs': 1}"
}
SOLD = "customer,sku,bought_at,name\nann,1,2026-01-01,Tea\nann,2,2026-01-02,Cup\nbob,2,2026-01-03,Cup\n"


def of_language(*languages: str) -> list[Block]:
    return [b for b in blocks() if b.language in languages and not b.not_run]


PYTHON = [page for page in pages() if page != CLIENTS and any(b.page == page for b in of_language("python"))]


@pytest.mark.model
@pytest.mark.parametrize("page", PYTHON)
def test_python_blocks_run_in_the_order_of_their_page(page: str, commands: Commands) -> None:
    Path("events.csv").write_text(SOLD)
    names: dict[str, object] = {"__name__": "example"}
    for block in of_language("python"):
        if block.page != page:
            continue
        code = block.text
        for value, smaller in PLAIN.items():
            code = code.replace(value, smaller)
        commands.place(code)
        exec(compile("\n" * block.line + code, page, "exec", dont_inherit=True), names)  # noqa: S102 - our own page


@pytest.mark.parametrize("block", of_language("yaml"), ids=str)
def test_launchers_settings_are_read_by_accelerate(block: Block, tmp_path: Path) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    path = tmp_path / "settings.yaml"
    path.write_text(block.text)
    read = load_config_from_file(str(path))
    assert read.to_dict().keys() >= yaml.safe_load(block.text).keys()


@pytest.mark.model
@pytest.mark.parametrize("block", of_language("json"), ids=str)
def test_settings_of_assistants_start_the_tools_that_the_page_lists(block: Block, commands: Commands) -> None:
    (server,) = json.loads(block.text)["mcpServers"].values()
    printed = commands.run(shlex.join([server["command"], *server["args"]]))
    page = Path(__file__).parents[2].joinpath(block.page).read_text("utf-8")
    (table,) = re.findall(r"^\| tool \|.*?\n\n", page, re.S | re.M)
    assert set(re.findall(r"^\| `(\w+)`", table, re.M)) == set(printed.split())


@pytest.mark.model
def test_the_demo_prints_what_the_readme_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real data and models: times and memory may differ, titles, ranks and probabilities not."""
    from nextinterest.cli.main import main

    (shown,) = [b.text for b in of_language("text") if b.page == "README.md"]
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main(["demo"])
    assert not ended.value.code
    printed = capsys.readouterr().out
    assert _stable(printed) == _stable(shown)
    assert _percentages(printed) == pytest.approx(
        _percentages(shown), abs=0.02
    )  # processors round differently


def _stable(printed: str) -> str:
    """Return titles, ranks, reasons and tokens as one line; times and memory move the line breaks."""
    return re.sub(r"\d+\.\d+( s\b| GB\b|%)", r"_\1", " ".join(printed.split()))


def _percentages(printed: str) -> list[float]:
    return [float(number) for number in re.findall(r"(\d+\.\d+)%", printed)]


def test_nothing_is_left_out_in_silence(show: Callable[[str], None]) -> None:
    """Blocks are indented by fences, name a language that is run here, or say why they are not run."""
    known = ("sh", "python", "yaml", "json", "text")
    assert [str(block) for block in blocks() if block.language not in known] == []
    outputs = [b for b in of_language("text") if b.page != "README.md"]
    assert [str(block) for block in outputs] == []  # an output belongs to a command, whose test compares it
    left_out = [block for block in blocks() if block.not_run]
    for block in left_out:
        show(f"{block} is not run: {block.not_run}")
    code = [block for block in left_out if block.language != "text"]  # the rest are drawings and formulas
    assert {block.page for block in code} <= {"docs/models.md", "docs/http.md"}
    assert len(code) <= 3
