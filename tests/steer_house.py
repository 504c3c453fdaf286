"""One mailbox and everybody who writes to it, organisers with them: for the tests of what they decide."""

from __future__ import annotations

import email
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from rsvpbot.clock import ShiftedClock
from rsvpbot.config import RECORD, Config, load
from rsvpbot.intake import Intake
from rsvpbot.letters.sample import own_words
from rsvpbot.letters.templates import Templates
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import Address, Done, Invitee, Letter, LetterKind
from rsvpbot.organisers.steer import Steering
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store
from tests.corpus_mailbox import EXAMPLE

NOW = datetime(2016, 9, 12, 9, 0, tzinfo=ZoneInfo("America/New_York"))
ADA = Invitee("adaadaad", ("ada@lovelace.example",), "ada@roundtable.example", "Ada Lovelace", "Engines")
BOB = Invitee("bobbobbo", ("bob@babbage.example",), "bob@roundtable.example", "Bob Babbage")
ANN, CAT = "ann@unicef.example", "cat@unicef.example"
PASS = "mx.roundtable.example; dmarc=pass header.from=unicef.example"
QUESTION = "I will come with my wife. May we film the opening?"


_TEMPLATES: list[Templates] = []
_OURS: list[tuple[str, ...]] = []


def letters_of(config: Config) -> Templates:
    """Made once: every test has the same event."""
    if not _TEMPLATES:
        _TEMPLATES.append(Templates(config))
    return _TEMPLATES[0]


def with_own_words(intake: Intake, config: Config) -> Intake:
    """The same, knowing what our letters say: worked out once, as it takes longer than all the rest of a test."""
    if not _OURS:
        _OURS.append(own_words(config, letters_of(config)))
    vars(intake)["_ours"] = _OURS[0]
    return intake


class House:
    """One mailbox, and everybody who writes to it."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config = store, config
        tokens = Tokens((b"a key of thirty-two bytes, really",), config.event.uid)
        templates, numbers = letters_of(config), itertools.count()
        self.tokens = tokens
        self.clock = ShiftedClock(NOW)

        def new_id() -> str:
            return f"new{'abcdefgh'[next(numbers) % 8]}{'abcdefgh'[next(numbers) // 8 % 8]}aaa"

        steering = Steering(store, config, templates, tokens, new_id)
        self.steering = steering
        self.intake = with_own_words(Intake(store, config, self.clock, templates, tokens, new_id, steering), config)
        self.uid = itertools.count(1)

    def comes(
        self, text: str, sender: str = "Ada Lovelace <ada@lovelace.example>", *, auth: str = "", **fields: str
    ) -> Done:
        number = next(self.uid)
        message = EmailMessage(policy=policy.SMTP)
        if auth:
            message["Authentication-Results"] = auth
        given = {"From": sender, "To": "rsvp@roundtable.example", "Subject": "Re: Invitation"} | fields
        for name, value in given.items():
            message[name.replace("_", "-")] = value
        message["Date"] = f"Mon, 12 Sep 2016 09:{number % 60:02d}:00 -0400"
        message["Message-ID"] = f"<{number}@sender.example>"
        message.set_content(text)
        done = self.intake.handle(message.as_bytes(), 1, number)
        assert done is not None
        return done

    def answers(self, text: str, letter: Letter, sender: str = ANN, *, auth: str = PASS, **fields: str) -> Done:
        """An organiser replies to a letter of ours, quoting it."""
        quoted = "\n".join(f"> {line}" for line in plain(letter).splitlines())
        return self.comes(
            f"{text}\n\nOn Mon, 12 Sep 2016, rsvp@roundtable.example wrote:\n{quoted}\n",
            sender,
            auth=auth,
            **({"Subject": f"Re: {letter.subject}", "In_Reply_To": letter.message_id} | fields),
        )

    def letters(self, kind: LetterKind) -> tuple[Letter, ...]:
        return tuple(letter for letter in self.store.letters() if letter.kind is kind)

    def question(self) -> Letter:
        return self.letters(LetterKind.REVIEW)[-1]

    def told(self) -> str:
        return plain(self.letters(LetterKind.DONE)[-1])

    def ada(self) -> Invitee:
        found = self.store.invitee(ADA.id)
        assert found is not None
        return found


def parsed(letter: Letter) -> EmailMessage:
    assert letter.raw is not None
    message = email.message_from_bytes(letter.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def plain(letter: Letter) -> str:
    body = parsed(letter).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@contextmanager
def steered(folder: Path) -> Iterator[House]:
    """A house with Ada and Bob on its list, and two organisers who want to be asked at once."""
    loaded = load(EXAMPLE, RECORD)
    organisers = replace(
        loaded.organisers, addresses=(Address("Ann", ANN), Address("Cat", CAT)), review="at once", language="en"
    )
    config = replace(
        loaded,
        organisers=organisers,
        replies=replace(loaded.replies, mode="send"),
        store_url=f"tinydb:{folder}/rsvp.json",
        store_file=folder / "rsvp.json",
        path=folder / "config.toml",
    )
    with open_store(config.store_url, folder) as store:
        store.commit(Commit(invitees=(ADA, BOB)))
        yield House(store, config)
