"""Templates that refuse turns, pass them over, or demand that they alternate: no turn is lost."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from nextinterest.errors import ModelError
from nextinterest.llm.tokenizer import LocalTokenizer
from nextinterest.messages import Message
from nextinterest.prompts import PromptTemplate
from nextinterest.prompts.frame import frame_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TURN = "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
END = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
PLAIN = "{% for m in messages %}" + TURN + "{% endfor %}" + END
REFUSES = (
    "{% for m in messages %}{% if m['role'] == 'system' %}"
    "{{ raise_exception('no system turns here') }}{% endif %}" + TURN + "{% endfor %}" + END
)
DROPS = "{% for m in messages %}{% if m['role'] != 'system' %}" + TURN + "{% endif %}{% endfor %}" + END
ALTERNATES = (
    "{% if messages[0]['role'] == 'system' %}{{ 'S: ' + messages[0]['content'] + '\n' }}"
    "{% set messages = messages[1:] %}{% endif %}{% for m in messages %}"
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant') }}{% endif %}"
    + TURN
    + "{% endfor %}"
    + END
)
GEMMA = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    + ALTERNATES.split("{% endif %}", 1)[1]
)
LAST_ONLY = "{{ messages[-1]['content'] }}"
ASK = [
    Message(role="system", content="Answer in one word."),
    Message(role="user", content="A film by night?"),
]
LONG = [
    Message(role="assistant", content="Hello."),
    Message(role="user", content="A film?"),
    Message(role="user", content="By night."),
    Message(role="assistant", content="Night Ferry"),
    Message(role="system", content="Be brief."),
    Message(role="user", content="Another?"),
]


def with_template(tokenizer: PreTrainedTokenizerFast, template: object) -> LocalTokenizer:
    changed = copy.deepcopy(tokenizer)
    changed.chat_template = template
    return LocalTokenizer(changed)


@pytest.mark.parametrize("template", [REFUSES, DROPS, GEMMA])
def test_a_system_turn_goes_before_the_first_user_turn(
    byte_tokenizer: PreTrainedTokenizerFast, template: str
) -> None:
    tokenizer = with_template(byte_tokenizer, template)
    wanted = "<|im_start|>user\nAnswer in one word.\n\nA film by night?<|im_end|>\n<|im_start|>assistant\n"
    assert tokenizer.render(ASK) == wanted
    assert tokenizer.render_chat(ASK, add_generation_prompt=False) == wanted.removesuffix(
        "<|im_start|>assistant\n"
    )


@pytest.mark.parametrize("template", [PLAIN, REFUSES, DROPS, ALTERNATES, GEMMA])
def test_every_turn_is_in_the_text(byte_tokenizer: PreTrainedTokenizerFast, template: str) -> None:
    tokenizer = with_template(byte_tokenizer, template)
    for turns in (ASK, LONG, LONG[:1], ASK[:1], [*LONG, *ASK], [ASK[0], *LONG]):
        text = tokenizer.render(turns)
        at = [text.index(turn.content) for turn in turns]
        assert at == sorted(at)


def test_what_a_template_takes_is_left_as_it_is(byte_tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer = with_template(byte_tokenizer, PLAIN)
    assert tokenizer.render(LONG).count("<|im_start|>") == len(LONG) + 1


def test_content_that_looks_lost_is_not(byte_tokenizer: PreTrainedTokenizerFast) -> None:
    """A template may shorten content (thoughts of earlier answers, spaces); only lost turns count."""
    trims = PLAIN.replace("m['content']", "(m['content'] | trim | replace('secret', ''))")
    tokenizer = with_template(byte_tokenizer, trims)
    text = tokenizer.render(
        [
            Message(role="user", content="  a secret "),
            Message(role="assistant", content=""),
            Message(role="user", content="b"),
        ]
    )
    assert text.startswith("<|im_start|>user\na <|im_end|>\n<|im_start|>assistant\n<|im_end|>")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ raise_exception('not for you') }}", "not for you"),
        (LAST_ONLY, "leaves out turns of user, assistant, user"),
        ("{% if %}", "fails"),
        ("{{ messages[0]['content'].nothing() }}", "fails"),
        ("{{ 1 / 0 }}", "fails"),
        ({"tool_use": PLAIN}, "fails"),
    ],
)
def test_a_template_that_cannot_be_used_is_one_error(
    byte_tokenizer: PreTrainedTokenizerFast, template: object, said: str
) -> None:
    tokenizer = with_template(byte_tokenizer, template)
    tokenizer.inner.name_or_path = "models/odd-one"
    turns = [
        Message(role="user", content="a"),
        Message(role="assistant", content="b"),
        Message(role="user", content="c"),
    ]
    with pytest.raises(ModelError, match=said) as caught:
        tokenizer.render(turns)
    assert "odd-one" in str(caught.value)
    assert caught.value.remedy


def test_a_base_model_reads_plain_lines(byte_tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer = with_template(byte_tokenizer, None)
    assert tokenizer.render(ASK) == "system: Answer in one word.\nuser: A film by night?\nassistant:"
    with pytest.raises(ModelError, match="base model"):
        tokenizer.render_chat(ASK)


@pytest.mark.parametrize("template", [REFUSES, DROPS, GEMMA])
def test_prompts_keep_their_instruction(byte_tokenizer: PreTrainedTokenizerFast, template: str) -> None:
    named = PromptTemplate.named("next-title")
    values = dict.fromkeys(named.caller_variables(), "film")
    frame = frame_of(named, with_template(byte_tokenizer, template), values)
    assert named.is_chat
    assert frame.system
    assert frame.system in frame.before
