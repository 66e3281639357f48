"""Histories and items as text for a language model, and a model's text back into objects.

Knows no model: tokenizers come in as a protocol, embedding neighbours as a callable.
"""

from nextinterest.prompts.asking import Asking
from nextinterest.prompts.generation import (
    GENERATION_OPTIONS,
    GenerationExample,
    GenerationPrompts,
    GenerationTask,
    trend_of,
)
from nextinterest.prompts.grounding import Grounding, Neighbours, TitleGrounder
from nextinterest.prompts.history import LETTERS, PromptRenderer
from nextinterest.prompts.options import PromptOptions
from nextinterest.prompts.parsing import parse_output
from nextinterest.prompts.partial import complete_predictions
from nextinterest.prompts.prompt import Prompt
from nextinterest.prompts.sanitise import neutralise
from nextinterest.prompts.schemas import (
    InterestsAnswer,
    PredictedInterest,
    PredictionsAnswer,
    interests_schema,
    schema_text,
)
from nextinterest.prompts.summary import Summariser
from nextinterest.prompts.template import PromptTemplate, shipped_templates
from nextinterest.prompts.tokenizing import TextTokenizer

__all__ = [
    "GENERATION_OPTIONS",
    "LETTERS",
    "Asking",
    "GenerationExample",
    "GenerationPrompts",
    "GenerationTask",
    "Grounding",
    "InterestsAnswer",
    "Neighbours",
    "PredictedInterest",
    "PredictionsAnswer",
    "Prompt",
    "PromptOptions",
    "PromptRenderer",
    "PromptTemplate",
    "Summariser",
    "TextTokenizer",
    "TitleGrounder",
    "complete_predictions",
    "interests_schema",
    "neutralise",
    "parse_output",
    "schema_text",
    "shipped_templates",
    "trend_of",
]
