"""The page's files: all served, all asked for by the page or its scripts, nothing from anywhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from fastapi.testclient import TestClient

from nextinterest.profiles.kinds import READ_AS
from nextinterest.retrieval.cooccurrence import CoOccurrence
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.pool import PopularityPart
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.queries import REQUEST
from nextinterest.retrieval.text_source import TextNeighbours
from nextinterest.server.routes.page import PAGE_PATHS


def test_every_file_is_served_under_a_strict_policy(serve: Callable[..., TestClient]) -> None:
    client = serve()
    shipped = {file.name for file in files("nextinterest.server").joinpath("page").iterdir()}
    assert {f"/page/{name}" for name in shipped - {"index.html"}} | {"/"} == PAGE_PATHS
    for path in PAGE_PATHS:
        answer = client.get(path)
        assert answer.status_code == 200, path
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_page_asks_for_its_own_files_only(serve: Callable[..., TestClient]) -> None:
    client = serve()
    asked: set[str] = set()
    for path in PAGE_PATHS:
        text = client.get(path).text
        asked |= set(re.findall(r"""(?:href|src|from)\s*=?\s*"(/[^"]*)\"""", text))
        # The one address that may stand in a file names a vocabulary and is never fetched.
        outside = set(re.findall(r"https?://[^\s\"']+", text)) - {"http://www.w3.org/2000/svg"}
        assert outside == set(), path
        assert "innerHTML" not in text
        assert "insertAdjacentHTML" not in text
    assert asked == PAGE_PATHS - {"/"}


def test_the_page_shows_every_kind_as_it_is_read() -> None:
    script = files("nextinterest.server").joinpath("page", "history.js").read_text("utf-8")
    for name, read_as in (
        ("SEEN", "seen"),
        ("LIKED", "liked"),
        ("DISLIKED", "disliked"),
        ("HIDDEN", "hidden"),
    ):
        written = re.search(rf"const {name} = [{{\[](.*?)[}}\]];", script, re.DOTALL)
        assert written is not None
        listed = re.findall(r"(\w+):", written[1]) if name != "HIDDEN" else re.findall(r'"(\w+)"', written[1])
        assert set(listed) == {kind for kind, read in READ_AS.items() if read == read_as}


def test_a_new_user_may_have_any_name_that_a_path_can_carry() -> None:
    page = files("nextinterest.server").joinpath("page", "index.html").read_text("utf-8")
    field = re.search(r'<input id="name"[^>]*>', page)
    assert field is not None
    assert "pattern" not in field[0]
    assert "slash" not in page


def test_every_source_has_a_label_for_people_which_the_documents_name_too() -> None:
    script = files("nextinterest.server").joinpath("page/picks.js").read_text("utf-8")
    labels = dict(
        re.findall(r"^  (\w+): \"(.+)\",$", script.partition("LABELS = {")[2].partition("}")[0], re.M)
    )
    page = Path(__file__).parents[2] / "docs" / "retrieval.md"
    rows = re.findall(r"^  \| `([\w: ]+)` \| (.+?) \|", page.read_text("utf-8"), re.M)
    assert {name.partition(":")[0]: said.partition(":")[0] for name, said in rows} == labels
    classes = (TextNeighbours, PopularItems, CoOccurrence, ItemSoftmax, PopularityPart)
    shipped = {one.name for one in classes if isinstance(one.name, str)} | {
        REQUEST,
        "sequence",
        "ease",
        "lift",
    }
    assert shipped <= set(labels)
