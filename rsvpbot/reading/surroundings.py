"""What stands around the text, and may change what it says: the signature, the question above it, our own letter below
it, what is attached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from rsvpbot.model import Attachment, Event, Message, PartStat
from rsvpbot.reading.clauses import parse
from rsvpbot.reading.newtext import NewText
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.people import Who
from rsvpbot.reading.said import Clause, Writer, short
from rsvpbot.reading.tokens import tokenize

_SAYS = frozenset({"yes", "no", "maybe", "wish", "withdraw", "substitute"})
_OF_COMING = frozenset({"come", "presence", "yes", "confirm"})
_DENIED = frozenset({"not", "cannot", "no", "away", "fail"})
MOST_INSERTED = 1_000
"""Characters that are looked at for an answer written into our own words."""

LETTERS_OF_A_STEM = 4
LETTERS_OF_AN_ENDING = 3
"""Two forms of a verb share so many letters at least, and part in so many at most."""

NOBODY = Writer()


def around(text: NewText, answer: PartStat | None, pack: Pack, event: Event) -> Iterable[str]:
    """Why the answer may be another, or the answer to something else."""
    yield from _said_in_signature(text.signature, answer, pack, event)
    yield from _asked_something_else(text.asked, pack, event)


def _said_in_signature(signature: str, answer: PartStat | None, pack: Pack, event: Event) -> Iterable[str]:
    """What the signature says of the writer's own coming, where the text says something else: it may have been typed
    there, below the "-- "."""
    for clause in parse(signature, pack, event, NOBODY).clauses if _may_say(signature, pack) else ():
        said = {"yes": PartStat.ACCEPTED, "no": PartStat.DECLINED}.get(clause.meaning)
        if _of_the_writer(clause) and (said is None or said is not answer):
            yield f"an answer may stand in the signature: “{short(clause.words)}”"


def _may_say(signature: str, pack: Pack) -> bool:
    """Whether a signature holds a word for the writer or a verb: few do, and to read one takes as long as to read the
    text."""
    tokens = tokenize(signature, pack.spelling)
    return any(
        pack.longest("self", tokens, i) > 0 or (token.norm in pack.verbs and not token.capital)
        for i, token in enumerate(tokens)
    )


def _of_the_writer(clause: Clause) -> bool:
    """Whether a clause says of the writer that they come, or not; "Attending Physician" says it of nobody."""
    own = bool(clause.people) and all(person.who is Who.SELF for person in clause.people)
    return clause.meaning in _SAYS and own and not (clause.asked or clause.elided or clause.doubt)


def _asked_something_else(asked: Sequence[tuple[str, str]], pack: Pack, event: Event) -> Iterable[str]:
    """ "> Do you need wheelchair access?" and right below it "No, thank you.": a bare yes or no answers what stands
    above it, and not our invitation."""
    for question, below in asked:
        first = min(parse(below, pack, event, NOBODY).clauses, key=lambda clause: clause.start, default=None)
        if first is not None and _is_bare(first, pack) and not _asks_of_coming(question, pack, event):
            yield f"answers another question than ours: “{short(question)}”"


def _is_bare(clause: Clause, pack: Pack) -> bool:
    words = {token.norm for token in tokenize(clause.words, pack.spelling) if token.word}
    return clause.meaning in {"yes", "no"} and words <= pack.words["bare"] | pack.words["self"] | pack.words["fill"]


def _asks_of_coming(question: str, pack: Pack, event: Event) -> bool:
    """Whether a question asks for the very thing that a yes or a no would answer for us: "Will you attend?"; but not
    "Are you sure that you cannot come?", "Do you need transport to come?"."""
    parsed = parse(question, pack, event, NOBODY)
    signs = {sign for item in parsed.left for sign in item.signs} | {clause.meaning for clause in parsed.clauses}
    addressed = [token.norm for token in tokenize(question, pack.spelling) if token.word and not pack.knows(token.norm)]
    forms = [word for word in addressed if any(_same_verb(word, verb) for verb in pack.verbs)]
    said = bool(signs & _OF_COMING) or bool(forms)
    return said and not signs & _DENIED and sum(item.content for item in parsed.left) <= len(forms)


def _same_verb(word: str, verb: str) -> bool:
    """ "participerez" and "participerai": packs hold few forms that speak to somebody."""
    same = sum(1 for _ in takewhile(lambda letters: letters[0] == letters[1], zip(word, verb, strict=False)))
    return same >= LETTERS_OF_A_STEM and len(word) - same <= LETTERS_OF_AN_ENDING


_OF_PROGRAMS = frozenset({
    "application/pgp-signature", "application/pgp-keys", "application/pkcs7-signature", "application/x-pkcs7-signature",
    "application/ms-tnef", "application/vnd.ms-tnef", "text/vcard", "text/x-vcard", "text/directory",
})  # fmt: skip
_FILES_OF_PROGRAMS = re.compile(
    r"[^\n]{0,200}\.(?:vcf|asc|sig|p7s|p7m)|winmail\.dat|(?:image|oledata|outlook-)\w{0,12}\.\w{2,4}", re.IGNORECASE
)


def _says_nothing(attachment: Attachment) -> bool:
    """What programs attach by themselves: signatures and keys, cards, the pictures of a letterhead."""
    of_a_program = attachment.content_type in _OF_PROGRAMS
    return attachment.shown or of_a_program or bool(_FILES_OF_PROGRAMS.fullmatch(attachment.filename))


def left_unread(message: Message, text: NewText, pack: Pack, event: Event) -> Iterable[str]:
    """Where a text says nothing: why the answer may stand where nobody has looked."""
    unread = [a.filename or a.content_type for a in message.attachments if not _says_nothing(a)]
    if text.source != "attachment":
        unread += [body.filename or body.subtype for body in message.bodies if body.attached]
    if unread:
        yield f"the answer may stand in an attachment that is not read: {short(unread[0])}"
    for clause in parse(text.inserted[:MOST_INSERTED], pack, event, NOBODY).clauses if text.inserted else ():
        if _of_the_writer(clause):
            yield f"an answer may stand in the quoted letter: “{short(clause.words)}”"


__all__ = ["around", "left_unread"]
