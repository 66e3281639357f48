"""The re-ranker that an agent's settings describe."""

from __future__ import annotations

from nextinterest.agent.config import AgentConfig
from nextinterest.domain import Catalog
from nextinterest.interests import PortraitSummary
from nextinterest.llm import LanguageModel
from nextinterest.prompts import PromptOptions, PromptTemplate
from nextinterest.retrieval.rerank import ChoiceReranker

__all__ = ["choice_reranker"]


def choice_reranker(config: AgentConfig, model: LanguageModel, catalog: Catalog) -> ChoiceReranker:
    """Return the re-ranker of these settings."""
    return ChoiceReranker(
        model,
        PromptTemplate.named(config.template),
        catalog,
        PromptOptions(
            budget=config.max_prompt_tokens,
            max_events=config.max_events,
            summary_share=config.older_events_share,
        ),
        calibrated=config.choice_calibrated,
        summariser=PortraitSummary(catalog) if config.older_events == "portrait" else None,
    )
