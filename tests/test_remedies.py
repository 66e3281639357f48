"""What errors advise: on the command line options, never Python.

The test reads every ``remedy=`` of the source. One that looks like Python needs a ``command=`` beside it,
which is what the command line prints, unless no command reaches the error: such are listed and were looked at
singly.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "nextinterest"

PYTHON = re.compile(
    r"""\b[a-z_]\w*=(?!\w*\.\w)['"\w{\[(.]      # an argument: resume=False, format='csv'
    | (?<!--)\b[a-z_][\w.]*\((?:[^)]*)\)         # a call: replace(), agent.with_log(...)
    | \bPass\b
    | \b(?:None|True|False)\b
    | \b(?:from|read|save|load)_[a-z]\w*         # a function's name
    | \b[A-Z]\w+\.[a-z]\w*                       # a method's: EventLog.from_arrays
    | \w\ [<>]=?\ \w
    """,
    re.VERBOSE,
)
OPTION = re.compile(r"--[a-z][a-z-]*")

NOT_REACHED = {
    # Wrong arguments of Python calls that no command makes.
    ("agent/agent.py", "Add sources first: agent.with_sources(...).with_store(...)."),
    ("agent/chat/messages.py", "Pass a list. {}"),
    ("agent/chat/messages.py", "Pass a string; images and sound are not understood."),
    ("agent/records.py", "Give it one: agent.with_store('profiles.db')."),
    ("arguments.py", "Give True or False."),
    (
        "data/rows.py",
        "Give a tuple of three for each event; the time may be None in all of them. Or give a "
        "DataFrame of polars or pandas.",
    ),
    ("finetune/run.py", "Give items_from, or set copy_items to True."),
    (
        "agent/named.py",
        "Build it with names of models, such as language_model='FOLDER'.",
    ),
    ("data/log.py", "Build the log with EventLog.from_arrays."),
    ("eval/baselines/tuning.py", "Pass one embedding per item."),
    ("eval/cold.py", "Give 0 <= share < 1."),
    ("eval/metrics/ranks.py", "Give a k of at least 1, or None."),
    (
        "llm/adapters.py",
        "Give a directory written by PEFT's save_pretrained with safetensors; pickled weights are not read.",
    ),
    ("llm/devices.py", "Use device='auto' or 'cpu'."),  # no command takes a device
    ("prompts/frame.py", "Pass it in `variables`."),
    ("retrieval/index.py", "Use replace() for items that are there."),
    ("retrieval/popular_items.py", "Set popularity_half_life_days to None."),
}


def texts(node: ast.expr, module: ast.Module) -> Iterator[str]:
    """Yield what an argument may say: a literal, a choice of them, or a name that was given one."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*texts(node.body, module), *texts(node.orelse, module))
    elif isinstance(node, ast.BinOp):
        yield " ".join((*texts(node.left, module), *texts(node.right, module)))
    elif isinstance(node, ast.Name):
        for given in ast.walk(module):
            if isinstance(given, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == node.id for target in given.targets
            ):
                yield from texts(given.value, module)


@cache
def remedies() -> list[tuple[str, int, str, str | None]]:
    """Return each remedy: its file, its line, what it says, and what its ``command`` says."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        for call in ast.walk(module):
            if isinstance(call, ast.Call):
                given = {keyword.arg: keyword.value for keyword in call.keywords}
                if "remedy" in given:
                    command = given.get("command")
                    said = None if command is None else " / ".join(texts(command, module))
                    name = path.relative_to(SOURCE).as_posix()
                    found += [(name, call.lineno, text, said) for text in texts(given["remedy"], module)]
    return found


def test_there_are_remedies_to_look_at() -> None:
    assert len(remedies()) > 200


def test_what_looks_like_python_has_words_for_the_command_line() -> None:
    wrong = [
        f"{name}:{line}: {text}"
        for name, line, text, command in remedies()
        if PYTHON.search(text) and command is None and (name, text) not in NOT_REACHED
    ]
    assert not wrong, "\n".join(wrong)


def test_words_for_the_command_line_are_no_python() -> None:
    def without_options(text: str) -> str:
        return re.sub(r"--[a-z-]+(?: [\w.{}]+=[\w.{}]+)?", "", text)

    wrong = [
        f"{name}:{line}: {command}"
        for name, line, _, command in remedies()
        if command and PYTHON.search(without_options(command))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_list_of_exceptions_holds_nothing_that_is_gone() -> None:
    there = {(name, text) for name, _, text, _ in remedies()}
    assert not NOT_REACHED - there


def test_options_that_are_advised_exist() -> None:
    from typer.main import get_command

    from nextinterest.cli.main import app

    def options(command: object) -> Iterator[str]:
        for parameter in getattr(command, "params", ()):
            yield from (*parameter.opts, *parameter.secondary_opts)
        for inner in getattr(command, "commands", {}).values():
            yield from options(inner)

    known = {*options(get_command(app)), "--multi_gpu", "--multi", "--include"}  # of accelerate and git lfs
    advised = {
        option for _, _, text, command in remedies() for option in OPTION.findall(f"{text} {command or ''}")
    }
    assert advised
    assert advised <= known


@pytest.mark.parametrize(
    ("text", "is_python"),
    [
        ("Start anew with resume=False.", True),
        ("Read it with format='csv'.", True),
        ("Use replace() for items that are there.", True),
        ("Build the log with EventLog.from_arrays.", True),
        ("Set it to None.", True),
        ("Pass one per item.", True),
        ("Give the file to read itself.", False),
        ("Use nextinterest 1.2, or tune it again.", False),
        ("Raise the regularisation (see docs/training.md).", False),
    ],
)
def test_what_counts_as_python(text: str, is_python: bool) -> None:
    assert bool(PYTHON.search(text)) == is_python
