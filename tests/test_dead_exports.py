"""Every public name is called by the product: the commands, the server, or the agent that a program builds.

A use counts where the code around it is used itself; lists of exports (``__init__.py``, ``__all__``), tests,
benchmarks and documents are no use. What stays without one is listed with the reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "nextinterest"

# Python API that a page of docs/ describes: name -> the page.
DOCUMENTED: dict[str, str] = {
    "CleaningConfig.five_core": "docs/data.md",
    "EventLog.from_arrays": "docs/data.md",
    "DirichletShrinkage": "docs/interests.md",
    "ExponentialSmoothing": "docs/interests.md",
    "ForecastSplit.for_items": "docs/interests.md",
    "GlobalDrift": "docs/interests.md",
    "LastWindow": "docs/interests.md",
    "LongRunMix": "docs/interests.md",
    "MarginalForecaster": "docs/interests.md",
    "best_of": "docs/interests.md",
    "hold_out_future": "docs/interests.md",
    "score_forecaster": "docs/interests.md",
    "svg_of": "docs/interests.md",
    "write_forecast_report": "docs/interests.md",
    "InterestPortrait.fading": "docs/interests.md",
    "InterestTracker": "docs/interests.md",
    "InterestTracker.add": "docs/interests.md",
    "InterestTracker.outlook": "docs/interests.md",
    "InterestTracker.portrait": "docs/interests.md",
    "calibration_error": "docs/evaluation.md",
    "erasure_drops": "docs/evaluation.md",
    "exposure": "docs/evaluation.md",
    "ScriptedLanguageModel": "docs/engine.md",
    "RecommenderAgent.with_sources": "docs/extending.md",
    "AgentMany.recommend_many": "docs/data.md",
    "ManyRecommendations.to_pandas": "docs/data.md",
    "ManyRecommendations.to_polars": "docs/data.md",
    "Recommendations.to_dicts": "docs/data.md",
    "Recommendations.to_pandas": "docs/data.md",
    "Recommendations.to_polars": "docs/data.md",
}

CLASS = re.compile(r"[A-Z]\w*[A-Za-z]\w*")
FRAMEWORKS = re.compile(
    r"\b(?:routes|router|app|server)\.|\b(?:field|model)_(?:validator|serializer)|\btool\b|\bcallback\b"
)


@dataclass
class Definition:
    """A public function, class or method, and the names that its code uses."""

    path: Path
    name: str
    line: int
    within: str = ""
    uses: set[str] = field(default_factory=set)

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]

    def __str__(self) -> str:
        return f"{self.path.relative_to(SOURCE).as_posix()}:{self.line} {self.name}"


def names_in(nodes: Iterator[ast.AST] | list[ast.AST]) -> set[str]:
    """Return what the code of some nodes refers to."""
    found = set()
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and CLASS.fullmatch(str(node.value)):
                found.add(str(node.value))  # a registry imports its classes by name
    return found


def is_called_by_a_framework(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any(FRAMEWORKS.search(ast.unparse(one)) for one in node.decorator_list)


def constant(node: ast.stmt) -> str:
    """Return the public name that a statement of a module assigns to; empty for any other."""
    target = (
        node.targets[0]
        if isinstance(node, ast.Assign)
        else node.target
        if isinstance(node, ast.AnnAssign)
        else None
    )
    return target.id if isinstance(target, ast.Name) and not target.id.startswith("_") else ""


@cache
def definitions() -> tuple[list[Definition], frozenset[str]]:
    """Return the public definitions, and the names that code outside of any of them uses."""
    found: list[Definition] = []
    elsewhere: set[str] = set()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for path in sorted(SOURCE.rglob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        aliases: dict[str, str] = {}  # import ease as fit_ease: a use of the one is a use of the other
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom):
                aliases |= {alias.asname: alias.name for alias in node.names if alias.asname}

        def used(nodes: list[ast.AST], aliases: dict[str, str] = aliases) -> set[str]:
            names = names_in(nodes)
            return names | {aliases[name] for name in names if name in aliases}

        for top in module.body:
            if name := constant(top):
                found.append(Definition(path, name, top.lineno, uses=used([top])))
                continue
            if not isinstance(top, kinds) or is_called_by_a_framework(top):
                if path.name != "__init__.py":
                    elsewhere |= used([top])
                continue
            if not isinstance(top, ast.ClassDef):
                found.append(Definition(path, top.name, top.lineno, uses=used([top])))
                continue
            methods = [m for m in top.body if isinstance(m, kinds)]
            if top.name.startswith("_"):
                methods = []  # a library's hooks as a rule; all of the class lives if the class does
            public = [m for m in methods if not m.name.startswith("_") and not is_called_by_a_framework(m)]
            rest = [part for part in ast.iter_child_nodes(top) if part not in public]
            found.append(Definition(path, top.name, top.lineno, uses=used(rest)))
            found += [Definition(path, f"{top.name}.{m.name}", m.lineno, top.name, used([m])) for m in public]
    return found, frozenset(elsewhere)


def templates() -> str:
    files = (path for path in SOURCE.rglob("*") if path.suffix in (".jinja", ".j2"))
    return " ".join(path.read_text(encoding="utf-8") for path in files)


@cache
def front_door() -> frozenset[str]:
    """Return the names that ``nextinterest`` itself offers."""
    import nextinterest

    return frozenset(nextinterest.__all__)


@cache
def uncalled() -> list[Definition]:
    """Return the public definitions that nothing live uses, allowed ones counted as live."""
    every, live = definitions()
    words = set(re.findall(r"\w+", templates()))
    names = set(live) | words | front_door()
    allowed = set(DOCUMENTED)
    waiting = list(every)
    while True:
        alive = [
            one
            for one in waiting
            if one.name in allowed
            or (one.last in names and (not one.within or one.within in names or one.within in allowed))
            or one.last.startswith("_")
        ]
        if not alive:
            return [one for one in waiting if not one.last.startswith("_")]
        waiting = [one for one in waiting if one not in alive]
        for one in alive:
            names |= one.uses | {one.last if one.name in allowed else ""}


def test_every_public_name_is_called() -> None:
    assert not uncalled(), "\n".join(map(str, uncalled()))


def test_what_is_allowed_is_there_and_needs_it() -> None:
    known = {one.name for one in definitions()[0]}
    assert not (set(DOCUMENTED) - known)


def test_what_is_documented_stands_on_its_page() -> None:
    for name, page in DOCUMENTED.items():
        text = (ROOT / page).read_text(encoding="utf-8")
        assert re.search(rf"\b{name.rpartition('.')[2]}\b", text), (name, page)
