"""Hostile bodies cost work in proportion to their length. The bodies are those of bench/hostile.py."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from rsvpbot.model import Message
from rsvpbot.reading.newtext import new_text

BENCH = runpy.run_path(str(Path(__file__).resolve().parent.parent / "bench" / "hostile.py"))
BODIES = {
    (subtype, name): body
    for subtype, kind in (("plain", "PLAIN"), ("html", "HTML"))
    for name, body in BENCH[kind].items()
}
MOST_CALLS = 600_000


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, Python's own included."""
    count = 0

    def tell(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(tell)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(("subtype", "name"), BODIES)
def test_work_grows_with_the_length_and_no_faster(subtype: str, name: str) -> None:
    body = BODIES[subtype, name]

    def work(share: int) -> int:
        mail: Message = BENCH["message"](subtype, body[: len(body) // share])
        return calls(lambda: new_text(mail))

    work(40)  # what is read once is read now
    small, double, whole = work(40), work(20), work(1)
    assert double <= 2.5 * small + 2_000
    assert whole <= MOST_CALLS
    assert "Yes, I come." in new_text(BENCH["message"](subtype, body)).text


@pytest.mark.parametrize("blank", ["\u1680", "\u2000", "\u2007", "\u200a", "\u205f"])
def test_a_line_of_uncommon_blanks_is_a_line(blank: str) -> None:
    """Folded, nothing is left of it, and such a mail could not be read at all."""
    body = f"Yes, I come.\n{blank}  {blank}\nAda\n"
    assert "Yes, I come." in new_text(BENCH["message"]("plain", body)).text
