"""Pictures are drawn for any portrait, saved whole, and equal for equal input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nextinterest.domain import Catalog, History, ItemScorer
from nextinterest.errors import DataError
from nextinterest.interests import (
    draw_changes,
    draw_river,
    forecast_interests,
    portray,
    save_figure,
    svg_of,
)

pytest.importorskip("matplotlib")


def test_pictures_are_saved_as_png_and_svg(
    tmp_path: Path, catalog: Catalog, scorer: ItemScorer, changed: History
) -> None:
    portrait = portray(changed, catalog)
    river = draw_river(portrait, forecast_interests(changed, catalog, scorer))
    save_figure(river, tmp_path / "river.png")
    save_figure(draw_changes(portrait), tmp_path / "changes.svg")
    assert (tmp_path / "river.png").read_bytes().startswith(b"\x89PNG")
    svg = (tmp_path / "changes.svg").read_text("utf-8")
    assert svg.rstrip().endswith("</svg>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["changes.svg", "river.png"]
    with pytest.raises(DataError, match="Name it"):
        save_figure(river, tmp_path / "river.gif")


def test_a_page_can_hold_the_picture(catalog: Catalog, changed: History) -> None:
    svg = svg_of(draw_changes(portray(changed, catalog)))
    assert svg.startswith("<svg")
    assert svg.rstrip().endswith("</svg>")


def test_river_layers_fill_the_whole(catalog: Catalog, changed: History) -> None:
    axes = draw_river(portray(changed, catalog)).axes[0]
    tops = [float(np.asarray(band.get_paths()[0].vertices)[:, 1].max()) for band in axes.collections]
    assert max(tops) == pytest.approx(1.0)


def test_what_cannot_be_drawn_says_why(catalog: Catalog) -> None:
    empty = portray(History(np.zeros(0, dtype=np.int32)), catalog)
    with pytest.raises(DataError, match="no river"):
        draw_river(empty)
    with pytest.raises(DataError, match="too few"):
        draw_changes(empty)
