"""Run the commands behind the documents' figures, and keep what they print.

    make figures                    # all that are not there yet
    make figures ONLY=kills FORCE=1
    make figures MOST_MINUTES=5     # only what takes about five minutes at most

The commands stand in ``docs/figures/figures.yaml``. An output that is there for the same command is left
alone, so an interrupted call goes on where it stopped. Capitals in a command (FOLDER) are taken from the
environment. What is left out gets a file too, which says why.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures"


def main() -> None:
    """Run what is asked for, one after another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", help="the name of one figure")
    parser.add_argument("--force", action="store_true", help="run again what is there")
    parser.add_argument(
        "--most-minutes", type=float, default=float("inf"), help="leave out what takes longer"
    )
    given = parser.parse_args()
    figures = yaml.safe_load((FIGURES / "figures.yaml").read_text("utf-8"))
    if given.only is not None and given.only not in figures:
        sys.exit(f"There is no figure {given.only!r}; there are {', '.join(figures)}.")
    failed = []
    for name, figure in figures.items():
        path, command = FIGURES / f"{name}.txt", figure["command"]
        if given.only not in (None, name) or (is_done(path, command) and not given.force):
            continue
        missing = sorted(place for place in places(command) if place not in os.environ)
        if missing:
            leave_out(path, command, f"it needs {' and '.join(missing)} in the environment")
        elif given.only is None and figure["minutes"] > given.most_minutes:
            leave_out(path, command, f"it takes about {figure['minutes']} minutes")
        elif not run(path, command):
            failed.append(name)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}.")


def places(command: str) -> set[str]:
    """Return what a command leaves to the reader: words in capitals."""
    return set(re.findall(r"(?<![\w=/])[A-Z]{4,}(?![\w=])", command))


def is_done(path: Path, command: str) -> bool:
    """Whether a file holds the output of this very command."""
    return path.is_file() and path.read_text("utf-8").startswith(f"command: {command}\ndate: ")


def leave_out(path: Path, command: str, reason: str) -> None:
    """Write that a command was not run, unless an output of it is there."""
    print(f"{path.stem}: not run, {reason}")
    if not is_done(path, command):
        path.write_text(f"command: {command}\nnot run: {reason}\n", "utf-8")


def run(path: Path, command: str) -> bool:
    """Run a command and keep its output; return whether it ended well."""
    print(f"{path.stem}: {command}", flush=True)
    environment = dict(os.environ)
    words = shlex.split(re.sub(r"(?<![\w=/])[A-Z]{4,}(?![\w=])", lambda m: os.environ[m[0]], command))
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    start = {"nextinterest": [sys.executable, "-m", "nextinterest"], "python": [sys.executable]}[words[0]]
    started = time.perf_counter()
    done = subprocess.run([*start, *words[1:]], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        return False
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    output = done.stdout.replace(str(ROOT), ".").replace(str(Path.home()), "~")
    head = (
        f"command: {command}\ndate: {datetime.now(UTC):%Y-%m-%d}\ncommit: {commit}\nseconds: {seconds:.0f}\n"
    )
    path.write_text(f"{head}\n{output.rstrip()}\n", "utf-8")
    return True


if __name__ == "__main__":
    main()
