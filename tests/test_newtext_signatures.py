"""Closings, names and contact blocks in eleven languages: kept apart whole, and nothing of the answer with them."""

# Tables are wide.
# ruff: noqa: E501

from __future__ import annotations

import pytest

from rsvpbot.reading.newtext import NewText, split

ANSWERS = {
    "en": (
        "Yes",
        "Thank you for the invitation. I shall attend with one colleague.",
        "Dear all,\n\nI regret that I cannot be with you.\nMy deputy will represent me.",
    ),
    "fr": (
        "Oui",
        "Je vous remercie, je serai présente le 20 septembre.",
        "Madame, Monsieur,\n\nJe ne pourrai malheureusement pas venir.\nMon adjoint me remplacera.",
    ),
    "es": (
        "Sí",
        "Confirmo mi asistencia, con un acompañante.",
        "Estimados señores:\n\nLamento no poder asistir.\nEn mi lugar irá la consejera.",
    ),
    "ru": (
        "Да",
        "Благодарю за приглашение, обязательно приду.",
        "Уважаемые коллеги!\n\nК сожалению, прийти не смогу.\nМеня заменит мой помощник.",
    ),
    "ar": (
        "نعم",
        "شكراً على الدعوة، وسأحضر مع زميلة لي.",
        "السادة الكرام،\n\nأعتذر عن عدم الحضور.\nسينوب عني مساعدي.",
    ),
    "zh": ("参加", "感谢邀请，我将准时出席。", "尊敬的秘书处：\n\n很遗憾，我无法出席。\n我的同事将代我参加。"),
    "pt": ("Sim", "Agradeço o convite e estarei presente.", "Prezados senhores,\n\nInfelizmente não poderei ir.\nO meu colega irá."),
    "de": ("Ja", "Vielen Dank, ich komme gern.", "Sehr geehrte Damen und Herren,\n\nleider bin ich verhindert.\nMeine Kollegin kommt."),
    "it": ("Sì", "Grazie dell'invito, parteciperò volentieri.", "Gentili signori,\n\npurtroppo non potrò esserci.\nVerrà il mio collega."),
    "nl": ("Ja", "Dank voor de uitnodiging, ik kom graag.", "Geachte dames en heren,\n\nhelaas ben ik verhinderd.\nMijn collega komt."),
    "tr": ("Evet", "Davetiniz için teşekkürler, katılacağım.", "Sayın yetkililer,\n\nne yazık ki katılamayacağım.\nYardımcım gelecek."),
}  # fmt: skip

CLOSINGS = {
    "en": ["Best regards,", "Kind regards", "Yours sincerely,", "Sincerely yours,", "With best wishes,", "Warm regards,", "Respectfully,", "Best,", "Cheers,", "Many thanks,", "Yours faithfully,", "All the best,", "Warmly,", "With kind regards,", "Regards"],
    "fr": ["Cordialement,", "Bien cordialement,", "Bien à vous,", "Meilleures salutations", "Sincères salutations,", "Respectueusement,", "Amicalement,", "Salutations distinguées,", "Bien à toi", "Très cordialement,", "Avec mes meilleures salutations,"],
    "es": ["Saludos cordiales,", "Atentamente,", "Un cordial saludo,", "Saludos,", "Cordialmente,", "Un saludo", "Muy atentamente,", "Reciba un cordial saludo,", "Un abrazo,", "Saludos"],
    "ru": ["С уважением,", "С наилучшими пожеланиями,", "Искренне Ваш,", "С глубоким уважением", "С благодарностью,", "Всего доброго,", "С почтением,"],
    "ar": ["مع خالص التحية،", "مع أطيب التحيات", "وتفضلوا بقبول فائق الاحترام،", "مع التقدير،", "تحياتي،", "وتقبلوا خالص تحياتي", "والسلام عليكم ورحمة الله", "مع فائق الاحترام والتقدير،"],
    "zh": ["此致\n敬礼", "顺颂商祺", "祝好", "顺祝商祺！", "谨致问候", "敬上", "祝工作顺利", "此致\n\n敬礼！", "順頌 時祺"],
    "pt": ["Atenciosamente,", "Cordialmente,", "Com os melhores cumprimentos,", "Abraços,", "Cumprimentos", "Att.,", "Respeitosamente,", "Um abraço"],
    "de": ["Mit freundlichen Grüßen", "Freundliche Grüße,", "Beste Grüße", "Viele Grüße", "Herzliche Grüße,", "MfG", "Mit besten Grüßen", "Hochachtungsvoll", "Liebe Grüße"],
    "it": ["Cordiali saluti,", "Distinti saluti", "Un cordiale saluto,", "Saluti,", "Cordialmente,", "In fede,", "Con i migliori saluti"],
    "nl": ["Met vriendelijke groet,", "Vriendelijke groeten,", "Hartelijke groet,", "Hoogachtend,", "Groeten,", "Mvg,", "Met hartelijke groet"],
    "tr": ["Saygılarımla,", "Saygılarımızla,", "İyi çalışmalar,", "Sevgiler,", "Selamlar,", "Teşekkürler,", "En iyi dileklerimle,"],
}  # fmt: skip

NAMES = {
    "en": "Nadia Brook", "fr": "Hélène Dubois-Martin", "es": "María José Núñez Ávila", "ru": "Надежда Ивановна Брук",
    "ar": "نادية بروك", "zh": "李娜", "pt": "João da Silva", "de": "Jürgen von Ahlefeld", "it": "Chiara D'Angelo",
    "nl": "Pieter van der Berg", "tr": "Ayşe Yıldız",
}  # fmt: skip

BLOCKS = {
    "en": ("Senior Policy Officer\nRiver Trust International\n12 Lake Street, Geneva\nT: +41 22 555 01 01 | M: +41 79 555 01 02\nnadia@trust.example | www.trust.example", "Minister Counsellor\nPermanent Mission of Freedonia to the United Nations\n2 United Nations Plaza, 24th Floor\nNew York, NY 10017\nTel. (212) 555-0100, Fax (212) 555-0101"),
    "fr": ("Conseillère\nMission permanente de Freedonie\n12, rue du Lac, 1201 Genève\nTél. : +41 22 555 01 01\nCourriel : helene@mission.example", "Directrice des programmes\nFondation Eaux Vives\nPortable : 06 55 50 10 10"),
    "es": ("Consejera\nMisión Permanente de Freedonia\nCalle Mayor 12, 3.º B, Madrid\nTel.: +34 91 555 01 01", "Directora de Programas\nFundación Ríos Vivos\nmaria@rios.example"),
    "ru": ("Советник\nПостоянное представительство Фридонии\nг. Нью-Йорк, ул. Озёрная, 12\nТел.: +1 212 555 01 01\nЭл. почта: nadezhda@mission.example", "руководитель отдела\nФонд «Чистые реки»\nмоб. +7 495 555 01 01"),
    "ar": ("مستشارة\nالبعثة الدائمة لفريدونيا\nهاتف: 0101 555 212 1+\nالبريد الإلكتروني: nadia@mission.example", "مديرة البرامج\nمؤسسة الأنهار النظيفة\nجوال: ٠٥٠٥٥٥٠١٠١"),
    "zh": ("参赞\n弗里多尼亚常驻联合国代表团\n地址：纽约湖街12号\n电话：+1 212 555 0101\n邮箱：lina@mission.example", "项目主任\n清洁河流基金会\n手机：138 0055 0101"),
    "pt": ("Conselheiro\nMissão Permanente da Freedonia\nRua do Lago, 12, Lisboa\nTelefone: +351 21 555 01 01", "Coordenador de Projetos\nInstituto Rios Limpos\njoao@rios.example"),
    "de": ("Referatsleiter\nMinisterium für Wasser\nSeestraße 12, 10115 Berlin\nTelefon: +49 30 555 01 01\nE-Mail: j.ahlefeld@wasser.example", "Geschäftsführer\nStiftung Saubere Flüsse\nMobil 0170 5550101"),
    "it": ("Consigliere\nRappresentanza Permanente di Freedonia\nVia del Lago 12, Roma\nTel. +39 06 555 0101", "Responsabile Progetti\nFondazione Fiumi Puliti\nchiara@fiumi.example"),
    "nl": ("Beleidsadviseur\nMinisterie van Water\nMeerstraat 12, Den Haag\nT +31 70 555 01 01", "Directeur\nStichting Schone Rivieren\npieter@rivieren.example"),
    "tr": ("Müsteşar\nFreedonia Daimi Temsilciliği\nGöl Caddesi No: 12, Ankara\nTel: +90 312 555 01 01", "Proje Koordinatörü\nTemiz Nehirler Vakfı\nayse@nehirler.example"),
}  # fmt: skip

SLOGANS = (
    "Clean rivers for all!", "www.trust.example", "\"Water is life\"", "Follow us: @cleanrivers", "[cid:image001.png@01D20B5C.7D3A4E50]",
    "Des rivières propres pour tous", "Agua limpia para todos", "Вода - это жизнь", "Sent from my iPhone", "[Logo]",
)  # fmt: skip
LANGUAGES = list(ANSWERS)


def apart(found: NewText, text: str, *signed: str) -> None:
    assert found.text == text
    rest = f"{found.signature}\n{found.boilerplate}"
    for line in "\n".join(signed).split("\n"):
        assert line in rest


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("known_sender", [True, False], ids=["sender known", "sender unknown"])
def test_a_name_under_a_closing(language: str, known_sender: bool) -> None:
    name = NAMES[language]
    for closing in CLOSINGS[language]:
        for answer in ANSWERS[language]:
            for gap in ("\n", "\n\n"):
                found = split(f"{answer}\n\n{closing}{gap}{name}\n", sender=name if known_sender else "")
                apart(found, f"{answer}\n\n{closing}", name)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sender", ["of the writer", "unknown", "of an office"])
def test_a_contact_block_under_a_closing(language: str, sender: str) -> None:
    name = NAMES[language]
    shown = {"of the writer": name, "unknown": "", "of an office": "Registry"}[sender]
    for number, closing in enumerate(CLOSINGS[language]):
        block = BLOCKS[language][number % 2]
        for answer in ANSWERS[language]:
            for gap in ("\n", "\n\n"):
                apart(
                    split(f"{answer}\n\n{closing}{gap}{name}\n{block}", sender=shown),
                    f"{answer}\n\n{closing}",
                    name,
                    block,
                )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_contact_block_without_a_closing(language: str) -> None:
    name = NAMES[language]
    for block in BLOCKS[language]:
        for answer in ANSWERS[language]:
            apart(split(f"{answer}\n\n{name}\n{block}", sender=name), answer, name, block)
            apart(split(f"{answer}\n\n{name}\n\n{block}", sender=name), answer, name, block)
            apart(split(f"{answer}\n\n-- \n{name}\n{block}"), answer, name, block)
            apart(split(f"{answer}\n\n{name}\n{block}"), answer, name, block)


@pytest.mark.parametrize(
    "below", ["PS: {later}", "P.D.: {later}", "UPDATE: {later}", "更正：{later}", "\nI say: {later}", "\nPS: {later}"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_postscript_below_the_delimiter_is_text(language: str, below: str) -> None:
    name, later = NAMES[language], ANSWERS[language][1]
    said = below.format(later=later)
    found = split(f"{ANSWERS[language][0]}\n\n-- \n{name}\n{said}")
    assert (found.signature, said.strip() in found.text) == (f"--\n{name}", True)


@pytest.mark.parametrize("slogan", SLOGANS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_below_the_contact_block(language: str, slogan: str) -> None:
    name, block, closing = NAMES[language], BLOCKS[language][0], CLOSINGS[language][0]
    for answer in ANSWERS[language]:
        for gap in ("\n", "\n\n"):
            apart(
                split(f"{answer}\n\n{closing}\n{name}\n{block}{gap}{slogan}", sender=name),
                f"{answer}\n\n{closing}",
                name,
                block,
                slogan,
            )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bare_name_with_nothing_below(language: str) -> None:
    """Behind a blank line it signs; and so it does without one, where it is the sender's."""
    name = NAMES[language]
    for answer in ANSWERS[language]:
        apart(split(f"{answer}\n\n{name}", sender=name), answer, name)
        apart(split(f"{answer}\n{name}", sender=name), answer, name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_the_answer_goes_with_the_signature(language: str) -> None:
    """Sentences behind a closing, and an answer without any signature."""
    name, closing, block = NAMES[language], CLOSINGS[language][0], BLOCKS[language][0]
    for answer in ANSWERS[language]:
        assert split(answer, sender=name).text == answer
        assert split(f"{answer}\n\n{closing}", sender=name).text == f"{answer}\n\n{closing}"
        later = ANSWERS[language][1]
        assert later in split(f"{answer}\n\n{closing}\n{name}\n\n{later}", sender=name).text
        assert later in split(f"{closing}\n\n{later}\n\n{name}\n{block}", sender=name).text
        assert later in split(f"{answer}\n\n{closing}\n{name}\n{block}\n\n{later}", sender=name).text
        assert later in split(f"{answer}\n\n{closing}\n{name}\n\nPS: {later}", sender=name).text
