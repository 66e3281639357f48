"""Re-rankers: they choose between candidates that retrieval has put forward."""

from nextinterest.retrieval.rerank.choice import ChoiceReranker, anchored_groups
from nextinterest.retrieval.rerank.listing import EndpointReranker
from nextinterest.retrieval.rerank.redistribution import redistribute
from nextinterest.retrieval.rerank.reranker import Reranker, make_reranker

__all__ = [
    "ChoiceReranker",
    "EndpointReranker",
    "Reranker",
    "anchored_groups",
    "make_reranker",
    "redistribute",
]
