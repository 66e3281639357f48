"""No module imports itself by way of others; imports inside functions and for type checks count."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"

# Circles being taken apart: an import of the first by the second is not counted. The list only shrinks.
LEFT = {
    ("nextinterest.retrieval.retriever", "nextinterest.retrieval.saving"),
    ("nextinterest.retrieval.trained", "nextinterest.retrieval.directory"),
}


def imports() -> dict[str, set[str]]:
    """Return what each module imports of the package, wherever in the file the import stands."""
    files: dict[str, Path] = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    graph: dict[str, set[str]] = {}
    for module, path in files.items():
        found: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= {name if name in files else node.module for name in whole}
        graph[module] = {name for name in found if name in files and name != module}
    return graph


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules of one circle, none where there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(module) for module in error.args[1]]
    return []


def test_no_circle() -> None:
    graph = imports()
    for imported, importing in LEFT:
        graph.get(importing, set()).discard(imported)
    assert not circle(graph)


def test_the_list_names_no_import_that_is_gone() -> None:
    graph = imports()
    assert not {(a, b) for a, b in LEFT if a not in graph.get(b, set())}


def test_a_circle_is_found() -> None:
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}
