"""Pictures: the interest river with its forecast, and the rise-and-fall chart. Saved as PNG or SVG.

Nothing here computes; it draws what a portrait and an outlook say. Needs matplotlib (the extra ``eval``),
used without a display and without touching its global state.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nextinterest.counting import counted
from nextinterest.domain.portraits import (
    InterestChange,
    InterestOutlook,
    InterestPortrait,
    InterestShare,
)
from nextinterest.errors import DataError, MissingExtraError
from nextinterest.files import write_atomic
from nextinterest.prompts.sanitise import neutralise

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_changes", "draw_river", "save_figure", "svg_of"]

# Okabe & Ito's palette (readable with any colour vision), extended by lighter tones of the same hues.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#7A6FB0")
OTHER = "#C9CDD3"
INK = "#2B2F36"
FAINT = "#8A9099"
RISING, FADING, STEADY = "#009E73", "#D55E00", "#B4BAC2"
OTHER_NAME = "everything else"
FORECAST_WIDTH = 0.16  # of the width that the past takes
LEAST_MARK = 0.17  # the same, between two tick marks with dates


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "eval") from error
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def draw_river(
    portrait: InterestPortrait, outlook: InterestOutlook | None = None, n_interests: int = 7
) -> Figure:
    """Draw stacked shares over the user's windows and, behind a line that marks now, the forecast.

    The band beside each forecast layer is the prediction interval of that interest's share, drawn around the
    layer's upper edge as it would move if this interest alone strayed.

    Raises
    ------
    DataError
        If the portrait has no events.
    MissingExtraError
        If matplotlib is not installed.
    """
    if not portrait.windows:
        raise DataError("An empty history has no river to draw.", remedy="Choose a user with events.")
    figure = _figure(9.6, 4.6)
    axes = figure.add_subplot()
    names = [share.interest for share in portrait.interests[:n_interests]]
    past = np.array([[_share_in(window.interests, name) for name in names] for window in portrait.windows])
    centres = np.array([0.5 * (window.first + window.last + 1) for window in portrait.windows])
    now = float(portrait.events)
    x = np.concatenate([[0.0], centres, [now]])
    y = np.concatenate([past[:1], past, past[-1:]])
    fine = np.linspace(0.0, now, 400)
    layers = np.stack([_smooth_curve(x, y[:, j], fine) for j in range(len(names))])
    layers = np.vstack([layers, np.maximum(1.0 - layers.sum(axis=0), 0.0)])
    layers /= layers.sum(axis=0)
    colours = [COLOURS[j % len(COLOURS)] for j in range(len(names))] + [OTHER]
    axes.stackplot(fine, layers, colors=colours, linewidth=0.6, edgecolor="white")
    end = now
    if outlook is not None:
        end = now * (1.0 + FORECAST_WIDTH)
        layers = np.column_stack([layers, _draw_forecast(axes, outlook, names, colours, now, end)])
    _label_layers(axes, [*names, OTHER_NAME], layers[:, -1], end)
    _river_axes(axes, portrait, outlook, now, end)
    return figure


def _draw_forecast(
    axes: Axes, outlook: InterestOutlook, names: list[str], colours: list[str], now: float, end: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rows = {row.interest: row for row in outlook.interests}
    shares = np.array([rows[name].share for name in names])
    layers = np.append(shares, max(1.0 - shares.sum(), 0.0))
    layers /= layers.sum()
    tops = np.cumsum(layers)
    gap = 0.012 * end
    axes.stackplot(
        [now + gap, end], np.column_stack([layers, layers]), colors=colours, alpha=0.55, linewidth=0.6,
        edgecolor="white",
    )  # fmt: skip
    width = (end - now - gap) / (len(names) + 1)
    for j, name in enumerate(names):
        position = now + gap + width * (j + 1)
        bottom = tops[j] - layers[j]
        low, high = bottom + rows[name].lower, bottom + rows[name].upper
        axes.plot(
            [position, position],
            [low, min(high, 1.0)],
            color=colours[j],
            linewidth=4.5,
            solid_capstyle="butt",
        )
        axes.plot(
            [position, position], [low, min(high, 1.0)], color=INK, linewidth=1.0, solid_capstyle="butt"
        )
        axes.plot([position], [tops[j]], marker="o", markersize=3.6, color=INK, markeredgewidth=0)
    axes.axvline(now + 0.5 * gap, color=INK, linewidth=1.4)
    return layers


def _river_axes(
    axes: Axes, portrait: InterestPortrait, outlook: InterestOutlook | None, now: float, end: float
) -> None:
    axes.set_xlim(0.0, end)
    axes.set_ylim(0.0, 1.0)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100 %"])
    axes.set_ylabel("share of attention", color=INK)
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=FAINT, length=0)
    marks = _window_marks(portrait)
    axes.set_xticks([position for position, _ in marks], [text for _, text in marks])
    axes.set_xlabel("events, oldest first, in windows of the user's own pace", color=INK)
    who = "" if portrait.user is None else f" of user {neutralise(portrait.user)}"
    axes.set_title(f"Interests{who}", loc="left", color=INK, fontsize=13, fontweight="bold", pad=22)
    if outlook is not None:
        axes.text(now, 1.015, "now", ha="center", va="bottom", color=INK, fontsize=9)
        ahead = f"next {counted(round(outlook.horizon_events), 'event')}"
        if outlook.horizon_days is not None:
            ahead = f"next {counted(round(outlook.horizon_days), 'day')}"
        axes.text(end, 1.06, f"{ahead}, {outlook.level:.0%} intervals", ha="right", va="bottom", color=FAINT,
                  fontsize=9)  # fmt: skip


def _window_marks(portrait: InterestPortrait) -> list[tuple[float, str]]:
    """Return positions and texts of a few tick marks: event numbers, with dates where known."""
    windows = portrait.windows
    chosen = sorted({round(i) for i in np.linspace(0, len(windows) - 1, min(len(windows), 5))})
    marks: list[tuple[float, str]] = []
    for i in chosen:
        window = windows[i]
        if marks and window.first - marks[-1][0] < LEAST_MARK * portrait.events:
            continue
        date = "" if window.start is None else f"\n{window.start:%d %b %Y}"
        marks.append((float(window.first), f"{window.first + 1}{date}"))
    return marks


def _label_layers(
    axes: Axes, names: list[str], layers: np.ndarray[tuple[int], np.dtype[np.float64]], end: float
) -> None:
    """Write each layer's name at its right edge, pushed apart where layers are thin."""
    wanted = np.cumsum(layers) - 0.5 * layers
    spacing = 0.052
    positions = wanted.copy()
    for i in range(1, len(positions)):
        positions[i] = max(positions[i], positions[i - 1] + spacing)
    overshoot = max(positions[-1] - 0.98, 0.0)
    positions[-1] -= overshoot
    for i in range(len(positions) - 2, -1, -1):
        positions[i] = min(positions[i], positions[i + 1] - spacing)
    for j, (name, position, middle) in enumerate(zip(names, positions, wanted, strict=True)):
        colour = OTHER if name == OTHER_NAME else COLOURS[j % len(COLOURS)]
        axes.annotate(
            f"{neutralise(name)}  {layers[j]:.0%}", xy=(end, middle), xytext=(end * 1.025, position),
            va="center", color=INK, fontsize=9, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.6, "shrinkA": 1, "shrinkB": 0},
        )  # fmt: skip


def draw_changes(portrait: InterestPortrait, n_interests: int = 12) -> Figure:
    """Draw each interest's change from the earlier to the recent events, with its interval.

    Filled marks are reported changes; hollow ones are not supported by the data.

    Raises
    ------
    DataError
        If the history is too short for changes to be tested.
    MissingExtraError
        If matplotlib is not installed.
    """
    if not portrait.changes:
        raise DataError(
            f"{counted(portrait.events, 'event is', 'events are')} too few for changes to be tested.",
            remedy="Choose a user with a longer history.",
        )
    rows = sorted(portrait.changes, key=lambda c: -abs(c.change))[:n_interests]
    rows = sorted(rows, key=lambda c: c.change)
    figure = _figure(7.6, 1.5 + 0.34 * len(rows))
    axes = figure.add_subplot()
    axes.axvline(0.0, color=FAINT, linewidth=1.0)
    for position, row in enumerate(rows):
        _draw_change(axes, position, row)
    labelled = any(row.direction != "steady" for row in rows)
    reach = (1.45 if labelled else 1.15) * max(max(abs(row.lower), abs(row.upper)) for row in rows)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_yticks(range(len(rows)), [neutralise(row.interest) for row in rows])
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:+.0f}" if abs(value) > 1e-9 else "0")
    axes.set_xlabel("change of share, percentage points", color=INK)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(STEADY)
    axes.tick_params(axis="y", length=0, colors=INK)
    axes.tick_params(axis="x", colors=FAINT)
    axes.grid(axis="x", color="#ECEEF1", linewidth=0.8)
    axes.set_axisbelow(True)
    who = "" if portrait.user is None else f", user {neutralise(portrait.user)}"
    axes.set_title(
        f"Rise and fall of interests{who}", loc="left", color=INK, fontsize=13, fontweight="bold", pad=20
    )
    axes.text(
        0.0, 1.01,
        f"last {counted(portrait.recent_events, 'event')} against the "
        f"{portrait.events - portrait.recent_events} "
        f"before; filled: reported at a false-discovery rate of {portrait.false_discovery_rate:.0%}",
        transform=axes.transAxes, color=FAINT, fontsize=8.5, va="bottom",
    )  # fmt: skip
    return figure


def _draw_change(axes: Axes, position: int, row: InterestChange) -> None:
    colour = {"rising": RISING, "fading": FADING, "steady": STEADY}[row.direction]
    reported = row.direction != "steady"
    axes.plot(
        [row.lower, row.upper], [position, position], color=colour, linewidth=2.2, solid_capstyle="round"
    )
    axes.plot(
        [row.change], [position], marker="o", markersize=7.5, color=colour, markeredgewidth=1.6,
        markerfacecolor=colour if reported else "white",
    )  # fmt: skip
    if reported:
        axes.annotate(
            f"{row.before:.0%} to {row.after:.0%}", xy=(row.upper if row.change > 0 else row.lower, position),
            xytext=(7 if row.change > 0 else -7, 0), textcoords="offset points", va="center",
            ha="left" if row.change > 0 else "right", fontsize=8.5, color=INK,
        )  # fmt: skip


def save_figure(figure: Figure, path: Path) -> None:
    """Save a figure as PNG or SVG, by the ending of its name, replacing the file in one step.

    Raises
    ------
    DataError
        If the name ends in neither.
    """
    ending = path.suffix.lower().lstrip(".")
    if ending not in ("png", "svg"):
        raise DataError(f"Cannot save a picture as {path.name!r}.", remedy="Name it .png or .svg.")
    buffer = io.BytesIO()
    # No date in the file: equal portraits give equal bytes.
    figure.savefig(buffer, format=ending, dpi=160, metadata={"Date": None} if ending == "svg" else None)
    write_atomic(path, buffer.getvalue())


def svg_of(figure: Figure) -> str:
    """Return a figure as an SVG element, to be put into a page as it is."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _share_in(shares: tuple[InterestShare, ...], name: str) -> float:
    return next(share.share for share in shares if share.interest == name)


def _smooth_curve(
    x: np.ndarray[tuple[int], np.dtype[np.float64]],
    y: np.ndarray[tuple[int], np.dtype[np.float64]],
    at: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Interpolate without overshooting (monotone cubic), so that no share leaves 0 to 1."""
    from scipy.interpolate import PchipInterpolator

    kept = np.concatenate([[True], np.diff(x) > 0])
    return np.asarray(PchipInterpolator(x[kept], y[kept])(at))
