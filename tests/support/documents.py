"""README and docs as what can be run: fenced blocks, commands among inline code, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PROGRAMS = ("nextinterest", "python", "make", "pip", "accelerate", "pytest", "tensorboard", "curl", "printf")
_COMMAND = re.compile(rf"([A-Z_]+=\S+ )*({'|'.join(PROGRAMS)}) \S")
_MARK = re.compile(r"<!-- (not run|no command): (.+?) -->")


@dataclass(frozen=True)
class Block:
    """A fenced block; `not_run` is the reason given above it, `section` the text of the headings over it."""

    page: str
    line: int
    language: str
    text: str
    not_run: str | None
    section: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def commands(self) -> list[str]:
        """Return the command lines of a shell block, continued lines joined, what is optional kept."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [clean(line) for line in lines if line.strip() and not line.startswith("#")]


@dataclass(frozen=True)
class Table:
    """A table; `commands` are those of its section, `excused` the reason for having none."""

    page: str
    line: int
    section: str
    rows: tuple[tuple[str, ...], ...]
    commands: tuple[str, ...]
    excused: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def has_figures(self) -> bool:
        """Whether most cells beside the first column are numbers."""
        cells = [cell for row in self.rows[1:] for cell in row[1:] if cell]
        return sum(bool(re.match(r"[*+-]*[\d.]", cell)) for cell in cells) * 2 > len(cells)


def clean(command: str) -> str:
    """Return a command line on one line, without its comment and the brackets of what is optional."""
    command = re.sub(r"\s#\s.*$", "", command.strip())
    return " ".join(re.sub(r"\[(-[^\]]*)\]", r"\1", command).split())


@cache
def pages() -> tuple[str, ...]:
    """Return the documents, README first, as paths from the repository's root."""
    found = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("artifacts/*/README.md"))]
    return tuple(str(path.relative_to(ROOT)) for path in found)


@cache
def _tokens(page: str) -> tuple[Token, ...]:
    return tuple(MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text("utf-8")))


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _walk(page: str) -> Iterator[tuple[Token, str | None, str]]:
    """Yield each token with the mark just above it and the heading over it."""
    mark, section = None, ""
    for before, token in pairwise((Token("", "", 0), *_tokens(page))):
        if before.type == "heading_open":
            section = token.content
        yield token, mark, section
        if token.type == "html_block":
            found = _MARK.search(token.content)
            mark = found[2] if found else None
        else:
            mark = None


@cache
def blocks() -> tuple[Block, ...]:
    """Return every block of code of every page, in order."""
    return tuple(
        Block(page, _line(token), token.info, token.content, mark, section)
        for page in pages()
        for token, mark, section in _walk(page)
        if token.type in ("fence", "code_block")
    )


@cache
def spans(page: str) -> tuple[tuple[int, str, str], ...]:
    """Return the inline code of a page: line, text, section."""
    return tuple(
        (_line(token), " ".join(child.content.split()), section)
        for token, _, section in _walk(page)
        if token.type == "inline"
        for child in token.children or ()
        if child.type == "code_inline"
    )


@cache
def inline_commands(page: str) -> tuple[tuple[int, str, str], ...]:
    """Return the command lines among the inline code: line, command, section."""
    return tuple(
        (line, clean(text), section) for line, text, section in spans(page) if _COMMAND.match(clean(text))
    )


@cache
def recipes() -> tuple[tuple[str, str], ...]:
    """Return the run line at the head of every configuration, with its path."""
    found = []
    for path in sorted((ROOT / "src/nextinterest").glob("**/configs/**/*.yaml")):
        first = path.read_text("utf-8").splitlines()[0]
        found.append((str(path.relative_to(ROOT)), first.removeprefix("# Run: ")))
    return tuple(found)


@cache
def tables() -> tuple[Table, ...]:
    """Return every table of every page, with the commands of its section."""
    found = []
    for page in pages():
        named: dict[str, list[str]] = {}
        for block in blocks():
            if block.page == page and block.language == "sh":
                named.setdefault(block.section, []).extend(block.commands())
        for _, command, section in inline_commands(page):
            named.setdefault(section, []).append(command)
        for token, mark, section in _walk(page):
            if token.type == "table_open":
                commands = tuple(named.get(section, ()))
                found.append(Table(page, _line(token), section, _rows(page, token), commands, mark))
    return tuple(found)


def _rows(page: str, table: Token) -> tuple[tuple[str, ...], ...]:
    assert table.map
    lines = (ROOT / page).read_text("utf-8").splitlines()[table.map[0] : table.map[1]]
    cells = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in lines if line]
    return (cells[0], *cells[2:])
