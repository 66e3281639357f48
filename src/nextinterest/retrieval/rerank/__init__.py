"""Re-rankers: they choose between candidates that retrieval has put forward."""

from nextinterest.retrieval.rerank.choice import ChoiceReranker, anchored_groups
from nextinterest.retrieval.rerank.redistribution import redistribute

__all__ = ["ChoiceReranker", "anchored_groups", "redistribute"]
