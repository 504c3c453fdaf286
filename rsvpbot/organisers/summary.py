"""The daily summary: how things stand, in one mail that says what is new and what waits for a person.

figures    what there is to say (rsvpbot/organisers/figures.py)
wording    in words of the organisers' language
summary    as text and HTML, and as a letter in the outbox, once a day
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template

from rsvpbot.config import Config
from rsvpbot.letters.compose import Envelope, assemble
from rsvpbot.letters.page import columns, wrap
from rsvpbot.letters.templates import Rendered
from rsvpbot.letters.values import Option, is_right_to_left
from rsvpbot.model import Enclosure, Letter, LetterKind, SummaryRecord
from rsvpbot.organisers import workbook
from rsvpbot.organisers.decisions import Decisions
from rsvpbot.organisers.figures import OVERLAP, Figures, Waiting, figures
from rsvpbot.organisers.glance import last_record, summary_time, summary_zone
from rsvpbot.organisers.shown import one_line
from rsvpbot.organisers.wording import Chart, Item, Limits, Page, Piece, Row, Section, Table, Tone, page
from rsvpbot.store.base import Commit, Store, StoreError

__all__ = ["Figures", "Rendered", "figures", "is_due", "queue_if_due", "queue_now", "render"]

log = logging.getLogger(__name__)

WIDTH = 74
"""Columns of the text part; RFC 5322, section 2.1.1 asks for at most 78."""

LARGEST = 100_000
"""Bytes of HTML: Gmail cuts a message off at 102 kB."""

BAR = 40
"""Characters of the bar in the text part."""

CHART = 5
"""Lines for the columns of a chart in the text part; its line, its foot and its days take three more."""

LABEL = 30
"""Columns of a table's labels in the text part; what is longer is cut."""

DRAWN = {Tone.ACCEPTED: "#", Tone.DELEGATED: "#", Tone.TENTATIVE: "+", Tone.ALARM: "!"}


def render(figures: Figures, config: Config, decisions: Decisions | None = None) -> Rendered:
    """Put the figures into words, as plain text and as an HTML page with inlined styles and nothing to load.

    `decisions`: what waits may be decided by links; without, the summary is only to be looked at.

    What comes from mails and lists is shown as text, whatever it looks like: one line, no control characters, escaped
    in HTML.
    """

    def options(waiting: Waiting) -> tuple[Option, ...]:
        return decisions.options(waiting.reply, waiting.invitee) if decisions else ()

    limits = Limits()
    words = page(figures, config, limits, options)
    html = _html(words)
    while len(html.encode()) > LARGEST and limits != limits.halved():
        limits = limits.halved()
        words = page(figures, config, limits, options)
        html = _html(words)
    return Rendered(words.language, words.subject, _text(words), html)


# ------------------------------------------------------------------ into the outbox


def is_due(store: Store, config: Config, now: datetime) -> bool:
    """Whether today's summary (by the calendar of the organisers' time zone) should have been written and was not.

    A day on which the service was down until the evening has its summary then; past days are not made up for. A clock
    that is put back brings none a second time.
    """
    local = now.astimezone(summary_zone(config))
    return local.time() >= summary_time(config) and last_record(store, local.date()) is None


def queue_if_due(
    store: Store, config: Config, now: datetime, new_id: Callable[[], str], decisions: Decisions | None = None
) -> bool:
    """Put today's summary into the outbox if it is due; says whether it did.

    The letter and the record that it was written are one commit, and the question is asked again behind the lock: so
    it is once a local date, whatever restarts happen and however many processes ask. Raises StoreError.
    """
    if not config.organisers.addresses or not is_due(store, config, now):
        return False
    with store.transaction():
        if not is_due(store, config, now):
            return False
        found = figures(store, config, now)
        letter = _letter(found, store, config, now, new_id(), decisions)
        day = now.astimezone(summary_zone(config)).date()
        record = SummaryRecord(day=day, at=now, letter_id=letter.id, figures=dict(found.numbers()))
        mailbox = store.mailbox()
        told = replace(mailbox, lost=0) if mailbox.lost else None
        store.commit(Commit(letters=(letter,), summaries=(record,), mailbox=told))
    return True


def queue_now(
    store: Store, config: Config, now: datetime, new_id: Callable[[], str], decisions: Decisions | None = None
) -> Letter:
    """Put a summary into the outbox, beside the daily one, which neither stops nor becomes shorter by it.

    Returns the letter, for the caller to say where it goes. Raises StoreError.
    """
    with store.transaction():
        letter = _letter(figures(store, config, now), store, config, now, new_id(), decisions)
        store.commit(Commit(letters=(letter,)))
    return letter


def _letter(
    found: Figures, store: Store, config: Config, now: datetime, letter_id: str, decisions: Decisions | None
) -> Letter:
    to = {address.email: one_line(address.name) for address in config.organisers.addresses}
    domain = config.mailbox.address.rpartition("@")[2]
    envelope = Envelope(
        letter_id=letter_id,
        kind=LetterKind.SUMMARY,
        recipients=tuple(to),
        names=tuple(to.values()),
        message_id=decisions.summary_message_id(letter_id) if decisions else f"<summary.{letter_id}@{domain}>",
        mail_from=config.mailbox.address,
    )
    enclosed = _enclosed(found, store, config, now)
    return assemble(envelope, render(found, config, decisions), config, now, enclosed=enclosed)


def _enclosed(found: Figures, store: Store, config: Config, now: datetime) -> tuple[Enclosure, ...]:
    since = found.since - OVERLAP if found.since else None
    try:
        return workbook.enclosed(store, config, now, since, quiet=found.quiet)
    except StoreError:
        raise
    except Exception:
        # A summary without its list is better than none.
        log.exception("the guest list could not be enclosed")
        return ()


# ------------------------------------------------------------------ HTML


@lru_cache(maxsize=1)
def _layout() -> Template:
    source = resources.files(__package__).joinpath("summary.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)


def _html(words: Page) -> str:
    import css_inline

    direction = "rtl" if is_right_to_left(words.language) else "ltr"
    whole = _layout().render(page=words, direction=direction)
    # At-rules stay in the style element: dark mode and telephones need them.
    inliner = css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
    return inliner.inline(whole)


# ------------------------------------------------------------------ plain text


def _text(words: Page) -> str:
    blocks = [f"{wrap(words.title, WIDTH)}\n{words.date}\n{words.event_day}"]
    blocks += [wrap(f"*** {words.alarm}{words.colon}{alarm}", WIDTH) for alarm in words.alarms]
    if words.quiet:
        blocks.append(wrap(words.quiet, WIDTH))
    head = [wrap(f"{words.number} {words.headline}", WIDTH)]
    if words.capacity:
        head.append(f"[{_drawn(words.capacity)}]")
    if words.room:
        head.append(wrap(words.room, WIDTH))
    blocks.append("\n".join(head))
    blocks += ["\n\n".join(_section(section, words.colon)) for section in words.sections]
    return "\n\n\n".join([*blocks, f"-- \n{wrap(words.footer, WIDTH)}"]) + "\n"


def _drawn(pieces: tuple[Piece, ...]) -> str:
    """The bar in characters, each piece at its place."""
    drawn, end = "", 0
    for piece in pieces:
        end += piece.percent
        drawn += DRAWN.get(piece.tone, ".") * (max(1, round(BAR * end / 100) - len(drawn)))
    return drawn[:BAR]


def _section(section: Section, colon: str) -> Iterator[str]:
    yield section.title.upper() if section.urgent else _underlined(section.title)
    if section.rows:
        yield _rows(section.rows)
    if section.table:
        yield _table(section.table)
    if section.chart:
        yield _chart(section.chart)
    if section.intro:
        yield wrap(section.intro, WIDTH)
    if section.items and section.urgent:
        yield "\n\n".join(_item(item, colon) for item in section.items)
    elif section.items:
        yield "\n".join(_item(item, colon) for item in section.items)
    if section.more:
        yield section.more


def _underlined(title: str) -> str:
    return f"{title}\n{'-' * columns(title)}"


def _rows(rows: tuple[Row, ...]) -> str:
    label = max(columns(row.label) for row in rows)
    number = max(columns(row.number) for row in rows)
    return "\n".join(
        f"{row.label}{' ' * (label - columns(row.label))}  {row.number:>{number}}  {row.note}".rstrip() for row in rows
    )


def _table(table: Table) -> str:
    labels = [one_line(line.label, LABEL) for line in table.lines]
    lines = [("", table.head), *zip(labels, (line.cells for line in table.lines), strict=True)]
    first = max(map(columns, labels))
    widths = [max(map(columns, cells)) for cells in zip(*(cells for _, cells in lines), strict=True)]
    return "\n".join(
        "  ".join([label + " " * (first - columns(label)), *map(_right, cells, widths)]) for label, cells in lines
    )


def _right(text: str, width: int) -> str:
    return " " * (width - columns(text)) + text


def _chart(chart: Chart) -> str:
    """Columns of characters: "#" is a whole step, ":" half of one, "!" what is above the line."""
    margin = " " * columns(chart.mark)
    drawing = chart.drawn(CHART)
    fine = replace(chart, people=tuple(min(people, chart.line) for people in chart.people)).drawn(2 * drawing.below)
    above = [
        f"{margin} | " + " ".join("!!" if over >= step else "  " for _, over in drawing.columns)
        for step in range(drawing.above, 0, -1)
    ]
    below = [
        f"{margin} | " + " ".join(_step(height - 2 * step) for height, _ in fine.columns)
        for step in reversed(range(drawing.below))
    ]
    width = 3 * len(chart.people)
    rule, foot = f"{chart.mark} +{'-' * width}", f"{margin} +{'-' * width}"
    room = width - 1 - columns(chart.first) - columns(chart.last)
    days = f"{chart.first}{' ' * room}{chart.last}" if room > 0 else chart.last
    return "\n".join(line.rstrip() for line in (*above, rule, *below, foot, f"{margin}   {days}"))


def _step(halves: int) -> str:
    return "##" if halves >= 2 else "::" if halves == 1 else "  "


def _item(item: Item, colon: str) -> str:
    head = f"{item.lead} ({item.aside})" if item.aside else item.lead
    written = [_indented(f"* {head}", "  ")]
    written += [f"  > {line}" for text in item.quote for line in wrap(text, WIDTH - 4).split("\n")]
    tag = " ".join(filter(None, (item.tag, f"[{item.mark}]" if item.mark else "")))
    notes = [colon.join(filter(None, (tag, *item.notes[:1]))), *item.notes[1:]]
    written += [_indented(f"  {note}", "  ") for note in notes if note]
    # Each address on a line of its own, which must not be broken.
    written += [f"  {option.word}{colon}<{option.link}>" for option in item.options]
    return "\n".join(written)


def _indented(text: str, margin: str) -> str:
    """Wrapped, with every line but the first moved in."""
    first, *rest = wrap(text, WIDTH - len(margin)).split("\n")
    return "\n".join([first, *(margin + line for line in rest)])
