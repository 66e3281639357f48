"""Seeded damage to small inputs of every format that is read."""

from __future__ import annotations

import bz2
import gzip
import io
import random
import zipfile
from collections.abc import Callable

from support.formats import FORMATS, zipped

__all__ = ["MUTATIONS", "mutate"]

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
        return zipfile.ZipFile(io.BytesIO(data)).read("log.csv"), zipped
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
