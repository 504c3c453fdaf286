"""A sample of every attack on the store; `python -m tests.store_attacks` makes all of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rsvpbot.store import line
from tests import store_attacks
from tests.store_attacks import ATTACKS, Missing, Tally

LEAST = {
    "flips": 500, "cuts": 300, "blocks": 50, "calls": 12, "repairs": 5, "limits": 50, "full": 5, "users": 9, "kills": 3,
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_no_attack_goes_wrong(attack: Callable[[bool], Tally]) -> None:
    try:
        tally = attack(True)
    except Missing as reason:
        pytest.skip(f"{reason}: {attack.__name__} are left out")
    assert tally.wrong == []
    assert tally.attacks >= LEAST[attack.__name__]


def test_without_checksums_the_attacks_find_what_is_silently_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is seen that they could."""
    monkeypatch.setattr(line, "_checksum", lambda text: b"")
    assert any("not the last one committed" in wrong for wrong in store_attacks.flips(True).wrong)
