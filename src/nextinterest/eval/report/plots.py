"""The report's plots, each an SVG text to stand inside a page. Needs matplotlib (the extra ``eval``).

Draws what `content` gathered and computes nothing. No global state of matplotlib is touched.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import numpy as np

from nextinterest.errors import MissingExtraError
from nextinterest.eval.breakdowns import Grouping, GroupNumber
from nextinterest.eval.report.content import Content
from nextinterest.eval.report.style import look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["breakdown_plot", "calibration_plot", "cost_plot", "leaderboard_plot", "trade_off_plot"]


@contextmanager
def _style() -> Iterator[type[Figure]]:
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "eval") from None
    with rc_context(
        {
            "svg.hashsalt": "nextinterest",  # the same run gives the same bytes
            "font.size": 9.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "#888888",
            "axes.grid": True,
            "grid.color": "#E6E6E6",
            "grid.linewidth": 0.7,
            "axes.axisbelow": True,
            "xtick.color": "#444444",
            "ytick.color": "#444444",
            "legend.frameon": False,
        }
    ):
        yield Figure


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def _legend(figure: Figure, axes: Axes, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=columns, borderaxespad=0.6
    )


def leaderboard_plot(content: Content) -> str:
    """Draw the primary measure of each method with its interval."""
    styles = look(content.table.methods)
    with _style() as new_figure:
        figure = new_figure(figsize=(7.2, 0.36 * len(content.order) + 0.9))
        axes = figure.subplots()
        for row, method in enumerate(content.order):
            number = content.table.number(method, content.primary)
            colour, marker = styles[method]
            axes.plot([number.low, number.high], [row, row], color=colour, linewidth=2.2, alpha=0.55)
            axes.plot([number.value], [row], marker, color=colour, markersize=6.5)
        axes.set_yticks(range(len(content.order)), content.order)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlim(left=0)
        axes.set_xlabel(f"{_title(content, content.primary)} with 95 % interval")
        return _svg(figure)


def breakdown_plot(content: Content, grouping: Grouping, numbers: Sequence[GroupNumber]) -> str:
    """Draw the primary measure by group, a line per method where groups are in order."""
    styles = look(content.table.methods)
    ordered = any(char.isdigit() for char in "".join(grouping.labels))
    sizes = {one.group: one.n_users for one in numbers}
    groups = [label for label in grouping.labels if label in sizes]
    with _style() as new_figure:
        figure = new_figure(figsize=(max(5.2, min(9.5, 0.85 * len(groups) + 2.4)), 3.3))
        axes = figure.subplots()
        methods = content.order
        for i, method in enumerate(methods):
            mine = {one.group: one.number for one in numbers if one.method == method}
            x = np.arange(len(groups)) + (i - (len(methods) - 1) / 2) * min(0.08, 0.6 / len(methods))
            y = np.array([mine[label].value for label in groups])
            low = np.array([mine[label].low for label in groups])
            high = np.array([mine[label].high for label in groups])
            colour, marker = styles[method]
            axes.vlines(x, low, high, color=colour, linewidth=1.1, alpha=0.45)
            axes.plot(
                x,
                y,
                marker=marker,
                color=colour,
                markersize=4.6,
                linewidth=1.3 if ordered else 0,
                label=method,
            )
        labels = [f"{label}\n{sizes[label]:,}" for label in groups]
        crowded = max(map(len, groups)) * len(labels) > 90
        axes.set_xticks(
            range(len(labels)),
            [label.replace("\n", " · ") for label in labels] if crowded else labels,
            rotation=40 if crowded else 0,
            ha="right" if crowded else "center",
        )
        axes.grid(axis="x", visible=False)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(_title(content, content.primary), labelpad=8)
        axes.set_xlabel(f"{grouping.title} (users below)" if not crowded else f"{grouping.title} · users")
        handles, names = axes.get_legend_handles_labels()
        axes.legend(handles, names, loc="upper left", bbox_to_anchor=(1.0, 1.02), fontsize=8.5)
        return _svg(figure)


def trade_off_plot(content: Content) -> str:
    """Draw accuracy against popularity and against diversity, a point per method."""
    names = [one.name for one in (*content.table.measures, *content.table.set_measures)]
    wanted = ("popularity@10", "diversity@10", "embedding_diversity@10", "coverage@10")
    across = [name for name in wanted if name in names][:3]
    if not across:
        return ""
    styles = look(content.table.methods)
    with _style() as new_figure:
        figure = new_figure(figsize=(3.3 * len(across) + 0.6, 3.1))
        panels = cast("Sequence[Axes]", np.atleast_1d(figure.subplots(1, len(across), sharey=True)))
        for panel, name in zip(panels, across, strict=True):
            for method in content.order:
                x, y = content.table.number(method, name), content.table.number(method, content.primary)
                colour, marker = styles[method]
                panel.plot([x.low, x.high], [y.value, y.value], color=colour, linewidth=1.1, alpha=0.5)
                panel.plot([x.value, x.value], [y.low, y.high], color=colour, linewidth=1.1, alpha=0.5)
                panel.plot([x.value], [y.value], marker, color=colour, markersize=6.5, label=method)
            label = _title(content, name)
            panel.set_xlabel(f"average {label} of the list" if name.startswith("popularity") else label)
        panels[0].set_ylabel(_title(content, content.primary))
        panels[0].set_ylim(bottom=0)
        _legend(figure, panels[0], min(len(content.order), 5))
        return _svg(figure)


def calibration_plot(content: Content) -> str:
    """Draw how often items given a probability were the next one, both axes logarithmic."""
    styles = look(content.table.methods)
    with _style() as new_figure:
        figure = new_figure(figsize=(5.0, 4.2))
        axes = figure.subplots()
        lowest = 1.0
        for method in content.order:
            bins = content.curves[method]
            kept = (bins.count >= 20) & (bins.outcome > 0)
            if not kept.any():
                continue
            p, rate = bins.probability[kept] / bins.count[kept], bins.outcome[kept] / bins.count[kept]
            error = 1.96 * np.sqrt(rate * (1 - rate) / bins.count[kept])
            colour, marker = styles[method]
            axes.vlines(
                p, np.maximum(rate - error, rate / 10), rate + error, color=colour, alpha=0.4, linewidth=1
            )
            axes.plot(p, rate, marker=marker, color=colour, markersize=4.6, linewidth=1.2, label=method)
            lowest = min(lowest, float(p.min()), float(rate.min()))
        bottom = 10 ** np.floor(np.log10(lowest))
        axes.plot([bottom, 1], [bottom, 1], color="#999999", linewidth=1, linestyle="--", zorder=0)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("probability given to the item")
        axes.set_ylabel("share of such items that came next")
        handles, labels = axes.get_legend_handles_labels()
        if handles:
            axes.legend(handles, labels, loc="upper left", bbox_to_anchor=(1.0, 1.02), fontsize=8.5)
        return _svg(figure)


def cost_plot(content: Content) -> str:
    """Draw latency (median to 95th percentile) and peak memory per method; nothing where not measured."""
    measured = [(name, content.records[name].cost) for name in content.order]
    costs = [(name, cost) for name, cost in measured if cost is not None]
    if not costs:
        return ""
    styles = look(content.table.methods)
    with _style() as new_figure:
        figure = new_figure(figsize=(8.4, 0.34 * len(costs) + 1.0))
        left, right = figure.subplots(1, 2, sharey=True)
        for row, (method, cost) in enumerate(costs):
            colour, marker = styles[method]
            left.plot(
                [cost.latency_median_ms, cost.latency_p95_ms],
                [row, row],
                color=colour,
                linewidth=2.2,
                alpha=0.55,
            )
            left.plot([cost.latency_median_ms], [row], marker, color=colour, markersize=6)
            right.barh([row], [(cost.peak_memory_mib or 0.0) / 1024], color=colour, height=0.55, alpha=0.85)
        left.set_xscale("log")
        left.set_yticks(range(len(costs)), [name for name, _ in costs])
        left.invert_yaxis()
        left.set_xlabel("ms per user at batch 1, median to p95")
        right.set_xlabel("peak memory of the process, GiB")
        for panel in (left, right):
            panel.grid(axis="y", visible=False)
        return _svg(figure)


def _title(content: Content, name: str) -> str:
    measures = (*content.table.measures, *content.table.set_measures)
    return next(one.title for one in measures if one.name == name)
