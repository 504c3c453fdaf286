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


@dataclass(frozen=True, slots=True)
class Examined:
    """What can be known of a message without store and network."""

    message: Message
    verdict: Verdict
    dmarc: Dmarc
    reading: Reading


def examine(raw: bytes, config: Config, ours: tuple[str, ...] = ()) -> Examined:
    """Parse, screen and read one message. Acts on nothing; needs [event], mailbox.address and authserv_id only.

    `ours`: texts of our own, whose repetition is quotation.
    """
    message = parse(raw)
    text = new_text(message, ours)
    verdict = screen(message, frozenset({config.mailbox.address}), config.event.uid, text)
    reading = read(message, config.event, verdict.kind, text)
    if verdict.kind in MACHINE_KINDS and verdict.doubt:
        as_person = read(message, config.event, Kind.HUMAN, text)
        if plain(as_person):
            # Its words are a machine's, and yet it answers: nobody would see that if screening were believed.
            verdict = Verdict(Kind.HUMAN, verdict.rule, verdict.reason, doubt=Doubt.STRONG)
            reading = as_person
    result = dmarc(message, config.mailbox.authserv_id)
    if doubted(verdict, reading):
        reading = replace(reading, reasons=(*reading.reasons, verdict.reason), firm=False)
    if result is Dmarc.FAIL and verdict.kind not in MACHINE_KINDS:
        reading = replace(reading, reasons=(*reading.reasons, FORGED), firm=False)
    return Examined(message, verdict, result, reading)
