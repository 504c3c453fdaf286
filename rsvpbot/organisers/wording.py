"""Figures -> a page in words, which `summary` lays out as text and as HTML. Nothing here is escaped yet."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from rsvpbot.config import Config
from rsvpbot.floods import MOST_AN_HOUR
from rsvpbot.letters.values import Option, locale_of
from rsvpbot.model import Folder, PartStat
from rsvpbot.organisers.figures import (
    Bounced,
    Category,
    Change,
    Figures,
    LetterNote,
    Need,
    Pending,
    Replaced,
    Said,
    Silent,
    Standby,
    Waiting,
    Who,
)
from rsvpbot.organisers.glance import Health, summary_zone
from rsvpbot.organisers.shown import lines, one_line
from rsvpbot.organisers.workbook import RECEPTION

if TYPE_CHECKING:
    from babel import Locale

FALLBACK = "en"

MOST_FLOODS = 3
"""Senders of whom an alarm says that they write without end, the latest of them."""


ORDER = (PartStat.ACCEPTED, PartStat.DELEGATED, PartStat.TENTATIVE, PartStat.DECLINED, PartStat.NEEDS_ACTION)


class Tone(StrEnum):
    """What a colour means; the layout knows which it is."""

    ACCEPTED = "accepted"
    DELEGATED = "delegated"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    SILENT = "silent"
    ALARM = "alarm"
    PLAIN = "plain"


TONES = {
    PartStat.ACCEPTED: Tone.ACCEPTED,
    PartStat.DELEGATED: Tone.DELEGATED,
    PartStat.TENTATIVE: Tone.TENTATIVE,
    PartStat.DECLINED: Tone.DECLINED,
    PartStat.NEEDS_ACTION: Tone.SILENT,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How many entries of a section are written out; of more the number is told."""

    waiting: int = 16
    changes: int = 40
    others: int = 24
    silent: int = 10

    def halved(self) -> Limits:
        return Limits(*(max(1, most // 2) for most in (self.waiting, self.changes, self.others, self.silent)))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar, in per cent of its width; the pieces of a bar add up to 100."""

    tone: Tone
    percent: int


@dataclass(frozen=True, slots=True)
class Row:
    """A figure with its name."""

    label: str
    number: str
    note: str = ""
    bar: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table, its bar below it."""

    label: str
    cells: tuple[str, ...]
    bar: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of several kinds, for each of several things."""

    head: tuple[str, ...]
    """What the cells are; the labels need no name."""
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a section, or a few."""

    lead: str
    aside: str = ""
    tag: str = ""
    mark: str = ""
    """A second tag, for what must not be overlooked."""
    tone: Tone = Tone.PLAIN
    quote: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    """What one press decides."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart at a certain height. Heights are whole steps: pixels, or parts of a line of text."""

    columns: tuple[tuple[int, int], ...]
    """Of each column, how high it stands below the line, and how high above it."""
    below: int
    """Where the line is."""
    above: int
    """How much room there is above it; 0 where no column is higher."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers of people in the order of time, and a line that they are measured by."""

    people: tuple[int, ...]
    line: int
    """The room there is; where that is not known, the highest column. At least 1."""
    mark: str
    """The number at the line."""
    first: str
    last: str
    """What the first column is called, and the last."""

    def drawn(self, height: int) -> Drawing:
        """At a height of at least two steps. Whoever is there is at least one step high; a column reaches the line only
        where it is full, and passes it only where there are more."""
        peak = max(self.people)
        above = 0
        if peak > self.line:
            above = min(height - 1, max(1, round(height * (peak - self.line) / peak)))
        below = height - above
        return Drawing(
            tuple((self._below(people, below), self._above(people, peak, above)) for people in self.people),
            below,
            above,
        )

    def _below(self, people: int, room: int) -> int:
        if not people or people >= self.line:
            return room if people else 0
        return max(1, min(room - 1, round(room * people / self.line)))

    def _above(self, people: int, peak: int, room: int) -> int:
        return max(1, round(room * (people - self.line) / (peak - self.line))) if people > self.line else 0


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    intro: str = ""
    rows: tuple[Row, ...] = ()
    chart: Chart | None = None
    table: Table | None = None
    items: tuple[Item, ...] = ()
    more: str = ""
    urgent: bool = False

    @property
    def noted(self) -> bool:
        return any(row.note for row in self.rows)


@dataclass(frozen=True, slots=True)
class Page:
    """The summary in words."""

    language: str
    subject: str
    title: str
    date: str
    event_day: str
    colon: str
    """What stands between a word and what it is about, with its spaces."""
    alarm: str
    alarms: tuple[str, ...]
    number: str
    headline: str
    room: str
    over: bool
    capacity: tuple[Piece, ...]
    """The bar; () where no capacity is configured."""
    quiet: str
    sections: tuple[Section, ...]
    footer: str


class Phrases:
    """The words of one language; what is missing there comes in English."""

    def __init__(self, language: str) -> None:
        known = [tag for tag in (language, language.partition("-")[0], FALLBACK) if _file(tag).is_file()]
        self.language = known[0]
        self.locale: Locale = locale_of(self.language)
        self._words = {**_read(FALLBACK), **_read(self.language)}

    def __call__(self, key: str, /, n: int | None = None, **values: object) -> str:
        """The phrase with its values filled in; the plural goes by `n`. Raises KeyError for one that does not exist."""
        phrase = self._words[key]
        if isinstance(phrase, dict):
            phrase = phrase.get(str(self.locale.plural_form(n or 0)), phrase["other"])
        return phrase.format(n=self.count(n or 0), **values)

    def count(self, number: int) -> str:
        from babel.numbers import format_decimal

        return str(format_decimal(number, locale=self.locale))

    def moment(self, local: datetime) -> str:
        """A day and a time on the clock of `local`, without the year."""
        from babel.dates import format_time

        return self("moment", day=self.day(local), time=format_time(local, "short", locale=self.locale))

    def day(self, day: date) -> str:
        from babel.dates import format_skeleton

        return self._ordinal(format_skeleton("MMMd", day, locale=self.locale), day)

    def full_date(self, day: date) -> str:
        """With weekday and year."""
        from babel.dates import format_date

        return self._ordinal(format_date(day, "full", locale=self.locale), day)

    def _ordinal(self, written: str, day: date) -> str:
        """The first of a month has a word of its own in some languages, which Babel does not know."""
        return re.sub(r"\b1\b", self("first_of_month"), written, count=1) if day.day == 1 else written

    def list(self, items: Iterable[str]) -> str:
        from babel.lists import format_list

        return str(format_list([*items], locale=self.locale))


def _file(language: str) -> resources.abc.Traversable:
    return resources.files("rsvpbot.organisers") / "words" / f"{language}.toml"


@lru_cache(maxsize=16)
def _read(language: str) -> dict[str, str | dict[str, str]]:
    return tomllib.loads(_file(language).read_text(encoding="utf-8"))


Options = Callable[[Waiting], Iterable[Option]]


def page(figures: Figures, config: Config, limits: Limits = Limits(), options: Options = lambda waiting: ()) -> Page:
    """The summary in the organisers' language and time zone. `options`: what may be decided of a message by a link."""
    return _Writer(figures, config, Phrases(config.organisers.language), limits, options).page()


def shares(numbers: Sequence[int], total: int) -> tuple[int, ...]:
    """Whole per cents of `total` that add up to 100 with a last one for the rest; what is there is at least 1 wide."""
    if total <= 0:
        return (*(0 for _ in numbers), 100)
    widths = [max(1, round(100 * number / total)) if number else 0 for number in numbers]
    while sum(widths) > 100:
        widths[widths.index(max(widths))] -= 1
    rest = 100 - sum(widths)
    if sum(numbers) >= total and rest:
        widths[widths.index(max(widths))] += rest
        rest = 0
    return (*widths, rest)


def named(say: Phrases, names: Iterable[str]) -> str:
    """Several names in one phrase."""
    return say.list(name for name in (one_line(name, 60) for name in names) if name)


def in_words(say: Phrases, said: Said) -> str:
    """What an answer comes to, in a few words."""
    if said.partstat is PartStat.NEEDS_ACTION:
        return say("says_nothing")
    words = say("says_standby") if said.standby else say(f"says_{said.partstat.value}")
    delegate = one_line(said.delegate, 60)
    if said.partstat is PartStat.DELEGATED and delegate:
        words = say("says_delegate", delegate=delegate)
    if said.partstat is PartStat.DECLINED:
        return words
    if said.party and said.party > 1:
        words = say("with_people", said.party, said=words)
    names = named(say, said.names)
    return say("with_names", said=words, names=names) if names and names != delegate else words


@dataclass(frozen=True, slots=True)
class _Writer:
    figures: Figures
    config: Config
    say: Phrases
    limits: Limits
    options: Options

    def page(self) -> Page:
        f, say = self.figures, self.say
        return Page(
            language=say.language,
            subject=self._subject(),
            title=one_line(self.config.event.title),
            date=self._date(f.at),
            event_day=say("event_day", date=self._event_date(), left=self._left()),
            colon=say("colon"),
            alarm=say("alarm"),
            alarms=tuple(self._alarms()),
            number=say.count(f.expected),
            headline=self._headline(),
            room="" if f.cancelled_at else say("separator").join(self._room()),
            over=bool(f.capacity) and f.expected > (f.capacity or 0),
            capacity=() if f.cancelled_at else self._capacity_bar(),
            quiet=self._quiet(),
            sections=tuple(self._sections()),
            footer=say("footer", mailbox=self.config.mailbox.address),
        )

    # -------------------------------------------------------------- head

    def _subject(self) -> str:
        f, say = self.figures, self.say
        title = one_line(self.config.event.title, 120)
        if f.alarming:
            return say("subject_alarm", what=say.list(self._alarm_names()), title=title)
        expected = (
            say("expected_of", f.expected, capacity=say.count(f.capacity))
            if f.capacity
            else say("expected", f.expected)
        )
        if f.cancelled_at:
            expected = self._left()
        if f.quiet:
            return say("subject_quiet", figures=expected, title=title)
        parts = [expected]
        if f.changes:
            parts.append(say("new", len(f.changes)))
        if f.waiting:
            parts.append(say("to_decide", len(f.waiting)))
        told = say("separator").join(parts)
        return say("subject", figures=told[:1].upper() + told[1:], title=title)

    def _alarm_names(self) -> Iterator[str]:
        f = self.figures
        if f.mailbox.health is not Health.GOOD:
            yield self.say("alarm_mailbox")
        if f.worse["letters_failed"]:
            yield self.say("alarm_letters")
        if f.worse["letters_doubtful"]:
            yield self.say("alarm_doubtful")
        if f.worse["letters_held"]:
            yield self.say("alarm_held")
        if f.worse["failed"]:
            yield self.say("alarm_messages")
        if f.worse["unread"]:
            yield self.say("alarm_flood")
        if not f.messages.adds_up:
            yield self.say("alarm_missing")

    def _alarms(self) -> Iterator[str]:
        f, say, folder = self.figures, self.say, self._folder(Folder.REVIEW)
        state = f.mailbox
        if state.health is Health.FAILING and state.failing_since:
            error = one_line(state.error, 80) or say("unknown_error")
            yield say("mailbox_failing", since=self._moment(state.failing_since), error=error)
        elif state.health is Health.STALE and state.last_good:
            yield say("mailbox_stale", since=self._moment(state.last_good))
        elif state.health is Health.NEVER:
            yield say("mailbox_never")
        if number := f.worse["letters_failed"]:
            yield say("letters_failed", number)
        if number := f.worse["letters_doubtful"]:
            yield say("letters_doubtful", number)
        if number := f.worse["letters_held"]:
            yield say("letters_held", number)
        if number := f.worse["failed"]:
            yield say("messages_failed", number, folder=self._folder(Folder.FAILED))
        if f.worse["unread"]:
            for flood in [flood for flood in f.floods if f.is_new(flood.last)][-MOST_FLOODS:]:
                sender = one_line(flood.sender, 80) or say("no_sender")
                yield say("flood", flood.number, who=sender, most=say.count(MOST_AN_HOUR), folder=folder)
        if not f.messages.adds_up:
            yield say("missing", f.messages.missing)

    def _headline(self) -> str:
        f, say = self.figures, self.say
        if f.cancelled_at:
            return say("headline_cancelled", f.expected)
        return (
            say("headline_of", f.expected, capacity=say.count(f.capacity))
            if f.capacity
            else say("headline", f.expected)
        )

    def _room(self) -> Iterator[str]:
        f, say = self.figures, self.say
        if f.capacity:
            left = f.capacity - f.expected
            yield say("room", left) if left > 0 else say("full") if left == 0 else say("over", -left)
        if f.perhaps:
            yield say("perhaps", f.perhaps)

    def _capacity_bar(self) -> tuple[Piece, ...]:
        f = self.figures
        if not f.capacity:
            return ()
        accepted, delegated = f.people[PartStat.ACCEPTED], f.people[PartStat.DELEGATED]
        perhaps = min(f.perhaps, max(0, f.capacity - f.expected))
        whole = max(f.capacity, f.expected)
        over = min(accepted, max(0, f.expected - f.capacity))
        tones = (Tone.ACCEPTED, Tone.DELEGATED, Tone.TENTATIVE, Tone.ALARM, Tone.PLAIN)
        widths = shares((accepted - over, delegated, perhaps, over), whole)
        return _bar(tones, widths)

    def _quiet(self) -> str:
        f = self.figures
        if not f.quiet:
            return ""
        if f.waiting:
            return self.say("quiet_waiting", len(f.waiting), since=self._moment(f.since or f.at))
        return self.say("quiet", since=self._moment(f.since)) if f.since else self.say("quiet_first")

    # -------------------------------------------------------------- sections

    def _sections(self) -> Iterator[Section]:
        f = self.figures
        new = [one for one in f.waiting if f.is_new(one.handled_at)]
        if new:
            yield self._decide(new)
        yield self._answers()
        if not f.quiet:
            yield from self._growth()
            yield from self._categories()
        if f.changes:
            yield self._fresh()
        if f.pending:
            items = [self._pending(pending) for pending in f.pending]
            yield self._section(self.say("pending"), items, intro=self.say("pending_intro"))
        if f.replaced:
            items = [self._replaced(one) for one in f.replaced]
            yield self._section(self.say("replaced", len(items)), items, intro=self.say("replaced_intro"), urgent=True)
        if f.standby and not f.quiet:
            items = [self._stands_by(one, f.at) for one in f.standby]
            yield self._section(self.say("standby", len(items)), items, intro=self.say("standby_intro"))
        if len(new) < len(f.waiting):
            yield self._still_waiting([one for one in f.waiting if not f.is_new(one.handled_at)])
        if not f.quiet:
            yield from self._standing_facts()
        yield from self._letters()
        yield self._mailbox()

    def _section(
        self, title: str, items: Sequence[Item], most: int | None = None, *, intro: str = "", urgent: bool = False
    ) -> Section:
        shown = self.limits.others if most is None else most
        more = self.say("more", len(items) - shown) if len(items) > shown else ""
        return Section(title, intro=intro, items=tuple(items[:shown]), more=more, urgent=urgent)

    def _decide(self, new: Sequence[Waiting]) -> Section:
        items = [self._waits(one) for one in new]
        title = self.say("decide", len(new))
        return self._section(title, items, self.limits.waiting, intro=self._where_they_are(), urgent=True)

    def _still_waiting(self, told: Sequence[Waiting]) -> Section:
        """Those that an earlier summary quoted, in a line or two each."""
        items = []
        for one in reversed(told):
            whole = self._waits(one)
            items.append(replace(whole, quote=(), notes=whole.notes[:1]))
        return self._section(self.say("still", len(told)), items, intro=self._where_they_are())

    def _where_they_are(self) -> str:
        mailbox = self.config.mailbox.address
        return self.say("decide_intro", folder=self._folder(Folder.REVIEW), mailbox=mailbox)

    def _waits(self, one: Waiting) -> Item:
        say = self.say
        sender = one_line(one.sender.name or one.sender.email, 80) or say("no_sender")
        lead, aside = self._who(one.who) if one.who else (sender, say("stranger"))
        notes = [say("why", reasons=say("semicolon").join(map(one_line, one.reasons)))] if one.reasons else []
        if one.reading:
            notes.append(say("reading", said=self._said(one.reading)))
        if one.who:
            notes.append(say("on_record", said=self._said(one.recorded)) if one.recorded else say("no_record"))
        written = [self._moment(one.handled_at), one_line(one.sender.email, 80), one_line(one.subject, 80)]
        return Item(
            lead=lead,
            aside=say("separator").join(part for part in (aside, *written) if part and part != lead),
            quote=lines(one.text) or (say("no_text"),),
            notes=tuple(notes),
            options=tuple(self.options(one)),
        )

    def _answers(self) -> Section:
        f = self.figures
        rows = [self._answer_row(partstat, f.counts[partstat]) for partstat in ORDER]
        if f.unreached:
            rows[-1] = self._answer_row(PartStat.NEEDS_ACTION, f.counts[PartStat.NEEDS_ACTION] - f.unreached)
            rows.append(self._row_of(self.say("unreached"), f.unreached, Tone.ALARM))
        gone = [self._gone(who, said) for who, said in f.gone]
        section = self._section(self.say("answers", f.listed), gone, intro=self.say("gone") if gone else "")
        return replace(section, rows=tuple(rows))

    def _answer_row(self, partstat: PartStat, count: int) -> Row:
        f, say = self.figures, self.say
        note = ""
        if partstat is PartStat.TENTATIVE and f.perhaps:
            note = say("people_perhaps", f.perhaps)
        elif f.people[partstat]:
            note = say("people", f.people[partstat])
        return self._row_of(say(partstat.value), count, TONES[partstat], note)

    def _row_of(self, label: str, count: int, tone: Tone, note: str = "") -> Row:
        bar = _bar((tone, Tone.PLAIN), shares((count,), max(1, self.figures.listed)))
        return Row(label, self.say.count(count), note, bar)

    def _gone(self, who: Who, said: Said) -> Item:
        lead, aside = self._who(who)
        return self._tagged(lead, aside, said, [self._detail(said, lead)])

    def _tagged(self, lead: str, aside: str, said: Said, notes: Iterable[str]) -> Item:
        note = self.say("separator").join(filter(None, notes))
        if said.standby:
            return Item(lead, aside, tag=self.say("waits_for_seat"), tone=Tone.TENTATIVE, notes=(note,) if note else ())
        tag = self.say(said.partstat.value)
        return Item(lead, aside, tag=tag, tone=TONES[said.partstat], notes=(note,) if note else ())

    def _growth(self) -> Iterator[Section]:
        f, say = self.figures, self.say
        columns = f.growth.columns
        line = f.capacity or max((column.people for column in columns), default=0)
        if not columns or not line:
            return
        first, last = say.day(columns[0].until), say.day(columns[-1].until)
        people = tuple(column.people for column in columns)
        chart = Chart(people, line, say.count(line), first, last)
        if len(columns) == 1:
            told = say("growth_day", people[0], day=last)
        else:
            told = say("growth_days", before=say.count(people[0]), first=first, after=say.count(people[-1]), last=last)
        span = say("growth_span", f.growth.span)
        yield Section(say("growth"), intro=say("separator").join((told, span)), chart=chart)

    def _categories(self) -> Iterator[Section]:
        say, found, most = self.say, self.figures.categories, self.limits.others
        if not found:
            return
        head = (say("invited"), say("coming"), say("declined_by"), say("silent_by"))
        more = say("more", len(found) - most) if len(found) > most else ""
        table = Table(head, tuple(map(self._category, found[:most])))
        yield Section(say("category"), intro=say("category_intro"), table=table, more=more)

    def _category(self, found: Category) -> Line:
        say = self.say
        coming, bar = say.count(found.coming), tuple[Piece, ...]()
        if found.room is not None:
            over = max(0, found.coming - found.room)
            coming = say("places", found.coming, capacity=say.count(found.room))
            widths = shares((found.coming - over, over), max(found.coming, found.room, 1))
            bar = _bar((Tone.ACCEPTED, Tone.ALARM, Tone.PLAIN), widths)
        cells = (say.count(found.invited), coming, say.count(found.declined), say.count(found.silent))
        return Line(one_line(found.name, 60) or say("no_category"), cells, bar)

    def _fresh(self) -> Section:
        f = self.figures
        title = self.say("fresh", since=self._moment(f.since)) if f.since else self.say("fresh_all")
        ordered = sorted(f.changes, key=lambda change: ORDER.index(change.after.partstat))
        return self._section(title, [self._change(change) for change in ordered], self.limits.changes)

    def _change(self, change: Change) -> Item:
        say = self.say
        lead, aside = self._who(change.who)
        notes = [self._detail(change.after, lead)]
        if change.before and change.of_mind:
            notes.append(say("before", said=self._said(change.before)))
        needs = [one_line(need, 80) for need in (change.dietary, change.access) if need]
        if needs:
            notes.append(say("needs", needs=", ".join(needs)))
        told = self._tagged(lead, aside, change.after, notes)
        return replace(told, mark=say("changed") if change.of_mind else "")

    def _pending(self, pending: Pending) -> Item:
        say = self.say
        lead, aside = self._who(pending.who)
        before = say("on_record", said=self._said(pending.before)) if pending.before else say("no_record")
        notes = [self._detail(pending.after, lead), before, say("asked", at=self._moment(pending.at))]
        return self._tagged(lead, aside, pending.after, notes)

    def _stands_by(self, one: Standby, now: datetime) -> Item:
        say = self.say
        lead, aside = self._who(one.who)
        notes = [self._detail(one.said, lead)]
        if one.since is not None:
            notes.append(say("standby_since", at=self._moment(one.since)))
        if one.offered_until is not None:
            open_offer = one.since is None and one.offered_until > now
            notes.append(say("offered" if open_offer else "offer_lapsed", at=self._moment(one.offered_until)))
        return Item(lead, aside, notes=(say("separator").join(filter(None, notes)),))

    def _standing_facts(self) -> Iterator[Section]:
        """What is good to know and changes slowly; left out on a quiet day."""
        f, say = self.figures, self.say
        if f.dietary:
            yield self._section(say("dietary"), [self._need(need) for need in f.dietary])
        if f.access:
            yield self._section(say("access"), [self._need(need) for need in f.access])
        rows = tuple(self._door_rows()) if f.door and f.expected else ()
        closed = ""
        if f.closed and f.is_new(f.closed):
            closed = say("door_closed", at=self._moment(f.closed), file=RECEPTION)
        if rows or closed:
            yield Section(say("door"), closed, rows=rows)
        if f.silent:
            yield self._section(say("silent"), [self._silent(silent) for silent in f.silent], self.limits.silent)

    def _silent(self, silent: Silent) -> Item:
        lead, aside = self._who(silent.who)
        address = one_line(silent.who.address, 80)
        beside = self.say("separator").join(part for part in (aside, address) if part and part != lead)
        since = self.say("invited_ago", silent.days)
        return Item(lead, beside, notes=(self.say("asked_for_none", since=since) if silent.quiet else since,))

    def _need(self, need: Need) -> Item:
        names = self._names(need.names)
        lead, aside = self._who(need.who)
        if names and names != lead:
            lead, aside = names, aside or lead
        if need.partstat is PartStat.TENTATIVE:
            aside = self.say("separator").join(part for part in (aside, self.say("tentative")) if part)
        return Item(lead, aside, notes=(one_line(need.need, 120),))

    def _door_rows(self) -> Iterator[Row]:
        f, say = self.figures, self.say
        venue = self.config.event.venue
        assert f.door is not None  # noqa: S101 (its section is left out otherwise)
        if venue.pass_name:
            yield self._door_row(say("door_pass", pass_name=venue.pass_name), f.door.with_pass, Tone.ACCEPTED)
        yield self._door_row(say("door_id" if venue.pass_name else "door_id_only"), f.door.without, Tone.DELEGATED)
        if venue.pass_name:
            yield self._door_row(say("door_unknown"), f.door.unknown, Tone.SILENT)

    def _door_row(self, label: str, people: int, tone: Tone) -> Row:
        bar = _bar((tone, Tone.PLAIN), shares((people,), self.figures.expected))
        return Row(label, self.say.count(people), bar=bar)

    # -------------------------------------------------------------- letters and mailbox

    def _letters(self) -> Iterator[Section]:
        f, say = self.figures, self.say
        letters = f.letters
        facts = []
        if letters.waiting:
            facts.append(say("letters_waiting", letters.waiting))
        if letters.retried:
            facts.append(say("letters_retried", letters.retried))
        if letters.drafted_new:
            facts.append(say("letters_drafted", letters.drafted_new))
            facts.append(say("letters_drafted_all", letters.drafted))
        if letters.held:
            facts.append(say("letters_held_how", len(letters.held)))
        items = [
            *(self._letter(note, say("failed_letter", error=self._error(note))) for note in letters.failed),
            *(self._letter(note, say("doubtful_letter")) for note in letters.doubtful),
            *(self._letter(note, say("held_letter")) for note in letters.held),
        ]
        if facts or items:
            intro = f"{say('semicolon').join(facts)}." if facts else ""
            yield self._section(say("letters"), items, intro=intro[:1].upper() + intro[1:])
        if f.bounced and not f.quiet:
            found = [self._bounced(bounced) for bounced in f.bounced]
            yield self._section(say("bounced"), found, intro=say("bounced_intro", list=self._list()))

    def _list(self) -> str:
        file = self.config.invitees.file
        return one_line(file.name, 80) if file else self.say("the_list")

    def _letter(self, note: LetterNote, what: str) -> Item:
        lead, aside = self._who(note.who) if note.who else (self.say("to_organisers"), "")
        kind = self.say(f"kind_{note.kind.value.replace('-', '_')}")
        about = self.say("letter_about", kind=kind, at=self._moment(note.at))
        return Item(lead, self.say("separator").join(filter(None, (aside, about))), tone=Tone.ALARM, notes=(what,))

    def _error(self, note: LetterNote) -> str:
        return one_line(note.error, 160) or self.say("unknown_error")

    def _bounced(self, bounced: Bounced) -> Item:
        lead, aside = self._who(bounced.who)
        address = one_line(bounced.who.address, 80)
        parts = [part for part in (aside, address) if part and part != lead]
        return Item(lead, self.say("separator").join(parts), notes=(one_line(bounced.reason),))

    def _replaced(self, one: Replaced) -> Item:
        lead, aside = self._who(one.who)
        invitee = self.say("separator").join(filter(None, (lead, aside)))
        return Item(one_line(one.delegate, 80), self.say("in_place_of", who=invitee))

    def _mailbox(self) -> Section:
        f, say = self.figures, self.say
        m = f.messages
        total = say(
            "sum",
            seen=say.count(m.seen),
            recorded=say.count(m.recorded),
            review=say.count(m.review),
            ignored=say.count(m.ignored),
            failed=say.count(m.failed),
        )
        if m.retried:
            total += say("sum_retried", m.retried)
        if m.missing:
            total += say("sum_missing", m.missing)
        told = [total + "."]
        if f.since and m.new:
            told.append(say("sum_new", m.new))
        if f.mailbox.last_good:
            told.append(say("last_good", at=self._moment(f.mailbox.last_good)))
        if m.left_alone:
            told.append(say("left_alone", m.left_alone))
        return Section(say("mailbox"), intro=" ".join(told))

    # -------------------------------------------------------------- words for things

    def _who(self, who: Who) -> tuple[str, str]:
        lead = one_line(who.label, 80)
        organisation = one_line(who.organisation, 100)
        return lead, organisation if organisation != lead else ""

    def _names(self, names: Iterable[str]) -> str:
        return named(self.say, names)

    def _said(self, said: Said) -> str:
        return in_words(self.say, said)

    def _detail(self, said: Said, lead: str) -> str:
        """What an answer says beside its PARTSTAT: how many, and who, where that is not only the invitee."""
        say = self.say
        if said.partstat is PartStat.DECLINED:
            return ""
        names = self._names(said.names) or one_line(said.delegate, 60)
        people = say("people", said.party) if said.party and said.party > 1 else ""
        return say("colon").join(part for part in (people, names if names != lead else "") if part)

    def _folder(self, folder: Folder) -> str:
        return f"{self.config.mailbox.folders}/{folder.value}"

    def _moment(self, moment: datetime) -> str:
        return self.say.moment(moment.astimezone(summary_zone(self.config)))

    def _date(self, moment: datetime) -> str:
        return self.say.full_date(moment.astimezone(summary_zone(self.config)))

    def _event_date(self) -> str:
        event = self.config.event
        return self.say.full_date(event.starts.astimezone(event.zone))

    def _left(self) -> str:
        if self.figures.cancelled_at:
            day = self.figures.cancelled_at.astimezone(summary_zone(self.config))
            return self.say("cancelled_on", day=self.say.day(day))
        days = self.figures.days_left
        if days == 0:
            return self.say("today")
        return self.say("days_left", days) if days > 0 else self.say("days_ago", -days)


def _bar(tones: Iterable[Tone], widths: Iterable[int]) -> tuple[Piece, ...]:
    return tuple(Piece(tone, width) for tone, width in zip(tones, widths, strict=True) if width)
