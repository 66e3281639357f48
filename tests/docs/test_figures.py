"""Figures in the documents come from commands: tables name them, `make figures` runs the long ones."""

from __future__ import annotations

from collections.abc import Callable

import yaml
from support.documents import ROOT, blocks, inline_commands, pages, tables

FIGURES = ROOT / "docs" / "figures"


def test_every_table_of_figures_names_its_command_or_says_why_it_has_none(
    show: Callable[[str], None],
) -> None:
    of_figures = [table for table in tables() if table.has_figures()]
    assert [str(table) for table in of_figures if not (table.commands or table.excused)] == []
    for table in of_figures:
        if table.excused:
            show(f"{table} has no command: {table.excused}")


def test_figures_are_made_by_the_commands_of_the_documents() -> None:
    written = {command for page in pages() for _, command, _ in inline_commands(page)}
    written |= {command for block in blocks() if block.language == "sh" for command in block.commands()}
    figures = yaml.safe_load((FIGURES / "figures.yaml").read_text("utf-8"))
    assert [name for name, figure in figures.items() if figure["command"] not in written] == []
    for name, figure in figures.items():
        kept = (FIGURES / f"{name}.txt").read_text("utf-8").splitlines()
        assert kept[0] == f"command: {figure['command']}", name
        assert kept[1].startswith(("date: ", "not run: ")), name
        assert str(ROOT) not in "\n".join(kept)
