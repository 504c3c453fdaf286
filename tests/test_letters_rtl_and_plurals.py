"""The letters in Arabic, Chinese and Russian: the facts of the English ones, and what these languages need beside."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvpbot.config import Config, builtin_templates
from rsvpbot.letters.cases import cases, sample_answer, sample_invitee
from rsvpbot.letters.page import NOT_FIRST, NOT_LAST, UNSPACED, WORD, _each_for_itself, columns, unspaced
from rsvpbot.letters.templates import PIECE_FOR_CALENDAR, Rendered
from rsvpbot.letters.values import END_ISOLATE, ISOLATE, Values, make_values
from rsvpbot.model import Answer, Document, Invitee, LetterKind, PartStat
from tests.test_letters import LETTERS, TAG, accepted, example, parsed, templates

LANGUAGES = ("ar", "ru", "zh")

PHOTO = {
    "en": "photo identification",
    "ru": "удостоверение личности с фотографией",
    "ar": "وثيقة هوية تحمل صورة شخصية",
    "zh": "附有照片的身份证件",
}
DAYS = {
    "en": ("20 September 2016", "16 September 2016", "15 September 2016"),
    "ru": ("20 сентября 2016", "16 сентября 2016", "15 сентября 2016"),
    "ar": ("20 سبتمبر 2016", "16 سبتمبر 2016", "15 سبتمبر 2016"),
    "zh": ("2016年9月20日", "2016年9月16日", "2016年9月15日"),
}
"""Of the event, to answer by, of the paper."""

HOURS = {
    "en": ("12:30", "15:30", "12:00"),
    "ru": ("12:30", "15:30", "12:00"),
    "ar": ("12:30 م", "3:30 م", "12:00 م"),
    "zh": ("12:30", "15:30", "12:00"),
}
ESCORT = {"en": "escorted", "ru": "проводят", "ar": "اصطحاب", "zh": "陪同"}
NEEDS = {
    "en": ("ietary", "ccess"),
    "ru": ("питания", "доступности"),
    "ar": ("الغذائية", "تيسير الوصول"),
    "zh": ("饮食", "无障碍"),
}
ASIDE = {"en": "What you further raise", "ru": "Другие вопросы", "ar": "المسائل الأخرى", "zh": "其他事项"}


def write(
    kind: LetterKind,
    language: str,
    answer: Answer | None = None,
    *,
    config: Config | None = None,
    invitee: Invitee | None = None,
    now: datetime | None = None,
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
        note="A note.",
    )
    return templates().render(kind.value, language, values)


def run_on(text: str) -> str:
    """Without what keeps lines and directions apart. A space stays where one stood, so none between Chinese words."""
    bare = re.sub("[\u200e\u200f\u2066-\u2069]", "", text).replace("\u00a0", " ").replace("\u202f", " ")
    joined = re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef“”]) *\n *| *\n *(?=[\u3000-\u9fff\uff00-\uffef“”])", "", bare)
    return " ".join(joined.split())


def bodies(letter: Rendered) -> list[str]:
    """What each link of a letter sends."""
    return [parse_qs(urlsplit(html.unescape(link)).query)["body"][0] for link in parsed(letter.html).links]


# ------------------------------------------------------------------ the same facts as in English


def facts(text: str, values: Values, language: str) -> set[str]:
    """What a letter tells, by names that are the same in each language."""
    venue, organisers = values.venue, values.organisers
    configured = {
        values.event.title,
        *(venue.name, venue.address, venue.floor, venue.pass_name, venue.reception),
        *(organisers.name, organisers.contact, organisers.privacy),
        *(paper.title for paper in values.papers),
        *(name for answer in (values.answer, values.recorded) if answer for name in (answer.delegate,)),
        *(values.addressee, values.note),
    }
    said = run_on(text)
    told = {value for value in configured if value and value in said}
    words = {
        "the day": DAYS[language][0],
        "the last day": DAYS[language][1],
        "the day of the paper": DAYS[language][2],
        "the beginning": HOURS[language][0],
        "the end": HOURS[language][1],
        "be there by": HOURS[language][2],
        "photo identification": PHOTO[language],
        "the escort": ESCORT[language],
        "dietary needs": NEEDS[language][0],
        "access needs": NEEDS[language][1],
        "what else was asked": ASIDE[language],
    }
    return told | {fact for fact, word in words.items() if word in said}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*(kind.value for kind in LETTERS), PIECE_FOR_CALENDAR])
def test_a_letter_tells_what_the_english_one_tells(name: str, language: str) -> None:
    tried = 0
    for english, foreign in zip(cases("en", example()), cases(language, example()), strict=True):
        if english.answer is None and name not in ("information", "unclear", "passed-on", "event-over", "too-late"):
            continue
        if name == PIECE_FOR_CALENDAR:
            ours = templates().render_piece(name, "en", english)
            theirs = templates().render_piece(name, language, foreign)
        else:
            ours = templates().render(name, "en", english).text
            theirs = templates().render(name, language, foreign).text
        assert facts(theirs, foreign, language) == facts(ours, english, "en"), theirs
        tried += 1
    assert tried > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_english_letter_and_piece_is_there(language: str) -> None:
    folder = builtin_templates()
    english = {path.name for path in (folder / "en").glob("*.md")}
    assert english <= {path.name for path in (folder / language).glob("*.md")}


@pytest.mark.parametrize("kind", [LetterKind.ACCEPTED, LetterKind.WELCOME, LetterKind.INFORMATION])
@pytest.mark.parametrize("language", LANGUAGES)
def test_who_holds_no_pass_reads_of_the_photo_first_and_who_holds_one_nothing(language: str, kind: LetterKind) -> None:
    without = run_on(write(kind, language, accepted(grounds_pass=False)).text)
    assert without.index(PHOTO[language]) < without.index("3 UN Plaza") < without.index("Discussion Paper")
    holder = run_on(write(kind, language, accepted(grounds_pass=True)).text)
    for word in (PHOTO[language], ESCORT[language], "UNICEF reception", HOURS[language][2]):
        assert word in without and word not in holder
    assert "UN (NY) grounds pass" in holder


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_english_is_left(language: str) -> None:
    """Latin letters stand only in what the configuration or the list names, and in commands (`accept`), which are the
    same in every language."""
    for file in (builtin_templates() / language).glob("*.md"):
        instructions = r"`[^`\n]*`|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|&#x\w+;|^Subject:|rsvpbot"
        said = re.sub(instructions, "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        assert re.findall("[A-Za-z]+", said) == [], file.name


# ------------------------------------------------------------------ links


@pytest.mark.parametrize(
    ("language", "sent"),
    [
        ("ru", ["Да, я приму участие.", "Нет, я не смогу принять участие."]),
        ("ar", ["نعم، سأحضر.", "لا، لن أتمكن من الحضور."]),
        ("zh", ["我将出席。", "我无法出席。"]),
    ],
)
def test_yes_and_no_are_sent_in_the_language_of_the_letter(language: str, sent: list[str]) -> None:
    assert bodies(write(LetterKind.UNCLEAR, language)) == sent


@pytest.mark.parametrize(
    ("language", "partstat", "party", "names", "sent"),
    [
        ("ru", PartStat.ACCEPTED, 1, ("Ana Silva",), "Ana Silva примет участие."),
        ("ru", PartStat.ACCEPTED, 2, ("Ana Silva", "Omar Haddad"), "Ana Silva и Omar Haddad примут участие."),
        ("ru", PartStat.ACCEPTED, 3, ("Ana Silva",), "Ana Silva и еще 2 гостя примут участие."),
        ("ru", PartStat.ACCEPTED, 5, (), "Да, мы примем участие. Нас будет 5 человек."),
        ("ru", PartStat.TENTATIVE, 1, (), "Возможно, я приму участие. Подтвержу позднее."),
        (
            "ru",
            PartStat.DELEGATED,
            1,
            ("Omar Haddad",),
            "Я не смогу принять участие. Вместо меня примет участие Omar Haddad.",
        ),
        ("ar", PartStat.ACCEPTED, 2, ("Ana Silva", "محمد علي"), "سيحضر المناسبة Ana Silva ومحمد علي."),
        ("ar", PartStat.ACCEPTED, 3, ("Ana Silva",), "سيحضر المناسبة Ana Silva، إضافةً إلى ضيفين آخرين."),
        ("ar", PartStat.ACCEPTED, 2, (), "نعم، سنحضر. عددنا شخصان."),
        ("ar", PartStat.TENTATIVE, 1, (), "قد أحضر. سأؤكد لاحقاً."),
        ("ar", PartStat.DELEGATED, 1, ("Omar Haddad",), "لن أتمكن من الحضور. سيحضر نيابةً عني Omar Haddad."),
        ("zh", PartStat.ACCEPTED, 3, ("Ana Silva", "Omar Haddad"), "Ana Silva和Omar Haddad将出席，另有1位随行人员。"),
        ("zh", PartStat.ACCEPTED, 3, (), "我们将出席，共3人。"),
        ("zh", PartStat.TENTATIVE, 1, (), "我可能出席，稍后确认。"),
        ("zh", PartStat.DELEGATED, 1, ("王小明",), "我无法出席。王小明将代我出席。"),
    ],
)
def test_an_answer_is_sent_back_in_plain_words(
    language: str, partstat: PartStat, party: int, names: tuple[str, ...], sent: str
) -> None:
    answer = sample_answer(partstat, example(), party=party, names=names)
    recorded = sample_invitee(sample_answer(PartStat.DECLINED, example()))
    assert bodies(write(LetterKind.CONFIRM_CHANGE, language, answer, invitee=recorded))[0] == sent


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    ("language", "party", "words"),
    [
        *(("ru", n, f"{n} человек") for n in (1, 5, 10, 11, 12, 13, 14, 15, 20, 21, 25, 100, 101, 111, 112, 121)),
        *(("ru", n, f"{n} человека") for n in (2, 3, 4, 22, 23, 24, 102, 104, 122)),
        ("ar", 1, "شخص واحد"),
        ("ar", 2, "شخصان"),
        *(("ar", n, f"{n} أشخاص") for n in (3, 4, 9, 10, 103, 110)),
        *(("ar", n, f"{n} شخصاً") for n in (11, 12, 20, 21, 99, 111, 199)),
        *(("ar", n, f"{n} شخص") for n in (100, 101, 102, 200)),
        *(("zh", n, f"{n}人") for n in (1, 2, 11)),
    ],
)
def test_persons_are_counted_as_the_language_counts(language: str, party: int, words: str) -> None:
    page = parsed(write(LetterKind.ACCEPTED, language, accepted(party=party, names=())).html)
    assert words in [word.strip() for word in page.words]


@pytest.mark.parametrize(
    ("language", "unnamed", "words"),
    [
        ("ru", 1, "Ana Silva, а также 1 гость (всего 2 человека)"),
        ("ru", 3, "Ana Silva, а также 3 гостя (всего 4 человека)"),
        ("ru", 5, "Ana Silva, а также 5 гостей (всего 6 человек)"),
        ("ru", 11, "Ana Silva, а также 11 гостей (всего 12 человек)"),
        ("ru", 21, "Ana Silva, а также 21 гость (всего 22 человека)"),
        ("ar", 1, "Ana Silva، إضافةً إلى ضيف آخر (شخصان)"),
        ("ar", 2, "Ana Silva، إضافةً إلى ضيفين آخرين (3 أشخاص)"),
        ("ar", 3, "Ana Silva، إضافةً إلى 3 ضيوف آخرين (4 أشخاص)"),
        ("ar", 11, "Ana Silva، إضافةً إلى 11 ضيفاً آخر (12 شخصاً)"),
        ("ar", 100, "Ana Silva، إضافةً إلى 100 ضيف آخر (101 شخص)"),
        ("zh", 1, "Ana Silva，另有1位随行人员（共2人）"),
        ("zh", 11, "Ana Silva，另有11位随行人员（共12人）"),
    ],
)
def test_further_guests_are_counted(language: str, unnamed: int, words: str) -> None:
    answer = accepted(party=unnamed + 1, names=("Ana Silva",))
    page = parsed(write(LetterKind.ACCEPTED, language, answer).html)
    assert words in [run_on(word) for word in page.words]


@pytest.mark.parametrize(
    ("language", "party", "words"),
    [
        ("ru", 2, "в составе группы из 2 человек"),
        ("ru", 5, "в составе группы из 5 человек"),
        ("ru", 21, "в составе группы из 21 человека"),
        ("ar", 2, "ضمن مجموعة من شخصين"),
        ("ar", 4, "ضمن مجموعة من 4 أشخاص"),
        ("ar", 12, "ضمن مجموعة من 12 شخصاً"),
        ("zh", 2, "一行共2人"),
    ],
)
def test_a_group_stands_in_its_case(language: str, party: int, words: str) -> None:
    delegated = sample_answer(PartStat.DELEGATED, example(), party=party, names=("Omar Haddad",))
    assert f"{words}." in run_on(write(LetterKind.DELEGATED, language, delegated).text).replace("。", ".")
    change = write(
        LetterKind.CONFIRM_CHANGE,
        language,
        sample_answer(PartStat.DECLINED, example()),
        invitee=sample_invitee(accepted(party=party, names=())),
    )
    assert words in run_on(change.text)


# ------------------------------------------------------------------ dates and times


@pytest.mark.parametrize(
    ("day", "on", "by"),
    [
        (18, "в воскресенье", "воскресенья"),
        (19, "в понедельник", "понедельника"),
        (20, "во вторник", "вторника"),
        (21, "в среду", "среды"),
        (22, "в четверг", "четверга"),
        (23, "в пятницу", "пятницы"),
        (24, "в субботу", "субботы"),
    ],
)
def test_a_russian_weekday_stands_in_its_case(day: int, on: str, by: str) -> None:
    starts = datetime(2016, 9, day, 16, 30, tzinfo=UTC)
    papers = (Document("Discussion Paper", send_at=starts),)
    event = replace(example().event, starts=starts, ends=starts + timedelta(hours=3), rsvp_by=date(2016, 9, day))
    config = replace(example(), event=replace(event, documents=papers))
    now = starts - timedelta(days=30)
    declined = sample_answer(PartStat.DECLINED, config)
    letter = run_on(write(LetterKind.DECLINED, "ru", declined, config=config, now=now).text)
    assert f"которое состоится {on}, {day} сентября 2016 года." in letter
    assert f"не позднее {by}, {day} сентября 2016 года." in letter
    over = run_on(write(LetterKind.EVENT_OVER, "ru", config=config).text)
    assert f"состоялось {on}, {day} сентября 2016 года, ответы" in over
    for kind in (LetterKind.TENTATIVE, LetterKind.INFORMATION):
        assert f"не позднее {by}, {day} сентября 2016 года" in run_on(write(kind, "ru", config=config, now=now).text)
    yes = run_on(write(LetterKind.ACCEPTED, "ru", accepted(), config=config, now=now).text)
    assert f"разослан всем участникам {on}, {day} сентября 2016 года." in yes


@pytest.mark.parametrize("kind", LETTERS)
def test_no_russian_sentence_ends_in_two_stops(kind: LetterKind) -> None:
    assert not re.search(r"\.\s*\.|\bг\.\s*[,;)]", write(kind, "ru", accepted(needs=True)).text)


@pytest.mark.parametrize(
    ("language", "timezone", "hours", "words"),
    [
        ("ru", "America/New_York", 3, "с 12:30 до 15:30 по местному времени (Нью-Йорк)"),
        ("ru", "UTC", 3, "с 16:30 до 19:30 (Всемирное координированное время)"),
        ("ru", "UTC", 9, "с 16:30 до 01:30 среды, 21 сентября 2016 года (Всемирное координированное время)"),
        ("ar", "America/New_York", 3, "من الساعة 12:30 م إلى الساعة 3:30 م بتوقيت نيويورك"),
        ("ar", "UTC", 3, "من الساعة 4:30 م إلى الساعة 7:30 م (التوقيت العالمي المنسق)"),
        (
            "ar",
            "America/New_York",
            13,
            "من الساعة 12:30 م إلى الساعة 1:30 ص من يوم الأربعاء، 21 سبتمبر 2016 بتوقيت نيويورك",
        ),
        ("zh", "America/New_York", 3, "纽约时间12:30至15:30"),
        ("zh", "UTC", 3, "16:30至19:30（协调世界时）"),
        ("zh", "America/New_York", 13, "纽约时间12:30至2016年9月21日星期三01:30"),
    ],
)
def test_times_read_well(language: str, timezone: str, hours: int, words: str) -> None:
    starts = datetime(2016, 9, 20, 16, 30, tzinfo=UTC)
    event = replace(example().event, timezone=timezone, starts=starts, ends=starts + timedelta(hours=hours))
    page = parsed(write(LetterKind.ACCEPTED, language, accepted(), config=replace(example(), event=event)).html)
    assert words in [run_on(word) for word in page.words]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ar", "حضور مناسبة «High-Level Roundtable"),
        ("ar", "يوم الثلاثاء، 20 سبتمبر 2016."),
        ("ar", "في موعد أقصاه يوم الجمعة، 16 سبتمبر 2016."),
        ("zh", "我们已登记您无法出席于2016年9月20日星期二举行的High-Level Roundtable"),
        ("zh", "在2016年9月16日星期五或之前回复本邮件即可。"),
    ],
)
def test_dates_read_well_within_a_sentence(language: str, words: str) -> None:
    declined = write(LetterKind.DECLINED, language, sample_answer(PartStat.DECLINED, example()))
    assert words in run_on(declined.text)


# ------------------------------------------------------------------ whom the letter greets


@pytest.mark.parametrize(
    ("language", "name", "greeting"),
    [
        ("ru", "Ana Silva", "Уважаемый(-ая) Ana Silva!"),
        ("ru", "", "Уважаемые дамы и господа!"),
        ("ar", "Ana Silva", "السيدة/السيد Ana Silva،"),
        ("ar", "Ambassador Ruth Keller", "السيدة/السيد Ambassador Ruth Keller،"),
        ("ar", "H.E. Ms. Ana Silva", "H.E. Ms. Ana Silva،"),
        ("ar", "سعادة السفير محمد علي", "سعادة السفير محمد علي،"),
        ("ar", "", "حضرة السيدة/السيد،"),
        ("zh", "Ana Silva", "尊敬的Ana Silva女士/先生："),
        ("zh", "王小明", "尊敬的王小明女士/先生："),
        ("zh", "王小明大使", "尊敬的王小明大使："),
        ("zh", "Ms. Ana Silva", "尊敬的Ms. Ana Silva："),
        ("zh", "", "尊敬的女士/先生："),
    ],
)
def test_the_salutation_knows_no_gender_and_doubles_no_title(language: str, name: str, greeting: str) -> None:
    letter = write(LetterKind.DECLINED, language, invitee=replace(sample_invitee(), name=name))
    assert run_on(letter.text.split("\n")[0]) == greeting


# ------------------------------------------------------------------ right to left


@pytest.mark.parametrize("kind", LETTERS)
def test_an_arabic_page_runs_from_the_right(kind: LetterKind) -> None:
    letter = write(kind, "ar", accepted(needs=True))
    assert re.search(r'<html lang="ar" dir="rtl"', letter.html) and letter.language == "ar"


@pytest.mark.parametrize("kind", LETTERS)
def test_latin_words_among_arabic_ones_are_kept_apart(kind: LetterKind) -> None:
    for answer in (accepted(grounds_pass=False, party=3), accepted(grounds_pass=None)):
        letter = write(kind, "ar", answer)
        for text in (letter.text, " ".join(parsed(letter.html).words)):
            plain = re.sub(r"<mailto:\S+>|\u2068[^\u2068\u2069]*\u2069|rsvpbot", "", text)
            assert re.findall("[A-Za-z]+", plain) == []
            assert text.count(ISOLATE) == text.count(END_ISOLATE)


@pytest.mark.parametrize("contact", ["secretariat@roundtable.example", ""])
def test_a_telephone_number_keeps_its_order_among_arabic_words(contact: str) -> None:
    organisers = replace(example().organisers, phone="+1 212 555 0100", contact=contact)
    config = replace(example(), organisers=organisers)
    for kind in (LetterKind.ACCEPTED, LetterKind.EVENT_OVER):
        letter = write(kind, "ar", accepted(), config=config)
        for text in (letter.text, " ".join(parsed(letter.html).words)):
            assert "+1 212 555 0100" in text
            assert text.count("\u2066+1 212 555 0100\u2069") == text.count("+1 212 555 0100")


def test_arabic_has_its_own_comma_semicolon_and_question_mark() -> None:
    own = ""
    for kind in LETTERS:
        text = write(kind, "ar", accepted(grounds_pass=False)).text
        own += re.sub(f"{ISOLATE}[^{END_ISOLATE}]*{END_ISOLATE}|<mailto:\\S+>", "", text)
    assert not re.search(r"[,;?]", own)
    assert {"،", "؛"} <= set(own)


# ------------------------------------------------------------------ Chinese lines


def chinese() -> Iterator[str]:
    for kind in LETTERS:
        for answer in (accepted(grounds_pass=False, party=3, needs=True), accepted(grounds_pass=None)):
            yield write(kind, "zh", answer).text


def test_chinese_has_its_own_punctuation() -> None:
    for text in chinese():
        assert not re.search(r"[\u4e00-\u9fff][,;:?!.()]|[,;:?!()][\u4e00-\u9fff]", text), text


def test_no_space_stands_between_chinese_words() -> None:
    for text in chinese():
        for line in text.split("\n"):
            table = re.sub("^(出席人员|日期|时间|地点|地址) +", "", line)
            assert not re.search(r"[\u3000-\u9fff\uff00-\uffef] +\S|\S +[\u3000-\u9fff\uff00-\uffef]", table), line


def test_chinese_lines_break_where_they_may() -> None:
    lines = list(chain.from_iterable(text.split("\n") for text in chinese()))
    assert max(columns(line) for line in lines if not line.startswith("<mailto:")) <= 78
    for line in lines:
        words = line.strip()
        assert not words or (words[0] not in NOT_FIRST and words[-1] not in NOT_LAST), line


def test_a_long_latin_title_keeps_its_isolate_on_every_line() -> None:
    """Each line of plain text is a paragraph of its own to the bidirectional algorithm (Unicode Annex 9, rule P1)."""
    title = "A Roundtable With So Long A Title That It Wraps More Than Once In A Line Of Seventy-Six Columns Of Text"
    lines = [*_each_for_itself(f"«\u2068{title[:50]}\n{title[50:]}\u2069».\nنص".split("\n"))]
    assert lines == [f"\u200f«\u2068{title[:50]}\u2069", f"\u200f\u2068{title[50:]}\u2069».", "نص"]


@given(st.text(alphabet="ab ’“”…é-(（，。中،", max_size=40))
def test_a_line_breaks_at_the_same_places_the_short_way(text: str) -> None:
    """Most lines have spaces alone to break at, and are not looked at character by character."""
    if not UNSPACED.search(text):
        assert WORD.findall(text) == list(unspaced(text))
