from __future__ import annotations

import json
import random
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel

from nextinterest.errors import OutputParseError
from nextinterest.prompts import InterestsAnswer, PredictedInterest, parse_output
from nextinterest.prompts.lenient import LenientError, read_value


class Film(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    title: str
    year: int | None
    seen: bool
    score: float
    tags: tuple[str, ...]


class Titled(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    title: str


class Titles(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    titles: tuple[str, ...] = Field(min_length=1)


class Films(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    films: tuple[Film, ...]
    note: str


class TitleList(RootModel[tuple[str, ...]]):
    pass


ODD = (
    "It's Alive",
    'The "Real" Thing',
    "a, b]",
    "{x}",
    "```",
    "back\\slash",
    "a: 'b'",
    "\n",
    "</s>",
    "}{",
    "n't'",
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(ODD)
films = st.builds(
    Film,
    title=text,
    year=st.none() | st.integers(-(10**9), 10**12),
    seen=st.booleans(),
    score=st.floats(allow_nan=False, allow_infinity=False),
    tags=st.lists(text, max_size=3).map(tuple),
)
answers = st.builds(Films, films=st.lists(films, max_size=3).map(tuple), note=text)
prose = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{`"), max_size=40)


def trailing_commas(written: str, value: object) -> str:
    """Put a comma before every closing bracket that has something before it, outside of strings."""
    if isinstance(value, dict):
        return "{" + "".join(f"{json.dumps(k)}: {trailing_commas('', v)}," for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + "".join(f"{trailing_commas('', v)}," for v in value) + "]"
    return json.dumps(value)


@settings(deadline=None, max_examples=400)
@given(
    answer=answers, before=prose, after=prose, form=st.integers(0, 4), fence=st.booleans(), cut=st.booleans()
)
def test_damaged_json_means_what_was_dumped(
    answer: Films, before: str, after: str, form: int, fence: bool, cut: bool
) -> None:
    value = answer.model_dump()
    written = {
        0: json.dumps(value),
        1: json.dumps(value, indent=2, ensure_ascii=False),
        2: repr(value),  # Python's literals, tuples and choice of quotes
        3: trailing_commas("", value),
        4: json.dumps(value, ensure_ascii=False).replace('{"title"', "{title"),
    }[form]
    if cut:  # only brackets are lost, and what follows them
        written = written.rstrip("}]) \n,")
        after = ""
        if written.endswith(("e", "l")) or written[-1:].isdigit() or not written.endswith(('"', "'")):
            written += " "
    if fence:
        written = f"```json\n{written}\n```"
    assert parse_output(before + written + after, Films) == answer


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ('{"title": "Alien"}', "Alien"),
        ('Sure!\n```json\n{"title": "Alien"}\n```\nAnything else?', "Alien"),
        ('```\n{"title": "Alien"', "Alien"),
        ("{'title': 'It's a Wonderful Life'}", "It's a Wonderful Life"),
        ('{"title": "The "Real" Thing"}', 'The "Real" Thing'),
        ('{"title": "Star "Wars": Episode IV"}', 'Star "Wars": Episode IV'),
        ("{title: “Alien”,}", "Alien"),
        ('[{"title": "Alien"}]', "Alien"),
        ('{"answer": {"title": "Alien"}}', "Alien"),
        ('I thought {about it}. {"title": "Alien"}', "Alien"),
        ('{"title": "two\nlines"}', "two\nlines"),
        (r'{"title": "\ud83d\ude80 \u0041\'"}', "🚀 A'"),
        ('{"titel": "Heat"} no: {"title": "Alien"}', "Alien"),
    ],
)
def test_usual_damage(said: str, title: str) -> None:
    assert parse_output(said, Titled).title == title


def test_a_cut_list_keeps_what_is_whole() -> None:
    assert parse_output('{"titles": ["Alien", "Heat", "Toy Sto', Titles).titles == ("Alien", "Heat")
    assert parse_output('{"titles": ["Alien" "Heat"', Titles).titles == ('Alien" "Heat',)
    assert parse_output('{"titles": ["Alien"\n "Heat"]}', Titles).titles == ("Alien", "Heat")
    assert parse_output('The list: ["Alien", "Heat",', TitleList).root == ("Alien", "Heat")


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("", "it is empty"),
        ("I would watch Alien.", r"holds no '\{'\. It begins: 'I would watch Alien"),
        ('{"titel": "Alien"}', "title: Field required"),
        ('{"title": "Alien", "year": 1979}', "year: Extra inputs"),
        ('{"title": 7}', "title: Input should be a valid string"),
        ('{"title": "Ali', "title: Field required"),
        ('{"title": Alien}', r"'Alien' is no value. It begins: '\{\"title\""),
        ('{title "Alien"}', "no colon follows the key"),
        ('{"title":: "Alien"}', "':' stands where a value is awaited"),
        ('{, "title": "Alien"}', "a comma stands where"),
        ('{"title": "Alien")', "closes a bracket that is not open"),
        ('{"title": ["Alien"}', "title: Input should be a valid string"),
        ("{" * 5000, r"'\{' stands where a key is awaited"),
        ('{"title":' * 5000, "deeper than 64 levels"),
        ('{"title": ' + "9" * 5000 + "}", "is no value"),
        ('{"title": __import__("os").getcwd()}', "'__import__' is no value"),
    ],
)
def test_what_cannot_be_read_is_said(said: str, complaint: str) -> None:
    with pytest.raises(OutputParseError, match=complaint) as caught:
        parse_output(said, Titled)
    assert len(str(caught.value)) < 400


def test_validation_is_strict_and_complete() -> None:
    with pytest.raises(OutputParseError, match=r"titles: .*at least 1"):
        parse_output('{"titles": []}', Titles)
    one = PredictedInterest(name="space horror", because=(1, 4), share=60, trend="rising")
    answer = InterestsAnswer(interests=(one,))
    assert parse_output(answer.model_dump_json(), InterestsAnswer) == answer
    with pytest.raises(OutputParseError, match=r"interests.0.share: .*less than or equal to 100"):
        parse_output(answer.model_dump_json().replace("60", "160"), InterestsAnswer)


MEGABYTE = 1_000_000


OPENERS = ("[", "{", "{'", '{"a":', '{"title": "', "[1,", "{a:'", "([{", "{a:1,", "{ ", "```{", "[[]")
STRINGS = ('"', "'", "\\", '\\"', '" ', '"\n', '"\n\n', "```", ",", " ", "\n", "9")
WHOLE = ('{"a":1}', '{"title": "x" ', "{'a': 'b',")


@pytest.mark.parametrize("unit", [*OPENERS, *STRINGS, *WHOLE])
def test_time_is_linear_on_hostile_text(unit: str) -> None:
    for prefix in ("", '{"title": "'):
        hostile = prefix + unit * (MEGABYTE // len(unit))
        start = time.perf_counter()
        with suppress(OutputParseError):  # some of these do hold a title, of white space
            parse_output(hostile, Titled)
        assert time.perf_counter() - start < 10  # a second at worst, alone; a quadratic reader takes hours


@settings(deadline=None, max_examples=300)
@given(st.text("{}[]()\"':,\\ \nab1-.`u", max_size=60), st.randoms(use_true_random=False))
def test_any_text_is_read_or_refused(said: str, rng: random.Random) -> None:
    start = rng.randrange(len(said) + 1)
    said = said[:start] + "{" + said[start:]
    try:
        value, end = read_value(said, start)
    except LenientError as refusal:
        at = refusal.at
    else:
        assert isinstance(value, dict)
        json.dumps(value)
        at = end
    assert start <= at <= len(said)
