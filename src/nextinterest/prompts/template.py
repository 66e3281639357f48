"""Prompt templates: Jinja files cut into named sections, each known by its name and its hash.

A template is data. Its sections (Jinja blocks) are rendered and tokenised one by one, so that where each
event ends is known without searching and nothing that is appended changes the tokens before it. The hash is
written into whatever was trained with a template; another hash is another template.

Sections, in the order they are written to a prompt; only `event` must be there:

=============  ====================================================================================
``system``     the system message. With it, instruct models get the prompt as a conversation;
               without it, every model gets plain text
``header``     before the events
``summary``    what older events were, where some did not fit
``event``      one line for each event
``nothing``    in place of events where there are none
``request``    what the person asks for now, where something is asked for
``candidates`` before the candidates
``candidate``  one line for each candidate
``today``      the day, where the history has times
``footer``     the question
``answer``     how the model's answer starts; the next token is the model's
``target``     what a right answer says next: learned from in fine-tuning, never part of a prompt
=============  ====================================================================================

This module knows nothing of tokenizers, histories or catalogues.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nextinterest.errors import PromptError

__all__ = ["SECTIONS", "PromptTemplate", "shipped_templates"]

_ITEM = frozenset({"title", "year", "categories", "facts", "description"})

SECTIONS: dict[str, frozenset[str]] = {
    "system": frozenset(),
    "header": frozenset(),
    "summary": frozenset({"n_dropped", "shares"}),
    "event": _ITEM | {"number", "rating", "days", "session_break", "kind"},
    "nothing": frozenset(),
    "request": frozenset({"request", "constraints", "liked", "disliked", "similar_to", "less_like"}),
    "candidates": frozenset({"complete"}),
    "candidate": _ITEM | {"letter"},
    "today": frozenset({"today", "days"}),
    "footer": frozenset(),
    "answer": frozenset(),
    "target": _ITEM | {"letter", "answer"},
}
"""Sections a template may have, each with the variables its renderer fills in. Other variables a template
names must be given by the caller and hold for the whole prompt."""

_SUFFIX = ".jinja"

# Earlier versions of shipped templates, by hash, with which a weight that was fitted still holds. `choice`
# lacked the request alone: the prompts are the same byte for byte where nothing is asked for in words.
# `letter`, which no model was trained with, wrote "1 days".
_EARLIER = {
    "choice": frozenset({"38bf67b79c38b67cb0ab3e5f8ff7d5449a7d51a20fb5f8f2ad3b0f2f42683f0f"}),
    "letter": frozenset({"227f667cd29a5db620b886565cf5ec30223eacdfff1d4d5401d866d64553dd48"}),
}


def _environment() -> ImmutableSandboxedEnvironment:
    # autoescape is for HTML; a prompt is plain text and its values were neutralised.
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, keep_trailing_newline=True
    )


class PromptTemplate:
    """A template and what is known of it.

    Parameters
    ----------
    name
        Short name, such as ``choice``.
    source
        Text of the file.

    Attributes
    ----------
    hash
        SHA-256 of the text (with Unix line ends), in hexadecimal. Templates are equal where name and
        hash are.
    sections
        The sections it has.

    Raises
    ------
    PromptError
        If the text is no Jinja, has no `event` section, a section of unknown name, or text outside sections.

    Examples
    --------
    >>> template = PromptTemplate("tiny", "{% block event %}* {{ title }}{% endblock %}")
    >>> template.render("event", title="Alien")
    '* Alien'
    >>> template.is_chat
    False
    """

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.source = source.replace("\r\n", "\n")
        self.hash = hashlib.sha256(self.source.encode()).hexdigest()
        environment = _environment()
        try:
            tree = environment.parse(self.source)
            self._template = environment.from_string(self.source)
        except TemplateSyntaxError as error:
            raise PromptError(
                f"Template {name!r}, line {error.lineno}: {error.message}.", remedy="Mend the template."
            ) from error
        blocks = [node for node in tree.body if isinstance(node, nodes.Block)]
        self._check(tree, blocks)
        self.sections = frozenset(block.name for block in blocks)
        self._variables = {
            block.name: frozenset(find_undeclared_variables(_as_template(block, environment)))
            for block in blocks
        }

    @classmethod
    def named(cls, name: str) -> PromptTemplate:
        """Return a template that ships with the package, or the one in a file whose path ends in ``.jinja``.

        Raises
        ------
        PromptError
            If there is none, or it is no template.
        """
        return _from_file(name) if name.endswith(_SUFFIX) else _named(name)

    @property
    def is_chat(self) -> bool:
        """Whether instruct models get this template as a conversation."""
        return "system" in self.sections

    def stands_for(self, digest: str) -> bool:
        """Return whether what was fitted with a template of this name and that hash holds with this one."""
        return digest == self.hash or digest in _EARLIER.get(self.name, frozenset())

    def variables(self, section: str) -> frozenset[str]:
        """Return the names a section uses; empty for a section the template does not have."""
        return self._variables.get(section, frozenset())

    def caller_variables(self) -> frozenset[str]:
        """Return the names that a caller must give because no renderer fills them in."""
        return frozenset().union(*(used - SECTIONS[name] for name, used in self._variables.items()))

    def render(self, section: str, **values: object) -> str:
        """Return the text of one section.

        Raises
        ------
        PromptError
            If the template has no such section, or uses a variable that was not given.
        """
        try:
            block = self._template.blocks[section]
        except KeyError:
            has = ", ".join(sorted(self.sections))
            raise PromptError(
                f"Template {self.name!r} has no section {section!r}; it has {has}.",
                remedy="Use a template made for this, or add the section.",
            ) from None
        try:
            return "".join(block(self._template.new_context(values)))
        except TemplateError as error:
            raise PromptError(
                f"Template {self.name!r}, section {section!r}: {error}.",
                remedy=f"Values given: {', '.join(sorted(values)) or 'none'}.",
            ) from error

    def _check(self, tree: nodes.Template, blocks: list[nodes.Block]) -> None:
        unknown = sorted({block.name for block in blocks} - set(SECTIONS))
        if unknown:
            raise PromptError(
                f"Template {self.name!r} has a section {unknown[0]!r}.",
                remedy=f"Sections are: {', '.join(SECTIONS)}.",
            )
        if not any(block.name == "event" for block in blocks):
            raise PromptError(
                f"Template {self.name!r} has no section 'event'.",
                remedy="Add {% block event %}...{% endblock %}.",
            )
        for node in tree.body:
            if not isinstance(node, nodes.Block) and not _is_blank(node):
                raise PromptError(
                    f"Template {self.name!r}, line {node.lineno}: text outside of sections would be lost.",
                    remedy="Put it into a section.",
                )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PromptTemplate):
            return NotImplemented
        return (self.name, self.hash) == (other.name, other.hash)

    def __hash__(self) -> int:
        return hash((self.name, self.hash))

    def __repr__(self) -> str:
        return f"PromptTemplate({self.name!r}, hash={self.hash[:12]})"


def shipped_templates() -> tuple[str, ...]:
    """Return the names of the templates that ship with the package, sorted."""
    folder = files("nextinterest.prompts") / "templates"
    return tuple(
        sorted(entry.name.removesuffix(_SUFFIX) for entry in folder.iterdir() if entry.name.endswith(_SUFFIX))
    )


def _from_file(path: str) -> PromptTemplate:
    try:
        source = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(
            f"The template {path} cannot be read: {getattr(error, 'strerror', None) or error}.",
            remedy="Put the file there, or give the name of a template that ships with the package: "
            f"{', '.join(shipped_templates())}.",
        ) from error
    return PromptTemplate(path, source)


@cache
def _named(name: str) -> PromptTemplate:
    if name not in shipped_templates():
        raise PromptError(
            f"No template {name!r} ships with the package.",
            remedy=f"Choose one of {', '.join(shipped_templates())}, or give the path of a .jinja file.",
        )
    source = (files("nextinterest.prompts") / "templates" / (name + _SUFFIX)).read_text(encoding="utf-8")
    return PromptTemplate(name, source)


def _as_template(block: nodes.Block, environment: ImmutableSandboxedEnvironment) -> nodes.Template:
    return nodes.Template(block.body, lineno=block.lineno).set_environment(environment)  # type: ignore[return-value]


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(
        isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
    )
