"""How the number of people expected grew, day by day. Pure: it knows steps in time and a calendar, and no store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MOST_COLUMNS = 21
"""Three weeks of days; of more days, several make a column."""

Step = tuple[datetime, int]
"""From this moment (aware) on an invitee's answer was good for so many people."""


@dataclass(frozen=True, slots=True)
class Column:
    until: date
    """The last of its days."""
    people: int
    """Expected at the end of that day; of today, so far."""


@dataclass(frozen=True, slots=True)
class Growth:
    """At most `MOST_COLUMNS` columns of `span` days each, the last of which ends today."""

    columns: tuple[Column, ...] = ()
    span: int = 1


def growth(courses: Iterable[Iterable[Step]], zone: ZoneInfo, now: datetime) -> Growth:
    """Add up the courses of all invitees, each in the order of time, from the day of the first step to that of `now`.

    Days are those of the calendar in `zone`. What is dated after `now` counts today: so the last column is the sum of
    all last steps, whatever clock they were made under. Without any step there is no column.
    """
    today = now.astimezone(zone).date()
    gains: Counter[date] = Counter()
    for course in courses:
        before = 0
        for at, people in course:
            gains[min(today, at.astimezone(zone).date())] += people - before
            before = people
    if not gains:
        return Growth()
    days = (today - min(gains)).days + 1
    span = -(-days // MOST_COLUMNS)
    ends = [today - timedelta(days=span * back) for back in reversed(range(-(-days // span)))]
    columns, people, left = [], 0, sorted(gains.items(), reverse=True)
    for end in ends:
        while left and left[-1][0] <= end:
            people += left.pop()[1]
        columns.append(Column(end, people))
    return Growth(tuple(columns), span)
