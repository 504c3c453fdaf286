"""A person's message: the text, the language, the writer; read by clauses, weighed, and said as a Reading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rsvpbot.model import Address, Event, Evidence, Kind, Message, PartStat, Reading
from rsvpbot.reading import pack as packs
from rsvpbot.reading.boxes import only_ticked, without_choices
from rsvpbot.reading.clauses import parse
from rsvpbot.reading.garbled import lost_signs
from rsvpbot.reading.language import language_of, languages_of, script_of
from rsvpbot.reading.names import by_name, clean_name, display_name, han, is_organisation, name_words, same_person
from rsvpbot.reading.newtext import NewText
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.people import Person, Who
from rsvpbot.reading.said import Clause, Parsed, Writer
from rsvpbot.reading.signoff import in_one_script
from rsvpbot.reading.subject import of_subject
from rsvpbot.reading.surroundings import around, left_unread
from rsvpbot.reading.tokens import LONGEST, tokenize, with_stops
from rsvpbot.reading.weigh import Weighed, weigh

FEW_WORDS = 8
"""So short a text is told its language by the words of the packs."""

FEW_CHARACTERS = 80
"""A longer text surely has more words."""

NEARLY_ALL = 0.9
PLAINLY_MORE = 0.1
"""Shares of the words of a text that a pack knows, and by how much more than that of a like language."""

SCRIPTS = {"ru": "cyrillic", "ar": "arabic", "zh": "zh"}
"""Of packs whose language is not written in Latin letters."""

NAMES_OF_LANGUAGES = {
    "ar": "Arabic", "zh": "Chinese", "fr": "French", "ru": "Russian", "es": "Spanish", "pt": "Portuguese",
    "de": "German", "it": "Italian", "nl": "Dutch", "ja": "Japanese", "ko": "Korean", "tr": "Turkish",
    "pl": "Polish", "uk": "Ukrainian", "fa": "Persian", "he": "Hebrew", "el": "Greek", "sv": "Swedish",
    "da": "Danish", "nb": "Norwegian", "no": "Norwegian", "fi": "Finnish", "cs": "Czech", "hu": "Hungarian",
    "ro": "Romanian", "id": "Indonesian", "vi": "Vietnamese", "th": "Thai", "hi": "Hindi", "ca": "Catalan",
}  # fmt: skip

MEANINGS = {
    "yes": "comes",
    "wish": "would like to come",
    "no": "does not come",
    "missed": "would have liked to come: does not",
    "away": "is elsewhere",
    "maybe": "not decided",
    "promise": "promises an answer",
    "substitute": "somebody else in the place of the invitee",
    "represents": "in whose name",
    "withdraw": "takes an earlier answer back",
    "bring": "who comes along",
    "more": "how many come along",
    "count": "how many",
    "only": "nobody else",
    "company": "not alone",
    "parted": "some of several",
    "either": "one or the other",
    "stranger": "may be a name",
    "list": "names follow",
    "together": "two of them",
    "late": "comes late or leaves early",
    "logistics": "what the letters answer",
    "ask": "asks for something",
    "special": "something that a person should see",
    "receipt": "received",
    "courtesy": "courtesy",
    "diet": "diet",
    "access": "access",
    "pass": "grounds pass",
}


@dataclass(frozen=True, slots=True)
class Read:
    """A text as it was read, with all that a Reading needs."""

    weighed: Weighed
    parsed: Parsed
    language: str
    name: str
    """The writer's."""


def read_letter(message: Message, event: Event, text: NewText) -> Reading:
    """What a person's own message says."""
    if message.encrypted:
        reason = "the message is encrypted: nobody here can read it"
        return Reading(Kind.HUMAN, reasons=(reason,), language="und")
    language, pack = language_and_pack(text.text)
    if not text.text.strip():
        reasons = text.doubts or ("nothing is written in it",)
        return Reading(Kind.HUMAN, language=language_of(text.boilerplate), reasons=tuple(reasons))
    if pack is None:
        name = NAMES_OF_LANGUAGES.get(language.partition("-")[0])
        reason = f"written in {name}: no language pack" if name else "written in a language that is not known here"
        return Reading(Kind.HUMAN, language=language, reasons=(reason, *text.doubts), text=text.text)
    sender = text.writer or message.sender
    got = read_text(text.text, text.signature, sender, pack, event, language)
    got = _with_the_subject(got, message, text, sender, pack, event)
    weighed = got.weighed
    if weighed.silent and not text.doubts:
        weighed = replace(weighed, doubts=tuple(left_unread(message, text, pack, event)))
    doubts = (*text.doubts, *weighed.doubts, *around(text, weighed.partstat, pack, event), *_damage(message, text.text))
    return Reading(
        kind=Kind.HUMAN,
        partstat=_partstat(weighed),
        party=_party(weighed),
        names=weighed.names if _partstat(weighed) else (),
        grounds_pass=weighed.grounds_pass,
        dietary=weighed.dietary,
        access=weighed.access,
        language=language,
        asks=weighed.asks,
        reasons=(*doubts, *weighed.requests),
        evidence=evidence(got.parsed),
        text=text.text,
        voice=weighed.voice,
        represents=weighed.represents,
        spoken_of=weighed.spoken_of,
        delegate=delegate(weighed, text.text, sender),
        firm=_partstat(weighed) is not None and not doubts and weighed.plain,
        written_by=text.writer if text.writer and text.writer.email != message.sender.email else None,
        bare=_bare(got.parsed, text.text, pack),
    )


def _bare(parsed: Parsed, text: str, pack: Pack) -> bool:
    """Whether the answer is only a yes or a no ("Yes, I confirm."): it says of nobody that they come."""
    said = [clause for clause in parsed.clauses if clause.meaning in {"yes", "no"}]
    if (
        not said
        or parsed.listed
        or any(clause.meaning in {"bring", "more", "count", "list", "only"} for clause in said)
    ):
        return False
    words = {token.norm for clause in said for token in tokenize(clause.words, pack.spelling) if token.word}
    words = {word for word in words if any(map(str.isalnum, word))}  # "👍" names nobody
    return words <= pack.words["bare"] | pack.words["self"] | pack.words["fill"]


def _with_the_subject(got: Read, message: Message, text: NewText, sender: Address, pack: Pack, event: Event) -> Read:
    """The same, with what the writer put into the subject: the answer, where the text gives none ("Names as above");
    a doubt, where the text says the opposite."""
    own, _ = of_subject(message.subject, text.quoted, ())
    plain = {PartStat.ACCEPTED, PartStat.DECLINED}
    weighed = got.weighed
    if not own or text.source == "subject":
        return got
    said = read_text(own, "", sender, pack, event, pack.tag).weighed
    if said.partstat not in plain or said.doubts:
        return got
    if weighed.partstat is None:
        both = read_text(f"{own}\n\n{text.text}", text.signature, sender, pack, event, got.language)
        return both if both.weighed.partstat is said.partstat else got
    if weighed.partstat not in plain or said.partstat is weighed.partstat:
        return got
    contradiction = f"it contradicts itself: the subject says {said.partstat}, the text {weighed.partstat}"
    return replace(got, weighed=replace(weighed, doubts=(*weighed.doubts, contradiction)))


def _partstat(weighed: Weighed) -> PartStat | None:
    """The answer; none where the text contradicts itself."""
    return None if any(doubt.startswith("it contradicts itself") for doubt in weighed.doubts) else weighed.partstat


def _party(weighed: Weighed) -> int | None:
    return weighed.party if _partstat(weighed) is not None else None


def _damage(message: Message, text: str) -> Iterable[str]:
    if len(text) > LONGEST:
        yield f"longer than {LONGEST:,} characters: not read to its end"
    yield from message.defects


_ADDRESS = re.compile(r"[\w.+'%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
"""Of somebody, in a text."""

BESIDE = 120
"""Characters between a name and the address that is its own."""


def delegate(weighed: Weighed, text: str, sender: Address) -> Address | None:
    """Who comes instead, where one person is named; with the address that stands beside the name in the text, unless it
    is the writer's, or several do."""
    if not weighed.substitutes:
        return None
    name = weighed.substitutes[0]
    at = text.find(name)
    around = text[max(0, at - BESIDE) : at + len(name) + BESIDE] if at >= 0 else ""
    addresses = {found.group().strip(".'").lower() for found in _ADDRESS.finditer(around)} - {sender.email}
    return Address(name, addresses.pop() if len(addresses) == 1 else "")


def language_and_pack(text: str) -> tuple[str, Pack | None]:
    """The language of a text and its pack. Of a few words the packs themselves tell best whose they are."""
    language, *near = languages_of(text)
    if language != "und" and len(text) > FEW_CHARACTERS:
        language = _nearest(text, language, near) if near else language
        return language, packs.load(language)
    words = [token for token in tokenize(text[:LONGEST]) if token.word]
    letters = [token for token in words if any(c.isalpha() for c in token.norm)]
    if language != "und" and len(letters) > FEW_WORDS:
        return language, packs.load(language)
    if not letters:
        return (language, packs.load("en")) if words else (language, None)
    best, most = "", 0.5
    script = script_of(text)
    own = [tag for tag in packs.available() if SCRIPTS.get(tag, "latin") == script]
    for tag in sorted(own, key=lambda tag: tag != language.partition("-")[0]):
        share = _share_known(text[:LONGEST], packs.load(tag))
        if share > most:
            best, most = tag, share
    if not best:
        return language, packs.load(language) if language != "und" else None
    return (language if language.partition("-")[0] == best else best), packs.load(best)


def _nearest(text: str, language: str, near: Sequence[str]) -> str:
    """Of languages that look alike from afar, the one whose pack knows nearly all words, and the others do not."""
    known = {tag: _share_known(text[:LONGEST], packs.load(tag)) for tag in (language, *near)}
    best = max(known, key=lambda tag: known[tag])
    return best if known[best] >= NEARLY_ALL and known[best] >= known[language] + PLAINLY_MORE else language


def _share_known(text: str, pack: Pack | None) -> float:
    """The share of the words that a pack knows; words with a capital inside a sentence are likely names."""
    if pack is None:
        return 0.0
    tokens = [t for t in tokenize(text, pack.spelling) if t.word and any(c.isalpha() for c in t.norm)]
    named = len(tokens) > 1 and tokens[0].capital and tokens[1].capital
    tokens = [t for i, t in enumerate(tokens) if not t.capital or (i == 0 and not named)] or tokens
    return sum(pack.knows(t.norm) or bool(pack.slip_of(t.norm)) for t in tokens) / len(tokens)


def read_text(
    text: str, signature: str, sender: Address, pack: Pack, event: Event, language: str, assumed: PartStat | None = None
) -> Read:
    """Read a text that `sender` wrote. `assumed`: the answer that a calendar program gave with it."""
    ticked, unclear = only_ticked(text[:LONGEST])
    text = with_stops(without_choices(ticked))
    name, _ = in_one_script(display_name(sender.name, pack), any(map(han, text[:FEW_CHARACTERS])))
    organisation = bool(sender.name) and not name and is_organisation(sender.name, pack)
    signed = signature_names(signature, pack)
    if not name and not organisation and signed:
        name = signed[0]
    known = frozenset(word for n in (name, *signed) for word in name_words(n))
    office = sender.name if organisation else ""
    writer = Writer(name, organisation, office, known)
    parsed = parse(text, pack, event, writer)
    fuller = same_person(parsed.sign_off, name) and len(parsed.sign_off) > len(name)
    own_spelling = next((n for n in (parsed.sign_off, *signed) if _marked(n, name) or _other_script(n, name)), "")
    if parsed.introduced and (not name or (same_person(parsed.introduced, name) and _fuller(parsed.introduced, name))):
        writer = Writer(parsed.introduced, organisation, office, known)
    elif parsed.sign_off and not organisation and (not name or fuller or _only_called(name, parsed.sign_off, pack)):
        writer = Writer(parsed.sign_off, organisation, office, known)
    elif own_spelling:
        writer = Writer(own_spelling, organisation, office, known)
    elif organisation and _i_come(parsed, pack):
        writer = Writer(parsed.sign_off or next(iter(signed), ""), organisation, office, known)
    weighed = weigh(parsed, writer, pack, assumed)
    weighed = replace(weighed, doubts=(*weighed.doubts, *filter(None, [unclear]), *lost_signs(text, pack)))
    return Read(weighed, parsed, language, writer.name)


def _i_come(parsed: Parsed, pack: Pack) -> bool:
    """Whether somebody writes from an office's address that they come themselves."""
    comes = (clause for clause in parsed.clauses if clause.meaning in {"yes", "wish", "maybe"} and not clause.elided)
    return any(p.who is Who.SELF and p.role in pack.words["i"] for clause in comes for p in clause.people)


def _only_called(name: str, signed: str, pack: Pack) -> bool:
    """Whether the address book holds what somebody is called ("老樊", "船员", "lucho"), and the letter is signed with a
    name."""
    if by_name(name):
        return len(name_words(signed)) > 1
    if not han(name[:1]) or not han(signed[:1]) or len(signed) < 2:
        return False
    called, written = tokenize(name), tokenize(signed)
    return not pack.longest("surnames", called, 0) and pack.longest("surnames", written, 0) > 0


def _fuller(one: str, name: str) -> bool:
    """Whether one form of a name says no less than another."""
    return len(name_words(one)) >= len(name_words(name))


def _marked(signed: str, name: str) -> bool:
    """Whether the writer signs the same name with the accents that the address book left out."""
    return name.isascii() and not signed.isascii() and name_words(signed) == name_words(name)


def _other_script(signed: str, name: str) -> bool:
    """Whether the writer signs in the script of the letter, and the address book holds the name in another."""
    latin = ("a" <= signed[:1].casefold() <= "z", "a" <= name[:1].casefold() <= "z")
    initials = all(len(word) <= 2 for word in name_words(signed)) and not han(signed[:1])
    if not signed or latin != (False, True) or initials:
        return False
    return han(signed[:1]) or abs(len(signed.split()) - len(name.split())) <= 1


def signature_names(signature: str, pack: Pack) -> tuple[str, ...]:
    """The names in the first lines of a signature."""
    found: list[str] = []
    for line in [line for line in signature.split("\n") if line.strip(" -_*")][:3]:
        first = line.split("|")[0].split("//")[0].strip()
        for part in first.split("&"):
            if is_organisation(part, pack) or any(c.isdigit() for c in part):
                continue
            name = clean_name(part.partition(",")[0], pack)
            if 2 <= len(name.split()) <= 5 and all(
                not w[:1].islower() or w.casefold() in pack.words["particles"] for w in name.split()
            ):
                found.append(name)
    return tuple(found)


def evidence(parsed: Parsed) -> tuple[Evidence, ...]:
    """What each part of the text was taken for, in order; what nothing accounts for too."""
    marks = [Evidence(clause.words, meaning_of(clause), clause.start) for clause in parsed.clauses]
    marks += [Evidence(left.words, "not accounted for", left.start) for left in parsed.left]
    return tuple(sorted(marks, key=lambda mark: mark.start))


def meaning_of(clause: Clause) -> str:
    """In words for a person: "comes (Jane Roe)"."""
    meaning = MEANINGS.get(clause.meaning, clause.meaning)
    if clause.value:
        meaning = f"{meaning}: {clause.value}"
    if clause.number is not None:
        meaning = f"{meaning} ({clause.number})"
    who = [_shown(person) for person in (*clause.people, *clause.others)]
    who = [shown for shown in dict.fromkeys(who) if shown]
    return f"{meaning} – {', '.join(who)}" if who else meaning


def _shown(person: Person) -> str:
    if person.who is Who.SELF:
        return "the writer"
    return person.name or person.role
