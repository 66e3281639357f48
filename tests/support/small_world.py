"""Small data and tiny models under the documents' names, and what runs documented command lines on them."""

from __future__ import annotations

import asyncio
import io
import re
import runpy
import shlex
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

import polars as pl
import pytest
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from mcp.server import MCPServer
from support import checked_programs
from support.documents import ROOT, recipes

from nextinterest.cli.main import main
from nextinterest.data.assets import ASSETS, DEFAULT_TEXT_ENCODER, fetch

SHIPPED = "artifacts/ml-100k-smollm2"
RECIPES = {Path(path).name: command for path, command in recipes()}
ROLES = {  # what documents' commands make for others to use, by the documented command that makes it
    "recommender": RECIPES["ml-100k-smollm2.yaml"],
    "understanding": "nextinterest finetune --data ml-100k --retriever artifacts/ml-100k-smollm2 "
    "--language-model smollm2-135m-instruct --tasks understand --out DIRECTORY",
    "run": "nextinterest evaluate --data ml-100k --methods sasrec,retrieval --part test --out runs/later",
}
PLACES = {  # a place as documents write it, and what lies there; what is matched first holds
    r"--tuned (DIRECTORY|DIR)\b": "understanding",
    r"--model (DIRECTORY) --role understand": "understanding",
    r"--adapter (FOLDER)\b": "understanding/tasks",
    r"--compare \S+ (runs/later)\b": "run",
    r"(?<!--out )(?<![\w-])(DIRECTORY|RECOMMENDER)\b": "recommender",
    r"(?<![\w-])(FOLDER|DATA|PATH|path/to/ml-latest-small)\b": "ml-100k",
    r"language_model=.(T5-FOLDER)": "t5",
    r"--lists (other\.parquet)": "other.parquet",
    r"(?:--role \w+=|--language-model )(MODEL)\b": "smollm2-135m-instruct",
}
_READ = yaml.safe_load((ROOT / "tests/docs/reduced.yaml").read_text("utf-8"))
RULES: dict[str, str] = _READ["options"]
SLOW: list[str] = _READ["slow"]
CHECKED: list[str] = _READ["checked"]
SAID = "three comedies please\nwhy the first one?\n"
CUT = """from dataclasses import replace
from nextinterest.data.assets import ASSETS

ASSETS["ml-100k"] = replace(ASSETS["ml-100k"], payloads=())
"""
USERS, FILMS = 60, 300
NAMED = ("7", "14", "42")  # users of the documents' commands


@dataclass(frozen=True)
class SmallWorld:
    """`home` is NEXTINTEREST_HOME, `tree` a copy of what commands read, `made` what they made."""

    home: Path
    tree: Path
    made: Path

    @classmethod
    def make(cls, folder: Path) -> SmallWorld:
        """Write everything but the trained directories, which commands make."""
        world = cls(folder / "home", folder / "tree", folder / "made")
        for path in (world.home / "assets", world.made):
            path.mkdir(parents=True)
        for name in ("src/nextinterest", "bench", "tests/data"):
            ignored = shutil.ignore_patterns("artifacts", "__pycache__")
            shutil.copytree(ROOT / name, world.tree / name, ignore=ignored)
        (world.tree / "src/nextinterest/artifacts").mkdir()
        (world.tree / "src/nextinterest" / SHIPPED).symlink_to(world.made / "recommender")
        world.asset(DEFAULT_TEXT_ENCODER).symlink_to(fetch(DEFAULT_TEXT_ENCODER))
        (world.tree / "src/sitecustomize.py").write_text(CUT)  # for commands in processes of their own
        cut_data(fetch("ml-100k"), world.asset("ml-100k"))
        random_llama(fetch("smollm2-135m-instruct"), world.asset("smollm2-135m-instruct"), 30)
        random_llama(fetch("smollm2-135m-instruct"), world.asset("gemma3-270m"), 18)
        random_t5(fetch("smollm2-135m-instruct"), world.made / "t5")
        ranked_lists(world.asset("ml-100k"), world.made / "other.parquet")
        return world

    def asset(self, name: str) -> Path:
        return self.home / "assets" / ASSETS[name].folder

    def use(self, patch: pytest.MonkeyPatch) -> None:
        """Have the package find the small things under their names."""
        patch.setenv("NEXTINTEREST_HOME", str(self.home))
        patch.setenv("NEXTINTEREST_DTYPE", "float32")
        patch.setenv("NEXTINTEREST_THREADS", "1")
        patch.setenv("PYTHONPATH", f"{self.tree / 'src'}:{ROOT / 'tests'}")
        patch.setitem(ASSETS, "ml-100k", replace(ASSETS["ml-100k"], payloads=()))  # it is cut: other hashes
        package = self.tree / "src/nextinterest"
        patch.setattr("nextinterest.agent.shipped.__file__", str(package / "agent/shipped.py"))
        patch.setattr("nextinterest.server.run.run", served)
        patch.setattr("nextinterest.server.listening.bound", any_port)
        patch.setattr("mcp.server.MCPServer.run", listed)


def any_port(host: str, port: int) -> list[socket.socket]:
    """Stand in for binding: the port that a command names may be in use where tests run."""
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    return [one]


def served(app: FastAPI, *_: object) -> None:
    """Stand in for a server that would listen until it is stopped: its page and its probes answer."""
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        for path in ("/", "/readyz", "/v1/users"):
            assert client.get(path).status_code == 200, path
        sys.stdout.write(client.get("/v1/users").text)


def listed(server: MCPServer[object]) -> None:
    """Stand in for a server on standard input and output: print its tools."""
    sys.stdout.write(" ".join(tool.name for tool in asyncio.run(server.list_tools())))


def cut_data(whole: Path, into: Path) -> None:
    """Write the events of some users with the most popular films, in the format of the whole."""
    into.mkdir()
    lines = (whole / "ml-100k.inter").read_text("utf-8").splitlines(keepends=True)
    events = [line.split("\t") for line in lines[1:]]
    items = (whole / "ml-100k.item").read_text("utf-8").splitlines(keepends=True)
    films = {film for film, _ in Counter(event[1] for event in events).most_common(FILMS)}
    kept = [e for e in events if e[1] in films]
    busy = [user for user, n in Counter(e[0] for e in kept).items() if n >= 60]
    users = {*NAMED, *sorted(busy, key=int)[:USERS]}
    (into / "ml-100k.inter").write_text(
        lines[0] + "".join("\t".join(e) for e in kept if e[0] in users), "utf-8"
    )
    (into / "ml-100k.item").write_text(
        items[0] + "".join(line for line in items[1:] if line.partition("\t")[0] in films), "utf-8"
    )
    (into / "ml-100k.user").write_text((whole / "ml-100k.user").read_text("utf-8"), "utf-8")


def ranked_lists(data: Path, into: Path) -> None:
    """Write lists of popular films for every user, as another library would."""
    names = ("user", "item", "rating", "time")
    events = pl.read_csv(data / "ml-100k.inter", separator="\t", new_columns=names, infer_schema=False)
    popular = events.group_by("item").len("score").sort("score", "item", descending=True).head(200)
    lists = events.select("user").unique().join(popular, how="cross")
    lists.join(events, on=["user", "item"], how="anti").write_parquet(into)


def _words(words: Path, into: Path) -> None:
    """Put the tokenizer of another folder into a new one."""
    into.mkdir()
    for path in words.glob("*"):
        if path.suffix in (".json", ".jinja") and path.name not in ("config.json", "asset.json"):
            (into / path.name).symlink_to(path)


def random_t5(words: Path, into: Path) -> None:
    """Write a random T5 of 32 units with the tokenizer of another folder."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    _words(words, into)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=49152,
        d_model=32,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        pad_token_id=2,
        eos_token_id=2,
    )
    config.decoder_start_token_id = 2
    T5ForConditionalGeneration(config).save_pretrained(str(into))


def random_llama(words: Path, into: Path, layers: int) -> None:
    """Write a random Llama of 32 units with the tokenizer of another folder."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    _words(words, into)
    torch.manual_seed(layers)
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        eos_token_id=2,
        bos_token_id=1,
        pad_token_id=2,
        tie_word_embeddings=True,
        initializer_range=0.1,  # wide enough that states differ between histories
    )
    LlamaForCausalLM(config).save_pretrained(str(into))


def reduced(command: str) -> list[str]:
    """Return a command's words with the options of every rule that matches it: put in place, or added."""
    words = shlex.split(command)
    options = [o for pattern, own in RULES.items() if re.search(pattern, command) for o in shlex.split(own)]
    for name, _, value in (option.partition("=") for option in options):
        if name in words and not value:
            continue
        if name != "--override" and name in words:
            start = words.index(name) + 1
            end = next((i for i in range(start, len(words)) if words[i].startswith("-")), len(words))
            words[start:end] = [value]
        else:
            words += [name, value] if value else [name]
    return words


class Commands:
    """Runs command lines of the documents in one folder, in this process where that can be."""

    def __init__(self, world: SmallWorld, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.world, self.folder, self.patch = world, folder, patch
        for path in (*world.tree.iterdir(), ROOT / "Makefile"):
            (folder / path.name).symlink_to(path)
        (folder / "artifacts").mkdir()
        patch.chdir(folder)
        self._place(SHIPPED, "recommender")

    def run(self, command: str) -> str:
        """Run one line, as reduced, with small things in the places that it names; return what it printed."""
        said, _, after = command.rpartition(" | ")
        self.place(after)
        if "--out " in after and (self.folder / out_of(after)).is_dir():
            shutil.rmtree(self.folder / out_of(after))
        words = reduced(after)
        while re.fullmatch(r"[A-Z_]+=\S+", words[0]):
            name, _, value = words.pop(0).partition("=")
            self.patch.setenv(name, value)
        self.patch.setattr(sys, "stdin", io.StringIO(_output(said) if said else SAID))
        return RUNNERS[words[0]](self, words[1:])

    def place(self, text: str) -> None:
        """Put small things where a command or a block of Python expects something."""
        for pattern, role in PLACES.items():
            for place in re.findall(pattern, text):
                self._place(place, role)

    def _place(self, place: str, role: str) -> None:
        """Put a copy of what plays a role where a command expects it, unless an earlier command wrote it."""
        if (self.folder / place).exists():
            return
        whole = self.world.asset(role) if role in ASSETS else self.world.made / role
        maker = role.partition("/")[0]
        if maker in ROLES and not whole.is_dir():
            self.run(ROLES[maker])
            shutil.copytree(self.folder / out_of(ROLES[maker]), self.world.made / maker)
        if not (self.folder / place).exists():
            copy = shutil.copy if whole.is_file() else shutil.copytree
            copy(whole, self.folder / place)

    def check(self, command: str) -> None:
        """See that the program exists and its help names every option of the command."""
        words = shlex.split(command)
        words = words[next(i for i, word in enumerate(words) if word in RUNNERS) :]
        named = [word for word in words if word.startswith("--")]
        names = list(takewhile(re.compile(r"[a-z./_-]+").fullmatch, words[1:]))  # up to the first value
        shown = RUNNERS[words[0]](self, [*(name for name in names if not name.startswith("-")), "--help"])
        assert [option for option in named if option not in shown] == [], command

    def nextinterest(self, words: list[str]) -> str:
        self.patch.setattr(sys, "argv", ["nextinterest", *words])
        code: object = None
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            try:
                main(words)
            except SystemExit as ended:
                code = ended.code
        assert not code, f"nextinterest {shlex.join(words)}\n{out.getvalue()}\n{err.getvalue()}"
        return out.getvalue()

    def python(self, words: list[str]) -> str:
        if words[0] in OWN_PROCESS:
            done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return done.stdout
        self.patch.setattr(sys, "argv", words)
        code: object = None
        self.patch.syspath_prepend(str(ROOT / "bench"))
        with redirect_stdout(io.StringIO()) as out:
            try:
                runpy.run_path(str(self.folder / words[0]), run_name="__main__")
            except SystemExit as ended:
                code = ended.code
        assert not code, code
        return out.getvalue()

    def accelerate(self, words: list[str]) -> str:
        return checked_programs.accelerate(words, self.nextinterest)


RUNNERS: dict[str, Callable[[Commands, list[str]], str]] = {
    "nextinterest": Commands.nextinterest,
    "python": Commands.python,
    "accelerate": Commands.accelerate,
    "make": lambda _, words: checked_programs.make(words),
    "pip": lambda _, words: checked_programs.pip(words),
    "pytest": lambda _, words: checked_programs.run_pytest(words),
    "tensorboard": lambda _, words: checked_programs.tensorboard(words),
}
OWN_PROCESS = ("bench/profile_kills.py",)  # it forks


def _output(command: str) -> str:
    return subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout  # noqa: S602


def out_of(command: str) -> str:
    found = re.search(r"--out (\S+)", command)
    assert found
    return found[1]
