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
