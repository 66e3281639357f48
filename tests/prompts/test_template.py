from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

import pytest

from nextinterest.errors import PromptError
from nextinterest.prompts import PromptTemplate, shipped_templates


def test_shipped_templates_load_and_are_hashed_by_their_text() -> None:
    assert shipped_templates() == (
        "choice",
        "item-softmax",
        "letter",
        "next-interest",
        "next-interests",
        "next-title",
        "predictions",
        "ranking",
    )
    hashes = set()
    for name in shipped_templates():
        template = PromptTemplate.named(name)
        source = (files("nextinterest.prompts") / "templates" / f"{name}.jinja").read_bytes()
        assert template.hash == hashlib.sha256(source).hexdigest()
        assert template.name == name
        hashes.add(template.hash)
    assert len(hashes) == len(shipped_templates())


def test_line_ends_do_not_change_a_template() -> None:
    text = "{% block event %}\n{{ title }}\n{% endblock %}\n"
    unix, windows = PromptTemplate("t", text), PromptTemplate("t", text.replace("\n", "\r\n"))
    assert unix == windows
    assert unix.render("event", title="A") == "A\n"
    assert unix != PromptTemplate("t", text + " ")


def test_an_unset_variable_is_named() -> None:
    with pytest.raises(PromptError, match=r"'choice', section 'candidate': 'letter' is undefined") as caught:
        PromptTemplate.named("choice").render("candidate", title="Alien", year=None)
    assert "Values given: title, year" in caught.value.remedy


def test_values_are_never_templates_themselves() -> None:
    template = PromptTemplate("t", "{% block event %}{{ title }}{% endblock %}")
    assert template.render("event", title="{{ 7 * 7 }}{% raw %}") == "{{ 7 * 7 }}{% raw %}"


def test_templates_cannot_reach_into_python() -> None:
    template = PromptTemplate("t", "{% block event %}{{ title.__class__.__mro__ }}{% endblock %}")
    with pytest.raises(PromptError, match="section 'event'"):
        template.render("event", title="Alien")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{% block event %}{{ title }", "line 1"),
        ("{% block header %}H{% endblock %}", "no section 'event'"),
        ("{% block event %}{% endblock %}{% block evnt %}{% endblock %}", "section 'evnt'"),
        ("\nHello {% block event %}{% endblock %}", "outside of sections would be lost"),
        ("{% set x = 1 %}{% block event %}{{ x }}{% endblock %}", "outside of sections would be lost"),
    ],
)
def test_a_bad_template_is_refused_when_read(source: str, complaint: str) -> None:
    with pytest.raises(PromptError, match=complaint):
        PromptTemplate("bad", source)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(PromptError, match="No template 'nope'") as caught:
        PromptTemplate.named("nope")
    assert "item-softmax" in caught.value.remedy


def test_a_path_names_the_template_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    with pytest.raises(PromptError, match="cannot be read: No such file") as caught:
        PromptTemplate.named(str(path))
    assert "item-softmax" in caught.value.remedy
    path.write_text("{% block event %}* {{ title }}{% endblock %}")
    found = PromptTemplate.named(str(path))
    assert found.render("event", title="Alien") == "* Alien"
    path.write_text("{% block event %}- {{ title }}{% endblock %}")
    assert PromptTemplate.named(str(path)) != found  # read anew
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PromptError, match="cannot be read"):
        PromptTemplate.named(str(path))


def test_what_a_template_asks_of_its_caller() -> None:
    assert PromptTemplate.named("next-interests").caller_variables() == {"horizon", "n_titles", "names"}
    assert PromptTemplate.named("choice").caller_variables() == set()
    assert PromptTemplate.named("item-softmax").variables("event") == {"title"}
    assert PromptTemplate.named("item-softmax").variables("system") == set()


def test_a_template_stands_for_the_version_that_lacked_the_request_alone() -> None:
    choice = PromptTemplate.named("choice")
    block = "{% block request %}\n\nAsked for now: {{ request }}\n{% endblock %}\n"
    assert block in choice.source
    before = PromptTemplate("choice", choice.source.replace(block, ""))
    assert choice.stands_for(before.hash)
    assert choice.stands_for(choice.hash)
    assert not choice.stands_for(PromptTemplate("choice", choice.source + "\n").hash)
    assert not PromptTemplate.named("next-title").stands_for(before.hash)
