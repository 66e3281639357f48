"""A number in front of a noun agrees with it, wherever people read it: one user, two users."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nextinterest.counting import counted

SOURCE = Path(__file__).parents[1] / "src" / "nextinterest"

NOUNS = (
    "answer|candidate|case|category|character|column|day|event|file|history|id|interest|item|line|list|message|"
    "method|number|option|other|place|question|resample|row|score|seed|sentence|session|step|thread|time|title|"
    "token|user|value|vector|year"
)
PLURAL = re.compile(rf" (?:held-out |flawed |such |more )?(?:{NOUNS})s\b")

# A number that is at least two, or that says what was asked for or is allowed, by the words before it.
NEVER_ONE = {
    ("agent/chat/execution.py", "N_CLOSE"),
    ("agent/notes.py", "len(positions)"),
    ("cli/costs.py", "read"),  # tokens of whole prompts
    ("cli/evaluate.py", "content.seeds[method]"),
    ("data/details.py", "mean"),  # above a limit
    ("data/sources/amazon.py", "len(reviews)"),
    ("data/sources/archives.py", "len(names)"),
    ("data/sources/jsonlines.py", "len(lines)"),
    ("eval/comparisons.py", "a.part"),  # validation events, no number
    ("eval/lists.py", "what"),  # user ids, no number
    ("eval/comparisons.py", "b.part"),
    ("eval/forecast/evaluation.py", "truth.shape[1]"),
    ("finetune/task_measures.py", "depth"),
    ("interests/outlook.py", "days"),  # a day is allowed
    ("finetune/recipe.py", "held_out + 1"),
    ("interests/clusters.py", "len(catalog)"),
    ("interests/clusters.py", "len(vectors)"),
    ("interests/fitting.py", "', '.join((str(h) for h in ahead))"),
    ("prompts/history.py", "len(positions)"),
    ("server/keys.py", "SHORTEST"),
}
PARTS_OF_MANY = re.compile(r"(?:\bof the | of |at least |at most |reads \d* to )$", re.IGNORECASE)


def counts(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield each number that stands before a plural in an f-string: its line, itself, and the plural."""
    for string in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(string, ast.JoinedStr):
            continue
        for place, (value, after) in enumerate(zip(string.values, string.values[1:], strict=False)):
            if not isinstance(value, ast.FormattedValue) or not isinstance(after, ast.Constant):
                continue
            found = PLURAL.match(str(after.value))
            number = ast.unparse(value.value)
            before = string.values[place - 1] if place else None
            said = str(before.value) if isinstance(before, ast.Constant) else ""
            if found and not number.startswith("counted(") and not PARTS_OF_MANY.search(said):
                yield value.lineno, number, found.group()


@pytest.mark.parametrize("package", ["agent", "cli", "data", "domain", "eval", "finetune", "interests"])
def test_numbers_agree_with_what_they_count(package: str) -> None:
    wrong = [
        f"{path.relative_to(SOURCE)}:{line}: {{{number}}}{noun}"
        for path in sorted((SOURCE / package).rglob("*.py"))
        for line, number, noun in counts(path)
        if (path.relative_to(SOURCE).as_posix(), number) not in NEVER_ONE
    ]
    assert not wrong, "\n".join(wrong)


def test_a_plural_of_its_own() -> None:
    assert [counted(n, "story", "stories") for n in (0, 1, 2)] == ["0 stories", "1 story", "2 stories"]
