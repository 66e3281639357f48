"""What stands around the events: the start of the prompt, and its end up to where the model answers.

For an instruct model a template with a `system` section becomes a conversation, written by the model's own
chat template; for a base model the same sections follow one another as plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nextinterest.errors import PromptError
from nextinterest.messages import Message
from nextinterest.prompts.template import PromptTemplate
from nextinterest.prompts.tokenizing import TextTokenizer, plain_start

__all__ = ["Frame", "frame_of"]

# Stands in for the events while the chat template is applied; private-use characters, so that no
# vocabulary has it as a token and no chat template trims it.
_EVENTS = "\ue000events\ue000"


@dataclass(frozen=True, slots=True)
class Frame:
    """Text before and behind the events.

    Attributes
    ----------
    before
        From the first character up to the first event (or the summary of those dropped).
    after
        From behind the last event or candidate up to where the model goes on.
    system, header, footer
        The parts as a conversation has them; `system` is None where the template has none.
    """

    before: str
    after: str
    system: str | None
    header: str
    footer: str

    def messages(self, body: str) -> tuple[Message, ...]:
        """Return the conversation whose user turn holds `body` (events and candidates)."""
        user = Message(role="user", content=(self.header + body + self.footer).strip())
        return (user,) if self.system is None else (Message(role="system", content=self.system), user)


def frame_of(template: PromptTemplate, tokenizer: TextTokenizer, variables: Mapping[str, object]) -> Frame:
    """Render what stands around the events.

    Raises
    ------
    PromptError
        If a variable is missing, or the model's chat template does not keep the user's text as it is.
    """
    missing = template.caller_variables() - variables.keys()
    if missing:
        raise PromptError(
            f"Template {template.name!r} uses {', '.join(sorted(missing))}, which was not given.",
            remedy="Pass it in `variables`.",
        )

    def section(name: str) -> str:
        return template.render(name, **variables) if name in template.sections else ""

    header, footer, answer = section("header"), section("footer"), section("answer")
    if not template.is_chat:
        return Frame(plain_start(tokenizer) + header, footer + answer, None, header, footer)
    system = section("system").strip()
    if not tokenizer.has_chat_template:
        before = f"{plain_start(tokenizer)}{system}\n\n{header}"
        return Frame(before, footer + answer, system, header, footer)
    chat = tokenizer.render_chat(
        [
            Message(role="system", content=system),
            Message(role="user", content=header + _EVENTS + footer.rstrip()),
        ]
    )
    before, found, after = chat.partition(_EVENTS)
    if not found or _EVENTS in after:
        raise PromptError(
            "The model's chat template does not write the user's message exactly once.",
            remedy="Use a template without a 'system' section for this model.",
        )
    return Frame(before, after + answer, system, header, footer)
