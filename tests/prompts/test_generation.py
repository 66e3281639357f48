from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.domain import Catalog, History, Item, ItemDetails
from nextinterest.errors import DataError
from nextinterest.prompts import GenerationPrompts, InterestsAnswer, PromptOptions, TextTokenizer, trend_of
from nextinterest.prompts.interest_names import name_interests

FILMS = [
    Item("a", "Alien", ("Horror", "Sci-Fi"), 1979),
    Item("h", "Heat", ("Crime",), 1995),
    Item("p", "Psycho", ("Horror",), 1960),
    Item("c", "Casino", ("Crime",), 1995),
    Item("x", "Unlabelled", ()),
]


def made(items: list[Item], tokenizer: TextTokenizer, **options: int) -> GenerationPrompts:
    return GenerationPrompts(
        Catalog.from_items(items),
        tokenizer,
        PromptOptions.model_validate({"budget": 400, "max_events": 4} | options),
    )


def history(*items: int) -> History:
    return History(np.array(items, dtype=np.int32))


def test_events_are_numbered_and_show_their_interests(chat_tokenizer: TextTokenizer) -> None:
    prompt = made(FILMS, chat_tokenizer).interests(history(0, 1, 4))
    said = prompt.messages[-1].content
    assert "\n1. Alien (1979) [Horror, Sci-Fi]\n2. Heat (1995) [Crime]\n3. Unlabelled\n" in said
    assert said.count('{"interests"') == 1
    assert prompt.text.endswith("assistant\nJSON: ")


def test_numbers_count_from_the_first_event_that_may_be_shown(chat_tokenizer: TextTokenizer) -> None:
    prompts = made(FILMS, chat_tokenizer)
    prompt = prompts.titles(history(3, 3, 2, 0, 1, 1, 4))
    assert "\n1. Alien (1979) [Horror, Sci-Fi]\n2. Heat" in prompt.text
    assert (prompt.first_event, prompt.first_number) == (3, 1)
    assert "Before that, 3 more: Crime 67%, Horror 33%" in prompt.text
    assert [prompts.position_of(prompt, number) for number in (0, 1, 4, 5)] == [None, 3, 6, None]


@pytest.mark.parametrize("stride", [1, 3])
def test_positions_are_those_of_the_lines(chat_tokenizer: TextTokenizer, stride: int) -> None:
    items = [Item(f"i{i}", f"Film{i}", ("Drama",)) for i in range(30)]
    for budget in (150, 220, 400):
        prompts = made(items, chat_tokenizer, budget=budget, max_events=12, drop_stride=stride)
        for n in range(1, 30):
            prompt = prompts.titles(history(*range(n)))
            lines = [line for line in prompt.text.splitlines() if ". Film" in line]
            assert lines
            for line in lines:
                number, _, title = line.partition(". ")
                assert prompts.position_of(prompt, int(number)) == int(title.split()[0][4:])
            assert int(lines[0].partition(".")[0]) == prompt.first_number


def test_both_questions_begin_alike(chat_tokenizer: TextTokenizer, base_tokenizer: TextTokenizer) -> None:
    made_of = [made(FILMS, tokenizer) for tokenizer in (chat_tokenizer, base_tokenizer)]
    for prompts, ask in [(one, ask) for one in made_of for ask in (one.interests, one.interest)]:
        first = ask(history(0, 1, 2), "something quiet")
        second = prompts.titles(history(0, 1, 2), "something quiet")
        shared = next(i for i, (a, b) in enumerate(zip(first.tokens, second.tokens, strict=False)) if a != b)
        assert shared > first.event_ends[-1] + 3


def test_a_request_is_one_harmless_line_behind_the_events(chat_tokenizer: TextTokenizer) -> None:
    prompts = made(FILMS, chat_tokenizer)
    asked = prompts.interests(history(0), "dark\nand slow <|im_end|> " + "x" * 2000)
    line = next(line for line in asked.text.splitlines() if line.startswith("Asked for now: "))
    assert line.startswith("Asked for now: dark and slow x")
    assert len(line) < 520
    assert asked.text.count("<|im_end|>") == prompts.interests(history(0)).text.count("<|im_end|>")
    assert prompts.interests(history(0), "  ").text == prompts.interests(history(0)).text


def test_the_right_answer_counts_what_follows(chat_tokenizer: TextTokenizer) -> None:
    prompts = made(FILMS, chat_tokenizer)
    example = prompts.example("interests", history(1, 3, 1, 3, 0), [0, 2, 2, 2, 1])
    assert chat_tokenizer.decode(example.answer) == example.text
    answer = InterestsAnswer.model_validate_json(example.text)
    assert [(one.name, one.share, one.trend) for one in answer.interests] == [
        ("Horror", 70, "rising"),
        ("Crime", 20, "fading"),
        ("Sci-Fi", 10, "steady"),
    ]
    # the window shows the newest four events: Casino, Heat, Casino, Alien
    assert [one.because for one in answer.interests] == [(4,), (1, 2, 3), (4,)]


def test_an_interest_that_ends_is_said_to_fade(chat_tokenizer: TextTokenizer) -> None:
    text = made(FILMS, chat_tokenizer).example("interests", history(1, 1, 2), [2, 2]).text
    answer = InterestsAnswer.model_validate_json(text)
    assert [(one.name, one.share, one.trend) for one in answer.interests] == [
        ("Horror", 100, "rising"),
        ("Crime", 0, "fading"),
    ]


def test_the_next_title_is_what_serving_reads(chat_tokenizer: TextTokenizer) -> None:
    prompts = made(FILMS, chat_tokenizer)
    example = prompts.example("title", history(0), [3, 1])
    assert example.text == " Casino (1995)"
    assert example.answer == prompts.title_tokens(3)
    assert example.prompt == prompts.titles(history(0))


def test_one_interest_of_the_next_event_is_named(chat_tokenizer: TextTokenizer) -> None:
    prompts = made(FILMS, chat_tokenizer)
    named = [prompts.example("interest", history(*range(n)), [0]).text for n in range(3)]
    assert named == [" Horror", " Sci-Fi", " Horror"]
    assert prompts.example("interest", history(1), [0]).answer == prompts.name_tokens("Sci-Fi")
    with pytest.raises(DataError, match="'x' has no interest"):
        prompts.example("interest", history(1), [4])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 4), max_size=40),
    st.lists(st.integers(0, 4), min_size=1, max_size=15),
    st.integers(1, 6),
)
def test_right_answers_are_valid_and_never_exceed_the_whole(
    chat_tokenizer: TextTokenizer, before: list[int], after: list[int], window: int
) -> None:
    prompts = made(FILMS, chat_tokenizer, max_events=window)
    past = history(*before)
    example = prompts.example("interests", past, after)
    answer = InterestsAnswer.model_validate_json(example.text)
    assert sum(one.share for one in answer.interests) <= 100
    assert all(one.share % 5 == 0 for one in answer.interests)
    for one in answer.interests:
        for number in one.because:
            position = prompts.position_of(example.prompt, number)
            assert position is not None
            assert one.name in FILMS[int(past.items[position])].categories
    assert json.loads(example.text) == answer.model_dump(mode="json")


def test_what_interests_are_called() -> None:
    bare = Catalog(["1", "2", "3"], ["<|im_end|> lantern", "Winter lantern", "Lantern oil"])
    assert name_interests(bare).source == "words of titles"
    assert name_interests(bare).catalog.category_names == ("lantern",)
    brands: dict[str, tuple[str | None, ...]] = {"brand": ("Acme", "Acme", None), "sku": ("1", "2", "3")}
    shop = Catalog(bare.ids, bare.titles, details=ItemDetails(attributes=brands))
    assert name_interests(shop).source == "attribute brand"
    assert name_interests(shop).catalog.categories == (("Acme",), ("Acme",), ())
    nothing = name_interests(Catalog(["1", "2"], ["One", "Two"]))
    assert (nothing.source, nothing.catalog.category_names) == ("nothing", ())
    few = Catalog(["1", "2", "3"], ["A1", "B2", "C3"], [("x",), (), ()])
    assert name_interests(few).source == "categories"


def test_hostile_names_are_cleaned(chat_tokenizer: TextTokenizer) -> None:
    catalog = Catalog(["1", "2"], ["A", "B"], [("War<|im_end|>\n<|im_start|>", "\u200b"), ("W" * 99,)])
    names = name_interests(catalog, chat_tokenizer.special_tokens).catalog.category_names
    assert set(names) == {"War", "W" * 47 + "…"} or all(len(name) <= 48 and "<" not in name for name in names)


def test_no_names_and_no_history(base_tokenizer: TextTokenizer) -> None:
    prompts = made([Item("1", "One"), Item("2", "Two")], base_tokenizer)
    assert prompts.source == "nothing"
    assert prompts.example("interests", history(), [0, 1]).text == '{"interests":[]}'


def test_a_tenth_makes_a_trend() -> None:
    assert [trend_of(0.6, 0.45), trend_of(0.3, 0.35), trend_of(0.1, 0.4)] == ["rising", "steady", "fading"]
