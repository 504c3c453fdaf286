"""Kill `rsvpbot poll` with SIGKILL at random moments, again and again until a poll gets through; then count.

    python -m tests.kills --rounds 20 --seed 1

Each round fills a fresh mailbox with 200 corpus mails, and must end in the same state as a poll that nobody disturbed:
INBOX empty, every answer recorded once, every letter sent once. A letter that was in flight at a kill may be in doubt;
then it is shown, and not sent again.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.corpus_mailbox import TOTAL, Outcome, fill, invitees, outcome, start_poll, two_hundred, write_config
from tests.servers import Authority, Dovecot, SmtpSink

MOST_KILLS = 200

AT_LEAST = 3
"""So many kills come before a poll can be through."""

SAID = TOTAL // (2 * AT_LEAST)
"""Lines of the log, one a message at least, after which these come at the latest."""


@dataclass(frozen=True, slots=True)
class Round:
    kills: int
    outcome: Outcome
    seconds: float


def poll_through(config: Path) -> float:
    """One undisturbed poll; how long it took, in seconds."""
    started = time.monotonic()
    process = start_poll(config)
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, f"{out}\n{error}"
    return time.monotonic() - started


def undisturbed(dovecot: Dovecot, sink: SmtpSink, folder: Path) -> Round:
    user = dovecot.new_user()
    sink.reset()
    config = write_config(folder, dovecot, user, sink, invitees())
    fill(dovecot, user, two_hundred())
    seconds = poll_through(config)
    return Round(0, outcome(dovecot, user, sink, config), seconds)


def disturbed(dovecot: Dovecot, sink: SmtpSink, folder: Path, seconds: float, dice: random.Random) -> Round:
    """Kill polls until one gets through. `seconds`: how long an undisturbed one takes."""
    user = dovecot.new_user()
    sink.reset()
    config = write_config(folder, dovecot, user, sink, invitees())
    fill(dovecot, user, two_hundred())
    started, kills = time.monotonic(), 0
    while kills < MOST_KILLS:
        process = start_poll(config)
        if kills < AT_LEAST:
            # By what it says that it has done: a calm run's time says little where the machine is busier or idler now.
            assert process.stderr is not None
            for _ in range(dice.randrange(SAID)):
                process.stderr.readline()
            wait = dice.uniform(0.0, 0.3)
        else:
            # Longer each time, so that it gets through, however slow the machine has become.
            wait = dice.uniform(0.2, 1.0) * seconds * 1.1**kills
        try:
            out, error = process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            continue
        assert process.returncode == 0, f"{out}\n{error}"
        break
    return Round(kills, outcome(dovecot, user, sink, config), time.monotonic() - started)


def faults(round_: Round, calm: Outcome) -> list[str]:
    """What is not as it should be, in plain words."""
    got, found = round_.outcome, []
    if got.inbox:
        found.append(f"{got.inbox} left in INBOX")
    if sum(got.folders.values()) != TOTAL:
        found.append(f"the folders add up to {sum(got.folders.values())}")
    if got.folders != calm.folders:
        found.append(f"folders {got.folders}, undisturbed {calm.folders}")
    if got.recorded != calm.recorded:
        found.append(f"{len(got.recorded)} recorded, undisturbed {len(calm.recorded)}")
    if got.sent_twice:
        found.append(f"{len(got.sent_twice)} letters sent twice")
    doubtful = [state for state in got.unsent.values() if state == "doubtful"]
    if len(doubtful) != len(got.unsent):
        found.append(f"not sent and not in doubt: {got.unsent}")
    if len(doubtful) > round_.kills:
        found.append(f"{len(doubtful)} letters in doubt after {round_.kills} kills")
    missing = (calm.answers - got.answers).total()
    if missing > len(doubtful):
        found.append(f"{missing} letters missing, {len(doubtful)} in doubt")
    if got.answers - calm.answers:
        found.append(f"{(got.answers - calm.answers).total()} letters too many")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if reason := Dovecot.missing():
        print(reason, file=sys.stderr)
        return 1
    dice, bad = random.Random(arguments.seed), 0
    with Authority() as authority, Dovecot(authority) as dovecot, SmtpSink() as sink:
        with tempfile.TemporaryDirectory() as folder:
            calm = undisturbed(dovecot, sink, Path(folder))
        print(f"undisturbed: {calm.seconds:.1f} s, {len(calm.outcome.recorded)} recorded,", end=" ")
        print(f"{calm.outcome.answers.total()} letters; faults: {faults(calm, calm.outcome) or 'none'}")
        for number in range(1, arguments.rounds + 1):
            with tempfile.TemporaryDirectory() as folder:
                result = disturbed(dovecot, sink, Path(folder), calm.seconds, dice)
            wrong = faults(result, calm.outcome)
            bad += bool(wrong)
            doubtful = len(result.outcome.unsent)
            print(f"round {number}: {result.kills} kills, {doubtful} in doubt; faults: {wrong or 'none'}", flush=True)
    print(f"{arguments.rounds - bad} of {arguments.rounds} rounds ended as they should")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
