"""Who is expected at the door: the desk's list, the escort groups, the badges, and the list as it was closed.

expected   the people of an answer, one by one
desk       everybody, in the order of the desk; after [event] freeze_at as it stood then, and what has changed since
html, csv  the list, to be printed or to be taken into another program
badges     ten a page, from a page that organisers may replace (templates/badges.html)
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from rsvpbot.config import Config, Problem, builtin_templates
from rsvpbot.decide import expected_people, is_coming
from rsvpbot.letters.page import columns
from rsvpbot.letters.templates import TemplateError
from rsvpbot.model import Answer, Expected, Frozen, Invitee, PartStat, Venue
from rsvpbot.organisers.guests import ARTICLE, family_name, folded, safe_cell
from rsvpbot.organisers.shown import one_line
from rsvpbot.store.base import Commit, Store

GROUP: Final = 15
"""People that one escort takes up."""

LATE: Final = timedelta(minutes=10)
"""A list that was closed later than this after its moment says so."""

# ------------------------------------------------------------------ one by one


def expected(invitee: Invitee, venue: Venue) -> tuple[Expected, ...]:
    """The people who come by an invitee's answer: those who were named, then those of whom only the number is known.

    Who waits for room is not expected. Whoever was named is on the list, even where fewer were said to come. A host who
    was not named is taken to be one of the others who come. Of two ways to write a host's name, the fuller one stands.
    """
    answer = invitee.answer
    if not invitee.listed or answer is None or not is_coming(invitee):
        return ()
    delegated = answer.partstat is PartStat.DELEGATED
    label = one_line(invitee.name or invitee.organisation or next(iter(invitee.addresses), ""))
    names = [name for name in map(one_line, answer.names) if name]
    host = _delegate(answer) if delegated else one_line(invitee.name)
    seats = expected_people(answer)
    place = _place(host, names)
    if place is not None:
        names[place] = max(host, names[place], key=lambda name: len(name.split()))
    elif host and len(names) < seats:
        names.insert(0, host)
        place = 0
    hosted_by = label if place is None else names[place]
    instead_of = label if delegated else ""
    people = []
    for at, name in enumerate(names):
        leads = place is None or at == place
        people.append(
            Expected(
                invitee.id,
                name,
                guest_of="" if leads else hosted_by,
                instead_of=instead_of if leads else "",
            )
        )
    for number in range(1, seats - len(names) + 1):
        leads = delegated and not names and number == 1
        people.append(
            Expected(
                invitee.id,
                guest_of="" if leads else hosted_by,
                instead_of=instead_of if leads else "",
                number=number,
            )
        )
    own = None if delegated else (place or 0)
    organisation = one_line(invitee.organisation)
    return tuple(
        replace(person, organisation=organisation, grounds_pass=_holds_pass(invitee, answer, venue, own=at == own))
        for at, person in enumerate(people)
    )


def _delegate(answer: Answer) -> str:
    return one_line(answer.delegate.name or answer.delegate.email) if answer.delegate else ""


def _place(host: str, names: list[str]) -> int | None:
    """Which of the names is the host's: one that shares a word of more than an initial with it; or the only one."""
    words = _words(host)
    shared = [len(words & _words(name)) for name in names]
    if words and names and max(shared):
        return shared.index(max(shared))
    return None


def _words(name: str) -> frozenset[str]:
    return frozenset(word for word in folded(name).replace(",", " ").replace(".", " ").split() if len(word) > 1)


def _holds_pass(invitee: Invitee, answer: Answer, venue: Venue, *, own: bool) -> bool | None:
    """What an answer says of a pass holds for all who come by it; what the list says, for the invitee alone."""
    if not (venue.pass_name or venue.reception):
        return None
    if not venue.pass_name:
        return False
    if answer.grounds_pass is not None:
        return answer.grounds_pass
    return invitee.grounds_pass if own else None


# ------------------------------------------------------------------ the desk


class Entry(StrEnum):
    """What the desk asks of a person."""

    PASS = "pass"  # noqa: S105 (a pass for the door)
    PHOTO_ID = "photo ID"
    ASK = "ask"
    """It is not known whether they hold a pass."""
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the list."""

    person: Expected
    letter: str
    """Under which the person stands."""
    entry: Entry
    group: str = ""
    """Of those who are escorted; empty for who holds a pass."""

    @property
    def name(self) -> str:
        return called(self.person)

    @property
    def note(self) -> str:
        person = self.person
        if person.instead_of and person.name:
            return f"in place of {person.instead_of}"
        return f"guest of {person.guest_of}" if person.guest_of and person.name else ""


@dataclass(frozen=True, slots=True)
class Group:
    """Whom one escort takes up together."""

    name: str
    first: str
    last: str
    people: int


@dataclass(frozen=True, slots=True)
class Change:
    """What has become of a person since the list was closed."""

    before: Line | None
    """None: added."""
    after: Line | None
    """None: no longer coming."""

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        return "no longer coming" if self.after is None else "changed"

    @property
    def line(self) -> Line:
        line = self.after or self.before
        assert line is not None  # noqa: S101 (a change has at least one of them)
        return line

    @property
    def was(self) -> str:
        """Of a change: what stood before."""
        before, after = self.before, self.after
        if before is None or after is None:
            return ""
        told = [before.name] if before.name != after.name else []
        told += [before.note] if before.note != after.note and before.note else []
        told += [before.entry] if before.entry is not after.entry and before.entry else []
        return ", ".join(told)


@dataclass(frozen=True, slots=True)
class Desk:
    """The list of the desk."""

    at: datetime
    """How it stood then."""
    due: datetime | None
    """[event] freeze_at, where that has passed."""
    closed: bool
    """It is the list that was kept, and no change of later enters it."""
    lines: tuple[Line, ...]
    changes: tuple[Change, ...] = ()
    """Since it was closed."""

    @property
    def groups(self) -> tuple[Group, ...]:
        found = []
        for name, members in groupby((line for line in self.lines if line.group), key=lambda line: line.group):
            names = [line.name for line in members]
            found.append(Group(name, names[0], names[-1], len(names)))
        return tuple(found)

    def count(self, entry: Entry) -> int:
        return sum(line.entry is entry for line in self.lines)


def desk(store: Store, config: Config, now: datetime) -> Desk:
    """The list of the desk at `now`. Writes nothing. Raises StoreError."""
    venue = config.event.venue
    people = _everybody(store, config)
    due = config.event.freeze_at if config.event.freeze_at is not None and now >= config.event.freeze_at else None
    kept = kept_list(store, config)
    if due is None or kept is None:
        return Desk(now, due, False, _lines(people, venue))
    return Desk(kept.at, due, True, _lines(kept.people, venue), _changes(kept.people, people, venue))


def only(found: Desk, ids: Collection[str]) -> Desk:
    """The part of a list that is about these invitees."""
    return replace(
        found,
        lines=tuple(line for line in found.lines if line.person.invitee_id in ids),
        changes=tuple(change for change in found.changes if change.line.person.invitee_id in ids),
    )


def called(person: Expected) -> str:
    """A name for everybody, also for those whose own is not known."""
    if person.name:
        return person.name
    if not (person.guest_of or person.instead_of):
        return "Name withdrawn"
    return f"Guest of {person.guest_of}" if person.guest_of else f"Delegate of {person.instead_of}"


def _everybody(store: Store, config: Config) -> tuple[Expected, ...]:
    venue = config.event.venue
    return tuple(person for invitee in store.invitees() for person in expected(invitee, venue))


def _lines(people: Iterable[Expected], venue: Venue) -> tuple[Line, ...]:
    """In the order of the desk; who is not known to hold the pass is escorted, in groups of that order."""
    lines, escorted = [], 0
    for person in sorted(people, key=_order):
        line = _line(person, venue)
        if venue.pass_name and line.entry is not Entry.PASS:
            line = replace(line, group=group_name(escorted // GROUP))
            escorted += 1
        lines.append(line)
    return tuple(lines)


def _line(person: Expected, venue: Venue) -> Line:
    asked = bool(venue.pass_name or venue.reception)
    entry = {True: Entry.PASS, False: Entry.PHOTO_ID, None: Entry.ASK}[person.grounds_pass] if asked else Entry.NOTHING
    return Line(person, _order(person)[0], entry)


def group_name(number: int) -> str:
    """A, B … Z, AA, AB …: as the columns of a spreadsheet."""
    before, last = divmod(number, 26)
    return (group_name(before - 1) if before else "") + chr(ord("A") + last)


def _order(person: Expected) -> tuple[str, str, str, str, int, str]:
    """By family name; a guest without a name stands behind the host."""
    whole = person.name or person.guest_of or person.instead_of
    family = whole if whole == person.organisation else family_name(whole)
    key = folded(ARTICLE.sub("", family))
    return (_letter(key), key, folded(whole), "" if person.name else "~", person.number, person.invitee_id)


def _letter(key: str) -> str:
    """The heading under which a name stands; one for all Chinese characters, which have no order that a desk knows."""
    first = key[:1]
    if not first.isalpha():
        return "#"
    return "漢" if "CJK" in unicodedata.name(first, "") else first.upper()


# ------------------------------------------------------------------ the closed list


def is_due(store: Store, config: Config, now: datetime) -> bool:
    """Whether the list should have been closed and was not. After the event nobody needs it any more."""
    due = config.event.freeze_at
    return due is not None and due <= now < config.event.ends and kept_list(store, config) is None


def kept_list(store: Store, config: Config) -> Frozen | None:
    """The list that was closed for the configured moment; a moment that was moved closes it anew."""
    kept = store.frozen()
    return kept if kept is not None and kept.due == config.event.freeze_at else None


def freeze_if_due(store: Store, config: Config, now: datetime) -> bool:
    """Keep the list as it stands, once, at or after [event] freeze_at; says whether it was done.

    Asked again behind the lock, so that a command and the service do not both close it. Raises StoreError.
    """
    due = config.event.freeze_at
    if due is None or not is_due(store, config, now):
        return False
    with store.transaction():
        if not is_due(store, config, now):
            return False
        store.commit(Commit(frozen=Frozen(due, now, _everybody(store, config))))
    return True


def _changes(before: Iterable[Expected], after: Iterable[Expected], venue: Venue) -> tuple[Change, ...]:
    """By kind, and in the order of the desk within each."""
    then, today = _keyed(before), _keyed(after)
    gone = [then[key] for key in then.keys() - today.keys()]
    added = [today[key] for key in today.keys() - then.keys()]
    pairs: list[tuple[Expected | None, Expected | None]] = []
    for person in sorted(added, key=_order):
        # Who has a name now stood there as a guest without one.
        nameless = [one for one in gone if one.invitee_id == person.invitee_id and not one.name and person.name]
        if nameless:
            before_it = max(nameless, key=lambda one: one.number)
            gone.remove(before_it)
            pairs.append((before_it, person))
        else:
            pairs.append((None, person))
    pairs += [(person, None) for person in sorted(gone, key=_order)]
    pairs += [(then[key], today[key]) for key in then.keys() & today.keys() if _differs(then[key], today[key])]
    changes = [Change(_side(one, venue), _side(other, venue)) for one, other in pairs]
    kinds = ("added", "no longer coming", "changed")
    return tuple(sorted(changes, key=lambda change: (kinds.index(change.kind), _order(change.line.person))))


def _side(person: Expected | None, venue: Venue) -> Line | None:
    return None if person is None else _line(person, venue)


def _keyed(people: Iterable[Expected]) -> dict[tuple[str, str, int], Expected]:
    """By invitee and name; namesakes of one party, and those without a name, by their number."""
    found: dict[tuple[str, str, int], Expected] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for person in people:
        key = (person.invitee_id, folded(person.name))
        seen[key] += 1
        found[(*key, seen[key])] = person
    return found


def _differs(one: Expected, other: Expected) -> bool:
    """In what matters at the door."""
    return (one.name, one.grounds_pass, one.instead_of) != (other.name, other.grounds_pass, other.instead_of)


def without(kept: Frozen, ids: Collection[str], names: Collection[str]) -> Frozen:
    """A closed list without what it holds of somebody: who came by their answer, and their name where it stands with
    others (a delegate's, a guest's)."""
    unwanted = {folded(name) for name in names}

    def cleared(text: str) -> str:
        return "" if folded(text) in unwanted else text

    people = (person for person in kept.people if person.invitee_id not in ids)
    return replace(
        kept,
        people=tuple(
            replace(
                person,
                name=cleared(person.name),
                guest_of=cleared(person.guest_of),
                instead_of=cleared(person.instead_of),
            )
            for person in people
        ),
    )


# ------------------------------------------------------------------ in words


def standing(found: Desk, config: Config) -> str:
    """How old the list is, and whether it still changes."""
    at = _when(found.at, config)
    if found.due is None:
        return f"As it stood on {at}. It still changes with every answer."
    if not found.closed:
        return f"To be closed on {_when(found.due, config)}, and not kept yet: this is how it stands on {at}."
    if found.at - found.due > LATE:
        told = f"Closed on {at}, as it stood then; it was to be closed on {_when(found.due, config)}."
    else:
        told = f"Closed on {at}."
    return f"{told} What came later stands {'below' if found.changes else 'nowhere: nothing has changed'}."


def _when(moment: datetime, config: Config) -> str:
    return f"{moment.astimezone(config.event.zone):%A %-d %B %Y, %H:%M}"


def tally(found: Desk, config: Config) -> str:
    """How many are expected, and how they get in."""
    number = len(found.lines)
    told = f"{number:,} {'person' if number == 1 else 'people'} expected"
    if not number or not (config.event.venue.pass_name or config.event.venue.reception):
        return told
    parts = (
        (Entry.PASS, "with a pass"),
        (Entry.PHOTO_ID, "with photo ID"),
        (Entry.ASK, "to be asked for either"),
    )
    counts = [f"{found.count(entry):,} {words}" for entry, words in parts if found.count(entry)]
    return f"{told}: {', '.join(counts)}"


# ------------------------------------------------------------------ as CSV


CSV_COLUMNS: Final = ("arrived", "name", "organisation", "guest_of", "in_place_of", "entry", "group", "change", "was")


def csv_text(found: Desk) -> str:
    """RFC 4180, as the guest list's. What has changed since the list was closed comes last, marked."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for line, kind, was in (
        *((line, "", "") for line in found.lines),
        *((change.line, change.kind, change.was) for change in found.changes),
    ):
        person = line.person
        cells = (line.name, person.organisation, person.guest_of, person.instead_of, line.entry, line.group, kind, was)
        writer.writerow(["", *map(safe_cell, cells)])
    return file.getvalue()


# ------------------------------------------------------------------ as a page


def html(found: Desk, config: Config) -> str:
    """A page to be printed on A4 or Letter, or to be looked at; nothing in it is loaded from elsewhere."""
    event = config.event
    letters = [(letter, tuple(lines)) for letter, lines in groupby(found.lines, key=lambda line: line.letter)]
    kinds = [(kind, tuple(changes)) for kind, changes in groupby(found.changes, key=lambda change: change.kind)]
    return _desk_page().render(
        title=one_line(event.title),
        date=_when(event.starts, config),
        venue=event.venue,
        standing=standing(found, config),
        tally=tally(found, config),
        letters=letters,
        kinds=kinds,
        desk=found,
        asks=bool(event.venue.pass_name or event.venue.reception),
    )


@lru_cache(maxsize=1)
def _desk_page() -> Template:
    source = resources.files(__package__).joinpath("door.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)


# ------------------------------------------------------------------ badges

BADGES: Final = "badges.html"
PER_PAGE: Final = 10

STEPS: Final = ((24, 14), (44, 18), (80, 24), (140, 31))
"""Of a name on a badge: up to so many columns in all, and in its longest word, it has the size of this step; what is
longer has the last and smallest."""


@dataclass(frozen=True, slots=True)
class Badge:
    """What templates/badges.html may name of a badge."""

    name: str
    organisation: str
    size: int
    """1 for short names to 5 for the longest: the page says how large each is."""


def badges(people: Iterable[Expected], config: Config) -> str:
    """The page of badges. Raises TemplateError where the organisers' own one is broken."""
    made = [_badge(person) for person in sorted(people, key=_order)]
    pages = [made[start : start + PER_PAGE] for start in range(0, len(made), PER_PAGE)]
    return _filled(pages, config)


def wanted(store: Store, config: Config, ids: Collection[str] | None = None) -> tuple[Expected, ...]:
    """Who gets a badge: everybody who is expected as things stand, or who comes by the answers of these invitees."""
    return tuple(person for person in _everybody(store, config) if ids is None or person.invitee_id in ids)


def _badge(person: Expected) -> Badge:
    name = called(person)
    return Badge(name, person.organisation if person.organisation != name else "", size_of(name))


def size_of(name: str) -> int:
    """Which step a name has."""
    # A line may end after any Chinese character.
    words = "".join(" " if columns(char) == 2 else char for char in name).split()
    whole, longest = columns(name), max(map(columns, words), default=0)
    return next((step for step, (most, word) in enumerate(STEPS, 1) if whole <= most and longest <= word), 5)


def check_badges(config: Config) -> tuple[Problem, ...]:
    """What is wrong with the page of badges."""
    try:
        _filled([[Badge("Ada Lovelace", "", 1), Badge("x" * 200, "Analytical Engines", 5)]], config)
    except TemplateError as error:
        return error.problems
    return ()


def _filled(pages: list[list[Badge]], config: Config) -> str:
    own = config.replies.templates
    folders = (own, builtin_templates()) if own else (builtin_templates(),)
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(folders, encoding="utf-8-sig"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        page = environment.get_template(BADGES)
        return page.render(pages=pages, title=one_line(config.event.title), venue=config.event.venue)
    except Exception as error:  # a template may do anything
        path = next(folder / BADGES for folder in folders if (folder / BADGES).is_file())
        raise TemplateError((_problem(path, error),)) from error


def _problem(path: Path, error: Exception) -> Problem:
    line = getattr(error, "lineno", None)
    trace = error.__traceback__
    while trace is not None and line is None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return Problem(str(path), f"line {line or 1}", str(error), "the built-in one shows what a page of badges holds")
