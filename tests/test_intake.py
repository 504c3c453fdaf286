"""The road between its ends: what fails, what is too large, what comes twice, what is capped, who is admitted."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

import rsvpbot.examine
import rsvpbot.intake
from rsvpbot.ahead import Reader
from rsvpbot.clock import ShiftedClock
from rsvpbot.config import Config, load
from rsvpbot.examine import WARM_UP_ALL, Examined, examine
from rsvpbot.intake import GROUP, MOST_FAILURES, Intake, Polled
from rsvpbot.letters.sample import own_words
from rsvpbot.letters.templates import Templates
from rsvpbot.mail.imap import Connection, MailboxFault
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import Doubt, Folder, Invitee, Kind, LetterKind, LetterState, Mailbox, PartStat, Verdict
from rsvpbot.reading.pack import available
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store
from tests.corpus_mailbox import EXAMPLE
from tests.servers import Dovecot, Proxy, User, refusing
from tests.steer_house import with_own_words

NOW = datetime(2016, 9, 12, 9, 0, tzinfo=ZoneInfo("America/New_York"))
ADA = Invitee(
    id="adaadaad", addresses=("ada@lovelace.example",), calendar_uid="ada@roundtable.example", name="Ada Lovelace"
)
STEADY = ShiftedClock(NOW)


def mail(text: str, sender: str = "Ada Lovelace <ada@lovelace.example>", **fields: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    given = {"From": sender, "To": "rsvp@roundtable.example", "Subject": "Re: Invitation"} | fields
    for name, value in given.items():
        message[name.replace("_", "-")] = value
    message["Date"] = "Mon, 12 Sep 2016 08:30:00 -0400"
    message["Message-ID"] = f"<{abs(hash((text, sender)))}@sender.example>"
    message.set_content(text)
    return message.as_bytes()


YES = mail("Yes, I will attend.")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "invitees.csv").write_text("email\n", encoding="utf-8")
    read = load(path, frozenset())
    return replace(read, replies=replace(read.replies, mode="send"))


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    with open_store(config.store_url, config.path.parent) as store:
        store.commit(Commit(invitees=(ADA,)))
        yield store


def intake(store: Store, config: Config) -> Intake:
    ids = ("newcome" + letter for letter in itertools.cycle("abcdefgh"))
    tokens = Tokens((b"k" * 32,), config.event.uid)
    return with_own_words(Intake(store, config, STEADY, Templates(config), tokens, lambda: next(ids)), config)


def test_one_commit_holds_reply_record_letter_and_done(store: Store, config: Config) -> None:
    done = intake(store, config).handle(YES, 1, 17)
    assert done is not None and done.folder is Folder.RECORDED
    assert store.done(1, 17) == done
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.partstat is PartStat.ACCEPTED
    (letter,) = store.letters(LetterState.QUEUED)
    assert (letter.kind, letter.recipients, letter.reply) == (LetterKind.ACCEPTED, ADA.addresses, done.digest)
    (reply,) = store.replies(ADA.id)
    assert reply.recorded and not reply.open


def test_the_same_bytes_again_go_where_the_first_went(store: Store, config: Config) -> None:
    road = intake(store, config)
    road.handle(YES, 1, 17)
    again = road.handle(YES, 2, 1)
    assert again is not None and again.repeat and again.folder is Folder.RECORDED
    assert len(store.letters()) == len(store.replies()) == 1


def test_only_the_first_letter_says_what_becomes_of_the_data(store: Store, config: Config) -> None:
    road = intake(store, config)
    road.handle(YES, 1, 1)
    road.handle(mail("Which floor is it?"), 1, 2)
    said = [b"to organise this event only" in (letter.raw or b"") for letter in store.letters()]
    assert said == [True, False]


def test_a_message_id_of_ours_fits_on_a_line(store: Store, config: Config) -> None:
    intake(store, config).handle(YES, 1, 1)
    (letter,) = store.letters()
    assert len(letter.message_id) <= 76


def test_an_answer_settles_what_waited_for_one_but_not_a_question(store: Store, config: Config) -> None:
    road = intake(store, config)
    road.handle(mail("As I told Anna on the phone, same as last year."), 1, 1)
    road.handle(mail("Will you cover my travel costs?"), 1, 2)
    assert len(store.open_replies()) == 2
    road.handle(YES, 1, 3)
    (waiting,) = store.open_replies()
    assert "travel costs" in waiting.reading.text


def test_a_second_copy_of_a_mail_is_not_answered_again(store: Store, config: Config) -> None:
    road = intake(store, config)
    road.handle(YES, 1, 1)
    done = road.handle(b"Received: by another.example; Mon, 12 Sep 2016 08:31:00 -0400\r\n" + YES, 1, 2)
    assert done is not None and done.repeat and done.folder is Folder.RECORDED
    assert len(store.letters()) == len(store.replies()) == 1


def test_a_reply_to_our_letter_is_newer_whatever_its_clock_says(store: Store, config: Config) -> None:
    road = intake(store, config)
    road.handle(YES, 1, 1)
    (letter,) = store.letters()
    slow = mail("I can no longer attend.", In_Reply_To=letter.message_id).replace(b"08:30:00", b"08:05:00")
    road.handle(slow, 1, 2)
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.partstat is PartStat.DECLINED


@pytest.mark.parametrize("by_subject", [False, True])
@pytest.mark.parametrize("words", ["OK, thanks.", "Yes, that is correct.", "Fine by me.", "Great 👍"])
def test_thanks_for_the_letter_of_a_no_are_no_yes(store: Store, config: Config, words: str, by_subject: bool) -> None:
    road = intake(store, config)
    road.handle(mail("I am unable to attend."), 1, 1)
    (letter,) = store.letters()
    told = {"Subject": f"Re: {letter.subject}"} if by_subject else {"In_Reply_To": letter.message_id}
    done = road.handle(mail(words, **told), 1, 2)
    assert done is not None and done.folder is Folder.REVIEW
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.partstat is PartStat.DECLINED and ada.pending is None


def test_a_mere_word_answers_the_latest_letter_of_its_thread(store: Store, config: Config) -> None:
    road = intake(store, config)
    road.handle(mail("Will you cover my travel costs?"), 1, 1)
    road.handle(mail("As I told Anna on the phone, same as last year."), 1, 2)
    passed_on, unclear = store.letters()
    assert (passed_on.kind, unclear.kind) == (LetterKind.PASSED_ON, LetterKind.UNCLEAR)
    road.handle(mail("OK.", References=f"{unclear.message_id} {passed_on.message_id}"), 1, 3)
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.answer is None
    road.handle(mail("Yes.", References=f"{passed_on.message_id} {unclear.message_id}"), 1, 4)
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.partstat is PartStat.ACCEPTED


def test_a_change_that_nobody_is_asked_about_waits_for_the_organisers(store: Store, config: Config) -> None:
    off = intake(store, replace(config, replies=replace(config.replies, mode="off")))
    off.handle(YES, 1, 1)
    off.handle(mail("I can no longer attend."), 1, 2)
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.partstat is PartStat.ACCEPTED and ada.pending is None
    assert len(store.open_replies()) == 1


def test_a_forgery_puts_nobody_on_the_list_of_a_public_event(store: Store, config: Config) -> None:
    public = replace(config, invitees=replace(config.invitees, open=True))
    results = "mx.roundtable.example; dmarc=fail header.from=clarke.example"
    forged = mail("Yes, I will attend.", "Joan Clarke <joan@clarke.example>", Authentication_Results=results)
    intake(store, public).handle(forged, 1, 1)
    assert store.invitees() == (ADA,)


def test_mode_off_records_only(store: Store, config: Config) -> None:
    intake(store, replace(config, replies=replace(config.replies, mode="off"))).handle(YES, 1, 17)
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.partstat is PartStat.ACCEPTED
    assert store.letters() == ()


def test_a_message_that_fails_is_tried_three_times(
    store: Store, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poisoned(*_: Any) -> None:
        raise ValueError("ada@lovelace.example")

    road = intake(store, config)
    monkeypatch.setattr(rsvpbot.intake, "examine", poisoned)
    for failures in range(1, MOST_FAILURES):
        assert road.handle(YES, 1, 17) is None
        trial = store.trial(1, 17)
        assert trial is not None and (trial.failures, trial.error) == (failures, "ValueError")
    done = road.handle(YES, 1, 17)
    assert done is not None and done.folder is Folder.FAILED
    assert store.trials() == ()
    assert store.tally()[Folder.FAILED] == 1


def test_a_message_that_recovers_loses_its_failures(
    store: Store, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    road = intake(store, config)
    with monkeypatch.context() as patch:
        patch.setattr(rsvpbot.intake, "examine", lambda *_: 1 / 0)
        assert road.handle(YES, 1, 17) is None
    assert road.handle(YES, 1, 17) is not None
    assert store.trials() == ()


def test_over_the_cap_a_letter_is_held(store: Store, config: Config) -> None:
    road = intake(store, replace(config, replies=replace(config.replies, max_per_person_day=2)))
    for number in range(4):
        road.handle(mail(f"Yes, I will attend. {'Thank you. ' * number}"), 1, number)
    assert [letter.state for letter in store.letters()].count(LetterState.HELD) == 2
    assert len(store.replies(ADA.id)) == 4


def test_the_hours_cap_holds_for_everybody(store: Store, config: Config) -> None:
    grace = replace(ADA, id="gracegra", addresses=("grace@hopper.example",), calendar_uid="g@roundtable.example")
    store.commit(Commit(invitees=(grace,)))
    road = intake(store, replace(config, replies=replace(config.replies, max_per_hour=1)))
    road.handle(YES, 1, 1)
    road.handle(mail("Yes, I will attend.", "grace@hopper.example"), 1, 2)
    assert [letter.state for letter in store.letters()] == [LetterState.QUEUED, LetterState.HELD]


@pytest.mark.parametrize("open_to_all", [True, False])
def test_a_newcomer_is_admitted_only_to_a_public_event(store: Store, config: Config, open_to_all: bool) -> None:
    public = replace(config, invitees=replace(config.invitees, open=open_to_all))
    intake(store, public).handle(mail("Yes, I will attend.", "Joan Clarke <joan@clarke.example>"), 1, 1)
    joan = store.invitee_by_address("joan@clarke.example")
    if open_to_all:
        assert joan is not None and (joan.name, joan.partstat) == ("Joan Clarke", PartStat.ACCEPTED)
        assert joan.calendar_uid == f"roundtable-2016-09-20.{joan.id}@roundtable.example"
        assert len(store.letters()) == 1
    else:
        assert joan is None
        assert store.letters() == ()
        assert len(store.open_replies()) == 1


def test_a_bounce_is_noted_on_its_invitee(store: Store, config: Config) -> None:
    lines = (
        "From: MAILER-DAEMON@mx.example",
        "To: rsvp@roundtable.example",
        "Subject: Undelivered Mail",
        "Return-Path: <>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"',
        "",
        "--x",
        "Content-Type: text/plain",
        "",
        "no such user",
        "--x",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example",
        "",
        "Final-Recipient: rfc822; ada@lovelace.example",
        "Action: failed",
        "Status: 5.1.1",
        "",
        "--x--",
        "",
    )
    raw = "\r\n".join(lines).encode()
    done = intake(store, config).handle(raw, 1, 1)
    ada = store.invitee(ADA.id)
    assert done is not None and done.folder is Folder.IGNORED
    assert ada is not None and ada.bounced
    assert store.letters() == ()
    intake(store, config).handle(YES, 1, 2)
    ada = store.invitee(ADA.id)
    assert ada is not None and not ada.bounced


LEFT = "Please note that Ada Lovelace no longer works here. Please contact Charles Babbage, c.babbage@lovelace.example."


def test_that_an_invitee_has_left_is_noted(store: Store, config: Config) -> None:
    subject = "Automatic reply: Invitation"
    done = intake(store, config).handle(mail(LEFT, Subject=subject), 1, 1)
    ada = store.invitee(ADA.id)
    assert done is not None and done.folder is Folder.IGNORED
    assert ada is not None and "has left" in ada.bounced
    assert store.letters() == ()
    intake(store, config).handle(YES, 1, 2)
    ada = store.invitee(ADA.id)
    assert ada is not None and not ada.bounced


def test_an_absence_is_not_noted(store: Store, config: Config) -> None:
    away = mail("I am out of the office until 26 September.", Subject="Automatic reply: Invitation")
    done = intake(store, config).handle(away, 1, 1)
    ada = store.invitee(ADA.id)
    assert done is not None and done.folder is Folder.IGNORED
    assert ada is not None and not ada.bounced
    assert store.replies() == ()


def test_what_may_be_an_automatic_reply_waits_for_a_person_and_is_not_answered(store: Store, config: Config) -> None:
    perhaps = mail("Thank you. I am on leave until 26 September.", In_Reply_To="<invite-1@roundtable.example>")
    done = intake(store, config).handle(perhaps, 1, 1)
    assert done is not None and done.folder is Folder.REVIEW
    assert store.letters() == ()
    (reply,) = store.open_replies()
    assert reply.invitee_id == ADA.id
    assert "may be an automatic reply" in reply.reasons[0]


@pytest.mark.parametrize(
    ("text", "doubt", "folder"),
    [
        ("Yes, I will attend.", Doubt.SLIGHT, Folder.REVIEW),
        ("Yes, I will attend.", Doubt.NONE, Folder.IGNORED),
        ("Back on Monday.", Doubt.SLIGHT, Folder.IGNORED),
    ],
)
def test_a_plain_answer_in_the_words_of_an_automatic_reply_is_not_lost(
    store: Store, config: Config, monkeypatch: pytest.MonkeyPatch, text: str, doubt: Doubt, folder: Folder
) -> None:
    verdict = Verdict(Kind.AUTO, "auto-words", "the words of an automatic reply", doubt=doubt)
    monkeypatch.setattr(rsvpbot.examine, "screen", lambda *_: verdict)
    done = intake(store, config).handle(mail(text), 1, 1)
    assert done is not None and done.folder is folder
    assert store.letters() == ()
    assert [reply.reasons[-1] for reply in store.open_replies()] == [verdict.reason] * (folder is Folder.REVIEW)


@pytest.mark.parametrize("where", ["enclosed", "in-reply-to"])
def test_a_bounce_from_an_address_that_we_never_wrote_to_names_its_invitee_by_our_token(
    store: Store, config: Config, where: str
) -> None:
    ours = Tokens((b"k" * 32,), config.event.uid).message_id(ADA.id, "letter1", "roundtable.example")
    bounce = EmailMessage(policy=policy.SMTP)
    bounce["Return-Path"] = "<>"
    bounce["From"] = "MAILER-DAEMON@mx.example"
    bounce["To"] = "rsvp@roundtable.example"
    bounce["Subject"] = "Undelivered Mail Returned to Sender"
    if where == "in-reply-to":
        bounce["In-Reply-To"] = ours
    bounce.set_content("countess@elsewhere.example: user unknown")
    if where == "enclosed":
        letter = EmailMessage(policy=policy.SMTP)
        letter["Message-ID"] = ours
        letter["To"] = "Countess <countess@elsewhere.example>"
        letter.set_content("Dear Ada")
        bounce.add_attachment(letter)
    intake(store, config).handle(bounce.as_bytes(), 1, 1)
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.bounced and "delegate" not in ada.bounced


def test_late_answers_count_the_room_that_is_left(store: Store, config: Config) -> None:
    late = ShiftedClock(datetime(2016, 9, 18, 9, 0, tzinfo=NOW.tzinfo))
    small = replace(config, event=replace(config.event, capacity=1))
    grace = replace(ADA, id="gracegra", addresses=("grace@hopper.example",), calendar_uid="g@roundtable.example")
    store.commit(Commit(invitees=(grace,)))
    road = Intake(store, small, late, Templates(small), Tokens((b"k" * 32,), small.event.uid), lambda: "newnewne")
    road.handle(YES, 1, 1)
    road.handle(mail("Yes, I will attend.", "grace@hopper.example"), 1, 2)
    road.handle(mail("I cannot attend after all."), 1, 3)
    kinds = [letter.kind for letter in store.letters()]
    assert kinds[:2] == [LetterKind.ACCEPTED, LetterKind.TOO_LATE]


# ------------------------------------------------------------------ a poll, on Dovecot


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    return dovecot.new_user("intake")


def polled(road: Intake, dovecot: Dovecot, user: User, config: Config) -> Polled:
    with Connection(replace(dovecot.config(user), address=config.mailbox.address)) as connection:
        return road.poll(connection, threading.Event())


def append(dovecot: Dovecot, user: User, *raws: bytes, at: datetime | None = None) -> None:
    with dovecot.client(user) as client:
        for raw in raws:
            client.append("INBOX", raw, msg_time=at)


def test_a_poll_empties_inbox(store: Store, config: Config, dovecot: Dovecot, user: User) -> None:
    strange = mail("Yes, I will attend.", "stranger@unknown.example")
    append(dovecot, user, YES, strange, YES)
    result = polled(intake(store, config), dovecot, user, config)
    assert (result.seen, result.letters, result.repeats) == (3, 1, 1)
    assert dovecot.messages(user) == []
    assert [len(dovecot.messages(user, f"RSVP/{name}")) for name in ("Recorded", "Review")] == [2, 1]
    assert store.unfiled(store.mailbox().uidvalidity) == ()
    assert store.mailbox().last_good is not None
    assert polled(intake(store, config), dovecot, user, config).seen == 0


def test_what_was_committed_but_not_filed_is_filed_next_time(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    append(dovecot, user, YES)
    with Connection(dovecot.config(user)) as connection:
        validity, (listed,) = connection.uidvalidity, connection.listing()
    intake(store, config).handle(YES, validity, listed.uid)
    assert polled(intake(store, config), dovecot, user, config).seen == 0
    assert dovecot.messages(user) == []
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 1
    assert len(store.letters()) == 1


def test_what_is_too_large_is_not_fetched_but_reviewed(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    small = replace(config, mailbox=replace(config.mailbox, max_size=3000))
    append(dovecot, user, mail("Yes, I will attend. " + "See below. " * 1000), YES)
    assert polled(intake(store, small), dovecot, user, small).seen == 2
    assert len(dovecot.messages(user, "RSVP/Review")) == 1
    (waiting,) = store.open_replies()
    assert (waiting.invitee_id, "too large" in waiting.reasons[0]) == (ADA.id, True)
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.partstat is PartStat.ACCEPTED


class Withholding(Connection):
    """A server that lists a message and never hands it out (no real server could be made to do so)."""

    def fetch(self, uids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        return (found for found in super().fetch(uids) if found[0] != 1)


def test_what_the_server_does_not_hand_out_fails_and_is_not_forgotten(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    append(dovecot, user, YES, mail("Which floor is it?"))
    for _ in range(MOST_FAILURES):
        with Withholding(dovecot.config(user)) as connection:
            result = intake(store, config).poll(connection, threading.Event())
    assert result.folders[Folder.FAILED] == 1
    assert len(dovecot.messages(user, "RSVP/Failed")) == 1
    assert dovecot.messages(user) == []


def through(proxy: Proxy, dovecot: Dovecot, user: User) -> Connection:
    return Connection(dovecot.config(user, "none", port=proxy.port))


def test_of_what_is_too_large_a_header_that_is_not_handed_out_fails_and_stops_nothing(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    small = replace(config, mailbox=replace(config.mailbox, max_size=3000))
    append(dovecot, user, mail("See below. " * 1000), YES)
    road = intake(store, small)
    with Proxy(dovecot.imap_port, from_client=lambda data: data.replace(b"[HEADER]<0", b"[NOHEADER]<0")) as proxy:
        for number in range(MOST_FAILURES):
            # Where nothing else is handed out, one alone is still no fault of the server.
            with through(proxy, dovecot, user) as connection:
                result = road.poll(connection, threading.Event())
            assert result.folders[Folder.RECORDED] == (number == 0)
    assert result.folders[Folder.FAILED] == 1
    assert dovecot.messages(user) == []
    assert len(dovecot.messages(user, "RSVP/Failed")) == 1


def test_what_is_too_large_waits_for_the_others_and_heeds_a_stop(
    store: Store, config: Config, dovecot: Dovecot, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(config, mailbox=replace(config.mailbox, max_size=3000))
    append(dovecot, user, *(mail(f"{number} " * 2000) for number in range(5)), YES)
    stop = threading.Event()
    with Connection(dovecot.config(user)) as connection:
        fetch_header = connection.fetch_header

        def fetched(uid: int) -> bytes | None:
            assert store.tally()[Folder.RECORDED] == 1
            if uid == 2:
                stop.set()
            return fetch_header(uid)

        monkeypatch.setattr(connection, "fetch_header", fetched)
        assert intake(store, small).poll(connection, stop).seen == 3
    assert len(dovecot.messages(user)) == 3
    assert polled(intake(store, small), dovecot, user, small).seen == 3
    assert len(store.replies()) == 6


def test_one_that_the_server_does_not_move_stops_nobody(
    store: Store, config: Config, dovecot: Dovecot, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    append(dovecot, user, YES)
    road = intake(store, config)
    with Proxy(dovecot.imap_port, from_client=refusing(b"MOVE", 1)) as proxy:
        for number in range(3):
            with through(proxy, dovecot, user) as connection:
                result = road.poll(connection, threading.Event())
            assert (result.seen, result.unmoved) == (1, 1)
            assert len(dovecot.messages(user)) == 1
            assert len(store.unfiled(store.mailbox().uidvalidity)) == 1
            append(dovecot, user, mail(f"Which floor is it? {number}"))
    assert caplog.text.count("cannot be moved") == 1, "told once"
    assert "uid=1 folder=Recorded cannot be moved" in caplog.text and "lovelace" not in caplog.text
    assert polled(road, dovecot, user, config).unmoved == 0
    assert dovecot.messages(user) == []
    assert len(store.replies()) == sum(store.tally().values()) == 4


def test_a_server_that_moves_nothing_is_at_fault_and_yet_nobody_waits(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    append(dovecot, user, YES, mail("Which floor is it?"))
    road = intake(store, config)
    with Proxy(dovecot.imap_port, from_client=refusing(b"MOVE")) as proxy:
        for number in range(3):
            with through(proxy, dovecot, user) as connection, pytest.raises(MailboxFault, match="refused filing"):
                road.poll(connection, threading.Event())
            assert len(store.replies()) == 2 + number
            append(dovecot, user, mail(f"Which floor is it? {number}"))
    assert polled(road, dovecot, user, config).unmoved == 0
    assert dovecot.messages(user) == []


def test_older_mail_is_left_alone(store: Store, config: Config, dovecot: Dovecot, user: User) -> None:
    append(dovecot, user, mail("old"), at=NOW - timedelta(days=100))
    append(dovecot, user, YES, at=NOW)
    store.commit(Commit(mailbox=Mailbox(since=NOW - timedelta(days=30), started=True)))
    result = polled(intake(store, config), dovecot, user, config)
    assert (result.seen, result.left_alone) == (1, 1)
    assert len(dovecot.messages(user)) == 1
    assert store.mailbox().left_alone == 1


def test_a_death_counts_against_the_message_in_hand(store: Store, config: Config, dovecot: Dovecot, user: User) -> None:
    append(dovecot, user, YES)
    with Connection(dovecot.config(user)) as connection:
        validity, (listed,) = connection.uidvalidity, connection.listing()
    for _ in range(MOST_FAILURES):
        # A process that notes the message as in hand, and dies: the note is all that it leaves.
        store.begin(validity, listed.uid)
        store.close()
        store = open_store(config.store_url, config.path.parent)
        intake(store, config)._count_death()
    assert polled(intake(store, config), dovecot, user, config).seen == 0
    assert len(dovecot.messages(user, "RSVP/Failed")) == 1
    assert store.tally()[Folder.FAILED] == 1
    store.close()


def test_a_death_counts_only_where_the_message_itself_is_worked_on(
    store: Store, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[tuple[str, str]] = []

    def watch(name: str) -> None:
        real = getattr(store, name)

        def watched(*arguments: Any) -> Any:
            (note,) = (note.read_text(encoding="ascii").strip() for note in config.state_folder.glob("*.in-hand"))
            noted.append((name, note))
            return real(*arguments)

        monkeypatch.setattr(store, name, watched)

    store.begin(1, 1)
    store.finish()
    for name in ("transaction", "commit", "seats_taken"):
        watch(name)
    assert intake(store, config).handle(YES, 7, 12) is not None
    # While others hold the store, and while the disk is waited for, nothing is the message's doing.
    assert ("transaction", "") in noted and ("commit", "") in noted
    assert {note for name, note in noted if name != "seats_taken"} == {""}
    assert ("seats_taken", "7 12") in noted


def test_what_was_read_ahead_is_recorded_several_at_a_time(
    store: Store, config: Config, dovecot: Dovecot, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for letter in "abcdefghijklmnopqrstuvw":
        address = f"{letter}@lovelace.example"
        append(dovecot, user, mail("Yes, I will attend.", address))
        store.commit(Commit(invitees=(replace(ADA, id=f"adaadaa{letter}", addresses=(address,)),)))
    done: list[str] = []
    road = intake(store, config)
    road.reader = Reader(config, stays=True)
    group, handle = store.group, road.handle

    def watched_group() -> AbstractContextManager[None]:
        done.append("group")
        return group()

    def watched_handle(*arguments: Any) -> Any:
        done.append("message")
        return handle(*arguments)

    monkeypatch.setattr(store, "group", watched_group)
    monkeypatch.setattr(road, "handle", watched_handle)
    result = polled(road, dovecot, user, config)
    road.reader.close()
    # Whoever writes alone does not wait for others.
    message = ["message"]
    assert done == [*message, "group", *message * (GROUP - 1), "group", *message * GROUP, "group", *message * 3]
    assert result.folders == {Folder.RECORDED: 2 * GROUP + 3}
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 2 * GROUP + 3


def test_large_ones_do_not_wait_for_others_to_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rsvpbot.intake, "GROUP_BYTES", 20)
    seen = cast(Examined, "read")
    sizes = (30, 9, 9, 9, 25, 30, *[1] * 5)
    groups = rsvpbot.intake._in_groups((number, b"x" * size, seen) for number, size in enumerate(sizes))
    assert [[len(raw) for _, raw, _ in group] for group in groups] == [[30], [9, 9, 9], [25], [30], [1] * 4, [1]]


def test_nobody_waits_for_the_store_while_a_message_is_read(
    store: Store, config: Config, dovecot: Dovecot, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        append(dovecot, user, mail(f"Yes, I will attend. {number}"))
    free: list[bool] = []

    def by_another() -> None:
        with open_store(config.store_url, config.path.parent) as other:
            other.commit(Commit(mailbox=replace(other.mailbox(), left_alone=len(free))))
        free.append(True)

    def watched(raw: bytes, *more: Any) -> Examined:
        thread = threading.Thread(target=by_another)
        thread.start()
        thread.join(10)
        return examine(raw, *more)

    monkeypatch.setattr(rsvpbot.intake, "examine", watched)
    assert polled(intake(store, config), dovecot, user, config).seen == 3
    assert len(free) == 4  # and once for what is loaded first


def test_what_loads_everything_is_in_each_language(config: Config) -> None:
    assert sorted(examine(raw, config).reading.language for raw in WARM_UP_ALL) == list(available())


def test_before_a_second_try_everything_is_loaded(
    store: Store, config: Config, dovecot: Dovecot, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(dovecot, user, YES)
    with Connection(dovecot.config(user)) as connection:
        validity, (listed,) = connection.uidvalidity, connection.listing()
    store.begin(validity, listed.uid)
    store.close()
    read: list[bytes] = []

    def watched(raw: bytes, *more: Any) -> Examined:
        read.append(raw)
        return examine(raw, *more)

    monkeypatch.setattr(rsvpbot.intake, "examine", watched)
    with open_store(config.store_url, config.path.parent) as again:
        assert polled(intake(again, config), dovecot, user, config).seen == 1
    assert read[: len(WARM_UP_ALL)] == list(WARM_UP_ALL)
    assert YES.partition(b"Subject")[0] in read[-1]


def test_a_stop_ends_the_poll_after_the_message_in_hand(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    append(dovecot, user, YES)
    stop = threading.Event()
    stop.set()
    with Connection(dovecot.config(user)) as connection:
        assert intake(store, config).poll(connection, stop).seen == 0
    assert len(dovecot.messages(user)) == 1


def test_a_failure_to_read_the_mailbox_is_noted_once(store: Store, config: Config) -> None:
    road = intake(store, config)
    road.note_failure("MailboxOutOfReach")
    first = store.mailbox()
    assert first.failing_since is not None and first.error == "MailboxOutOfReach"
    road.note_failure("MailboxOutOfReach")
    assert store.mailbox() == first


def test_our_own_letter_below_an_answer_is_quotation_without_a_mark(config: Config) -> None:
    """A client that quotes without marks and without a word of its own: only we know what we wrote."""
    letter = next(words for words in own_words(config, Templates(config)) if "attendance" in words)
    raw = mail(f"No, I cannot come.\n\n{letter}")
    assert "attendance" in examine(raw, config).reading.text
    seen = examine(raw, config, own_words(config, Templates(config)))
    assert (seen.reading.text, seen.reading.partstat) == ("No, I cannot come.", PartStat.DECLINED)
