"""What the rules of reading say of sentences in several languages: who is meant, what a remark is worth, which day."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from rsvpbot.model import Address, Kind, PartStat, Reading
from rsvpbot.reading import read
from rsvpbot.reading.names import acronym, same_person
from tests.test_reading_english import EVENT, message


def reading(text: str, sender: str = "Jane Roe") -> Reading:
    return read(replace(message(text), senders=(Address(sender, "jane@roe.example"),)), EVENT, Kind.HUMAN)


class Row(NamedTuple):
    text: str
    partstat: str | None
    party: int | None = None
    names: tuple[str, ...] | None = None
    sender: str = "Jane Roe"


ALONE = [
    # A remark behind a plain yes denies something else; a reason behind "I would have loved to" turns nothing.
    Row("I'll be there. I don't know many people in this field, and I never learned to dress for it.", "accepted", 1),
    Row("I would have loved to come, but the ducks are moulting and somebody must count them.", "declined", 0),
    Row("I would love to come, but my son has an appointment that day. I will let you know on Thursday.", "tentative"),
    # Who is meant.
    Row("Moira Kincaid, who runs our clinic, will attend in my place.", "delegated", 1, ("Moira Kincaid",)),
    Row("I had a word with Rhys Morgan and he will come in my place.", "delegated", 1, ("Rhys Morgan",)),
    Row("M. Petit viendra à ma place.", "delegated", 1, ("Petit",)),
    # Whose names follow come, and of the writer that says nothing, unless they count themselves in.
    Row("The following persons will attend: Ana Lopez, Bert Meyer", "accepted", 2, ("Ana Lopez", "Bert Meyer")),
    Row("The following will attend: Ana Lopez and myself", "accepted", 2, ("Jane Roe", "Ana Lopez")),
    Row("Attending will be: Ana Lopez and Bert Meyer", "accepted", 2, ("Ana Lopez", "Bert Meyer")),
    Row("I confirm my attendance, as well as that of Bert Meyer.", "accepted", 2, ("Jane Roe", "Bert Meyer")),
    Row("Подтверждаю своё участие и участие Берта Мейера.", "accepted", 2),
    Row("I will not be absent.", "accepted", 1),
    Row("I will come. No need to send the escort, I have a pass.", "accepted", 1),
    Row("Wild horses could not drag me there.", "declined", 0),
    Row("Wild horses could not keep me away.", "accepted", 1),
    Row("I and the following persons will attend: Ana Lopez, Bert Meyer", "accepted", 3),
    # An office that writes "me" is a person who sends somebody else; a mission that registers somebody is not.
    Row("Please register Ana Lopez instead of me.", "delegated", 1, ("Ana Lopez",), "Office of the Ambassador"),
    Row("Please register Ana Lopez.", "accepted", 1, ("Ana Lopez",), "Permanent Mission of Utopia"),
    Row("Прошу записать вместо меня советника Ивана Орлова.", "delegated", 1, None, "Посол"),
    Row("السيدة نهى بركات، المستشارة، ستشارك في الاجتماع.", "accepted", 1, ("نهى بركات",), "البعثة الدائمة"),
    Row("会长陈刚及秘书李娜出席。", "accepted", 2, ("陈刚", "李娜"), "协会"),
    Row(
        "The Mission confirms its participation. It will be represented by Counsellor Torfinn Aggestam and Third "
        "Secretary Maite Ruokola.",
        "accepted",
        2,
        ("Torfinn Aggestam", "Maite Ruokola"),
        "Pernille Aggerholm",
    ),
    Row(
        "Asistirán:\nExcmo. Sr. D. Ignacio Sorolla Vives, Embajador\nSra. Lourdes Pedrosa",
        "accepted",
        2,
        ("Ignacio Sorolla Vives", "Lourdes Pedrosa"),
        "Misión Permanente",
    ),
    # The same person in two scripts, with initials, or by a nickname.
    Row("Я приду.\n\nБекзод Юлдашев", "accepted", 1, ("Бекзод Юлдашев",), "Bekzod Yuldashev"),
    Row("Участие подтверждаю. Е. В. Дорофеева", "accepted", 1, ("Елена Дорофеева",), "Елена Дорофеева"),
    Row("我来\n小王", "accepted", 1, ("小王",), "wanglei"),
    # The name behind a closing, a signature of initials, an office behind a name; nobody is counted twice.
    Row("J'y serai. Bien à vous, Sophie Lambrecht", "accepted", 1, ("Sophie Lambrecht",), "Sophie Lambrecht"),
    Row(
        "C'est mon collègue Joseph Etoundi qui viendra. Merci.\nMC Abega",
        "delegated",
        1,
        ("Joseph Etoundi",),
        "Marie-Claire Abega",
    ),
    Row("La Ministre viendra. Cordialement, Lise Aubert, secrétariat", "accepted", 1, (), "Cabinet"),
    Row("Je viendrai. Deux collègues viendront avec moi.", "accepted", 3, ("Jane Roe",)),
    Row(
        "Confirmo que acudirán ella, Verónica Chiriboga Andrade, y su asesor Patricio Guamán Toapanta.",
        "accepted",
        2,
        ("Verónica Chiriboga Andrade", "Patricio Guamán Toapanta"),
        "Despacho de la Viceministra",
    ),
    Row("Our Ambassador will attend; our Counsellor cannot.", "accepted", 1),
    Row("The Ambassador cannot come; our Counsellor will attend.", "delegated", 1),
    Row(
        "Je participerai. Deux de mes doctorantes viendront avec moi, Clémence Aubertin et Leïla Hamdaoui.",
        "accepted",
        3,
        ("Jane Roe", "Clémence Aubertin", "Leïla Hamdaoui"),
    ),
    Row("Yes, I will come. My mum is coming with me, hope that does not upset your numbers.", "accepted", 2),
    # Companions of a story are nobody's guests.
    Row("I will attend. My son spent forty days in a detention centre with my sister.", "accepted", 1, ("Jane Roe",)),
    # A condition on nothing is a yes without its accent.
    Row("si voy yo y mi bebe de 5 meses", "accepted"),
    Row("Si voy, les aviso.", "tentative"),
    # Days of travel and of other meetings.
    Row("My flight is on the 17th and I shall be there on the 20th.", "accepted", 1),
    Row("On the 19th I am in Washington. I will attend on the 20th.", "accepted", 1),
    # What asks nothing.
    Row("My granddaughter said: “Who, if not you?” I will attend.", "accepted", 1),
    Row("A Ana Reis vai por mim, ok?", "delegated", 1, ("Ana Reis",)),
    Row("Va Ana por mí, ¿vale?", "delegated", 1, ("Ana",)),
    # A perhaps about the hour is none about coming.
    Row("Я приеду, но немного опоздаю, раньше половины второго вряд ли доберусь.", "accepted", 1),
    # An office that sends two of its own comes.
    Row("我們會派兩位同事出席：麥嘉欣和鄧偉倫。", "accepted", 2, ("麥嘉欣", "鄧偉倫"), "香港難民兒童關注組"),
    # A registry says where a letter went, and nothing on coming.
    Row("Your letter of 30 August has been received and laid before the Deputy Minister.", None, None, (), "Registry"),
    Row("soooo sorry, I cannot come", "declined", 0),
    # No comma parts a greeting from its sentence.
    Row("Hola No iré, lo siento", "declined", 0),
    Row("Olá Não vou, desculpe", "declined", 0),
    Row("Hi Not attending", "declined", 0),
    Row("Hi Ana I can't come, sorry.", "declined", 0),
    Row("Dear all I cannot come, but Ana Lopez will attend.", "delegated", 1, ("Ana Lopez",)),
    Row("هلا ما أقدر أحضر، شكرا لكم", "declined", 0),
    Row("سعادة السفير مسافر يوم الثلاثاء، وسيحضر المستشار هاني يوسف.", "delegated", 1, ("هاني يوسف",)),
    # A signature is no list of who comes, whatever office stands beside the name.
    Row("我会去。\n\n法务处 赵慧娟", "accepted", 1, ("赵慧娟",), "赵慧娟"),
    Row("由我本人前往，同仁陪同。\n\n社會局副局長 趙慧娟", "accepted", 2, ("趙慧娟",), "趙慧娟"),
    Row("El embajador Luis Ruiz asistirá.\n\nLic. Saúl Ortega\nSecretario", "accepted", 1, ("Luis Ruiz",), "Embajada"),
    Row(
        "The following will attend.\n\nMr. Luis Ruiz\nMs. Ana Ortega",
        "accepted",
        2,
        ("Luis Ruiz", "Ana Ortega"),
        "Embassy",
    ),
    # A plain wish is a yes, and a need behind "but" turns nothing.
    Row("I would love to come, but I do not eat meat.", "accepted", 1),
    # Who says "I" from an office's address, and signs; a display name with a title.
    Row("I will attend.\n\nJane Roe", "accepted", 1, ("Jane Roe",), "Embassy of Norland"),
    Row("I will attend.", "accepted", 1, ("Lukas Meier",), "Ambassador Lukas Meier"),
    # In the place of the one who was said to stay away.
    Row("L'Ambassadeur ne pourra pas venir, je le remplacerai.", "delegated", 1, ("Jane Roe",)),
    Row("The Ambassador cannot attend. I will come instead.", "delegated", 1, ("Jane Roe",)),
    Row("O Embaixador não poderá ir, vou eu no lugar dele.", "delegated", 1, ("Jane Roe",)),
    Row("Посол не сможет прийти, его заменю я.", "delegated", 1, ("Иван Петров",), "Иван Петров"),
    # An organisation that somebody represents stays away from nothing.
    Row("I will attend, representing the Kenya Child Rights Coalition.", "accepted", 1, ("Jane Roe",)),
    Row(
        "I can't come, but Ben Okri will be there to represent the Child Rights Coalition.",
        "delegated",
        1,
        ("Ben Okri",),
    ),
    # An answer that somebody else will give is none yet.
    Row("The Minister will let you know.", "tentative"),
    Row("The Ambassador cannot attend. His deputy will let you know.", "declined", 0),
    # Who comes along or stands in, joined by "and", told in the next sentence, or without a name.
    Row("I'll be attending and my colleague Pieter Botha as well.", "accepted", 2, ("Jane Roe", "Pieter Botha")),
    Row("I am glad to attend and best wishes to Maria and your family as well.", "accepted", 1),
    Row("Приду с мужем. Его зовут Андрей Зимин.", "accepted", 2, ("Jane Roe", "Андрей Зимин")),
    Row("I am busy. Ana Lopez will come and represent me.", "delegated", 1, ("Ana Lopez",)),
    Row(
        "Posiblemente asistamos dos personas, el Ministro Pablo Erazo y yo.",
        "tentative",
        2,
        ("Jane Roe", "Pablo Erazo"),
    ),
    Row("I can't come but someone from our team will.", "delegated", 1),
    # Obstacles, and what is no obstacle to a plain yes; a denial that ends at the comma.
    Row("I did not see your mail, I will attend.", "accepted", 1),
    Row("I will attend. I am staying at my daughter's place in Edison.", "accepted", 1),
    Row("Un voyage à Nairobi m'empêchera de venir.", "declined", 0),
    Row("أؤكد لكم حضوري يوم 20 سبتمبر، غير أنني سأتأخر نصف ساعة. أعتذر مسبقاً.", "accepted", 1),
    # What stands under the own name is the signature; two scripts are one name; a trade behind it is none of it.
    Row(
        "I will attend.\n\nSamir Haddadin, MD\nPediatric Emergency Medicine, Paterson",
        "accepted",
        1,
        ("Samir Haddadin",),
        "Samir Haddadin",
    ),
    Row("没问题，我会到。\n\n吴薇玲 Goh Wei Ling\n社工，新加坡", "accepted", 1, ("吴薇玲",), "Goh Wei Ling"),
    Row("We will attend\n\nJane Roe, MD\nBen Okri, MD", "accepted", 2, ("Jane Roe", "Ben Okri")),
    Row("Thank you.\n\nJane Roe, MD\nRegrets", "declined", 0),
    Row("I will attend.", "accepted", 1, ("Maria de la Cruz Garcia Lopez",), "Garcia Lopez, Maria de la Cruz"),
    Row("Приду.\n\nАлла Бойко, детский хирург", "accepted", 1, ("Алла Бойко",), "Алла Бойко"),
    Row(
        "主辦單位台鑒：\n\n多謝邀請，本人將準時出席。\n\n劉詠詩大律師",
        "accepted",
        1,
        ("劉詠詩",),
        "劉詠詩",
    ),
    Row("Ваше письмо получено и передано на рассмотрение руководству.\n\nКанцелярия Уполномоченного", None, None, ()),
    # A name behind the writer's own yes is an address; what is greeted, or stands under a name, is no guest.
    Row("I'll be there, Ana.", "accepted", 1, ("Jane Roe",)),
    Row("I will attend, Jane Roe.", "accepted", 1, ("Jane Roe",)),
    Row("Приеду. Привет Петру Зимину.", "accepted", 1, ("Иван Петров",), "Иван Петров"),
    Row("Je viendrai.\n\nOusmane Ndiaye\nImam à Thiès", "accepted", 1, ("Ousmane Ndiaye",), "Ousmane Ndiaye"),
    # A piece of a sentence is no line of names.
    Row("我来。饭量不大，不吃辣。", "accepted", 1, ("张三",), "张三"),
    Row("我们一共来三个人。", "accepted", 3, ("张三",), "张三"),
    # A count stands for the list behind it, the writer included.
    Row(
        "Three people will attend: Ana Lopez, Omar Haddad and me.",
        "accepted",
        3,
        ("Jane Roe", "Ana Lopez", "Omar Haddad"),
    ),
    Row("Two staff members will attend: myself and Ana Lopez.", "accepted", 2, ("Jane Roe", "Ana Lopez")),
    Row("We will send two staff members: myself and Ana Lopez.", "accepted", 2, ("Jane Roe", "Ana Lopez")),
    # A name joined to the writer by "and", be it a word too.
    Row("Frank and I will come.", "accepted", 2, ("Jane Roe", "Frank")),
    Row("Maria and I will come.", "accepted", 2, ("Jane Roe", "Maria")),
    Row("Great and we will be there.", "accepted", 1, ("Jane Roe",)),
    # A mission that would be pleased to come, and names its people, comes.
    Row(
        "The Mission would be pleased to participate and will be represented by Ana Lopez.",
        "accepted",
        1,
        ("Ana Lopez",),
        "Mission of Norland",
    ),
    # Whoever comes on somebody's behalf is the one before the verb.
    Row("On behalf of the Minister, Ana Lopez will attend.", "accepted", 1, ("Ana Lopez",)),
    # Whoever has the invitation now was only told of it.
    Row("Bien reçu, merci. J'ai remis l'invitation à Madame la Consule.", None, None, ()),
]


@pytest.mark.parametrize("row", ALONE, ids=lambda row: str(row.text)[:50])
def test_read_without_a_person(row: Row) -> None:
    got = reading(row.text, row.sender)
    told = (got.partstat, got.party, got.names, got.reasons)
    assert not got.review, told
    assert (got.partstat.value if got.partstat else None) == row.partstat, told
    assert row.party is None or got.party == row.party, told
    assert row.names is None or set(got.names) == set(row.names), told


@pytest.mark.parametrize(
    "text",
    [
        "I hope Hungary will attend.",  # of whose coming nothing is known here
        "Vou na terça, dia 27.",  # our day of the week, another of the month
        "J'ai lu que le HCR participera.",  # and the writer?
        "My daughter would like to go.",  # and the writer?
        "Thank you for the invitation, that day my grandson unveils his boat.",  # a reason behind thanks
        "I would love to come, but the children are small.",  # every word behind the turn is an ordinary one
        "Je voudrais bien venir. Mais les enfants sont petits.",
        "Mon mari ne viendra pas.",  # and the writer?
        "I will be twenty minutes late. Apologies.",  # sorry to be late, or not to come?
        "I could only join late. Regrets.",
        "My assistant will let you know the flight.",  # a promise of something else
        "我会来，会上有无线话筒吗？",  # a question behind the answer
        "I cannot come. Could you send me the Discussion Paper?",  # whoever declines gets no letter with the paper
        "The Ambassador cannot come. I have no time to stand in.",
        "The President is away. I know nobody who can stand in.",
        "My wife cannot come. I shall take my seat.",
        "I'll come, maybe I won't buy presents.",  # unsure of something else: no perhaps
        "我会来，可能不买礼物了。",
        "I was asked to represent Ambassador Lund, but I cannot attend.",  # nobody comes instead
        "The Ambassador asked me to represent him, but I cannot attend.",
        "I was asked to represent Ambassador Lund, but I shall be in Geneva that day.",
        "I will attend. However, I have a prior engagement.",  # behind a "but" it is more than a remark
        "I would be pleased to attend. The Ambassador will be in Geneva that week.",  # and so may not the writer
        "I would be pleased to attend. My boss will be in Geneva that week.",
        "Rain and I will come.",  # and who?
        "Thursday works, Rain and I cannot come.",
        "您的信我转给同事了。他叫王明。",  # a name, and nobody who comes
        "I passed your letter to a colleague. His name is Omar Haddad.",
        "سأحضر مع زميلاتي.",  # with how many?
        "Приду с коллегами.",
        "Yes, but not in person.",
        "It would be a mistake to say that I'm not coming.",
        "It is wrong that I am coming.",
        "Whoever told you that I am coming is mistaken.",
        "Oui, mais pas en personne.",
        "Ce serait une erreur de dire que je ne viens pas.",
        "Sí, pero no en persona.",
        "Quien les dijo que voy se equivoca.",
        "Да, но не лично.",
        "Неправда, что я приду.",
        "Было бы ошибкой сказать, что я не приду.",
        "参加，但不是本人到场。",
        "说我不参加是错的。",
        "有人说我会参加，那是误会。",
        "نعم، لكن ليس حضوريا.",
        "من الخطأ القول إنني لن أحضر.",
        "من قال لكم إنني سأحضر مخطئ.",
        "Nadie me cubre el viaje.",  # is that a no?
        "I will attend with my colleagues.",
        "Je viendrai avec mes collègues.",
        "Asistiré con mis colegas.",
        "My colleagues will attend.",  # and the writer?
        "Mes collègues viendront.",
        "Mis colegas asistirán.",
        "Не смогу. Мама с папой приедут.",  # in the writer's place?
    ],
)
def test_left_to_a_person(text: str) -> None:
    assert reading(text).review


def test_a_place_far_from_a_name_sends_nobody() -> None:
    got = reading("Je ne pourrai pas y assister. En mon absence, vous pouvez contacter ma collègue Sarah Blanc.")
    assert got.review or got.partstat is PartStat.DECLINED


def test_a_choice_that_a_form_offers_is_no_answer() -> None:
    got = reading("Will you attend (Y/N): Y\nDo you hold a UN grounds pass (Y/N): N\nDietary needs: none")
    assert (got.partstat, got.grounds_pass, got.review) == (PartStat.ACCEPTED, False, False)


def test_a_long_letter_is_read_as_far_as_a_letter_goes() -> None:
    got = reading("I will attend. " + "The children drew boats on every wall that year. " * 120)
    assert got.partstat is PartStat.ACCEPTED
    assert any("not read to its end" in reason for reason in got.reasons)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Бекзод Юлдашев", "Bekzod Yuldashev", True),
        ("Щукина", "Shchukina", True),
        ("Юлдашев", "Yusupov", False),
        ("Е. В. Дорофеева", "Елена Дорофеева", True),
        ("А. В. Дорофеева", "Елена Дорофеева", False),
    ],
)
def test_one_name_in_two_forms(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same


@pytest.mark.parametrize(("name", "yes"), [("JRS", True), ("UNHCR", True), ("Ana", False), ("A", False), ("A1", False)])
def test_acronym(name: str, yes: bool) -> None:
    assert acronym(name) is yes


@pytest.mark.parametrize(
    ("text", "name", "email"),
    [
        ("I cannot come. Jane Doe <jane@x.example> will attend in my place.", "Jane Doe", "jane@x.example"),
        ("My colleague Jane Doe (Jane.Doe@x.example) will attend in my place.", "Jane Doe", "jane.doe@x.example"),
        ("I will be represented by Jane Doe.\nHer e-mail: jane@x.example.", "Jane Doe", "jane@x.example"),
        ("Je serai représenté par Mme Anne Roy, anne.roy@x.example.", "Anne Roy", "anne.roy@x.example"),
        ("En mi lugar asistirá Ana Pérez (ana@x.example).", "Ana Pérez", "ana@x.example"),
        ("Вместо меня придёт Анна Иванова, ivanova@x.example.", "Анна Иванова", "ivanova@x.example"),
        ("Jane Doe will attend in my place. Questions to me: invitee@x.example.", "Jane Doe", ""),
        ("Jane Doe (jane@x.example, copy to her office office@x.example) will attend in my place.", "Jane Doe", ""),
        ("Jane Doe will attend in my place.", "Jane Doe", ""),
    ],
)  # fmt: skip
def test_the_address_beside_a_delegates_name_is_theirs(text: str, name: str, email: str) -> None:
    written = replace(message(text), senders=(Address("Ada Lovelace", "invitee@x.example"),))
    got = read(written, EVENT, Kind.HUMAN)
    assert (got.partstat, got.delegate) == (PartStat.DELEGATED, Address(name, email))


def test_a_request_that_names_an_embassy_below_a_greeting_is_no_signature() -> None:
    text = (
        "تحية طيبة،\n\nأرجو تزويدي بخطاب دعوة رسمي مختوم موجه إلى السفارة الأمريكية في تونس لغرض التأشيرة.\n\n"
        "نجوى الورفلي\nطرابلس"
    )
    got = reading(text, "نجوى الورفلي")
    assert got.reasons and got.partstat is None
