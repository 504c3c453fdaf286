"""The letters in every language: the same logistics as in English, said as that language says and spells it.

A new language needs a row in SAID; everything else here holds for all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

import rsvpbot
from rsvpbot.config import Config, RepliesConfig, builtin_templates, load
from rsvpbot.decide import letter_language
from rsvpbot.letters.cases import sample_answer, sample_invitee
from rsvpbot.letters.facts import facts_of
from rsvpbot.letters.sample import sample_letter, sample_values
from rsvpbot.letters.templates import PIECE_FOR_CALENDAR
from rsvpbot.letters.values import make_values
from rsvpbot.mail.parse import parse
from rsvpbot.model import Address, Answer, Document, Invitee, LetterKind, PartStat
from tests.test_letters import EXAMPLE, LANGUAGES, LETTERS, accepted, example, mailto_links, says, templates, write
from tests.test_letters_templates import with_copy

WITH_LOGISTICS = (LetterKind.ACCEPTED, LetterKind.WELCOME, LetterKind.INFORMATION, LetterKind.DELEGATED)


@dataclass(frozen=True, slots=True)
class Said:
    """Words of the letters in one language. Spaces are plain, whatever the letter has."""

    photo_id: str
    way_in: str
    """A regular expression: nothing of it is read by those who hold a pass."""
    day: str
    """In the table."""
    time: str
    by: str
    """When to be there."""
    answer_by: str
    """In the letter to those who may come."""
    yes: str
    reply: str
    """A person's mail in this language."""


SAID = {
    "ar": Said(
        photo_id="وثيقة هوية تحمل صورة شخصية",
        way_in="هوية|صورة|اصطحاب|للتسجيل|reception",
        day="الثلاثاء، 20 سبتمبر 2016",
        time="من الساعة 12:30 م إلى الساعة 3:30 م بتوقيت نيويورك",
        by="في موعد أقصاه الساعة 12:00 م",
        answer_by="بردكم النهائي في موعد أقصاه يوم الجمعة، 16 سبتمبر 2016؛",
        yes="نعم، سأحضر.",
        reply="هل يمكنكم إخباري في أي طابق يُعقد الاجتماع؟ مع الشكر.",
    ),
    "en": Said(
        photo_id="photo identification",
        way_in="photo|identification|escort|reception|register",
        day="Tuesday, 20 September 2016",
        time="12:30 to 15:30, New York time",
        by="by 12:00",
        answer_by="final answer by Friday, 16 September 2016;",
        yes="Yes, I will attend.",
        reply="Could you please tell me on which floor the meeting is?",
    ),
    "es": Said(
        photo_id="documento de identidad con fotografía",
        way_in="foto|identidad|acompañar|recepción|inscrib",
        day="Martes 20 de septiembre de 2016",
        time="De 12:30 a 15:30 (hora de Nueva York)",
        by="a más tardar a las 12:00",
        answer_by="su respuesta definitiva a más tardar el viernes 16 de septiembre de 2016;",
        yes="Sí, asistiré.",
        reply="¿Podrían decirme en qué piso se celebra la reunión, por favor?",
    ),
    "fr": Said(
        photo_id="pièce d’identité avec photo",
        way_in=r"photo|identité|accompagn|\baccueil\b|inscri",
        day="Mardi 20 septembre 2016",
        time="De 12 h 30 à 15 h 30 (heure de New York)",
        by="au plus tard à 12 h",
        answer_by="votre réponse définitive au plus tard le vendredi 16 septembre 2016 ;",
        yes="Oui, je participerai.",
        reply="Pourriez-vous me dire à quel étage se tient la réunion, s'il vous plaît ?",
    ),
    "ru": Said(
        photo_id="удостоверение личности с фотографией",
        way_in="фото|удостоверение|провод[яи]т|регистраци|reception",
        day="вторник, 20 сентября 2016",
        time="с 12:30 до 15:30 по местному времени (Нью-Йорк)",
        by="не позднее 12:00",
        answer_by="окончательный ответ не позднее пятницы, 16 сентября 2016 года;",
        yes="Да, я приму участие.",
        reply="Подскажите, пожалуйста, на каком этаже состоится встреча?",
    ),
    "zh": Said(
        photo_id="附有照片的身份证件",
        way_in="照片|身份|陪同|办理登记|reception",
        day="2016年9月20日星期二",
        time="纽约时间12:30至15:30",
        by="于12:00前",
        answer_by="在2016年9月16日星期五或之前告知您的最终答复；",
        yes="我将出席。",
        reply="请问会议在几楼举行？谢谢。",
    ),
}
KNOWN = tuple(language for language in LANGUAGES if language in SAID)
WIDE = "[\u3000-\u9fff\uff00-\uffef]"


def plain(text: str) -> str:
    """On one line, without what keeps words apart that run in another direction; Chinese without spaces."""
    line = " ".join(re.sub("[\u2066-\u2069]", "", text).split())
    return re.sub(f"(?<={WIDE}) | (?={WIDE})", "", line)


def answer_for(kind: LetterKind, *, grounds_pass: bool | None) -> Answer | None:
    if kind is LetterKind.INFORMATION:
        return None
    partstat = PartStat.ACCEPTED if kind is LetterKind.ACCEPTED else PartStat.DELEGATED
    return sample_answer(partstat, example(), grounds_pass=grounds_pass)


def logistics(kind: LetterKind, language: str, *, grounds_pass: bool | None) -> str:
    """The text of a letter, with its paragraphs, to somebody who has a pass, has none, or of whom it is not known."""
    answer = answer_for(kind, grounds_pass=grounds_pass)
    invitee = sample_invitee(grounds_pass=grounds_pass)
    text = write(kind, answer, invitee=invitee, language=language).text
    return "\n\n".join(map(plain, text.split("\n\n")))


UNTIL_NOW = {
    "ar": ("وكانت الترتيبات حتى الآن كما يلي:", "اسم المناسبة", "موعد الحضور", "في موعد أقصاه الساعة 11:00 ص"),
    "en": ("Until now it was:", "Title", "Arrival", "by 11:00"),
    "es": ("Hasta ahora:", "Título", "Llegada", "A más tardar a las 11:00"),
    "fr": ("Jusqu’à présent :", "Intitulé", "Arrivée", "Au plus tard à 11 h"),
    "ru": ("Ранее сообщалось:", "Название", "Прибытие", "не позднее 11:00"),
    "zh": ("原安排如下：", "名称", "抵达时间", "11:00前"),
}


def until_now(language: str, grounds_pass: bool | None, *, title: str = "", **venue: str) -> str:
    """What the letter of a change says of what held before, where it had this title, or these of the place."""
    config = example()
    answer = sample_answer(PartStat.ACCEPTED, config, grounds_pass=grounds_pass)
    told = facts_of(config)
    was = replace(told, title=title or told.title, venue=replace(told.venue, **venue))
    values = make_values(
        LetterKind.CHANGED,
        language,
        config,
        config.event.starts - timedelta(days=8),
        invitee=sample_invitee(answer),
        answer=answer,
        was=was,
    )
    found = plain(templates().render("changed", language, values).text)
    _, opening, block = found.partition(plain(UNTIL_NOW[language][0]))
    return block if opening else ""


@pytest.mark.parametrize("language", KNOWN)
def test_of_a_change_the_old_is_told_and_nothing_twice(language: str) -> None:
    _, title, arrival, by = UNTIL_NOW[language]
    for grounds_pass in (True, False, None):
        assert until_now(language, grounds_pass) == ""
        named = until_now(language, grounds_pass, title="Another title")
        assert title in named and "Another title" in named and SAID[language].time not in named
        moved = until_now(language, grounds_pass, floor="2nd floor")
        assert "2nd floor" in moved and SAID[language].day in moved and SAID[language].time in moved
        assert title not in moved and arrival not in moved
        badge = until_now(language, grounds_pass, pass_name="visitor's pass")
        assert "visitor's pass" in badge and SAID[language].time not in badge
        early = until_now(language, grounds_pass, arrive_by="11:00", reception="The front desk")
        if grounds_pass:  # who does not register finds nothing changed
            assert early == ""
        else:
            assert arrival in early and by in early and "The front desk" in early
            assert title not in early and SAID[language].time not in early
        both = until_now(language, grounds_pass, arrive_by="11:00", floor="2nd floor")
        assert "2nd floor" in both and (arrival in both) is (not grounds_pass)
        assert "|" not in both, "one table"


# ------------------------------------------------------------------ what is there


def test_every_language_that_is_offered_by_default_has_letters_and_is_tested_here() -> None:
    offered = RepliesConfig().languages
    assert offered[0] == "en" and set(offered) == {"ar", "en", "es", "fr", "ru", "zh"}
    assert set(offered) <= set(LANGUAGES) and set(LANGUAGES) == set(SAID)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_and_piece_is_there(language: str) -> None:
    there = {path.name for path in (builtin_templates() / language).iterdir()}
    assert there >= {path.name for path in (builtin_templates() / "en").iterdir()}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LETTERS)
def test_nothing_is_left_in_english(kind: LetterKind, language: str) -> None:
    if language == "en":
        return
    letter = write(kind, accepted(party=3, needs=True), passed_on=True, language=language, note="·")
    own = re.sub(re.escape(example().event.title), "", f"{letter.subject} {plain(letter.text)}")
    configured = "UN (NY) grounds pass|UNICEF House|UNICEF reception|14th floor|3 UN Plaza, New York, NY 10017"
    configured += (
        "|Discussion Paper|The Roundtable Secretariat|Your answer is used to organise this event only|New York"
    )
    own = re.sub(configured.replace("(", r"\(").replace(")", r"\)"), "", own)
    own = re.sub(r"<mailto:\S+>|\S+@\S+|Ana Silva|Omar Haddad|rsvpbot", "", own)
    found = re.findall(r"(?i)\b(?:the|and|you|your|will|attend|please|thank|reply|of|by|this|persons?)\b", own)
    assert not found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LETTERS)
def test_every_letter_is_closed_like_a_letter(kind: LetterKind, language: str) -> None:
    """Who writes stands below it, and no instruction of the template is left in it."""
    letter = write(kind, accepted(), language=language)
    assert example().organisers.name in plain(letter.text) or kind is LetterKind.ALARM
    assert not re.search(r"[{}]|%\}|\*\*|\bNone\b", letter.text + letter.subject)


# ------------------------------------------------------------------ the logistics


@pytest.mark.parametrize("language", KNOWN)
@pytest.mark.parametrize("kind", WITH_LOGISTICS)
@pytest.mark.parametrize("grounds_pass", [True, False, None])
def test_date_time_place_and_paper(kind: LetterKind, language: str, grounds_pass: bool | None) -> None:
    text = logistics(kind, language, grounds_pass=grounds_pass)
    said = SAID[language]
    for fact in (
        said.day,
        said.time,
        "UNICEF House",
        "14th floor",
        "3 UN Plaza, New York, NY 10017",
        "Discussion Paper",
    ):
        assert fact in text


@pytest.mark.parametrize("language", KNOWN)
@pytest.mark.parametrize("kind", [LetterKind.ACCEPTED, LetterKind.DELEGATED, LetterKind.WELCOME])
def test_who_holds_a_pass_reads_nothing_of_photo_identification(kind: LetterKind, language: str) -> None:
    text = logistics(kind, language, grounds_pass=True)
    assert not re.search(SAID[language].way_in, text, re.IGNORECASE)
    assert text.count("UN (NY) grounds pass") == 1


@pytest.mark.parametrize("language", KNOWN)
@pytest.mark.parametrize("kind", [LetterKind.ACCEPTED, LetterKind.INFORMATION, LetterKind.WELCOME])
def test_who_holds_none_reads_of_it_first(kind: LetterKind, language: str) -> None:
    text = logistics(kind, language, grounds_pass=False)
    said = SAID[language]
    [paragraph] = [block for block in text.split("\n\n") if said.photo_id in block]
    assert text.index(paragraph) < text.index(said.day)
    for fact in ("UN (NY) grounds pass", "UNICEF House", "UNICEF reception", said.by, "14th floor"):
        assert fact in paragraph


@pytest.mark.parametrize("language", KNOWN)
def test_a_delegate_without_a_pass_is_told_through_the_invitee(language: str) -> None:
    text = logistics(LetterKind.DELEGATED, language, grounds_pass=False)
    [paragraph] = [block for block in text.split("\n\n") if SAID[language].photo_id in block]
    for fact in ("UNICEF House", "UNICEF reception", SAID[language].by, "14th floor"):
        assert fact in paragraph


@pytest.mark.parametrize("language", KNOWN)
@pytest.mark.parametrize("kind", WITH_LOGISTICS)
def test_where_it_is_not_known_one_short_paragraph_says_both(kind: LetterKind, language: str) -> None:
    text = logistics(kind, language, grounds_pass=None)
    said = SAID[language]
    [paragraph] = [block for block in text.split("\n\n") if said.photo_id in block]
    for fact in ("UN (NY) grounds pass", "UNICEF House", "UNICEF reception", said.by, "14th floor"):
        assert fact in paragraph
    assert len(paragraph) < 420
    assert text.count("grounds pass") == 1


@pytest.mark.parametrize("language", KNOWN)
@pytest.mark.parametrize("grounds_pass", [True, False, None])
def test_the_calendar_file_says_the_same(language: str, grounds_pass: bool | None) -> None:
    values = sample_values(LetterKind.ACCEPTED, example(), language=language, grounds_pass=grounds_pass)
    text = plain(templates().render_piece(PIECE_FOR_CALENDAR, language, values))
    assert (SAID[language].photo_id in text) is (grounds_pass is not True)
    assert "UN (NY) grounds pass" in text and "secretariat@roundtable.example" in text


@pytest.mark.parametrize("language", KNOWN)
def test_an_event_without_a_pass_speaks_of_none(language: str) -> None:
    venue = replace(example().event.venue, pass_name="", arrive_by="", reception="UNICEF reception")
    config = replace(example(), event=replace(example().event, venue=venue))
    text = plain(write(LetterKind.ACCEPTED, accepted(), config=config, language=language).text)
    assert SAID[language].photo_id in text and "UNICEF reception" in text
    assert "grounds pass" not in text and SAID[language].by not in text


@pytest.mark.parametrize("language", KNOWN)
def test_the_last_day_to_answer_is_named_until_it_has_passed(language: str) -> None:
    tentative = sample_answer(PartStat.TENTATIVE, example())
    assert SAID[language].answer_by in plain(write(LetterKind.TENTATIVE, tentative, language=language).text)
    late = example().event.starts - timedelta(days=1)
    for kind in (LetterKind.TENTATIVE, LetterKind.DECLINED, LetterKind.INFORMATION):
        assert "16" not in re.sub("2016", "", plain(write(kind, None, now=late, language=language).text))


@pytest.mark.parametrize("language", KNOWN)
def test_yes_is_as_plain_as_can_be(language: str) -> None:
    letter = write(LetterKind.UNCLEAR, language=language)
    (_, _, yes), _ = mailto_links(letter)
    assert yes == SAID[language].yes
    assert yes.strip(".。") in letter.text


# ------------------------------------------------------------------ in which language


@pytest.mark.parametrize("language", KNOWN)
def test_the_answer_goes_out_in_the_language_of_the_reply(language: str) -> None:
    """With the configuration as it comes, whatever the list says of the invitee."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Ana Silva <ana.silva@mission.example>", "Re: Roundtable"
    mail.set_content(SAID[language].reply)
    reading = rsvpbot.read(parse(mail.as_bytes()), example().event)
    invitee = replace(sample_invitee(), language="en" if language != "en" else "fr")
    chosen = letter_language(reading, invitee, example())
    letter = sample_letter(LetterKind.INFORMATION, example(), templates(), language=chosen)
    assert letter.language == chosen == language
    assert f"Content-Language: {language}\r\n".encode() in (letter.raw or b"")


@pytest.mark.parametrize(("of_invitee", "language"), [("fr", "fr"), ("de", "en"), ("", "en")])
def test_where_the_reply_tells_no_language_it_is_the_invitees(of_invitee: str, language: str) -> None:
    mail = EmailMessage()
    mail["From"] = "Ana Silva <ana.silva@mission.example>"
    mail.set_content("👍")
    reading = rsvpbot.read(parse(mail.as_bytes()), example().event)
    assert letter_language(reading, replace(sample_invitee(), language=of_invitee), example()) == language


def test_an_edited_letter_of_a_language_is_used_and_its_others_are_not_missed(tmp_path: Path) -> None:
    copied = with_copy(tmp_path, {"fr/declined.md": "Subject: Dommage\n\nÀ bientôt, {{ addressee }}.\n"}, ("en", "fr"))
    values = sample_values(LetterKind.DECLINED, example(), language="fr")
    assert copied.render("declined", "fr-CA", values).text == "À bientôt, Ana Silva.\n"
    assert copied.render("accepted", "fr", values).subject.startswith("Participation confirmée")
    assert copied.render("declined", "es", values).subject.startswith("Su respuesta")


# ------------------------------------------------------------------ numbers, names, times


def attending(language: str, party: int | None, names: tuple[str, ...]) -> str:
    text = plain(write(LetterKind.ACCEPTED, accepted(party=party, names=names), language=language).text)
    label, end = {"fr": ("Participation ", " Date"), "es": ("Asistencia ", " Fecha")}[language]
    return text.partition(label)[2].partition(end)[0]


@pytest.mark.parametrize(
    ("party", "names", "french", "spanish"),
    [
        (1, ("Ana Silva",), "Ana Silva", "Ana Silva"),
        (
            2,
            ("Ana Silva", "Omar Haddad"),
            "Ana Silva et Omar Haddad (2 personnes)",
            "Ana Silva y Omar Haddad (2 personas)",
        ),
        (
            3,
            ("Ana Silva", "Omar Haddad"),
            "Ana Silva et Omar Haddad, avec 1 autre personne (3 personnes)",
            "Ana Silva y Omar Haddad, con 1 persona más (3 personas)",
        ),
        (
            4,
            ("Ana Silva",),
            "Ana Silva, avec 3 autres personnes (4 personnes)",
            "Ana Silva, con 3 personas más (4 personas)",
        ),
        (2, (), "2 personnes", "2 personas"),
        (None, (), "1 personne", "1 persona"),
        (
            2,
            ("Ana Silva", "Isabel Ruiz"),
            "Ana Silva et Isabel Ruiz (2 personnes)",
            "Ana Silva e Isabel Ruiz (2 personas)",
        ),
    ],
)
def test_who_comes(party: int | None, names: tuple[str, ...], french: str, spanish: str) -> None:
    assert attending("fr", party, names) == french
    assert attending("es", party, names) == spanish


@pytest.mark.parametrize(
    ("timezone", "starts", "french", "spanish"),
    [
        (
            "Europe/Zurich",
            datetime(2016, 12, 1, 8, 0, tzinfo=UTC),
            "Jeudi 1er décembre 2016 Horaire De 9 h à 12 h (heure de Zurich)",
            "Jueves 1 de diciembre de 2016 Horario De 9:00 a 12:00 (hora de Zúrich)",
        ),
        (
            "Africa/Addis_Ababa",
            datetime(2016, 12, 2, 5, 5, tzinfo=UTC),
            "De 8 h 05 à 11 h 05 (heure d’Addis-Abeba)",
            "De 8:05 a 11:05 (hora de Adís Abeba)",
        ),
        (
            "UTC",
            datetime(2016, 12, 1, 8, 0, tzinfo=UTC),
            "De 8 h à 11 h (temps universel coordonné)",
            "De 8:00 a 11:00 (tiempo universal coordinado)",
        ),
        (
            "Etc/GMT-3",
            datetime(2016, 11, 30, 20, 0, tzinfo=UTC),
            "De 23 h au jeudi 1er décembre 2016 à 2 h (",
            "De 23:00 a 2:00 del jueves 1 de diciembre de 2016 (",
        ),
    ],
)
def test_times_are_those_of_the_place(timezone: str, starts: datetime, french: str, spanish: str) -> None:
    event = replace(example().event, timezone=timezone, starts=starts, ends=starts + timedelta(hours=3))
    config = replace(example(), event=event)
    for language, words in (("fr", french), ("es", spanish)):
        assert words in plain(write(LetterKind.ACCEPTED, accepted(), config=config, language=language).text)


def test_a_day_reads_well_within_a_sentence() -> None:
    document = Document("Discussion Paper", send_at=datetime(2016, 9, 1, 13, tzinfo=UTC))
    event = replace(example().event, rsvp_by=date(2016, 9, 1), documents=(document,))
    config, now = replace(example(), event=event), datetime(2016, 8, 20, tzinfo=UTC)
    french = plain(write(LetterKind.INFORMATION, config=config, language="fr", now=now).text)
    assert (
        "Le document « Discussion Paper » sera envoyé à l’avance, le jeudi 1er septembre 2016, à l’ensemble" in french
    )
    assert "de nous faire savoir, au plus tard le jeudi 1er septembre 2016, si vous participerez ;" in french
    spanish = plain(write(LetterKind.INFORMATION, config=config, language="es", now=now).text)
    assert (
        "se enviará con antelación, el jueves 1 de septiembre de 2016, a todas las personas participantes." in spanish
    )
    assert "que nos indicara, a más tardar el jueves 1 de septiembre de 2016, si asistirá;" in spanish


def _changed(language: str, recorded: Answer, new: Answer) -> str:
    invitee: Invitee = sample_invitee(recorded)
    return says(write(LetterKind.CONFIRM_CHANGE, new, invitee=invitee, language=language))


def test_a_change_is_told_in_words_that_agree() -> None:
    both = accepted(party=2, names=("Ana Silva", "Isabel Ruiz"))
    away = sample_answer(PartStat.DECLINED, example())
    sent = replace(
        sample_answer(PartStat.DELEGATED, example(), names=("Omar Haddad",)), delegate=Address("Omar Haddad", "")
    )
    french = _changed("fr", both, sent)
    assert ", vous serez 2 à participer (Ana Silva et Isabel Ruiz). Or un message" in french
    assert "selon lequel Omar Haddad participera à votre place." in french
    assert "Modifier : Je ne pourrai pas participer. Omar Haddad participera à ma place." in french
    assert "Conserver : Ana Silva et Isabel Ruiz participeront." in french
    assert "Conserver : Ana Silva participera." in _changed("fr", accepted(), away)
    spanish = _changed("es", both, sent)
    assert "consta que usted asistirá en un grupo de 2 personas (Ana Silva e Isabel Ruiz). Ahora" in spanish
    assert "según el cual Omar Haddad asistirá en su lugar." in spanish
    assert "Modificar: No podré asistir. Omar Haddad asistirá en mi lugar." in spanish
    assert "Mantener: Ana Silva e Isabel Ruiz asistirán." in spanish
    assert "Mantener: Ana Silva asistirá." in _changed("es", accepted(), away)


# ------------------------------------------------------------------ spelling


def _rendered(language: str) -> list[str]:
    """Every letter of a language in many cases, without what comes from the configuration and the mailto: links."""
    config: Config = load(EXAMPLE, frozenset({"event"}))
    config = replace(config, event=replace(config.event, title="T"), organisers=replace(config.organisers, privacy=""))
    texts = []
    for kind in LETTERS:
        for grounds_pass in (True, False, None):
            for partstat in (PartStat.ACCEPTED, PartStat.DELEGATED):
                answer = sample_answer(partstat, config, party=3, grounds_pass=grounds_pass, needs=True)
                values = make_values(
                    kind,
                    language,
                    config,
                    config.event.starts - timedelta(days=8),
                    invitee=sample_invitee(sample_answer(PartStat.TENTATIVE, config)),
                    answer=answer,
                    passed_on=True,
                    calendar=True,
                )
                letter = templates().render(kind.value, language, values)
                texts.append(re.sub(r"<mailto:\S+>", "", f"{letter.subject}\n\n{letter.text}"))
    return texts


def test_french_spaces_and_quotation_marks() -> None:
    for text in _rendered("fr"):
        subject, _, body = text.partition("\n\n")
        assert not re.search(r"[^\W\d] ?'|\"", body)
        assert not re.search(r"(?<![\u202f])[;:?!»]|«(?!\u202f)", re.sub(r"\S+@\S+", "", body)), body
        assert re.search(r"\w :\s", subject)


def test_spanish_marks_open_and_close() -> None:
    for text in _rendered("es"):
        assert text.count("¿") == text.count("?") and text.count("¡") == text.count("!")
        assert text.count("«") == text.count("»") and not re.search(r"«\s|\s»|\"|'", text)
        assert not re.search(r"\s[;:?!,.]", text)
