from __future__ import annotations

import json

import pytest

from nextinterest.cli.main import main
from nextinterest.domain import json_schemas


def test_schemas_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, expected in (([], json_schemas()), (["Request"], json_schemas()["Request"])):
        with pytest.raises(SystemExit) as ended:
            main(["schemas", *arguments])
        assert ended.value.code == 0
        assert json.loads(capsys.readouterr().out) == expected


def test_a_type_that_is_not_published_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["schemas", "Wish"])
    assert ended.value.code == 1
    assert "There is no type 'Wish'. The types are Event, Item, Where," in capsys.readouterr().err
