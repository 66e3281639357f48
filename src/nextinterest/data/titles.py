"""Titles as a reader would write them: entities unescaped, the year taken out, an article put back in front.

A language model has read "The Usual Suspects" far more often than "Usual Suspects, The (1995)". Works on
whole columns. Knows nothing of files.
"""

from __future__ import annotations

import html

import polars as pl

__all__ = ["ARTICLES", "normalise_titles", "unescaped"]

ARTICLES = (
    *("The", "A", "An"),
    *("Le", "La", "Les", "L'", "Un", "Une"),
    *("El", "Los", "Las", "Il", "Lo", "Gli", "I"),
    *("Der", "Die", "Das", "Ein", "Eine", "Det", "Den", "En", "Ett", "De", "Het", "O", "Os", "As"),
    *("Una", "Uno"),
)
"""Articles that library catalogues move behind the title, in the languages that MovieLens titles are in.

"I" is an article in Italian ("Mostri, I") and a pronoun in English; behind a comma at the very end of a
title it is the former. Anything else behind a comma ("Paris, Texas") stays where it is.
"""

_YEAR = r"\s*\((\d{4})(?:\s*[-\u2013]\s*(?:\d{4})?)?\)\s*$"
_ARTICLE = "(" + "|".join(ARTICLES) + ")"
_FIRST_YEAR, _LAST_YEAR = 1800, 2100


def _articles_first(column: pl.Expr) -> pl.Expr:
    """Move a trailing article to the front of the title, and of every alternative title in parentheses."""
    for before, after in ((r"^([^()]+?)", r"(\s*\(.*)?$"), (r"\(([^()]+?)", r"(\))")):
        for article, gap in ((_ARTICLE.replace("|L'", ""), " "), ("(L')", "")):
            column = column.str.replace_all(
                before + r",\s+" + article + after,
                ("(" if before.startswith(r"\(") else "") + "${2}" + gap + "${1}${3}",
            )
    return column


def unescaped(titles: pl.Series) -> pl.Series:
    """Return titles with HTML entities replaced; only titles with an ampersand are touched one by one."""
    if not titles.str.contains("&", literal=True).any():
        return titles
    return pl.Series(
        titles.name, [html.unescape(t) if t is not None and "&" in t else t for t in titles], dtype=pl.String
    )


def normalise_titles(frame: pl.DataFrame) -> pl.DataFrame:
    """Normalise the unescaped column ``title`` and fill ``year`` from it where it is not known already.

    Parameters
    ----------
    frame
        Columns ``title`` (strings) and ``year`` (strings or null), as a reader returned them.

    Returns
    -------
    The frame with ``title`` normalised (null where it was empty) and ``year`` as Int32.

    Examples
    --------
    >>> titles = ["Usual Suspects, The (1995)", "Paris, Texas (1984)"]
    >>> frame = pl.DataFrame({"title": titles, "year": [None, None]})
    >>> normalise_titles(frame).rows()
    [('The Usual Suspects', 1995), ('Paris, Texas', 1984)]
    """
    frame = frame.with_columns(pl.col("title").cast(pl.String))
    # A number, perhaps written as a float (1994.0), or the year of a date (1994-05-27).
    text = pl.col("year").cast(pl.String).str.strip_chars()
    known = text.str.extract(r"^(-?\d+)(?:\.0*)?$", 1).cast(pl.Int32, strict=False)
    known = pl.coalesce(known, text.str.extract(r"^(\d{4})-\d{2}(?:-\d{2}.*)?$", 1).cast(pl.Int32))
    written = pl.col("title").str.extract(_YEAR, 1).cast(pl.Int32)
    in_range = written.is_between(_FIRST_YEAR, _LAST_YEAR)
    bare = pl.when(in_range).then(pl.col("title").str.replace(_YEAR, "")).otherwise(pl.col("title"))
    tidy = bare.str.replace_all(r"\s+", " ").str.strip_chars()
    title = _articles_first(tidy)
    return frame.with_columns(
        pl.when(title.str.len_bytes() > 0).then(title).alias("title"),
        pl.coalesce(known, pl.when(in_range).then(written)).alias("year"),
    )
