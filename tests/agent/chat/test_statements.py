"""What is noted: what people state of themselves, never what they ask, hope for, or heard of others."""

from __future__ import annotations

import pytest

from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.domain import Catalog, Item
from nextinterest.messages import Message

FILMS = ("Fargo", "Casablanca", "Titanic", "Toy Story", "Twister", "Unforgiven", "The Rock", "Contact")
GOODS = ("Catan", "Pandemic Legacy", "Wingspan", "Kindle Paperwhite")


def _context(titles: tuple[str, ...], category: str) -> ChatContext:
    items = [Item(f"i{n}", title, (category,), 1990 + n) for n, title in enumerate(titles)]
    return ChatContext(Catalog.from_items(items))


CINEMA, SHOP = _context(FILMS, "Drama"), _context(GOODS, "Board Games")


def noted(context: ChatContext, *said: str) -> dict[str, str]:
    messages = [Message(role="assistant" if n % 2 else "user", content=text) for n, text in enumerate(said)]
    read = CompositionalReader().read(messages, context)
    return {context.catalog.titles[one.item]: one.kind for one in read.reported}


def intent(context: ChatContext, *said: str) -> str:
    messages = [Message(role="assistant" if n % 2 else "user", content=text) for n, text in enumerate(said)]
    return CompositionalReader().read(messages, context).request.intent


WANTED = [
    "what's a good movie like Fargo?",
    "any good films like Fargo",
    "can you find me a great movie like Fargo",
    "I want something fun like Toy Story",
    "show me the best movies like Titanic",
    "something as good as Fargo",
    "give me something great, like Fargo",
    "looking for a really good thriller like Casablanca",
]
WANTED_GOODS = ["what's a good game like Catan?", "any good games like Wingspan", "something fun like Catan"]


@pytest.mark.parametrize(
    ("context", "message"), [(CINEMA, one) for one in WANTED] + [(SHOP, one) for one in WANTED_GOODS]
)
def test_praise_of_what_is_wanted_is_no_opinion(context: ChatContext, message: str) -> None:
    assert noted(context, message) == {}
    assert intent(context, message) == "similar"


DENIED = [
    "I liked neither {} nor {}",
    "I didn't like {} or {}",
    "not a fan of {} or {}",
    "I loved neither {} nor {}",
    "neither {} nor {} was good",
    "I'm not a fan of {} nor {}",
    "I did not like either {} or {}",
    "{} and {} weren't good",
    "neither {} nor {} did it for me",
]


@pytest.mark.parametrize("message", DENIED)
@pytest.mark.parametrize(("context", "pair"), [(CINEMA, ("Fargo", "Titanic")), (SHOP, ("Catan", "Wingspan"))])
def test_a_negation_holds_for_both(context: ChatContext, pair: tuple[str, str], message: str) -> None:
    assert noted(context, message.format(*pair)) == dict.fromkeys(pair, "disliked")


ASKED = [
    "is {} good?",
    "was {} any good?",
    "did you like {}?",
    "would I like {}?",
    "should I watch {}?",
    "{} any good?",
    "is {} great",
    "was {} boring?",
    "have you seen {}?",
    "how good is {}?",
    "do people like {}?",
    "what did you think of {}?",
    "so was {} good?",
    "can you tell me if {} is good",
    "not sure if {} is good",
    "I wonder if {} is any good",
    "would my son love {}?",
    "is {} a masterpiece or overrated?",
    "and {}, is it good?",
]


@pytest.mark.parametrize("message", ASKED)
@pytest.mark.parametrize(("context", "title"), [(CINEMA, "Casablanca"), (SHOP, "Catan")])
def test_a_question_is_no_opinion(context: ChatContext, title: str, message: str) -> None:
    assert noted(context, message.format(title)) == {}


@pytest.mark.parametrize("message", ["is Fargo good?", "did you like Fargo?", "was Fargo any good?"])
def test_a_question_asks_about_the_item(message: str) -> None:
    assert intent(CINEMA, message) == "ask"


OF_OTHERS = [
    "my wife loved {}",
    "my son hated {}",
    "i heard {} is great",
    "people say {} is boring",
    "everyone likes {}",
    "critics hated {}",
    "my friends told me {} is awesome",
    "my husband thinks {} is terrible",
    "he loved {}",
    "my kids watched {} and loved it",
    "apparently {} is dull",
    "{} is supposed to be great",
    "a friend of mine enjoyed {}",
    "Anna loved {}",
    "my girlfriend is a huge fan of {}",
    "the whole family liked {}",
    "I've heard good things about {}",
    "{} is loved by everyone",
    "{} is boring, people say",
    "my dad recommended {}, he loved it",
    "{} got great reviews",
    "you liked {}",
    "nobody liked {}",
    "my wife and son loved {}",
    "his favourite is {}",
    "I know everyone loves {}",
]


@pytest.mark.parametrize("message", OF_OTHERS)
@pytest.mark.parametrize(("context", "title"), [(CINEMA, "Titanic"), (SHOP, "Catan")])
def test_what_others_think_is_not_noted(context: ChatContext, title: str, message: str) -> None:
    assert noted(context, message.format(title)) == {}


EXPECTED = [
    "{} looks good",
    "{} sounds great",
    "{} seems fun",
    "{} looks good, tell me more",
    "{} might be good",
    "{} would be perfect tonight",
    "I hope {} is good",
    "I would love to see {}",
    "I'd like to watch {}",
    "let's watch {}",
    "I'll watch {} tonight",
    "{} will be great",
    "I didn't watch {}",
    "I haven't seen {}",
]


@pytest.mark.parametrize("message", EXPECTED)
@pytest.mark.parametrize(("context", "title"), [(CINEMA, "Fargo"), (SHOP, "Catan")])
def test_what_is_expected_is_no_experience(context: ChatContext, title: str, message: str) -> None:
    assert noted(context, message.format(title)) == {}


LIST = "Here are 2 for you:\n1. Fargo (1990)\n2. Titanic (1992)"


@pytest.mark.parametrize(
    "message",
    ["the last one looks good, tell me more", "the second one sounds interesting", "the first looks amazing"],
)
def test_an_entry_that_looks_good_is_not_noted(message: str) -> None:
    assert noted(CINEMA, "two dramas", LIST, message) == {}


def test_an_entry_is_told_more_about() -> None:
    assert intent(CINEMA, "two dramas", LIST, "the last one looks good, tell me more") == "ask"


LIKED = [
    "I liked {}",
    "loved {}",
    "{} was great",
    "I think {} is brilliant",
    "just watched {} and loved it",
    "my wife and I loved {}",
    "{} is my favourite",
    "saw {}, was great",
    "{}? loved it",
    "my favourite is {}",
    "everyone hated {} but I loved it",
    "I heard {} was boring but i liked it",
    "what a great film {} was",
    "Yesterday I finally watched {} and it was wonderful",
    "I loved {}, can you recommend something else?",
    "watched {} with my wife, loved it",
    "I have always loved {}",
    "I do like {}",
    "{} is the best film ever",
]


@pytest.mark.parametrize("message", LIKED)
@pytest.mark.parametrize(("context", "title"), [(CINEMA, "Fargo"), (SHOP, "Catan")])
def test_what_is_stated_is_noted(context: ChatContext, title: str, message: str) -> None:
    assert noted(context, message.format(title)) == {title: "liked"}


DISLIKED = [
    "{} wasn't my thing",
    "{} isn't really my thing",
    "{} was not my cup of tea",
    "{} was nothing for me",
    "my wife loved {} but I hated it",
    "I don't think {} was good",
    "can't say I liked {}",
    "{} wasn't for me",
    "fell asleep during {}",
    "i heard {} is great but I hated it",
    "{} just wasn't my style",
]


@pytest.mark.parametrize("message", DISLIKED)
@pytest.mark.parametrize(("context", "title"), [(CINEMA, "Fargo"), (SHOP, "Catan")])
def test_a_dislike_that_is_stated_is_noted(context: ChatContext, title: str, message: str) -> None:
    assert noted(context, message.format(title)) == {title: "disliked"}


def test_an_everyday_word_is_a_title_in_what_is_said_of_works_alone() -> None:
    films = _context(("Heat", "Speed"), "Action")
    assert noted(films, "Heat wasn't my thing") == {"Heat": "disliked"}
    assert noted(films, "Speed is overrated") == {"Speed": "disliked"}
    assert noted(films, "Heat was unbearable this summer") == {}


CONTRASTS = [
    "I thought {} was good but {} wasn't",
    "{} was great but {} was not",
    "I liked {} but not {}",
    "I liked {}, {} not so much",
    "{} was good, {} wasn't",
    "{} was good, but {} really wasn't",
    "{} was fun, {} less so",
]


@pytest.mark.parametrize("message", CONTRASTS)
@pytest.mark.parametrize(("context", "pair"), [(CINEMA, ("Twister", "Fargo")), (SHOP, ("Catan", "Wingspan"))])
def test_a_contrast_is_an_opinion(context: ChatContext, pair: tuple[str, str], message: str) -> None:
    assert noted(context, message.format(*pair)) == {pair[0]: "liked", pair[1]: "disliked"}


def test_a_contrast_may_be_praise() -> None:
    assert noted(CINEMA, "Twister wasn't good but Fargo was") == {"Twister": "disliked", "Fargo": "liked"}
    assert noted(CINEMA, "Twister was boring, Fargo wasn't") == {"Twister": "disliked", "Fargo": "liked"}


@pytest.mark.parametrize(
    "opinion", ["i hated it", "it was boring", "that was awful", "hated it!", "i disliked it"]
)
def test_a_pronoun_means_the_item_named_last(opinion: str) -> None:
    assert noted(CINEMA, "something like Contact", LIST, opinion) == {"Contact": "disliked"}
    assert noted(CINEMA, "something like Oppenheimer", LIST, opinion) == {}
    assert noted(CINEMA, "two dramas", LIST, opinion) == {}
    assert noted(CINEMA, "one drama", "Here is one:\n1. Fargo (1990)", opinion) == {"Fargo": "disliked"}


def test_a_function_word_is_no_title_to_have_an_opinion_on() -> None:
    films = _context(("The War", "It", "Fargo"), "Drama")
    assert noted(films, "Ich habe gestern Fargo gesehen, war super") == {"Fargo": "liked"}
    assert noted(films, "das war super") == {}
    assert "It" not in noted(films, "loved it")
