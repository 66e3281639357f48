"""Puts a report's content into its two templates and writes the files whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from nextinterest.counting import counted
from nextinterest.data.splits import dated
from nextinterest.eval.numbers import FEWEST_USERS
from nextinterest.eval.report import plots
from nextinterest.eval.report.content import ALPHA, Content, gather
from nextinterest.eval.report.style import interval, look, plain
from nextinterest.eval.runs import Run, write_atomically

__all__ = ["write_report"]

_MARKS = {"best": "★", "worse": "▼", "even": "≈", "": ""}
_WIDEST_PLOT = 14  # groups of a breakdown that are still drawn


def write_report(
    run: Run,
    out: Path | None = None,
    *,
    content: Content | None = None,
    n_resamples: int = 1000,
    n_permutations: int = 10_000,
) -> tuple[Path, Path]:
    """Write ``report.md`` and ``report.html`` and return their paths.

    Parameters
    ----------
    run
        The run.
    out
        Folder; the run's own where None.
    content
        What `gather` computed, where that is at hand.
    n_resamples, n_permutations
        Of intervals and tests, where it is not.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    DataError
        If the run has no finished method.
    """
    folder = run.path if out is None else out
    if content is None:
        content = gather(run, n_resamples=n_resamples, n_permutations=n_permutations)
    environment = Environment(
        loader=PackageLoader("nextinterest.eval.report", "templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(counted=counted, plain=plain, interval=interval, pretty=_pretty, cell=_cell)
    environment.filters["dated"] = dated
    values = {
        "content": content,
        "run": run,
        "manifest": run.manifest,
        "table": content.table,
        "measures": {one.name: one for one in (*content.table.measures, *content.table.set_measures)},
        "columns": _columns(content),
        "marks": _MARKS,
        "alpha": ALPHA,
        "colours": {name: colour for name, (colour, _) in look(content.table.methods).items()},
        "flaw_kinds": list(next(iter(content.records.values())).flaws),
        "plots": _plots(content),
    }
    written = (folder / "report.md", folder / "report.html")
    for path in written:
        text = environment.get_template(path.name + ".j2").render(values)
        write_atomically(path, text.encode())
    return written


def _columns(content: Content) -> dict[str, list[str]]:
    """Split the measures into the two tables of the leaderboard."""
    accuracy: list[str] = []
    beyond: list[str] = []
    for one in (*content.table.measures, *content.table.set_measures):
        (accuracy if one.kind in ("ranks", "log_prob") or one.base == "ece" else beyond).append(one.name)
    return {"accuracy": accuracy, "beyond": beyond}


def _plots(content: Content) -> dict[str, object]:
    drawn = []
    for grouping, numbers in content.breakdowns:
        # A handful of users would widen the axis with an uninformative interval; the table has them.
        shown = [one for one in numbers if one.n_users >= FEWEST_USERS]
        if 1 < len({one.group for one in shown}) <= _WIDEST_PLOT:
            drawn.append((grouping, plots.breakdown_plot(content, grouping, shown)))
    return {
        "leaderboard": plots.leaderboard_plot(content),
        "trade_off": plots.trade_off_plot(content),
        "calibration": plots.calibration_plot(content),
        "cost": plots.cost_plot(content),
        "breakdowns": {grouping.name: svg for grouping, svg in drawn},
    }


def _pretty(values: Mapping[str, object]) -> str:
    return json.dumps(dict(values), indent=2, ensure_ascii=False, default=str)


def _cell(text: object) -> str:
    """Escape what would end a cell of a Markdown table."""
    return str(text).replace("|", "\\|").replace("\n", " ")
