"""Every command of README, docs, model cards and recipes is run, with every option it names.

Small things lie under the documents' names (`support.small_world`), and ``reduced.yaml`` says which values
are made smaller. What one command writes the next of its block reads.
A command that is written twice is run once.
"""

from __future__ import annotations

import re
import shlex

import pytest
from support.documents import blocks, inline_commands, pages, recipes
from support.small_world import CHECKED, ROLES, RULES, SLOW, Commands, reduced

CLIENTS = "docs/clients.md"  # tests/server/test_clients.py runs its examples against a server


def is_mention(command: str) -> bool:
    """Whether prose names a command without giving it arguments."""
    return re.fullmatch(r"nextinterest [a-z -]+", command) is not None and " -" not in command


def is_slow(command: str) -> bool:
    """Whether a command takes more than a few seconds even when reduced."""
    return any(re.search(pattern, command) for pattern in SLOW)


def scripts() -> dict[str, list[str]]:
    """Return the commands that are run one after another in one place, by where they are written."""
    found = {
        str(b): b.commands() for b in blocks() if b.language == "sh" and b.page != CLIENTS and not b.not_run
    }
    done = {tuple(reduced(line)) for lines in found.values() for line in lines}
    single = [(f"{page}:{line}", command) for page in pages() for line, command, _ in inline_commands(page)]
    for where, command in [*single, *recipes()]:
        key = tuple(reduced(command))
        if key not in done and not is_mention(command):
            found.setdefault(where, []).append(command)
            done.add(key)
    return found


SCRIPTS = scripts()
MENTIONED = sorted({c for page in pages() for _, c, _ in inline_commands(page) if is_mention(c)})


@pytest.mark.model
@pytest.mark.parametrize("where", SCRIPTS)
def test_commands(where: str, commands: Commands) -> None:
    for command in SCRIPTS[where]:
        if is_slow(command) or any(re.search(pattern, command) for pattern in CHECKED):
            commands.check(command)
        else:
            commands.run(command)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("where", [where for where, lines in SCRIPTS.items() if any(map(is_slow, lines))])
def test_commands_that_are_slow_even_when_reduced(where: str, commands: Commands) -> None:
    for command in SCRIPTS[where]:
        commands.run(command)


@pytest.mark.parametrize("command", MENTIONED)
def test_commands_that_are_only_named_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    from nextinterest.cli.main import main

    _, name, *rest = command.split()
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert not ended.value.code
    shown = capsys.readouterr().out
    assert all(word in shown for word in rest)


def test_reducing_leaves_out_no_command_and_no_option() -> None:
    for lines in SCRIPTS.values():
        for line in lines:
            given = [
                w for w in shlex.split(line.rpartition(" | ")[2]) if w.startswith("-") or w.endswith(".py")
            ]
            assert [w for w in reduced(line.rpartition(" | ")[2]) if w in given][: len(given)] == given


def test_every_rule_is_of_use_and_what_others_use_is_made_as_documented() -> None:
    lines = [line for script in SCRIPTS.values() for line in script]
    assert [rule for rule in (*RULES, *SLOW) if not any(re.search(rule, line) for line in lines)] == []
    assert [line for role, line in ROLES.items() if role != "run" and line not in lines] == []
