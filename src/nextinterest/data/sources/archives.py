"""Packed files: what a file is by its first bytes, and its content unpacked as it is read.

gzip, bzip2, xz and zstd hold one stream, which is unpacked block by block; a zip is read where one file is
in it. What else is recognised (tar, 7z, Parquet, SQLite, ...) is named in an error: the bytes of a binary
file are never taken for text. Of an archive that is cut short or damaged, what comes before is read, with a
note.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from nextinterest.data.sources.foreign import refuse_document
from nextinterest.errors import DataError

__all__ = [
    "PACKED",
    "READ",
    "bare_name",
    "begins_as_parquet",
    "chunks",
    "neighbour",
    "refuse_binary",
    "stem",
    "suffix",
]

READ = 1 << 20
"""Bytes read at a time."""

PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
"""Endings of packed files; the ending before it says what is in it."""


class _Unpacker(Protocol):
    def decompress(self, data: bytes, /) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


def _zstd() -> _Unpacker:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore] # Python 3.14
    except ImportError:
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj()
    unpacker: _Unpacker = zstd.ZstdDecompressor()
    return unpacker


_STREAMS: tuple[tuple[bytes, str, Callable[[], _Unpacker]], ...] = (
    (b"\x1f\x8b", ".gz", lambda: zlib.decompressobj(wbits=31)),
    (b"BZh", ".bz2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\0", ".xz", lzma.LZMADecompressor),
    (b"\x28\xb5\x2f\xfd", ".zst", _zstd),
)
_ZIP = b"PK\x03\x04"
_BINARY = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x04\x22\x4d\x18", "an lz4 archive"),
    (b"\x1f\x9d", "a compress (.Z) archive"),
    (b"PK", "a zip archive"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.xls)"),
    (b"%PDF-", "a PDF"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x80\x03", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (b"RDX", "a data file of R"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
)
_DAMAGE = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, struct.error)
_ZIP_DAMAGE = (*_DAMAGE, zipfile.BadZipFile, NotImplementedError, RuntimeError, KeyError, OverflowError)


def bare_name(path: Path) -> str:
    """Return the name of a file without the ending of its packing; of a zip, the name of the file in it.

    Examples
    --------
    >>> bare_name(Path("data/toys.inter.gz"))
    'toys.inter'
    """
    name = path.name
    packing = next((ending for ending in PACKED if name.lower().endswith(ending)), "")
    if packing == ".zip" and not Path(name[: -len(packing)]).suffix:
        inside = _members(path)
        return Path(inside[0].filename).name if len(inside) == 1 else name
    return name[: len(name) - len(packing)]


def suffix(path: Path) -> str:
    """Return the ending of the `bare_name`, in lower case."""
    return Path(bare_name(path)).suffix.lower()


def stem(path: Path) -> str:
    """Return the `bare_name` without its ending."""
    return Path(bare_name(path)).stem


def neighbour(folder: Path, name: str) -> Path | None:
    """Return the file of this name in a folder, packed or not."""
    try:
        return next((p for ending in ("", *PACKED) if (p := folder / f"{name}{ending}").is_file()), None)
    except OSError:  # a name longer than any file's
        return None


def begins_as_parquet(path: Path) -> bool:
    """Return whether a file is Parquet by its first bytes, whatever its name."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}.", remedy="Check its permissions."
        ) from error


def refuse_binary(path: Path, first: bytes, *, inside: bool = False) -> None:
    """Raise where a file begins like a binary format that is not text.

    Raises
    ------
    DataError
        With what it is, and what to do.
    """
    what = "a tar archive" if first[257:262] == b"ustar" else None
    what = what or next((name for magic, name in _BINARY if first.startswith(magic)), None)
    if inside and what is None and any(first.startswith(magic) for magic, *_ in _STREAMS):
        what = "another archive"
    if what is None:
        return
    archive = what.endswith("archive")
    remedy = "Unpack it first." if archive else "Export it as CSV, Parquet or JSON lines."
    if what == "a Parquet file" and inside:
        raise DataError(
            f"{path} is a Parquet file within an archive.",
            remedy="Unpack it first; Parquet is compressed already.",
        )
    if what == "a Parquet file":
        raise DataError(
            f"{path} is a Parquet file, not text.",
            remedy="Read it with format='parquet'.",
            command="Read it with --format parquet.",
        )
    raise DataError(f"{path} {'holds' if inside else 'is'} {what}.", remedy=remedy)


def chunks(path: Path, raw: Iterator[bytes], notes: list[str]) -> Iterator[bytes]:
    """Yield the content of a file, unpacked where it is packed.

    Parameters
    ----------
    path
        The file.
    raw
        Its bytes.
    notes
        Where to say that an archive is damaged or cut short.

    Raises
    ------
    DataError
        If it is a binary file of another kind, a zip of several files, or is named as packed and is not.
    """
    first = next(raw, b"")
    packed = next((new for magic, _, new in _STREAMS if first.startswith(magic)), None)
    if first.startswith(_ZIP):
        content = _unzip(path, notes)
    elif packed is not None:
        content = _unpack(path, packed, first, raw, notes)
    else:
        named = next((ending for ending in PACKED if path.name.lower().endswith(ending)), None)
        refuse_binary(path, first)
        if named is not None:
            what = {".gz": "gzip", ".bz2": "bzip2"}.get(named, named[1:])
            raise DataError(
                f"{path} is named {named} and is not a {what} archive.",
                remedy="Rename it or download it again.",
            )
        yield first
        yield from raw
        return
    unpacked = next(content, b"")
    refuse_binary(path, unpacked, inside=True)
    yield unpacked
    yield from content


def _unpack(
    path: Path, new: Callable[[], _Unpacker], first: bytes, rest: Iterator[bytes], notes: list[str]
) -> Iterator[bytes]:
    """Unpack a stream, or several one behind the other; of one that is cut short, its whole lines."""
    archive, tail, at_end = new(), b"", False
    try:
        for part in (data for source in ([first], rest) for data in source):
            data = part
            while data:
                if at_end:
                    archive, at_end = new(), False
                content = tail + archive.decompress(data)
                at_end = archive.eof
                data = archive.unused_data if at_end else b""
                end = content.rfind(b"\n") + 1
                tail = content[end:]
                if end:
                    yield content[:end]
    except _DAMAGE as error:
        notes.append(f"{path.name} is damaged ({error}) and was read up to there")
        if at_end:
            yield tail
        return
    except Exception as error:
        if type(error).__name__ not in ("ZstdError", "error"):  # of zstandard, which may not be imported
            raise
        notes.append(f"{path.name} is damaged ({error}) and was read up to there")
        return
    if at_end:
        yield tail
    else:
        notes.append(f"{path.name} is a truncated archive; its whole lines were read")


def _members(path: Path) -> list[zipfile.ZipInfo]:
    """Return the files in a zip, without what the file managers of Macintosh add."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [
                info
                for info in archive.infolist()
                if not info.is_dir()
                and not info.filename.startswith("__MACOSX/")
                and not Path(info.filename).name.startswith(".")
            ]
    except _ZIP_DAMAGE as error:
        raise DataError(
            f"{path} is not a zip archive, or a damaged one.", remedy="Download or copy it again."
        ) from error


def _unzip(path: Path, notes: list[str]) -> Iterator[bytes]:
    inside = _members(path)
    names = [info.filename for info in inside]
    refuse_document(path, names)
    if len(inside) != 1:
        listed = ", ".join(name[:60] for name in names[:8]) + (", ..." if len(names) > 8 else "")
        raise DataError(
            f"{path} is a zip archive of {len(names)} files, not one: {listed}.", remedy="Unpack it first."
        )
    whole = True
    try:
        with zipfile.ZipFile(path) as archive, archive.open(inside[0]) as file:
            while part := file.read(READ):
                yield part
                whole = part.endswith(b"\n")
    except _ZIP_DAMAGE as error:
        encrypted = bool(inside[0].flag_bits & 1)
        if encrypted:
            raise DataError(f"{path} is an encrypted zip archive.", remedy="Unpack it first.") from error
        notes.append(f"{path.name} is damaged ({type(error).__name__}) and was read up to there")
        if not whole:
            yield b""
