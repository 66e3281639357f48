"""Histories and items as text for a language model, and a model's text back into objects.

Knows no model: tokenizers come in as a protocol, embedding neighbours as a callable.
"""

from nextinterest.prompts.grounding import Grounding, Neighbours, TitleGrounder
from nextinterest.prompts.history import LETTERS, PromptRenderer
from nextinterest.prompts.options import PromptOptions
from nextinterest.prompts.parsing import parse_output
from nextinterest.prompts.prompt import Prompt
from nextinterest.prompts.sanitise import neutralise
from nextinterest.prompts.schemas import Interest, InterestProfile, NextItemAnswer, RankedTitles, schema_text
from nextinterest.prompts.summary import Summariser
from nextinterest.prompts.template import PromptTemplate, shipped_templates
from nextinterest.prompts.tokenizing import TextTokenizer

__all__ = [
    "LETTERS",
    "Grounding",
    "Interest",
    "InterestProfile",
    "Neighbours",
    "NextItemAnswer",
    "Prompt",
    "PromptOptions",
    "PromptRenderer",
    "PromptTemplate",
    "RankedTitles",
    "Summariser",
    "TextTokenizer",
    "TitleGrounder",
    "neutralise",
    "parse_output",
    "schema_text",
    "shipped_templates",
]
