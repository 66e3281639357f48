"""``nextinterest demo``: the main job on real data with the real default model, and how long it took."""

from __future__ import annotations

import resource
import sys
import time
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from nextinterest.cli.console import err, out
from nextinterest.cli.models import Models
from nextinterest.cli.reading import grouped
from nextinterest.cli.tables import recommendations_table
from nextinterest.counting import counted
from nextinterest.domain import Catalog, History

__all__ = ["demo"]


@grouped
def demo(
    *,
    user: Annotated[str, typer.Option(help="Id of a MovieLens-100K user, 1 to 943.")] = "42",
    k: Annotated[int, typer.Option("-k", help="Length of the list.", min=1)] = 10,
    models: Models,
) -> None:
    """Predict what a MovieLens-100K user watched next, from everything before it.

    The user's last event is held out, as are everybody else's: the agent has not learned from it. It is the
    trained one that is shipped with the package; where there is none, one that is built on the spot.
    """
    started = time.perf_counter()
    from nextinterest.agent import RecommenderAgent
    from nextinterest.agent.shipped import shipped_recommender
    from nextinterest.data import leave_one_out, load
    from nextinterest.data.assets import DEFAULT_DATA
    from nextinterest.errors import DataError

    with err.status("Loading data and models (the first time they are fetched and converted)"):
        dataset = load(DEFAULT_DATA)
        split = leave_one_out(dataset.log)
        if user not in dataset.log.user_index:
            raise DataError(f"MovieLens-100K has no user {user!r}.", remedy="Its users are 1 to 943.")
        shipped = shipped_recommender()
        if shipped is not None:
            agent = RecommenderAgent.from_pretrained(
                shipped,
                language_model=models.named_model(),
                roles=models.roles(),
                text_encoder=models.text_encoder,
            )
        else:
            agent = RecommenderAgent.from_dataset(dataset, train=split.train)
    if shipped is None:
        err.print("[dim]No trained recommender is shipped here: this one ranks without training.[/]")
    loaded = time.perf_counter()

    case = int((split.test.users == dataset.log.user_index[user]).argmax())
    history, target = split.test.histories[case], int(split.test.targets[case])
    out.print(_recent(history, dataset.catalog))
    result = agent.recommend(history, k)
    answered = time.perf_counter()
    out.print(recommendations_table(result))

    title, target_id = dataset.catalog.titles[target], dataset.catalog.ids[target]
    rank = next((item.rank for item in result.items if item.item_id == target_id), None)
    verdict = f"on the list, at rank {rank}" if rank else f"not among these {len(result.items)}"
    out.print(f"What the user really watched next: [bold]{escape(title)}[/], {verdict}.")
    per_gigabyte = 1 << 30 if sys.platform == "darwin" else 1 << 20  # macOS counts bytes, Linux kilobytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / per_gigabyte
    out.print(
        f"[dim]{agent.engine.model_name or 'no model'}: {counted(agent.engine.tokens_used, 'token')} read, "
        f"{answered - loaded:.1f} s to answer, {loaded - started:.1f} s to load; "
        f"peak memory {peak:.2f} GB.[/]"
    )


def _recent(history: History, catalog: Catalog, n: int = 8) -> Table:
    table = Table(
        title=f"The last {n} of {counted(len(history), 'event')} of user {history.user}", title_justify="left"
    )
    table.add_column("When (UTC)", style="dim")
    table.add_column("Item")
    table.add_column("Rating", justify="right")
    for event in history.last(n).events(catalog):
        item = catalog[catalog.position(event.item)]
        year = f" ({item.year})" if item.year is not None else ""
        table.add_row(
            f"{event.time:%Y-%m-%d %H:%M}" if event.time else "",
            escape(item.title + year),
            f"{event.rating:g}" if event.rating is not None else "",
        )
    return table
