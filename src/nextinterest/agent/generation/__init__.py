"""What a language model says comes next: interests and titles, held to the catalogue.

    generator     from a history to `NextInterests`
    written       what a model wrote, as one type; which events it may name
    constrained   models on this machine: JSON under a grammar, titles and names under a trie
    asked         endpoints: JSON by schema, titles grounded in the catalogue
    limits        what a request and constraints bar, and what of them a prompt says
    source        what was generated, as something to search for
    suggesting    what an endpoint names for a request in words, as something to search for

Nothing here ranks, holds a conversation or trains.
"""

from nextinterest.agent.generation.generator import Generator, make_generator
from nextinterest.agent.generation.limits import limited
from nextinterest.agent.generation.source import generated_queries
from nextinterest.agent.generation.suggesting import lifted, suggested_queries

__all__ = [
    "Generator",
    "generated_queries",
    "lifted",
    "limited",
    "make_generator",
    "suggested_queries",
]
