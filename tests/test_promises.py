"""docs/promises.md names tests that there are, for each of the promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/\w+\.py)::(\w+)`", TEXT)))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_each_test_that_is_named_exists(file: str, test: str) -> None:
    assert re.search(rf"^def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_each_promise_is_attacked() -> None:
    promises = re.split(r"^\*\*\d\. ", TEXT, flags=re.MULTILINE)[1:]
    assert len(promises) == 9
    assert all("::test_" in promise for promise in promises)


STORIES = TEXT.partition("## What broke elsewhere")[2]
ROWS = [line for line in STORIES.splitlines() if line.startswith("| ") and not line.startswith("| source |")]


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip()[:40] for row in ROWS])
def test_each_story_has_a_test_or_a_reason(row: str) -> None:
    source, happened, here = (cell.strip() for cell in row.strip("|").split("|"))
    assert source and happened
    assert "::test_" in here or here.startswith("cannot happen: ")


def test_all_kinds_of_stories_are_there() -> None:
    assert re.findall(r"^\*\*([A-Z])\. ", STORIES, re.MULTILINE) == list("ABCDEF")
