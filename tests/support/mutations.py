"""Small inputs of every format that is read, and seeded damage to them."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

__all__ = ["FORMATS", "MUTATIONS", "mutate", "write_format"]


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


def _zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.csv", data)
    return out.getvalue()


def _movies_100k() -> bytes:
    return "\n".join(
        f"{i}|Misérables, Les (1995)|01-Jan-1996||http://x|{'0|' * 18}1" for i in range(5)
    ).encode("latin-1")


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
    "zip": {"log.zip": lambda: _zip(_csv())},
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


_LETTERS = [
    '"',
    "'",
    ",",
    ";",
    "\t",
    "|",
    "::",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\ufeff",
    "\u2028",
    "\x1a",
    "=",
    "{",
    "[",
    "\\",
]
_VALUES = (
    *(
        "",
        "-1",
        "0",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "1e400",
        "1e-400",
        "99999999999999999999",
        "9" * 5000,
        "-5",
    ),
    *(
        "9223372036854775807",
        "-9223372036854775808",
        "1e18",
        "1.7976931348623157e308",
        "null",
        "None",
        "true",
    ),
    *("2024-02-30", "0000-00-00", "9999-12-31T23:59:60Z", "1/2/2020", "é", "日本", "\U0001f600", "a" * 70000),
    *("[]", "{}", '["a"', "1700000000000000000", "\\ud800", "1e99999", "+1", "0x10", "1_000"),
)
_NAMES = [
    b"line",
    b"problem",
    b"file",
    b"user",
    b"item",
    b"user_id",
    b"item_id",
    b"",
    b"title",
    b"time",
    b"year",
]


def _flip(rng: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 2, 8, 64))):
        if out:
            out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def _bits(rng: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        if out:
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _cut(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return rng.choice((data[:at], data[at:], data[:at] + data[rng.randrange(at, len(data) + 1) :]))


def _insert(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.choice((1, 1, 3, 10))):
        at = rng.randrange(len(data) + 1)
        piece = rng.choice(_LETTERS).encode() * rng.choice((1, 1, 2, 300))
        data = data[:at] + piece + data[at:]
    return data


def _separators(rng: random.Random, data: bytes) -> bytes:
    old, new = (rng.choice((b",", b"\t", b"|", b";", b"::", b" ", b":", b'"', b"\n")) for _ in range(2))
    return rng.choice((data.replace(old, old + old), data.replace(old, new), data.replace(old, b"", 3)))


def _encoding(rng: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    coded = rng.choice(
        ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-8-sig", "utf-7", "cp1252")
    )
    return text.encode(coded, "replace")


def _lines_end(rng: random.Random, data: bytes) -> bytes:
    if rng.random() < 0.5:
        return data.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\r", b"\n\n", b"\x0b", b"\xc2\x85")))
    return b"".join(line + rng.choice((b"\r", b"\r\n", b"\n")) for line in data.split(b"\n"))


def _values(rng: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    for _ in range(rng.choice((1, 2, 5))):
        at = rng.randrange(len(lines))
        for separator in rng.sample((b",", b"\t", b"|", b"::", b" ", b": "), 6):
            cells = lines[at].split(separator)
            if len(cells) > 1:
                cells[rng.randrange(len(cells))] = rng.choice(_VALUES).encode("utf-8", "replace")
                lines[at] = separator.join(cells)
                break
    return b"\n".join(lines)


def _header(rng: random.Random, data: bytes) -> bytes:
    head, _, rest = data.partition(b"\n")
    for separator in (b"\t", b",", b"|", b";", b" "):
        cells = head.split(separator)
        if len(cells) > 1:
            typed = rng.choice((b"", b":token")) if b":" in head else b""
            cells[rng.randrange(len(cells))] = rng.choice(_NAMES) + typed
            if rng.random() < 0.3:
                cells.insert(rng.randrange(len(cells)), rng.choice(_NAMES) + typed)
            if rng.random() < 0.3:
                rng.shuffle(cells)
            return separator.join(cells) + b"\n" + rest
    return data.replace(b'"user', b'"' + rng.choice(_NAMES), rng.choice((1, -1)))


def _rows(rng: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    match rng.randrange(7):
        case 0:
            return lines[0]
        case 1:
            return lines[0] + b"\n"
        case 2:
            rng.shuffle(lines)
        case 3:
            lines = lines[1:]
        case 4:
            lines = [b"", *lines, b"", b" "]
        case 5:
            lines.insert(rng.randrange(len(lines)), b"x" * 300_000)
        case _:
            lines = lines * 3
    return b"\n".join(lines)


def _quotes(rng: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    for _ in range(rng.choice((1, 3, 9))):
        at = rng.randrange(len(lines))
        place = rng.randrange(len(lines[at]) + 1)
        lines[at] = (
            lines[at][:place] + rng.choice((b'"', b'""', b'"""', b',"', b'",', b"'")) + lines[at][place:]
        )
    return b"\n".join(lines)


def _whole(rng: random.Random, data: bytes) -> bytes:
    return rng.choice(
        (
            b"",
            b"\n",
            b"\xef\xbb\xbf",
            bytes(len(data)),
            rng.randbytes(rng.randrange(1, 3000)),
            b"\x1f\x8b" + rng.randbytes(100),
            b"PAR1" + rng.randbytes(100) + b"PAR1",
            b"PK\x03\x04" + rng.randbytes(100),
            b"BZh9" + rng.randbytes(100),
            b"\x28\xb5\x2f\xfd" + rng.randbytes(100),
            b"\xfd7zXZ\0" + rng.randbytes(100),
            gzip.compress(data, mtime=0),
            data + rng.randbytes(50),
            b"[" * 20_000,
            b'{"user":' * 20_000,
        )
    )


MUTATIONS = (
    *(
        _flip,
        _bits,
        _cut,
        _insert,
        _separators,
        _encoding,
        _lines_end,
        _values,
        _header,
        _rows,
        _quotes,
        _whole,
    ),
)


def _unpacked(name: str, data: bytes) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Return what a packed file holds and how to pack it again, so that damage reaches the inside too."""
    if name.endswith(".gz"):
        return gzip.decompress(data), lambda inner: gzip.compress(inner, mtime=0)
    if name.endswith(".bz2"):
        return bz2.decompress(data), bz2.compress
    if name.endswith(".zip"):
        return zipfile.ZipFile(io.BytesIO(data)).read("log.csv"), _zip
    return data, bytes


def mutate(seed: int) -> tuple[str, dict[str, bytes]]:
    """Return the name of a case and its files, one of them damaged; the same for a seed every time."""
    rng = random.Random(seed)
    name = rng.choice(list(FORMATS))
    files = {file: make() for file, make in FORMATS[name].items()}
    victim = rng.choice(list(files))
    inside = rng.random() < 0.7
    data, pack = _unpacked(victim if inside else "", files[victim])
    done = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        mutation = rng.choice(MUTATIONS)
        data = mutation(rng, data)
        done.append(mutation.__name__)
    files[victim] = pack(data)
    return f"{seed}: {name}, {victim}, {' '.join(done)}", files
