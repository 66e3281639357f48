"""Every command loads the same agent for the same options, and a directory gets its users from --data."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.command_line import run
from support.films import WordEncoder

import nextinterest
from nextinterest import RecommenderAgent
from nextinterest.cli.main import main
from nextinterest.errors import DataError

EVENTS = "user_id,item_id,timestamp\n" + "".join(
    f"u{user},f{(user + step) % 6 + 1},{1_700_000_000 + 3600 * step}\n"
    for user in range(4)
    for step in range(3)
)
ITEMS = "item_id,title,genres,year\n" + "".join(
    f"f{n},{title},{('Drama', 'Comedy')[n % 2]},{1980 + n}\n"
    for n, title in enumerate(("Night Ferry", "Copper", "Salt", "Lanterns", "Orchard", "Kettle"), 1)
)


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())


def write_data(folder: Path, items: str = ITEMS) -> Path:
    folder.mkdir()
    (folder / "events.csv").write_text(EVENTS, encoding="utf-8")
    (folder / "items.csv").write_text(items, encoding="utf-8")
    return folder / "events.csv"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data")


@pytest.fixture
def saved(data: Path, tmp_path: Path) -> Path:
    made = RecommenderAgent.from_dataset(nextinterest.data.load(data), language_model=None)
    made.save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


class _Opened(Exception):  # noqa: N818 - it ends a command that has loaded its agent
    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, saved: Path, tmp_path: Path) -> Callable[..., str]:
    """Return a function that runs a command and tells how it made its agent."""
    monkeypatch.chdir(tmp_path)  # a server's store lies in the working folder

    def pretrained(path: Path | None = None, **_: object) -> object:
        if path is None:
            raise _Opened("ships")
        return SimpleNamespace(with_log=lambda dataset: _raise(f"{path.name} and {dataset.name}"), log=None)

    def dataset(data: nextinterest.data.Dataset, **_: object) -> object:
        raise _Opened(f"built from {data.name}")

    def _raise(how: str) -> object:
        raise _Opened(how)

    monkeypatch.setattr(RecommenderAgent, "from_pretrained", pretrained)
    monkeypatch.setattr(RecommenderAgent, "from_dataset", dataset)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    def tell(*arguments: str) -> str:
        with pytest.raises(_Opened) as found:
            main(arguments)
        return found.value.how

    return tell


COMMANDS = (
    ("recommend", "--user", "u1"),
    ("chat", "--user", "u1"),
    ("chat", "--language-model", "none"),
    ("interests", "--user", "u1"),
    ("serve",),
    ("serve", "mcp"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_loads_the_same_agent(
    opened: Callable[..., str], command: tuple[str, ...], data: Path, saved: Path
) -> None:
    assert opened(*command) == "ships"
    assert opened(*command, "--data", "ml-100k") == "ships"
    assert opened(*command, "--data", str(data)) == "built from events"
    assert opened(*command, "--data", str(data), "--model", str(saved)) == "saved and events"


def test_a_directory_alone_says_how_it_gets_its_users(
    data: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = RecommenderAgent.from_pretrained(saved)
    with pytest.raises(DataError, match="does not store them") as raised:
        agent.recommend(user="u1")
    found = re.search(r"agent\.with_log\(nextinterest\.data\.load\(\.\.\.\)\)", raised.value.remedy)
    assert found is not None
    followed = found.group().replace("...", repr(str(data)))
    knowing = eval(followed, {"agent": agent, "nextinterest": nextinterest})  # noqa: S307 - our own remedy
    assert knowing.recommend(user="u1").user == "u1"
    for command in (("recommend", "--user", "u1"), ("interests", "--user", "u1", "--text")):
        assert run(*command, "--model", str(saved)) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert "with_log" not in said
        assert "Give the data it was made from with --data." in said
        assert run(*command, "--model", str(saved), "--data", str(data)) == 0
        capsys.readouterr()
    assert run("serve", "--model", str(saved), "--examples", "2", "--store", str(data.parent / "p.db")) == 2
    assert "give --data" in " ".join(capsys.readouterr().err.split())


def test_a_directory_and_other_data_are_refused_with_the_reason(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_data(tmp_path / "other", ITEMS.replace("Orchard", "Grove"))
    assert run("recommend", "--user", "u1", "--model", str(saved), "--data", str(other)) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "The catalogue of 'events' (6 items) is not the one this recommender was built with" in said
    assert "leave --model out" in said
    same = tmp_path / "data" / "events.csv"
    assert run("recommend", "--user", "u1", "--model", str(saved), "--data", str(same)) == 0


def test_an_unknown_user_is_refused_in_the_words_of_the_command_line(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("interests", "--user", "nobody", "--data", str(data)) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "User 'nobody' is not among the 4 users" in said
    assert "Choose one of the user ids" in said


def test_data_read_in_another_way_is_other_data(opened: Callable[..., str], data: Path) -> None:
    assert opened("recommend", "--user", "1", "--data", "ml-100k", "--k-core", "5") == "built from ml-100k"
    assert opened("recommend", "--user", "u1", "--data", str(data), "--k-core", "2") == "built from events"


def test_a_misspelt_model_is_refused_before_the_data_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    for option in (["--language-model", "smolm2-135m"], ["--role", "rerank=smolm2-135m"]):
        with pytest.raises(SystemExit) as ended:
            main(["recommend", "--data", __file__, "--user", "u1", *option])
        assert ended.value.code == 1
        assert "Did you mean 'smollm2-135m-instruct'?" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend", "--data", "nix.csv", "--user", "a"],
        ["interests", "--data", "nix.csv", "--user", "a"],
        ["evaluate", "--data", "nix.csv"],
        ["recommend", "--items", "nix.csv", "--user", "a"],
        ["recommend", "--text-encoder", "./nix", "--user", "a"],
    ],
)
def test_what_is_not_there_is_refused_before_models_are_imported(
    arguments: list[str], tmp_path: Path
) -> None:
    program = (
        "import sys\nfrom nextinterest.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as ended:\n    code = ended.code\n"
        "print(code, sorted({'torch', 'transformers', 'scipy'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.strip() == "1 []"
    assert "nix" in done.stderr
