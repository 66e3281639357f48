"""Small inputs of every format that is read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

__all__ = ["FORMATS", "write_format", "zipped"]


def _csv(separator: str = ",") -> bytes:
    rows = ["user_id,item_id,rating,timestamp,title,genres"]
    rows += [
        f'u{i % 3},i{i % 5},{1 + i % 5},{1700000000 + 60 * i},"Kite, the {i % 5}",a|b' for i in range(12)
    ]
    return "\n".join(row.replace(",", separator) for row in rows).encode() + b"\n"


def _items(separator: str = ",") -> bytes:
    rows = ["item_id,title,genres,year,description"]
    rows += [f'i{i},"Título {i}, full",a|b,{1990 + i},"line\none of {i}"' for i in range(5)]
    return "\n".join(row.replace(",", separator) for row in rows).encode() + b"\n"


def _users() -> bytes:
    return b"user_id,age,city\nu0,31,Graz\nu1,,\nu2,64,\xc3\x89vora\n"


def _lines(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _plays() -> bytes:
    rows: list[dict[str, object]] = [
        {"user": f"u{i % 3}", "item": f"i{i % 5}", "time": 1700000000 + i, "categories": ["a", "b"], "n": i}
        for i in range(12)
    ]
    return _lines(rows)


def _reviews(new: bool) -> bytes:
    def row(i: int) -> dict[str, object]:
        if new:
            return {
                "user_id": f"u{i % 3}",
                "parent_asin": f"B{i % 5}",
                "rating": 5.0,
                "timestamp": 1588687728000 + i,
            }
        return {
            "reviewerID": f"u{i % 3}",
            "asin": f"B{i % 5}",
            "overall": 4,
            "unixReviewTime": 1400000000 + i,
        }

    return _lines([row(i) | {"reviewText": "text { } \u00e9"} for i in range(12)])


def _meta() -> bytes:
    return _lines(
        [
            {
                "asin": f"B{i}",
                "title": f"T{i}",
                "category": ["Games", "PC", f"c{i}"],
                "description": ["a", "b"],
            }
            for i in range(5)
        ]
    )


def _atomic() -> bytes:
    head = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    return "\n".join(
        [head, *(f"u{i % 3}\ti{i % 5}\t{1 + i % 5}\t{1700000000 + i}" for i in range(12))]
    ).encode()


def _atomic_items() -> bytes:
    head = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq"
    return "\n".join([head, *(f"i{i}\tFilm, The {i}\t{1990 + i}\tDrama War" for i in range(5))]).encode()


def _sequences(last: int) -> bytes:
    head = "user_id:token\titem_id_list:token_seq\titem_id:token"
    rows = [f"{u}\t{' '.join(str((u + k) % 7) for k in range(last))}\t{(u + last) % 7}" for u in range(4)]
    return "\n".join([head, *rows]).encode() + b"\n"


def _parquet() -> bytes:
    frame = pl.DataFrame(
        {
            "user_id": [f"u{i % 3}" for i in range(12)],
            "item_id": [i % 5 for i in range(12)],
            "timestamp": [1700000000 + i for i in range(12)],
            "rating": [float(1 + i % 5) for i in range(12)],
            "genres": [["a", "b"]] * 12,
            "title": ["Kite", "Top"] * 6,
        }
    )
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def zipped(data: bytes, name: str = "log.csv") -> bytes:
    """Return a zip archive of one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def _movies_100k() -> bytes:
    return "\n".join(
        f"{i}|Misérables, Les (1995)|01-Jan-1996||http://x|{'0|' * 18}1" for i in range(5)
    ).encode("latin-1")


def _wrapped() -> bytes:
    """Each line as one cell, as a table program writes a table that it read as one column."""
    return b"".join(b'"' + line.replace(b'"', b'""') + b'"\n' for line in _csv().splitlines())


def _of_r() -> bytes:
    """As R writes a table: names of rows, which the header leaves out."""
    rows = [f'"{i + 1}","u{i % 3}","i{i % 5}",{1700000000 + i}' for i in range(12)]
    return "\n".join(['"user","item","time"', *rows]).encode() + b"\n"


def _orders() -> bytes:
    rows = [f"{i},u{i % 3},2024-01-{i + 1:02} 10:00:00 Europe/Berlin" for i in range(12)]
    return "\n".join(["order_id,user_id,ordered_at", *rows]).encode() + b"\n"


def _of_orders() -> bytes:
    rows = [f"{i % 12},i{i % 5},{i}" for i in range(24)]
    return "\n".join(["order_id,product_id,position", *rows]).encode() + b"\n"


FORMATS: Mapping[str, Mapping[str, Callable[[], bytes]]] = {
    "csv": {"log.csv": _csv, "log.items.csv": _items, "users.csv": _users},
    "tsv": {"log.tsv": lambda: _csv("\t"), "items.tsv": lambda: _items("\t")},
    "parquet": {"log.parquet": _parquet, "items.csv": _items},
    "parts": {"log/part-0.csv": _csv, "log/part-1.csv": _csv, "log/items.csv": _items},
    "atomic": {
        "toys.inter": _atomic,
        "toys.item": _atomic_items,
        "toys.user": lambda: b"user_id:token\tage:token\nu0\t31\nu1\t64\n",
    },
    "atomic parts": {
        "t/toys.train.inter": _atomic,
        "t/toys.test.inter": _atomic,
        "t/toys.item": _atomic_items,
    },
    "wrapped": {"log.csv": _wrapped, "log.items.csv": _items},
    "row names": {"log.csv": _of_r},
    "joined": {
        "shop/orders.csv": _orders,
        "shop/order_products.csv": _of_orders,
        "shop/products.csv": lambda: _items().replace(b"item_id", b"product_id"),
    },
    "blanks": {"b.inter": lambda: _atomic().replace(b"\t", b" ")},
    "sequences": {
        "g.valid.inter": lambda: _sequences(4),
        "g.test.inter": lambda: _sequences(5),
        "g.item": lambda: b"item_id:token\ttitle:token_seq\n" + b"".join(b"%d\tGame\n" % i for i in range(7)),
    },
    "ml-100k": {
        "u.data": lambda: b"".join(
            b"%d\t%d\t%d\t%d\n" % (i % 3, i % 5, 1 + i % 5, 881250949 + i) for i in range(12)
        ),
        "u.item": _movies_100k,
        "u.user": lambda: b"0|24|M|technician|85711\n1|53|F|other|94043\n2|23|M|writer|32067\n",
    },
    "ml-1m": {
        "ratings.dat": lambda: b"".join(
            b"%d::%d::%d::%d\n" % (i % 3, i % 5, 3, 978300760 + i) for i in range(12)
        ),
        "movies.dat": lambda: b"".join(b'%d::Fear, The "X" (1995)::Drama|War\n' % i for i in range(5)),
        "users.dat": lambda: b"0::F::1::10::48067\n1::M::56::16::70072\n",
    },
    "ml-csv": {
        "ratings.csv": lambda: (
            b"userId,movieId,rating,timestamp\n"
            + b"".join(b"%d,%d,4.0,%d\n" % (i % 3, i % 5, 964982703 + i) for i in range(12))
        ),
        "movies.csv": lambda: (
            b"movieId,title,genres\n"
            + b"".join(b'%d,"American President, The (1995)",Comedy|Drama\n' % i for i in range(5))
        ),
    },
    "amazon": {"Games_5.json": lambda: _reviews(False), "meta_Games.json": _meta},
    "amazon gz": {
        "Games.jsonl.gz": lambda: gzip.compress(_reviews(True), mtime=0),
        "meta_Games.jsonl.gz": lambda: gzip.compress(_meta(), mtime=0),
    },
    "jsonl": {
        "plays.jsonl": _plays,
        "items.jsonl": lambda: _lines([{"item": "i1", "title": "T", "tags": "a"}]),
    },
    "zip": {"log.zip": lambda: zipped(_csv())},
    "bz2": {"log.csv.bz2": lambda: bz2.compress(_csv())},
}
"""For each format its files; the first is the one that is given."""


def write_format(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write the files and return what to read: the first, or its folder where it is a part of something."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    first = folder / next(iter(files))
    return first.parent if first.parent != folder else first
