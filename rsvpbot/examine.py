"""What one message is and says: from raw bytes to a reading, without store and network, and without acting on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rsvpbot.config import Config
from rsvpbot.decide import FORGED, doubted, plain
from rsvpbot.mail.identify import dmarc
from rsvpbot.mail.parse import parse
from rsvpbot.mail.screen import screen
from rsvpbot.model import MACHINE_KINDS, Dmarc, Doubt, Kind, Message, Reading, Verdict
from rsvpbot.reading import read
from rsvpbot.reading.newtext import new_text

WARM_UP = b"From: nobody@warm-up.example\r\n\r\nThank you, I will attend.\r\n"
"""A message that makes everything be loaded that reads English."""

WARM_UP_ALL = tuple(
    f"From: nobody@warm-up.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n".encode()
    for words in (
        "Thank you, I will attend.",
        "Merci, je serai présent.",
        "Gracias, asistiré.",
        "Спасибо, я приду.",
        "شكرا، سأحضر.",
        "谢谢，我会出席。",
        "Obrigado, estarei presente.",
    )
)
"""The same for every language that is read."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What can be known of a message without store and network."""

    message: Message
    verdict: Verdict
    dmarc: Dmarc
    reading: Reading
    if_known: Examined | None = None
    """The same where an invitee writes it, or it answers a letter of ours: a plain answer is then theirs, though a
    field of its header says that a machine or a mailing is at work."""


def examine(raw: bytes, config: Config, ours: tuple[str, ...] = ()) -> Examined:
    """Parse, screen and read one message. Acts on nothing; needs [event], mailbox.address and authserv_id only.

    `ours`: texts of our own, whose repetition is quotation.
    """
    message = parse(raw)
    text = new_text(message, ours)
    verdict = screen(message, frozenset({config.mailbox.address}), config.event.uid, text)
    result = dmarc(message, config.mailbox.authserv_id)
    found = _with_doubts(message, verdict, result, read(message, config.event, verdict.kind, text))
    if verdict.kind in MACHINE_KINDS and (verdict.doubt or verdict.by_field):
        as_person = read(message, config.event, Kind.HUMAN, text)
        if plain(as_person):
            # It answers: nobody would see that if screening were believed.
            person = Verdict(Kind.HUMAN, verdict.rule, verdict.reason, doubt=Doubt.STRONG)
            answer = _with_doubts(message, person, result, as_person)
            return replace(found, if_known=answer) if verdict.by_field else answer
    return found


def _with_doubts(message: Message, verdict: Verdict, result: Dmarc, reading: Reading) -> Examined:
    if doubted(verdict, reading):
        reading = replace(reading, reasons=(*reading.reasons, verdict.reason), firm=False)
    if result is Dmarc.FAIL and verdict.kind not in MACHINE_KINDS:
        reading = replace(reading, reasons=(*reading.reasons, FORGED), firm=False)
    return Examined(message, verdict, result, reading)
