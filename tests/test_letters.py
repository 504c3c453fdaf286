"""What the letters say: to whom, of what, and that nothing else gets into them."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from functools import lru_cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rsvpbot
from rsvpbot.config import Config, builtin_templates, load
from rsvpbot.letters.cases import sample_answer, sample_invitee
from rsvpbot.letters.page import WIDTH, Marks, columns, tidy, to_html, to_text, wrap
from rsvpbot.letters.templates import Rendered, Templates
from rsvpbot.letters.values import Entry, Link, checked_name, entry_of, is_right_to_left, make_values
from rsvpbot.mail.parse import parse
from rsvpbot.model import Address, Answer, Document, Invitee, LetterKind, PartStat, Reading, Venue
from rsvpbot.reading import pack

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
LETTERS = tuple(kind for kind in LetterKind if kind not in {LetterKind.SUMMARY, LetterKind.REVIEW, LetterKind.DONE})
"""Those to invitees, and the alarm; what organisers are asked and told, tests/test_steer_letters.py looks at."""
LANGUAGES = tuple(sorted(path.name for path in builtin_templates().iterdir() if path.is_dir()))
"""In which there are letters."""

READ = tuple(language for language in LANGUAGES if language in pack.available())
"""Those of them whose answers are read, too."""

TAG = "[k7f3]"


@lru_cache(maxsize=1)
def example() -> Config:
    return load(EXAMPLE, frozenset({"event"}))


@lru_cache(maxsize=1)
def templates() -> Templates:
    return Templates(example())


def write(
    kind: LetterKind,
    answer: Answer | None = None,
    *,
    config: Config | None = None,
    invitee: Invitee | None = None,
    now: datetime | None = None,
    passed_on: bool = False,
    delegate_written: bool = False,
    language: str = "en",
    note: str = "",
) -> Rendered:
    config = config or example()
    values = make_values(
        kind,
        language,
        config,
        now or config.event.starts - timedelta(days=8),
        invitee=invitee or sample_invitee(),
        answer=answer,
        tag=TAG,
        passed_on=passed_on,
        delegate_written=delegate_written,
        note=note,
        calendar=kind is LetterKind.ACCEPTED,
    )
    return templates().render(kind.value, language, values)


def says(letter: Rendered) -> str:
    """The text on one line."""
    return " ".join(letter.text.split())


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.hidden = 0
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.hidden += tag in ("style", "title")
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(data)


def parsed(page: str) -> _Words:
    words = _Words()
    words.feed(page)
    return words


def accepted(**changes: object) -> Answer:
    return sample_answer(PartStat.ACCEPTED, example(), **changes)  # type: ignore[arg-type]


# ------------------------------------------------------------------ the logistics


@pytest.mark.parametrize(
    "kind", [LetterKind.ACCEPTED, LetterKind.WELCOME, LetterKind.INFORMATION, LetterKind.DELEGATED]
)
def test_the_logistics_of_the_seed(kind: LetterKind) -> None:
    said = says(write(kind, accepted() if kind is not LetterKind.INFORMATION else None))
    for fact in (
        "Tuesday, 20 September 2016",
        "12:30 to 15:30, New York time",
        "UNICEF House, 14th floor",
        "3 UN Plaza, New York, NY 10017",
        "The Discussion Paper will be sent to all participants in advance, on Thursday, 15 September 2016.",
    ):
        assert fact in said


@pytest.mark.parametrize(
    ("on_list", "in_answer", "party", "entry"),
    [
        (None, True, 1, Entry.PASS),
        (None, True, 3, Entry.PASS),
        (False, True, 1, Entry.PASS),
        (True, False, 1, Entry.NO_PASS),
        (None, False, 2, Entry.NO_PASS),
        (True, None, 1, Entry.PASS),
        (True, None, 2, Entry.EITHER),  # nothing is known of the guest
        (False, None, 2, Entry.NO_PASS),
        (None, None, 1, Entry.EITHER),
    ],
)
def test_who_reads_what_of_the_way_in(on_list: bool | None, in_answer: bool | None, party: int, entry: Entry) -> None:
    answer = accepted(party=party, names=("Ana Silva", "Omar Haddad")[:party], grounds_pass=in_answer)
    invitee = sample_invitee(grounds_pass=on_list)
    assert entry_of(LetterKind.ACCEPTED, example(), invitee, answer) is entry
    text = write(LetterKind.ACCEPTED, answer, invitee=invitee).text
    said = " ".join(text.split())
    photo = re.search(r"photo|identification|escort|reception", said, re.IGNORECASE)
    if entry is Entry.PASS:
        assert photo is None
        assert "Kindly carry your UN (NY) grounds pass with you." in said
    elif entry is Entry.NO_PASS:
        need = (
            "Please bring photo identification, as you do not hold a UN (NY) grounds pass. Kindly arrive at UNICEF "
            "House by 12:00 to register at UNICEF reception; you will be escorted up to the 14th floor from there."
        )
        assert need in said
        assert said.index("photo identification") < said.index("Tuesday")
    else:
        [paragraph] = [block for block in text.split("\n\n") if "photo" in block]
        assert "Holders of a UN (NY) grounds pass" in " ".join(paragraph.split())
        assert "escorted up to the 14th floor" in " ".join(paragraph.split())
        assert len(paragraph) < 400


def test_what_the_list_says_of_the_invitees_pass_says_nothing_of_the_delegates() -> None:
    invitee = sample_invitee(grounds_pass=True)
    answer = sample_answer(PartStat.DELEGATED, example(), names=("Omar Haddad",))
    for kind in (LetterKind.DELEGATED, LetterKind.WELCOME):
        assert entry_of(kind, example(), invitee, answer) is Entry.EITHER


def test_an_event_without_a_pass_speaks_of_none() -> None:
    venue = replace(example().event.venue, pass_name="", arrive_by="")
    config = replace(example(), event=replace(example().event, venue=venue))
    said = says(write(LetterKind.ACCEPTED, accepted(), config=config))
    assert "pass" not in said
    assert "Please bring photo identification. Kindly arrive at UNICEF House in good time to register" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bare_configuration_leaves_no_hole(language: str) -> None:
    event = replace(example().event, venue=Venue(), documents=(), rsvp_by=None)
    organisers = replace(example().organisers, name="", contact="", phone="", privacy="")
    config = replace(example(), event=event, organisers=organisers)
    for kind in LETTERS:
        for answer in (None, accepted(party=None, names=())):
            letter = write(kind, answer, config=config, note="A note.", language=language)
            hole = r"\bat by\b|\bby\s*[.,;]|, ,|  +[.。]|[ (（«][,،，]|[(（]\s?[)）]|«\s?»|“”|《》|None|-- $"
            assert not re.search(hole, letter.text), letter.text
            assert "\n\n\n" not in letter.text
            assert "Discussion Paper" not in letter.text
            assert not re.search("<p[^>]*></p>|<td[^>]*></td>|<hr", letter.html)


@pytest.mark.parametrize(
    ("send_at", "now", "words"),
    [
        (None, datetime(2016, 9, 12, tzinfo=UTC), "will be sent to all participants in advance."),
        (
            datetime(2016, 9, 15, 13, tzinfo=UTC),
            datetime(2016, 9, 12, tzinfo=UTC),
            "will be sent to all participants in advance, on Thursday, 15 September 2016.",
        ),
        (
            datetime(2016, 9, 15, 13, tzinfo=UTC),
            datetime(2016, 9, 16, tzinfo=UTC),
            "will reach you by separate e-mail.",
        ),
    ],
)
def test_the_paper_to_come(send_at: datetime | None, now: datetime, words: str) -> None:
    event = replace(example().event, documents=(Document("Discussion Paper", send_at=send_at),))
    said = says(write(LetterKind.ACCEPTED, accepted(), config=replace(example(), event=event), now=now))
    assert f"The Discussion Paper {words}" in said


@pytest.mark.parametrize(
    ("timezone", "starts", "words"),
    [
        ("America/New_York", datetime(2016, 9, 20, 16, 30, tzinfo=UTC), "12:30 to 15:30, New York time"),
        ("Europe/Zurich", datetime(2016, 12, 1, 8, 0, tzinfo=UTC), "09:00 to 12:00, Zurich time"),
        ("UTC", datetime(2016, 12, 1, 8, 0, tzinfo=UTC), "08:00 to 11:00, Coordinated Universal Time"),
        ("Etc/GMT-3", datetime(2016, 12, 1, 20, 0, tzinfo=UTC), "23:00 to Friday, 2 December 2016, 02:00, "),
    ],
)
def test_times_are_those_of_the_place(timezone: str, starts: datetime, words: str) -> None:
    event = replace(example().event, timezone=timezone, starts=starts, ends=starts + timedelta(hours=3))
    said = says(write(LetterKind.ACCEPTED, accepted(), config=replace(example(), event=event)))
    assert words in said


# ------------------------------------------------------------------ who comes, and what else is told


@pytest.mark.parametrize(
    ("party", "names", "words"),
    [
        (1, ("Ana Silva",), "Attending Ana Silva Date"),
        (2, ("Ana Silva", "Omar Haddad"), "Attending Ana Silva and Omar Haddad (2 persons)"),
        (3, ("Ana Silva", "Omar Haddad"), "Ana Silva and Omar Haddad, with 1 further guest (3 persons)"),
        (4, ("Ana Silva",), "Ana Silva, with 3 further guests (4 persons)"),
        (2, (), "Attending 2 persons"),
        (None, (), "Attending 1 person Date"),
        (None, ("Ana Silva", "Omar Haddad"), "(2 persons)"),
        # What is nobody's name is not repeated; its bearer is counted.
        (2, ("Ana Silva", "{{7*7}}"), "Ana Silva, with 1 further guest (2 persons)"),
    ],
)
def test_the_names_recorded(party: int | None, names: tuple[str, ...], words: str) -> None:
    said = says(write(LetterKind.ACCEPTED, accepted(party=party, names=names)))
    assert words in said.replace("\u00a0", " ")


def test_needs_questions_and_how_to_change() -> None:
    said = says(write(LetterKind.ACCEPTED, accepted(needs=True), passed_on=True))
    assert "Dietary and access requirements have been noted." in said
    assert "has been passed on to the organisers, who will reply to you separately" in said
    assert "Should your plans change, or a name need correcting, a reply to this e-mail is all that is needed." in said
    assert "A calendar file is attached." in said
    assert said.endswith(
        "Yours sincerely, The Roundtable Secretariat -- secretariat@roundtable.example Your answer is used to organise "
        "this event only."
    )
    plain = says(write(LetterKind.ACCEPTED, accepted()))
    assert "requirements" not in plain and "passed on" not in plain


@pytest.mark.parametrize("party", [1, 3])
def test_the_letters_of_the_other_answers(party: int) -> None:
    declined = says(write(LetterKind.DECLINED, sample_answer(PartStat.DECLINED, example())))
    assert "you are unable to attend the High-Level Roundtable" in declined
    assert "by Friday, 16 September 2016" in declined
    assert "photo" not in declined
    tentative = says(write(LetterKind.TENTATIVE, sample_answer(PartStat.TENTATIVE, example(), party=party)))
    assert "yet to be confirmed" in tentative
    assert "final answer by Friday, 16 September 2016" in tentative


def test_a_last_day_that_has_passed_is_not_asked_for() -> None:
    late = example().event.starts - timedelta(days=1)
    for kind in (LetterKind.TENTATIVE, LetterKind.DECLINED, LetterKind.INFORMATION):
        assert "16 September" not in write(kind, None, now=late).text


@pytest.mark.parametrize(
    ("delegate", "written", "words"),
    [
        (Address("Omar Haddad", "o.haddad@mission.example"), True, "We have written to your representative directly"),
        (Address("Omar Haddad", ""), False, "pass the following arrangements on to your representative"),
    ],
)
def test_a_delegation_is_told_to_the_invitee(delegate: Address, written: bool, words: str) -> None:
    answer = replace(sample_answer(PartStat.DELEGATED, example(), names=("Omar Haddad",)), delegate=delegate)
    said = says(write(LetterKind.DELEGATED, answer, delegate_written=written))
    assert "that Omar Haddad will attend the High-Level Roundtable" in said and "in your place" in said
    assert words in said
    assert "o.haddad@" not in said


def test_a_delegate_without_a_name_is_asked_for() -> None:
    answer = replace(sample_answer(PartStat.DELEGATED, example(), names=()), delegate=Address("=1+1", "x@y.example"))
    said = says(write(LetterKind.DELEGATED, answer))
    assert "let us have your representative's name" in said
    assert "=1+1" not in said


def test_the_delegate_is_welcomed_by_name_and_told_by_whom() -> None:
    answer = replace(
        sample_answer(PartStat.DELEGATED, example(), names=("Omar Haddad",), grounds_pass=False),
        delegate=Address("Omar Haddad", "o.haddad@mission.example"),
    )
    said = says(write(LetterKind.WELCOME, answer))
    assert said.startswith("Dear Omar Haddad,")
    assert "informed by Ana Silva that you will attend" in said
    assert said.index("photo identification") < said.index("Tuesday")


def test_information_asks_those_who_have_not_answered() -> None:
    ask = "learn whether you will attend"
    assert ask in says(write(LetterKind.INFORMATION))
    assert ask not in says(write(LetterKind.INFORMATION, invitee=sample_invitee(accepted())))


def test_a_late_and_a_past_answer_and_an_alarm() -> None:
    late = says(write(LetterKind.TOO_LATE, accepted()))
    assert "after registration had closed" in late and "not confirmed" in late
    again = says(write(LetterKind.TOO_LATE, accepted(party=3), invitee=sample_invitee(accepted())))
    assert "your earlier answer remains on record" in again
    over = says(write(LetterKind.EVENT_OVER, None, now=example().event.ends + timedelta(days=1)))
    assert "took place on Tuesday, 20 September 2016" in over and "secretariat@roundtable.example" in over
    alarm = says(write(LetterKind.ALARM, None, note="The mailbox cannot be read."))
    assert alarm.startswith("The mailbox cannot be read.")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LETTERS)
def test_every_letter_is_short_and_its_parts_say_the_same(kind: LetterKind, language: str) -> None:
    answer = accepted(party=3, grounds_pass=False, needs=True)
    letter = write(kind, answer, passed_on=True, note="A note.", language=language)
    assert "\n" not in letter.subject and 0 < len(letter.subject) < 140
    words = [line for line in letter.text.split("\n") if not line.startswith("<mailto:")]
    assert max(map(columns, words)) <= WIDTH
    assert len(letter.text) < 2_400 and len(letter.html) < 10_000
    # Chinese lines break inside words.
    assert re.sub(r"\W+", "", "".join(parsed(letter.html).words)) == re.sub(r"\W+", "", "".join(words))
    assert letter.language == language
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}"' in letter.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LETTERS)
def test_nothing_is_fetched_and_nothing_runs(kind: LetterKind, language: str) -> None:
    page = parsed(write(kind, accepted(), note="A note.", language=language).html)
    assert not {"img", "script", "link", "iframe", "form", "object"} & set(page.tags)
    assert all(link.startswith("mailto:") for link in page.links)


# ------------------------------------------------------------------ links that answer


def mailto_links(letter: Rendered) -> list[tuple[str, str, str]]:
    """Address, subject and body of each mailto: link."""
    found = []
    for link in parsed(letter.html).links:
        parts = urlsplit(link)
        assert "+" not in parts.query  # a plus would be a plus, not a space (RFC 6068, section 5)
        query = parse_qs(parts.query, strict_parsing=True)
        found.append((unquote(parts.path), query["subject"][0], query["body"][0]))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_unclear_letter_shows_yes_and_no(language: str) -> None:
    letter = write(LetterKind.UNCLEAR, language=language)
    yes, no = mailto_links(letter)
    for address, subject, _ in (yes, no):
        assert address == "rsvp@roundtable.example"
        assert subject == f"{example().event.title} {TAG}"
    assert yes[2] != no[2] and all(len(body) < 40 for _, _, body in (yes, no))
    in_text = re.findall(r"^<(mailto:\S+)>$", letter.text, re.MULTILINE)
    assert in_text == [html.unescape(link) for link in parsed(letter.html).links]


def test_yes_and_no_in_english() -> None:
    letter = write(LetterKind.UNCLEAR)
    assert [body for _, _, body in mailto_links(letter)] == ["Yes, I will attend.", "No, I am unable to attend."]
    assert "one plain sentence" in says(letter)


@pytest.mark.parametrize(("index", "partstat"), [(0, PartStat.ACCEPTED), (1, PartStat.DECLINED)])
@pytest.mark.parametrize("language", READ)
def test_what_the_unclear_letter_offers_is_read_when_it_comes_back(
    language: str, index: int, partstat: PartStat
) -> None:
    reading = _read_back(*mailto_links(write(LetterKind.UNCLEAR, language=language))[index][1:])
    assert reading.reasons == () and reading.partstat is partstat


@pytest.mark.parametrize(
    ("recorded", "new", "change", "keep"),
    [
        (
            accepted(),
            sample_answer(PartStat.DECLINED, example()),
            "No, I am unable to attend.",
            "Ana Silva will attend.",
        ),
        (
            sample_answer(PartStat.DECLINED, example()),
            accepted(party=2, names=("Ana Silva", "Omar Haddad")),
            "Ana Silva and Omar Haddad will attend.",
            "No, I am unable to attend.",
        ),
        (
            sample_answer(PartStat.TENTATIVE, example()),
            sample_answer(PartStat.DELEGATED, example(), names=("Omar Haddad",)),
            "I am unable to attend; Omar Haddad will attend in my place.",
            "I may attend; I will confirm later.",
        ),
    ],
)
def test_a_change_is_confirmed_or_not_by_a_link(recorded: Answer, new: Answer, change: str, keep: str) -> None:
    letter = write(LetterKind.CONFIRM_CHANGE, new, invitee=sample_invitee(recorded))
    assert [body for _, _, body in mailto_links(letter)] == [change, keep]
    assert all(subject.endswith(f" {TAG}") for _, subject, _ in mailto_links(letter))
    assert "Until we hear from you, the record remains as it is." in says(letter)


@pytest.mark.parametrize("language", READ)
@pytest.mark.parametrize(
    ("partstat", "party", "names"),
    [
        (PartStat.ACCEPTED, 1, ("Ana Silva",)),
        (PartStat.ACCEPTED, 1, ("Omar Haddad",)),
        (PartStat.ACCEPTED, 2, ("Ana Silva", "Omar Haddad")),
        (PartStat.ACCEPTED, 3, ("Ana Silva", "Omar Haddad")),
        (PartStat.ACCEPTED, 5, ("Ana Silva",)),
        (PartStat.ACCEPTED, 3, ()),
        (PartStat.ACCEPTED, 1, ()),
        (PartStat.DECLINED, 0, ()),
        (PartStat.TENTATIVE, 1, ()),
        (PartStat.DELEGATED, 1, ("Omar Haddad",)),
        (PartStat.DELEGATED, 1, ()),
    ],
)
def test_what_a_link_sends_is_read_as_the_answer_that_it_states(
    partstat: PartStat, party: int, names: tuple[str, ...], language: str
) -> None:
    answer = sample_answer(partstat, example(), party=party, names=names)
    invitee = sample_invitee(sample_answer(partstat, example()))
    letter = write(LetterKind.CONFIRM_CHANGE, answer, invitee=invitee, language=language)
    reading = _read_back(*mailto_links(letter)[0][1:])
    assert reading.reasons == () and reading.partstat is partstat
    if partstat in (PartStat.ACCEPTED, PartStat.DELEGATED):
        assert reading.party == party
        assert set(names) <= set(reading.names)


def _read_back(subject: str, body: str) -> Reading:
    """What is read in the mail that a link opens, sent as it is."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Ana Silva <ana.silva@mission.example>", subject
    mail.set_content(body)
    return rsvpbot.read(parse(mail.as_bytes()), example().event)


# ------------------------------------------------------------------ values stay values

HOSTILE = (
    "<b>x</b>",
    "[x](http://evil.example)",
    "{{ 7*7 }}{% if %}",
    '=HYPERLINK("http://evil.example")',
    "two\r\nlines\n\n# heading",
    "| a | b |",
    "**bold** _x_ `code` ![i](http://evil.example/i.png)",
    "<script>alert(1)</script>",
    "a\\\nb --- > - 1. x",
    "\ue0000\ue001 \ue0007\ue001",
    "&lt;b&gt; &amp;",
    "Ana\u2028Silva\x00\x1b",
)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("kind", LETTERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_value_never_becomes_syntax(language: str, kind: LetterKind, value: str) -> None:
    """The list and the configuration may hold anything: it is shown as it is, on one line, and nothing else happens."""
    usual = replace(sample_invitee(), name="N", organisation="O")
    plain = write(kind, accepted(), note="Q.", invitee=usual, language=language)
    event = replace(example().event, title=value, venue=replace(example().event.venue, name=value, reception=value))
    config = replace(example(), event=event, organisers=replace(example().organisers, name=value, contact=value))
    invitee = replace(sample_invitee(), name=value, organisation=value)
    letter = write(kind, accepted(), config=config, invitee=invitee, note=value, language=language)
    before, after = parsed(plain.html), parsed(letter.html)
    assert after.tags == before.tags
    assert len(after.links) == len(before.links) and all(link.startswith("mailto:") for link in after.links)
    assert tidy(value) in " ".join(" ".join(after.words).split()) or kind is LetterKind.DECLINED
    assert "\n" not in letter.subject and "49" not in letter.subject
    assert not re.search("[\ue000\ue001\x00\x1b\r]", letter.subject + letter.text + letter.html)


@pytest.mark.parametrize(
    ("name", "checked"),
    [
        ("Ana Silva", "Ana Silva"),
        ("  Ana\n Silva ", "Ana Silva"),
        ("María José Núñez-O’Brien", "María José Núñez-O’Brien"),
        ("J. R. R. Tolkien", "J. R. R. Tolkien"),
        ("J.R.R. Tolkien Jr.", "J.R.R. Tolkien Jr."),
        ("محمد بن عبد الله", "محمد بن عبد الله"),
        ("王小明", "王小明"),
        ("Наталья Сергеевна Ким", "Наталья Сергеевна Ким"),
        ("Nguyễn Thị Minh Khai", "Nguyễn Thị Minh Khai"),
        ("Jane Doe (Norway)", "Jane Doe (Norway)"),
        ("<b>x</b>", ""),
        ("{{7*7}}", ""),
        ("[x](http://y)", ""),
        ("=HYPERLINK(1)", ""),
        ("evil.example", ""),
        ("Visit www.evil.com now", ""),
        ("a@b.example", ""),
        ("Call 0900 123456", ""),
        ("x" * 81, ""),
        ("You have won a prize and must answer at once", ""),
        ("", ""),
        (" - ", ""),
        ("a\u202eb", ""),
    ],
)
def test_what_may_pass_for_a_name(name: str, checked: str) -> None:
    assert checked_name(name) == checked


# ------------------------------------------------------------------ the page


def test_links_lead_only_where_we_or_the_configuration_say() -> None:
    marks = Marks()
    bad, good = marks.hide("javascript:alert(1)"), marks.hide(Link("https://privacy.example/a?b=1&c=2"))
    half = marks.hide(Link("evil.example"))
    source = f"[a]({bad}) [b]({good}) [c](https://x.example/{half}) [d](javascript:x) ![i](https://x.example/i.png)"
    page = parsed(marks.markup(to_html(source), isolate=False))
    assert page.links == ["#", "https://privacy.example/a?b=1&c=2", "#", "https://x.example/i.png"]
    assert "img" not in page.tags
    assert "b <https://privacy.example/a?b=1&c=2>" in to_text(source, marks, isolate=False)
    assert to_text(f"[a]({bad}) [c]({bad})", marks, isolate=False) == "a\n\nc\n"


def test_a_privacy_page_is_a_link() -> None:
    organisers = replace(example().organisers, privacy="https://roundtable.example/privacy", phone="+1 212 555 0100")
    letter = write(LetterKind.DECLINED, None, config=replace(example(), organisers=organisers))
    assert parsed(letter.html).links == ["https://roundtable.example/privacy"]
    assert "How personal data are handled <https://roundtable.example/privacy>" in says(letter)
    assert "secretariat@roundtable.example · +1 212 555 0100" in says(letter)


def test_markdown_becomes_readable_text() -> None:
    source = (
        "# Heading\n\nA **bold** line\\\nand _another_ with `code`.\n\n- one\n- two " + "words " * 20 + "\n\n"
        "2. first\n3. second\n\n> quoted\n\n    indented\n\n* * *\n\n<b>no HTML</b>\n\n<mailto:a@b.example>"
    )
    text = to_text(source, Marks(), isolate=False)
    assert text.startswith("HEADING\n\nA bold line\nand another with code.\n\n- one\n- two words words")
    assert "\n  words" in text and "\n1. first\n2. second\n" in text and "\n  quoted\n" in text
    assert "<b>no HTML</b>" in text and "<b>" not in to_html(source)
    assert text.endswith("mailto:a@b.example\n")
    assert max(map(len, text.split("\n"))) <= WIDTH


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("https://long.example/address x", 8, ["https://long.example/address", "x"]),
        ("我们很高兴地确认，您将出席", 10, ["我们很高兴", "地确认，您", "将出席"]),
        ("在（北京）开会", 4, ["在", "（北", "京）", "开会"]),
        ("", 5, [""]),
    ],
)
def test_lines_break_where_the_script_allows(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width).split("\n") == lines


@settings(max_examples=300, deadline=None)
@given(st.text("ab .-(/é", max_size=60), st.integers(1, 14))
def test_lines_are_as_long_as_they_can_be(text: str, width: int) -> None:
    lines = wrap(text, width).split("\n")
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= width or " " not in line.strip() for line in lines)
    parted_once = wrap(" ".join(text.split()), width).split("\n")
    for line, following in pairwise(parted_once):
        assert len(line) + 1 + len(following.split(" ")[0]) > width


def test_columns_are_counted_as_a_terminal_does() -> None:
    assert [columns(text) for text in ("abc", "北京", "e\u0301")] == [3, 4, 1]


def test_right_to_left_is_known_and_foreign_words_are_kept_apart() -> None:
    assert is_right_to_left("ar") and not is_right_to_left("fr") and not is_right_to_left("no-such-language")
    marks = Marks()
    source = f"مرحبا {marks.hide('UNICEF House')} {marks.hide('محمد')} {marks.hide(Link('mailto:a@b.example'))}"
    text = to_text(source, marks, isolate=True)
    assert "\u2068UNICEF House\u2069" in text and "\u2068محمد" not in text and "\u2068mailto" not in text


def test_names_of_another_script_are_kept_apart_one_by_one() -> None:
    answer = accepted(party=2, names=("Ana Silva", "محمد علي"))
    values = make_values(LetterKind.ACCEPTED, "ar", example(), example().event.starts, answer=answer)
    assert values.answer is not None
    assert values.answer.names == "\u2068Ana Silva\u2069 و\u2068محمد علي\u2069"
    assert "%E2%81" not in values.mailto(values.answer.names)
    marks = Marks()
    assert to_text(marks.hide(values.answer.names), marks, isolate=True) == values.answer.names + "\n"


def test_a_past_day_to_answer_by_is_judged_at_the_place() -> None:
    event = replace(example().event, rsvp_by=date(2016, 9, 16))
    config = replace(example(), event=event)
    still = datetime(2016, 9, 17, 3, 59, tzinfo=UTC)  # 23:59 in New York
    for now, words in ((still, "Friday, 16 September 2016"), (still + timedelta(minutes=1), "")):
        assert make_values(LetterKind.DECLINED, "en", config, now).event.rsvp_by == words
