"""Which agent a command loads: the one decision, and its options, of every command that asks an agent.

neither --data nor --model    the recommender that ships, with the users of ml-100k
--data ml-100k                the same
--data other                  an agent built from that data, nothing trained
--model                       that recommender directory, which holds no users
both                          that directory with the users of that data, refused where catalogues differ
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextinterest.cli.reading import Reading

if TYPE_CHECKING:
    from nextinterest.agent import RecommenderAgent

__all__ = ["Source"]


@dataclass(frozen=True, kw_only=True)
class Source(Reading):
    """Where a command's agent comes from."""

    data: Annotated[
        str | None,
        typer.Option(
            help="Data set: an asset's name or a path. Default: ml-100k, with the recommender that ships."
        ),
    ] = None
    model: Annotated[
        Path | None,
        typer.Option(help="A recommender directory. It holds no users' events: give those with --data."),
    ] = None

    def open(self, *, ranks: bool = True, with_language: bool = True) -> RecommenderAgent:
        """Return the agent.

        Parameters
        ----------
        ranks
            Whether it will be asked for lists. An agent built from data asks its language model for those
            alone, and without them goes without.
        with_language
            Whether a language model may take part in the ranking.

        Raises
        ------
        IntegrityError
            If the directory's catalogue is not that of the data, or the directory is damaged.
        """
        from nextinterest.agent import RecommenderAgent
        from nextinterest.data.assets import DEFAULT_DATA, DEFAULT_LANGUAGE_MODEL

        if self.model is not None:
            agent = RecommenderAgent.from_pretrained(self.model, with_language=with_language)
            if self.data is None:
                return agent
            return agent.with_log(self.load(self.data))
        data = self.data or DEFAULT_DATA
        as_it_is = all(getattr(self, option.name) == option.default for option in fields(Reading))
        if data == DEFAULT_DATA and as_it_is:
            return RecommenderAgent.from_pretrained(with_language=with_language)
        name = DEFAULT_LANGUAGE_MODEL if ranks and with_language else None
        return RecommenderAgent.from_dataset(self.load(data), language_model=name)
