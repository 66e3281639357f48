"""Histories and items as text for a language model, and a model's text back into objects.

Knows no model: tokenizers come in as a protocol, embedding neighbours as a callable.
"""

from nextinterest.prompts.history import LETTERS, PromptRenderer
from nextinterest.prompts.options import PromptOptions
from nextinterest.prompts.prompt import Prompt
from nextinterest.prompts.rendering import render_choice, render_history
from nextinterest.prompts.sanitise import neutralise
from nextinterest.prompts.template import PromptTemplate, shipped_templates
from nextinterest.prompts.tokenizing import ChatTurn, TextTokenizer

__all__ = [
    "LETTERS",
    "ChatTurn",
    "Prompt",
    "PromptOptions",
    "PromptRenderer",
    "PromptTemplate",
    "TextTokenizer",
    "neutralise",
    "render_choice",
    "render_history",
    "shipped_templates",
]
