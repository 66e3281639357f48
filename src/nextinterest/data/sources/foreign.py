"""What is no table: text such as a web page or a dump of a database, known by how it begins, and documents.

Documents are zips, known by the files in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from nextinterest.errors import DataError

__all__ = ["refuse_document", "refuse_other_text"]

_BEGIN = 512
_HTML = re.compile(
    rb"(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|script|meta|title)\b", re.DOTALL
)
_XML = re.compile(rb"<\?xml\b|<!doctype\b|<error>")
_LFS = re.compile(rb"version https://git-lfs\.github\.com/spec/")
_LFS_SIZE = re.compile(rb"^size (\d+)", re.MULTILINE)
_SQL = re.compile(
    rb"-- \w+ (?:sql |database )*dump\b|(?:--[^\n]*\s+)*(?:create table|insert into|drop table|pragma)\b"
)

_OFFICE = {"xl/": ".xlsx", "word/": ".docx", "ppt/": ".pptx"}
_APPLE = (".numbers", ".pages", ".key")


def refuse_document(path: Path, names: Sequence[str]) -> None:
    """Raise where the files in a zip are those of a document.

    Parameters
    ----------
    path
        The zip.
    names
        Of the files in it.

    Raises
    ------
    DataError
        With what it is, and that the table has to be exported.
    """
    ending, kind = path.suffix.lower(), ""
    if "[Content_Types].xml" in names:
        kind = next((of for folder, of in _OFFICE.items() if any(n.startswith(folder) for n in names)), "")
        what = "an Office document"
    elif {"mimetype", "content.xml"} <= {*names}:
        kind = ending if ending in (".odt", ".odp") else ".ods"
        what = "an Office document"
    elif any(name.endswith(".iwa") or name == "Index.zip" for name in names):
        kind = ending if ending in _APPLE else ", ".join(_APPLE)
        what = "an iWork document"
    else:
        return
    raise DataError(f"{path} is {what}{f' ({kind})' if kind else ''}.", remedy="Export the table as CSV.")


def refuse_other_text(path: Path, first: bytes) -> None:
    """Raise where a file begins like text that holds no table.

    Parameters
    ----------
    path
        The file.
    first
        How its text begins, in UTF-8.

    Raises
    ------
    DataError
        With what it is, and what to do.
    """
    begin = first[:_BEGIN].lstrip().lower()
    if _HTML.match(begin):
        raise DataError(
            f"{path} is a web page (HTML), not a table: a server answers so where the address is wrong or a "
            "login is needed.",
            remedy="Download the file itself, or save the table of the page as CSV.",
        )
    if _XML.match(begin):
        raise DataError(
            f"{path} is XML, not a table: an error of a server, or an export in another format.",
            remedy="Look at it in an editor; download it again, or export the table as CSV.",
        )
    if _LFS.match(begin):
        size = _LFS_SIZE.search(begin)
        held = f" of {int(size[1]):,} bytes" if size else ""
        raise DataError(
            f"{path} is a pointer of Git LFS: the file{held} itself was not downloaded.",
            remedy=f"Run `git lfs pull --include '*{path.name}'` in the repository, or download the file.",
        )
    if _SQL.match(begin):
        raise DataError(
            f"{path} is a dump of a database (SQL), not a table.",
            remedy="Load it into the database and export the table as CSV.",
        )
    if begin.startswith(b"{\\rtf"):
        raise DataError(f"{path} is a text document (RTF), not a table.", remedy="Save it as plain text.")
