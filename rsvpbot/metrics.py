"""Figures for Prometheus, in a file that the node exporter's textfile collector picks up ([service] metrics_file).

`render` writes the text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats), and knows no
store; `MetricsFile` counts, and puts the file in place. No figure is of one person, and no word of a mail stands here.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from rsvpbot.config import Config
from rsvpbot.model import Folder, LetterState, PartStat
from rsvpbot.organisers.glance import is_asked
from rsvpbot.store.base import Store

log = logging.getLogger(__name__)

FOR_THE_COLLECTOR: Final = 0o644
"""It runs as a user of its own, and what stands in the file is nobody's secret."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """How things stand, in numbers alone."""

    version: str
    messages: Mapping[Folder, int]
    retried: int
    """Messages that failed once or twice, and are to be tried again."""
    left_alone: int
    letters: Mapping[LetterState, int]
    put_off: int
    """Of the letters that wait: tried at least once."""
    reviews: int
    """Messages that wait for the organisers."""
    invitees: Mapping[PartStat, int]
    """Of those on the list."""
    expected: int
    capacity: int | None
    last_good_poll: datetime | None = None
    mailbox_up: bool = False
    smtp_up: bool = True


# ------------------------------------------------------------------ the text format


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with its samples: the labels of each, and its value."""

    name: str
    kind: Literal["counter", "gauge"]
    means: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


def render(gauges: Gauges) -> str:
    """The whole file."""
    return "".join(_written(family) for family in _families(gauges))


def _families(of: Gauges) -> Iterator[Family]:
    def one(name: str, means: str, value: float) -> Family:
        return Family(name, "gauge", means, (({}, value),))

    def each(
        label: str, counts: Mapping[Folder, int] | Mapping[LetterState, int] | Mapping[PartStat, int]
    ) -> tuple[tuple[Mapping[str, str], float], ...]:
        return tuple(({label: key.value.lower()}, count) for key, count in counts.items())

    yield Family("rsvpbot_build_info", "gauge", "The version that runs.", (({"version": of.version}, 1),))
    yield one("rsvpbot_mailbox_up", "Whether the last poll could read the mailbox.", of.mailbox_up)
    yield one(
        "rsvpbot_mailbox_last_good_poll_timestamp_seconds",
        "When the mailbox was last read to the end; 0: not yet.",
        of.last_good_poll.timestamp() if of.last_good_poll else 0,
    )
    yield one("rsvpbot_smtp_up", "Whether letters could go out when that was last tried.", of.smtp_up)
    yield Family(
        "rsvpbot_messages_total",
        "counter",
        "Messages handled, by the folder they went to.",
        each("folder", of.messages),
    )
    yield one(
        "rsvpbot_messages_seen",
        "Messages seen: those in the four folders, and those that are to be tried again.",
        sum(of.messages.values()) + of.retried,
    )
    yield one("rsvpbot_messages_retried", "Messages that failed and are to be tried again.", of.retried)
    yield one("rsvpbot_messages_left_alone", "Messages in INBOX from before [mailbox] since.", of.left_alone)
    yield Family("rsvpbot_letters", "gauge", "Letters of ours, by what became of them.", each("state", of.letters))
    yield one("rsvpbot_letters_put_off", "Letters that wait and were tried at least once.", of.put_off)
    yield one("rsvpbot_reviews_open", "Messages that wait for an organiser's decision.", of.reviews)
    yield Family("rsvpbot_invitees", "gauge", "Invitees on the list, by answer.", each("partstat", of.invitees))
    yield one("rsvpbot_people_expected", "People expected by these answers, guests included.", of.expected)
    if of.capacity is not None:
        yield one("rsvpbot_people_capacity", "People for whom there is room.", of.capacity)


def _written(family: Family) -> str:
    lines = [f"# HELP {family.name} {_escaped(family.means)}", f"# TYPE {family.name} {family.kind}"]
    for labels, value in family.samples:
        inside = ",".join(f'{name}="{_quoted(text)}"' for name, text in labels.items())
        lines.append(f"{family.name}{{{inside}}} {_number(value)}" if inside else f"{family.name} {_number(value)}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


# ------------------------------------------------------------------ counting and writing


def count(store: Store, config: Config) -> Gauges:
    """How things stand in the store. Raises StoreError."""
    invitees = store.invitees()
    by_id = {invitee.id: invitee for invitee in invitees}
    answers = Counter(invitee.partstat for invitee in invitees if invitee.listed)
    return Gauges(
        version=metadata.version("rsvpbot"),
        messages=store.tally(),
        retried=len(store.trials()),
        left_alone=store.mailbox().left_alone,
        letters=store.letter_tally(),
        put_off=sum(letter.attempts > 0 for letter in store.letters(LetterState.QUEUED)),
        reviews=sum(not is_asked(reply, by_id.get(reply.invitee_id or "")) for reply in store.open_replies()),
        invitees={partstat: answers[partstat] for partstat in PartStat},
        expected=store.seats_taken(),
        capacity=config.event.capacity,
    )


class MetricsFile:
    """The file, for as long as the service runs. Where none is configured, nothing is done.

    Whatever goes wrong with it is logged once and never stops the service: `write` raises nothing.
    """

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config
        self._path = config.service.metrics_file
        self._lock = threading.Lock()
        self._mark: Hashable = object()
        self._counted: Gauges | None = None
        self._text = ""
        self._broken = False

    def write(self, last_good_poll: datetime | None, *, mailbox_up: bool, smtp_up: bool) -> None:
        """Put the file in place, if anything is new. Counts only after a commit: an idle service costs nothing."""
        if self._path is None:
            return
        with self._lock:
            try:
                self._count()
                assert self._counted is not None  # noqa: S101 (counted the line before)
                known = last_good_poll or self._store.mailbox().last_good
                text = render(replace(self._counted, last_good_poll=known, mailbox_up=mailbox_up, smtp_up=smtp_up))
                if text != self._text:
                    _put(self._path, text)
                    self._text = text
            except Exception as error:
                self._failed(error)
            else:
                self._broken = False

    def _count(self) -> None:
        mark = self._store.mark()
        if self._counted is None or mark != self._mark:
            self._counted, self._mark = count(self._store, self._config), mark

    def _failed(self, error: Exception) -> None:
        if not self._broken:
            reason = error.strerror if isinstance(error, OSError) else type(error).__name__
            log.warning("the metrics file cannot be written: %s", reason)
        self._broken = True


def _put(path: Path, text: str) -> None:
    """In one step, so that no half of it is ever read. Not synced: after a crash the next poll writes it anew."""
    # The collector reads whatever ends in ".prom". Always the same name, so that no death leaves more than one behind.
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, FOR_THE_COLLECTOR)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        # The unit's UMask=0077 would keep the collector out.
        os.fchmod(descriptor, FOR_THE_COLLECTOR)
        file.write(text)
    new.replace(path)
