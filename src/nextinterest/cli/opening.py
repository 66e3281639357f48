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
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from nextinterest.agent.roles import Saved
from nextinterest.cli.models import Models
from nextinterest.cli.reading import Reading
from nextinterest.data.assets import (
    DEFAULT_DATA,
    DEFAULT_LANGUAGE_MODEL,
    DEFAULT_TEXT_ENCODER,
    refuse_missing,
)

if TYPE_CHECKING:
    from nextinterest.agent import RecommenderAgent

__all__ = ["Source"]


@dataclass(frozen=True, kw_only=True)
class Source(Models, Reading):
    """Where a command's agent comes from."""

    PANEL: ClassVar[str | None] = None

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

    def open(self, *, ranks: bool = True) -> RecommenderAgent:
        """Return the agent.

        Parameters
        ----------
        ranks
            Whether it will be asked for lists. An agent built from data asks its language model for those
            alone, and without them goes without, unless one is named.

        Raises
        ------
        IntegrityError
            If the directory's catalogue is not that of the data, or the directory is damaged.
        """
        data = self.data or DEFAULT_DATA
        self.refuse_missing(data)
        if self.text_encoder is not None:
            refuse_missing(self.text_encoder, "text-encoder")
        from nextinterest.agent import RecommenderAgent

        as_it_is = all(getattr(self, option.name) == option.default for option in fields(Reading))
        if self.model is None and not (data == DEFAULT_DATA and as_it_is):
            name, roles = self.named_model(with_language=ranks), self.roles()
            return RecommenderAgent.from_dataset(
                self.load(data),
                language_model=DEFAULT_LANGUAGE_MODEL if isinstance(name, Saved) else name,
                roles=roles,
                text_encoder=self.text_encoder or DEFAULT_TEXT_ENCODER,
            )
        agent = RecommenderAgent.from_pretrained(
            self.model,
            language_model=self.named_model(),
            roles=self.roles(),
            text_encoder=self.text_encoder,
        )
        if self.model is None or self.data is None:
            return agent
        return agent.with_log(self.load(self.data))
