"""A sample of the attack of tests/crash_points.py; `python -m tests.crash_points` does all of it."""

from __future__ import annotations

import random

import pytest

from tests.crash_points import TOTAL, Attacks, Point, missing, numbered, second, spread
from tests.servers import Authority, Dovecot

KILLS = 40
TWICE = 10
"""Of these, with a second kill at the restart."""


def test_killed_at_any_system_call_nothing_is_lost_and_nothing_comes_twice(
    authority: Authority, dovecot: Dovecot
) -> None:
    if reason := missing():
        pytest.skip(f"{reason}: kills at chosen system calls are left out (random kills are tested)")
    dice = random.Random(2016)
    with Attacks(dovecot, authority, jobs=2) as attacks:
        calm = attacks.calm.standing
        points = attacks.calm.points
        chosen = spread(points, KILLS)
        runs: list[tuple[Point, ...]] = [(point,) for point in chosen]
        for at in range(0, KILLS, KILLS // TWICE):
            runs[at] = (chosen[at], second(points, chosen[at], dice))
        verdicts = list(attacks.run(runs))
    # The run is the whole road: an answer, an offer, a reminder, a paper and the summary, each with its copy in Sent.
    assert {"accepted", "standby", "offer", "reminder", "paper", "summary"} <= {kind for kind, _, _ in calm.letters}
    assert (calm.inbox, calm.done.total(), calm.named, calm.loose) == (0, TOTAL, 0, "")
    assert calm.arrived == calm.copies == dict.fromkeys(calm.states, 1)
    assert {point.call for point in points} >= {"write", "pwrite64", "sendto", "fdatasync", "fsync", "link", "rename"}

    assert {verdict.point: verdict.faults for verdict in verdicts if verdict.faults} == {}
    assert sum(len(verdict.kills) for verdict in verdicts) >= KILLS
    assert sum(verdict.doubtful for verdict in verdicts) > 0, "a kill while a letter was being sent"


def test_points() -> None:
    calls = [("write", "3"), ("write", "2"), ("sendto", "4"), ("write", "3")]
    points = list(numbered(calls))
    assert points == [Point("write", 1), Point("sendto", 1), Point("write", 3)]
    assert spread(points, 0) == points == spread(points, 3)
    assert spread(points, 2) == [Point("write", 1), Point("sendto", 1)]
    assert second(points, points[-1], random.Random(1)) == Point("write", 1)
