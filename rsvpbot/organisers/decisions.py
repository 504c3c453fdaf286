"""What organisers may decide by one press: links that open a mail to us, whose Subject holds decision and token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

from rsvpbot.config import Config
from rsvpbot.letters.values import Link, Option
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import Act, Invitee, PartStat, Reply, question_id
from rsvpbot.organisers.shown import one_line
from rsvpbot.organisers.wording import Phrases

PURPOSE = "organiser"
"""What an organiser's token is made for; see `Tokens`."""

SUMMARY = "summary"
"""What the token of a summary names: everything, and no message in particular."""


DAYS_AFTER_EVENT = 30
"""How long organisers decide by mail after the event where [retention] sets no end to the record."""


def last_word(config: Config) -> datetime:
    """Until when an organiser's token counts: as long after the event as there is a record that it can speak of. What
    waits must be settled, and who came after all is put right then; a summary that turns up years later decides
    nothing, and brings no personal data back."""
    days = DAYS_AFTER_EVENT if config.retention_days is None else config.retention_days
    return config.event.ends + timedelta(days=days)


class Decisions:
    """The tokens and links of one mailbox. `tokens` are those of invitees."""

    def __init__(self, tokens: Tokens, config: Config) -> None:
        self.tokens = tokens.meant_for(PURPOSE)
        self.say = Phrases(config.organisers.language)
        self._mailbox = config.mailbox.address

    def options(self, reply: Reply, invitee: Invitee | None) -> tuple[Option, ...]:
        """What may be decided on a message that waits, the likeliest first."""
        tag = self.tokens.subject_tag(question_id(reply.digest))
        return tuple(Option(word, self._link(word, tag), label) for word, label in self._words(reply, invitee))

    def _link(self, word: str, tag: str) -> Link:
        # RFC 6068: everything but unreserved characters is percent-encoded, space as %20.
        to, subject, body = quote(self._mailbox, safe="@"), f"{word} {tag}", f"{word}\n"
        return Link(f"mailto:{to}?subject={quote(subject, safe='')}&body={quote(body, safe='')}")

    def _words(self, reply: Reply, invitee: Invitee | None) -> Iterator[tuple[str, str]]:
        say = self.say
        beside = ((str(Act.REPLY), say("option_reply")), (str(Act.IGNORE), say("option_ignore")))
        if invitee is None:
            yield str(Act.ADMIT), say("option_admit")
            yield from beside
            return
        if reply.recorded:  # the answer stands: it is what was asked beside it that waits
            yield from beside
        yield from self._answers(reply, invitee)
        if not reply.recorded:
            yield from beside

    def _answers(self, reply: Reply, invitee: Invitee) -> Iterator[tuple[str, str]]:
        say, reading = self.say, reply.reading
        party = reading.party if reading.partstat is PartStat.ACCEPTED else None
        if party and party > 1:
            yield f"{Act.ACCEPT} {party}", say("option_accept_as", people=say("people", party))
        else:
            yield str(Act.ACCEPT), say("option_accept")
        yield str(Act.DECLINE), say("option_decline")
        yield str(Act.TENTATIVE), say("option_tentative")
        delegate = reading.delegate.name if reading.delegate else ""
        if not delegate and reply.sender.email not in invitee.addresses:
            delegate = reply.sender.name or reply.sender.email
        if delegate:
            yield str(Act.DELEGATE), say("option_delegate", who=one_line(delegate, 60))

    def summary_message_id(self, letter_id: str) -> str:
        """The Message-ID of a summary: what organisers answer to it comes back with its token."""
        return self.tokens.message_id(SUMMARY, letter_id, self._mailbox.rpartition("@")[2])
