"""``nextinterest fit-choice``: the weight of a language model's choice, fitted on validation events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from nextinterest.cli.console import err, out
from nextinterest.cli.costs import announce
from nextinterest.cli.leaks import refuse_leak
from nextinterest.cli.models import Models
from nextinterest.cli.reading import Reading, grouped

__all__ = ["fit_choice"]


@grouped
def fit_choice(
    *,
    directory: Annotated[Path, typer.Argument(help="A recommender directory.")],
    data: Annotated[str, typer.Option(help="The data set it was made from: an asset's name or a path.")],
    reading: Reading,
    models: Models,
    held_out: Annotated[int, typer.Option(help="Last events of each user held out for the test.", min=1)] = 1,
    cases: Annotated[int, typer.Option(help="Validation events drawn at most.", min=1)] = 200,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before requests that cost.")] = False,
) -> None:
    """Ask a model about validation events, fit the weight of its choice, and save both with the recommender.

    What it will cost is printed before anything is asked.
    """
    from nextinterest.agent import RecommenderAgent
    from nextinterest.agent.additions import set_choice_weight
    from nextinterest.data import leave_last_out
    from nextinterest.finetune.fit_choice import choice_cases
    from nextinterest.finetune.fit_choice import fit_choice as fit

    with err.status("Loading the recommender"):
        dataset = reading.load(data)
        agent = RecommenderAgent.from_pretrained(
            directory,
            language_model=models.named_model(),
            roles=models.roles(),
            text_encoder=models.text_encoder,
        ).with_log(dataset)
    split = leave_last_out(dataset.log, held_out, held_out)
    refuse_leak(directory.name, agent.retriever, dataset, split.validation)
    # A weight of 0 would leave the model unasked.
    engine = replace(agent.engine, config=agent.engine.config.model_copy(update={"choice_weight": 1.0}))
    drawn = choice_cases(engine, split.validation, cases)
    announce(engine, drawn.histories, len(drawn), yes=yes)
    found = fit(engine, drawn)
    set_choice_weight(directory, found.weight, agent.engine)
    gain, error = found.gain
    out.print(
        f"Weight {found.weight:g}, from {found.asked:,} of {found.cases:,} validation events. NDCG@10: "
        f"retrieval {found.retrieval['ndcg@10']:.4f}, choice {found.choice['ndcg@10']:.4f}, both "
        f"{found.blend['ndcg@10']:.4f} ({gain:+.4f} +- {error:.4f}, fitted on the same events).",
        soft_wrap=True,
    )
