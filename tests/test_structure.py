"""How the repository is built: packages seen at the root, a light import, short files, the wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from pkgutil import iter_modules

import pytest

import nextinterest

ROOT = Path(__file__).parents[1]
SHOWN = ("agent", "prompts", "retrieval", "finetune", "eval")


@pytest.mark.parametrize("package", SHOWN)
def test_package_is_seen_at_the_root(package: str) -> None:
    link = ROOT / package
    assert link.is_symlink()
    assert str(link.readlink()) == f"src/nextinterest/{package}"
    assert (link / "__init__.py").is_file()


LINES = 400


def test_files_are_short() -> None:
    """A file that needs more lines holds a second idea."""
    long = {
        path.relative_to(ROOT).as_posix()
        for folder in ("src", "tests", "bench")
        for path in (ROOT / folder).rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > LINES
    }
    assert not long


def test_import_is_light() -> None:
    script = (
        "import sys, nextinterest, nextinterest.data, nextinterest.eval, nextinterest.cli;"
        "heavy = {'torch', 'faiss', 'transformers', 'sentence_transformers', 'fastapi', 'matplotlib'};"
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_public_names_resolve() -> None:
    for name in nextinterest.__all__:
        assert getattr(nextinterest, name).__name__ in (name, f"nextinterest.{name}")
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = nextinterest.nonsense


def test_packages_are_attributes_without_being_imported_first(tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text("user_id,item_id,timestamp\nu1,a,1\nu1,b,2\nu2,a,3\n", encoding="utf-8")
    script = f"import nextinterest; print(nextinterest.data.load({str(events)!r}).log.n_events)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("3", "")
    here = {module.name for module in iter_modules(nextinterest.__path__) if module.ispkg} | {"errors"}
    for package in sorted(here - {"cli"}):  # the command line is no library
        done = subprocess.run(
            [sys.executable, "-c", f"import nextinterest; print(nextinterest.{package}.__name__)"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout.strip(), done.stderr) == (f"nextinterest.{package}", "")
        assert package in dir(nextinterest)


@pytest.mark.slow
def test_wheel_carries_everything_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"nextinterest", f"nextinterest-{nextinterest.__version__}.dist-info"}
    assert "nextinterest/py.typed" in names
    templates = {p.name for p in (ROOT / "src/nextinterest/prompts/templates").iterdir()}
    assert templates
    assert {f"nextinterest/prompts/templates/{name}" for name in templates} <= set(names)
    page = {p.name for p in (ROOT / "src/nextinterest/server/page").iterdir()}
    assert "index.html" in page
    assert {f"nextinterest/server/page/{name}" for name in page} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
