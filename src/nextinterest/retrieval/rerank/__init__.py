"""Re-rankers: they choose between candidates that retrieval has put forward."""

from nextinterest.retrieval.rerank.choice import ChoiceReranker, anchored_groups

__all__ = ["ChoiceReranker", "anchored_groups"]
