"""The root command: mounts the commands, turns errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from nextinterest.cli import (
    assets,
    chat,
    data,
    demo,
    evaluate,
    finetune,
    fit_choice,
    generate,
    interests,
    recommend,
    schemas,
    serve,
    similar,
    upgrade,
)
from nextinterest.cli.console import err, out
from nextinterest.errors import NextInterestError
from nextinterest.version import __version__

__all__ = ["app", "main"]

EXIT_ERROR = 1

app = typer.Typer(
    name="nextinterest",
    help="What a person will want next, which interests rise and fade, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data.app, name="data")
app.add_typer(assets.app, name="assets")
app.command("demo")(demo.demo)
app.command("recommend")(recommend.recommend)
app.command("similar")(similar.similar)
app.command("generate")(generate.generate)
app.command("interests")(interests.interests)
app.command("chat")(chat.chat)
app.command("evaluate")(evaluate.evaluate)
app.command("finetune")(finetune.finetune)
app.command("fit-choice")(fit_choice.fit_choice)
app.command("upgrade")(upgrade.upgrade)
app.command("serve")(serve.serve)
app.command("schemas")(schemas.schemas)


def _version(asked: bool) -> None:
    if asked:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def root(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold what every command shares; `main` reads --debug before the commands run."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 an error with its remedy or an interruption, 2 wrong usage."""
    # Read when torch is loaded. Threads that spin while they wait make one pass of the default model 6.5
    # times slower as soon as another process wants the same cores (10.1 s against 1.5 s, measured).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        app([argument for argument in given if argument != "--debug"])
    except NextInterestError as error:
        if debug:
            raise
        err.print(f"[bold red]Error:[/] {escape(f'{error.message} {error.command}'.strip())}", soft_wrap=True)
        sys.exit(EXIT_ERROR)
    except OSError as error:  # what is not foreseen of disks and folders still names the file
        if debug or error.filename is None:
            raise
        where = escape(f"{error.filename}: {error.strerror}.")
        err.print(
            f"[bold red]Error:[/] {where} Free some space, or name another file or folder.", soft_wrap=True
        )
        sys.exit(EXIT_ERROR)
