"""What asking an endpoint many times will cost, said before it is done."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from nextinterest.cli.console import err
from nextinterest.counting import counted

if TYPE_CHECKING:
    from nextinterest.agent import Engine
    from nextinterest.domain import History

__all__ = ["announce"]

_SAMPLE = 5


def announce(engine: Engine, histories: Sequence[History], n: int, *, yes: bool) -> None:
    """Print what reranking for n histories like these costs, and ask whether to go on where someone types.

    Nothing is printed where no endpoint reranks. No request is made.

    Raises
    ------
    typer.Abort
        If the answer is no.
    """
    from nextinterest.retrieval.rerank import EndpointReranker

    reranker = engine.reranker
    if not isinstance(reranker, EndpointReranker) or not n or not len(histories):
        return
    step = max(len(histories) // _SAMPLE, 1)
    some = [histories[i] for i in range(0, len(histories), step)][:_SAMPLE]
    lists = engine.retriever.recommend(some, engine.config.n_candidates)
    sizes = [reranker.size(history, row[row >= 0]) for history, row in zip(some, lists.items, strict=True)]
    read, written = (n * sum(own) // len(sizes) for own in zip(*sizes, strict=True))
    money = reranker.price(read, written)
    cost = (
        "the price is not known: give --input-price and --output-price, per million tokens"
        if money is None
        else f"about {money:.2f} in the money of the prices"
    )
    err.print(
        f"{reranker.model.name} is asked up to {counted(n, 'time')}: about {read:,} tokens read and "
        f"{written:,} written, thoughts of a model that reasons not counted; {cost}.",
        soft_wrap=True,
    )
    if not yes and sys.stdin.isatty():
        typer.confirm("Go on?", abort=True, err=True)
