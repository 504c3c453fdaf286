"""An organiser's copy of the letters: what is missing comes from the built-in ones, what is wrong is found at once."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from rsvpbot.config import Problem, RepliesConfig, builtin_templates
from rsvpbot.letters.cases import cases
from rsvpbot.letters.sample import sample_letter, sample_values
from rsvpbot.letters.templates import TemplateError, Templates
from rsvpbot.letters.values import (
    AnswerValues,
    EventValues,
    OrganiserValues,
    PaperValues,
    Values,
    VenueValues,
)
from rsvpbot.model import LetterKind
from tests.test_letters import LETTERS, example, templates


def with_copy(folder: Path, files: dict[str, str], languages: tuple[str, ...] = ("en",)) -> Templates:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    replies = RepliesConfig(templates=folder, languages=languages)
    return Templates(replace(example(), replies=replies))


def problems_of(folder: Path, files: dict[str, str]) -> tuple[Problem, ...]:
    with pytest.raises(TemplateError) as error:
        with_copy(folder, files)
    assert error.value.problems and str(error.value.problems[0]) in str(error.value)
    return error.value.problems


def test_the_built_in_letters_are_sound() -> None:
    assert Templates(example()).check(every_case=True) == ()


def test_an_edited_letter_is_used_and_the_others_are_not_missed(tmp_path: Path) -> None:
    templates = with_copy(tmp_path, {"en/declined.md": "Subject: A pity\n\nWe are sorry, {{ addressee }}.\n"})
    values = sample_values(LetterKind.DECLINED, example())
    assert templates.render("declined", "en", values).subject == "A pity"
    assert templates.render("declined", "en", values).text == "We are sorry, Ana Silva.\n"
    assert "Attendance confirmed" in templates.render("accepted", "en", values).subject


def test_an_edited_piece_reaches_the_built_in_letters(tmp_path: Path) -> None:
    templates = with_copy(tmp_path, {"en/_salutation.md": "Excellency,\n"})
    assert templates.render("accepted", "en", sample_values(LetterKind.ACCEPTED, example())).text.startswith(
        "Excellency,"
    )


def test_an_edited_layout_is_used(tmp_path: Path) -> None:
    templates = with_copy(tmp_path, {"base.html": "<html><body><h1>{{ title }}</h1>{{ body }}</body></html>"})
    page = templates.render("declined", "en", sample_values(LetterKind.DECLINED, example())).html
    assert "<h1>High-Level Roundtable &quot;Working" in page and "card" not in page


def test_a_missing_language_comes_in_english_and_a_regional_one_in_its_own(tmp_path: Path) -> None:
    files = {"pt/declined.md": "Subject: Resposta registada\n\nCara {{ addressee }}, {{ event.date }}.\n"}
    templates = with_copy(tmp_path, files, languages=("en", "pt"))
    values = sample_values(LetterKind.DECLINED, example(), language="pt")
    for tag in ("pt", "pt-BR"):
        assert templates.render("declined", tag, values).language == "pt"
        assert (
            templates.render("declined", tag, values).text == "Cara Ana Silva, terça-feira, 20 de setembro de 2016.\n"
        )
    assert templates.render("declined", "tlh", values).language == "en"
    accepted = templates.render("accepted", "pt", sample_values(LetterKind.ACCEPTED, example()))
    assert accepted.language == "en" and "Tuesday, 20 September 2016" in accepted.text


def test_a_right_to_left_language_turns_the_page(tmp_path: Path) -> None:
    files = {"ar/declined.md": "Subject: رد\n\nالسيدة {{ addressee }}، {{ event.date }}.\n"}
    templates = with_copy(tmp_path, files, languages=("ar",))
    letter = templates.render("declined", "ar", sample_values(LetterKind.DECLINED, example(), language="ar"))
    assert 'dir="rtl"' in letter.html and 'lang="ar"' in letter.html
    assert "\u2068Ana Silva\u2069" in letter.text and "الثلاثاء" in letter.text


def test_a_configured_language_without_letters_is_a_warning(tmp_path: Path) -> None:
    [problem] = with_copy(tmp_path, {}, languages=("en", "tlh")).check()
    assert not problem.fatal and "tlh" in problem.wrong and "English" in problem.right


def test_a_letter_that_is_none_is_a_warning(tmp_path: Path) -> None:
    [problem] = with_copy(tmp_path, {"en/acepted.md": "Subject: x\n\nx\n"}).check()
    assert not problem.fatal and problem.file.endswith("acepted.md") and "accepted" in problem.right


@pytest.mark.parametrize(
    ("text", "line", "wrong"),
    [
        ("Subject: x\n\nDear {{ adressee }},\n", 3, "'adressee'"),
        ("Subject: x\n\nOn\n{{ event.dat }}\n", 4, "'event.dat'"),
        ("Subject: x\n\n{% if passed_on %}\n\n{{ answer.nams }}\n{% endif %}\n", 5, "'answer.nams'"),
        ("Subject: x\n\n{% if passed_on and not passed_on %}\n{{ nothing }}{% endif %}\n", 4, "'nothing'"),
        ("Subject: x\n\n{% for paper in papers %}{{ paper.dat }}{% endfor %}\n", 3, "'paper.dat'"),
        ("Subject: x\n\n{% if passed_on %}\nx\n", 4, "end of"),
        ("Subject: x\n\n{{ event.title | uper }}\n", 3, "uper"),
        ("Subject: x\n\n\n{% if event is notest %}x{% endif %}\n", 4, "notest"),
        ("Subject: x\n\nx\n{{ answer.party }}\n", 4, "None"),
        ("Subject: x\n\nx {{ 1 / 0 }}\n", 3, "division"),
        ("Subject: x\n\n{% include '_none.md' %}\n", 1, "no such letter or piece"),
        ("Dear all,\n\nx\n", 1, "Subject:"),
        ("Subject:\n\nx\n", 1, "Subject:"),
        ("Subject: {{ note }}\n\nx\n", 1, "Subject:"),
        ("Subject: x\nDear all\n", 1, "empty line"),
        ("Subject: x\n\n{{ mailto.__globals__ }}\n", 3, "unsafe"),
    ],
)
def test_a_broken_letter_is_found_with_its_line(tmp_path: Path, text: str, line: int, wrong: str) -> None:
    problems = problems_of(tmp_path, {"en/information.md": text})
    [problem] = [problem for problem in problems if wrong in problem.wrong]
    assert problem.key == f"line {line}" and problem.fatal and problem.right
    assert str(tmp_path) in problem.file


def test_the_letter_of_an_answer_may_speak_of_it_freely(tmp_path: Path) -> None:
    assert with_copy(tmp_path, {"en/tentative.md": "Subject: x\n\n{{ answer.party }}\n"}).check() == ()


def test_a_broken_piece_is_named_and_not_the_letter_that_includes_it(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, {"en/_rows.md": "| x | y |\n| {{ 1 / 0 }} | y |\n"})
    assert {(Path(problem.file).name, problem.key) for problem in problems} == {("_rows.md", "line 2")}


def test_a_broken_letter_of_another_language_is_found_at_once_too(tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path, {"fr/accepted.md": "Subject: x\n\n{{ 1 / 0 }}\n"})
    assert problem.file.endswith("fr/accepted.md") and problem.key == "line 3"
    problems = problems_of(tmp_path / "pieces", {"es/_rows.md": "| x | {{ event.dat }} |\n"})
    assert [Path(problem.file).name for problem in problems] == ["_rows.md"]


def test_every_broken_file_is_reported_at_once(tmp_path: Path) -> None:
    files = {"en/accepted.md": "Subject: x\n\n{{ a }}\n", "en/declined.md": "Subject: x\n\n{{ b }}{{ c }}\n"}
    assert [problem.wrong[:3] for problem in problems_of(tmp_path, files)] == ["'a'", "'b'", "'c'"]


def test_a_broken_layout_and_one_that_is_not_text(tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path, {"base.html": "<html>\n{{ boddy }}"})
    assert problem.file.endswith("base.html") and problem.key == "line 2" and "boddy" in problem.wrong
    [problem] = problems_of(tmp_path, {"base.html": "<html>\n\n{% if %}"})
    assert problem.key == "line 3"
    (tmp_path / "base.html").unlink()
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "alarm.md").write_bytes(b"Subject: \xe9\n\nx\n")
    with pytest.raises(TemplateError, match="save it as UTF-8"):
        with_copy(tmp_path, {})


def test_organisers_write_as_their_editor_does(tmp_path: Path) -> None:
    """A byte order mark, CRLF, an instruction at the end of a line, one alone on a line."""
    text = (
        "\ufeffSubject: x\r\n\r\nDear all,{% if passed_on %} hello,{% endif %}\r\n\r\n{% if not passed_on %}\r\n"
        "One.\r\n{% endif %}\r\n\r\nTwo.{# a remark #}\r\n"
    )
    letter = with_copy(tmp_path, {"en/alarm.md": text}).render(
        "alarm", "en", sample_values(LetterKind.ALARM, example())
    )
    assert letter.subject == "x"
    assert letter.text == "Dear all,\n\nOne.\n\nTwo.\n"


def test_a_phrase_of_a_piece_can_be_the_words_of_a_link(tmp_path: Path) -> None:
    files = {
        "en/_phrases.md": "{% macro yes(who) %}{{ who }} & I{% endmacro %}\n",
        "en/alarm.md": "{% from '_phrases.md' import yes %}\nSubject: x\n\n"
        "[{{ yes(addressee) }}]({{ mailto(yes(invitee)) }})\n",
    }
    letter = with_copy(tmp_path, files).render("alarm", "en", sample_values(LetterKind.ALARM, example()))
    assert "Ana Silva & I\n<mailto:" in letter.text and "body=Ana%20Silva%20%26%20I>" in letter.text


def test_the_cases_cover_every_pass_party_and_answer() -> None:
    found = tuple(cases("en", example()))
    assert {value.entry for value in found} == {"pass", "no pass", "either", "open"}
    assert {value.answer.partstat for value in found if value.answer} == {
        "needs-action",
        "accepted",
        "declined",
        "tentative",
        "delegated",
    }
    assert {value.passed_on for value in found} == {value.calendar for value in found} == {True, False}
    assert any(value.answer is None for value in found) and any(not value.addressee for value in found)


@pytest.mark.parametrize("kind", LETTERS)
def test_there_is_a_sample_of_each_letter(kind: LetterKind) -> None:
    letter = sample_letter(kind, example(), templates())
    assert letter.raw and letter.kind is kind and b"X-RSVPBot:" in letter.raw


def test_the_readme_names_every_letter_and_every_value() -> None:
    told = (builtin_templates() / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)[`(]", told))
    parts = (Values, EventValues, VenueValues, OrganiserValues, PaperValues, AnswerValues)
    assert {field.name for part in parts for field in fields(part)} <= named
    assert {f"{kind}.md" for kind in LetterKind if kind is not LetterKind.SUMMARY} <= set(
        re.findall(r"`([\w-]+\.md)`", told)
    )
