"""The language of a text, short ones above all."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from rsvpbot.reading.language import language_of
from rsvpbot.reading.letter import language_and_pack

SENTENCES = {
    "en": [
        "Count us in!",
        "will be there",
        "Regrets, I am travelling.",
        "Both of us accept with thanks",
        "cant make it sry",
        "Thanks, see you then",
        "No",
        "Yes please",
        "I have a conflict that day",
        "My deputy will attend in my place.",
        "Not this time, alas.",
    ],
    "fr": [
        "Je viendrai",
        "Avec plaisir !",
        "Nous serons deux.",
        "Malheureusement empêché",
        "Oui",
        "Désolée, je ne peux pas",
        "Présent",
        "C'est d'accord pour moi",
        "Merci, à bientôt",
        "Mon adjoint me représentera.",
    ],
    "es": [
        "Allí estaremos",
        "Con mucho gusto",
        "No podré ir",
        "Sí, dos personas",
        "Gracias, confirmo",
        "Lamento no poder acompañarlos",
        "Cuenten conmigo",
        "Mi colega irá en mi lugar.",
        "Vamos los dos",
        "Participo con gusto",
    ],
    "pt": [
        "Estarei lá",
        "Confirmo a minha presença",
        "Infelizmente não posso",
        "Obrigada, iremos dois",
        "Com muito prazer",
        "Sim, conto ir",
        "Não poderei comparecer",
        "Inscrevam-me, por favor.",
        "Declino. Abraço",
        "O meu colega irá no meu lugar.",
        "Vamos os dois",
    ],
    "it": [
        "Ci saremo",
        "Volentieri, grazie",
        "Purtroppo non posso",
        "Verrò con un collega",
        "Confermo la mia presenza",
        "Sono spiacente",
    ],
    "de": [
        "Ich bin dabei",
        "Wir kommen zu zweit",
        "Leider verhindert",
        "Sehr gerne",
        "Nein, danke",
        "Mein Kollege kommt an meiner Stelle",
    ],
    "nl": ["Ik ben erbij", "Helaas verhinderd", "Graag, met z'n tweeën", "Ik kan niet komen"],
    "sv": ["Jag kommer gärna", "Tyvärr förhindrad", "Vi blir två"],
    "da": ["Jeg kommer gerne", "Desværre forhindret den uge"],
    "no": ["Jeg kommer gjerne", "Dessverre forhindret, takk for invitasjonen"],
    "fi": ["Tulen mielelläni", "Valitettavasti en pääse"],
    "pl": ["Będę na pewno", "Niestety nie mogę", "Potwierdzam udział"],
    "cs": ["Přijdu rád", "Bohužel nemohu", "Potvrzuji účast"],
    "ro": ["Voi participa cu plăcere", "Din păcate nu pot"],
    "tr": ["Memnuniyetle katılacağım", "Maalesef gelemeyeceğim"],
    "id": ["Saya akan hadir", "Mohon maaf, saya berhalangan"],
    "hu": ["Sajnos nem tudok menni", "Örömmel részt veszek"],
    "ru": [
        "Приду",
        "Не смогу, простите",
        "Будем втроём",
        "Да, спасибо",
        "Подтверждаю участие",
        "вместо меня придёт коллега",
    ],
    "uk": ["Дякую, прийду", "На жаль, не зможу", "Буду з колегою, є перепустка"],
    "bg": ["Благодаря, ще присъствам", "За съжаление не мога да дойда"],
    "sr": ["Хвала, доћи ћу"],
    "ar": ["سأحضر", "أعتذر عن الحضور", "نعم، شكراً", "معي زميلان", "للأسف لن أتمكن من الحضور"],
    "fa": ["متاسفانه نمی‌توانم بیایم", "با تشکر، شرکت می کنم"],
    "ur": ["میں شرکت کروں گا", "شکریہ، ہم آئیں گے"],
    "zh": ["准时到", "恕不能出席", "我們兩位會去", "好", "抱歉，来不了", "会带两位同事 (Lena Ford, Otto Ruiz)"],
    "ja": ["参加します", "残念ながら欠席します", "はい"],
    "ko": ["참석하겠습니다", "죄송합니다, 못 갑니다"],
    "el": ["Θα έρθω", "Δυστυχώς δεν μπορώ"],
    "he": ["אגיע בשמחה", "לצערי לא אוכל"],
    "th": ["ยินดีเข้าร่วม"],
    "hi": ["मैं आऊँगा"],
    "ru-Latn": ["Ya pridu", "Spasibo, budu obyazatelno", "K sozhaleniyu ne smogu", "Zdravstvuyte, my budem vdvoem"],
    "ar-Latn": ["inshallah ana gay", "Shukran, sa2ahdar", "lil2asaf msh hadir, 3afwan"],
}


@pytest.mark.parametrize(("tag", "text"), [(tag, text) for tag, texts in SENTENCES.items() for text in texts])
def test_short_texts(tag: str, text: str) -> None:
    assert language_of(text) == tag


@pytest.mark.parametrize("text", ["", "   ", "👍", "12:30", "+1 212 555 0123", "https://x.example/attend", "nadia@brook.example", "Nadia Brook", "Xyzzy Qwert"])  # fmt: skip
def test_nothing_to_go_by(text: str) -> None:
    assert language_of(text) == "und"


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("fr", "Je participerai à la « High-Level Round Table on Clean Rivers and the Future of Water » avec plaisir."),
        ("es", 'Asistiré a "Working Together to Keep the Rivers Clean for the Children", gracias.'),
        ("zh", "我会参加 Round Table on Clean Rivers, 4 May 2017，谢谢。"),
        ("ru", "Я приду на Round Table on Clean Rivers."),
        ("ar", "سأحضر اجتماع Round Table on Clean Rivers"),
        ("en", "Two from our side: Bram van der Berg and María de la Cruz y Soto."),
        ("en", "Hans von der Heide will join us."),
        ("de", "Herr van der Berg kommt gern, ich leider nicht."),
    ],
)
def test_cited_titles_and_names_do_not_count(tag: str, text: str) -> None:
    assert language_of(text) == tag


def test_the_language_of_most_of_the_text() -> None:
    assert language_of("Hello! Je confirme ma présence et celle de mon adjoint, avec nos remerciements.") == "fr"
    assert language_of("您好 dear team, we are pleased to confirm that three of us will attend.") == "en"


@pytest.mark.parametrize(
    "text",
    ["\ud800", "a" * 100_000, "@" * 50_000, "<" * 50_000, "é" * 50_000, '"' * 50_000, "« " * 30_000, "\u0301" * 9_000],
)
def test_any_text_has_an_answer(text: str) -> None:
    assert language_of(text)


def test_of_languages_that_look_alike_the_words_of_the_packs_tell() -> None:
    text = (
        "De parte de la Embajadora Silvia Rondón: lamenta no poder concurrir por hallarse de gira. Ha dispuesto que la "
        "represente el Consejero Mauricio Paredes."
    )
    assert language_of(text) == "pt"
    assert language_and_pack(text)[0] == "es"
    text = "Gentili signori, confermo la mia partecipazione alla tavola rotonda del 20 settembre. Grazie"
    assert language_and_pack(text)[0] == "it"
