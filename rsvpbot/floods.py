"""How much each sender wrote within the hour, so that one who writes without end keeps nobody else waiting."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from rsvpbot.mail.parse import parse

MOST_AN_HOUR = 200
"""Messages of one sender that are read within an hour by the clock: more than any assistant writes who answers for a
whole mission."""

CROWD = 1_000
"""Messages waiting from which on it is worth asking who wrote them before any is read."""

MOST_LEFT_OVER = 2_000
"""Messages over the limit that one poll files, after all others: it ends, and the next sees what has come since."""

_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_LONGEST_HEADER = 65_536


class Floods:
    """Counts for one process: after a restart everybody begins anew. `exempt`: addresses that are never over it."""

    def __init__(self, exempt: Sequence[str] = ()) -> None:
        self._exempt = frozenset(exempt)
        self._hour = 0
        self._written: Counter[str] = Counter()
        self._full = False

    def note(self, sender: str, now: datetime) -> None:
        """One more message of this sender was read."""
        self._turn(now)
        if sender and sender not in self._exempt:
            self._written[sender] += 1
            self._full = self._full or self._written[sender] >= MOST_AN_HOUR

    def sender_over(self, raw: bytes, now: datetime) -> str:
        """Who wrote this message, if as many of theirs have been read as may be; else "". Looks at the header alone,
        and at nothing while nobody is over the limit."""
        self._turn(now)
        if not self._full:
            return ""
        end = _END_OF_HEADER.search(raw, 0, _LONGEST_HEADER)
        sender = parse(raw[: end.end() if end else _LONGEST_HEADER]).sender.email
        return sender if self._written[sender] >= MOST_AN_HOUR else ""

    def _turn(self, now: datetime) -> None:
        hour = int(now.timestamp()) // 3600
        if hour != self._hour:
            self._hour, self._full = hour, False
            self._written.clear()


def over_limit(senders: Sequence[str]) -> list[bool]:
    """Of messages in the order of arrival, which of them would be over the limit."""
    written: Counter[str] = Counter()
    over = []
    for sender in senders:
        written[sender] += 1
        over.append(bool(sender) and written[sender] > MOST_AN_HOUR)
    return over
