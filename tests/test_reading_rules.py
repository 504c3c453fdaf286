"""What the rules of reading say of sentences in several languages: who is meant, what a remark is worth, which day."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from rsvpbot.model import Address, Asks, Kind, PartStat, Reading
from rsvpbot.reading import read
from rsvpbot.reading.names import acronym, same_person
from rsvpbot.reading.newtext import new_text
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
    # No comma parts the greeting from what is said; in capitals, and in a script without them, each word may be a name.
    Row("BONJOUR JE PARTICIPE A LA TABLE RONDE MERCI DE M INSCRIRE\nMARCEL TOUNKARA", "accepted", 1, None),
    Row("HELLO I WILL ATTEND.\nJANE ROE", "accepted", 1, ("Jane Roe",)),
    Row("DEAR SIR I AM UNABLE TO ATTEND", "declined", 0),
    Row("GOOD MORNING I CONFIRM MY ATTENDANCE WITH TWO COLLEAGUES THANK YOU", "accepted", 3),
    Row("Hello I Will Attend The Meeting", "accepted", 1),
    Row("MONSIEUR JE NE VIENDRAI PAS", "declined", 0),
    Row("BUENAS TARDES NO PODRE ASISTIR GRACIAS", "declined", 0),
    Row("OI VOU PARTICIPAR OBRIGADA", "accepted", 1),
    Row("ДОБРЫЙ ДЕНЬ НЕ СМОГУ ПРИЙТИ", "declined", 0),
    Row("УВАЖАЕМЫЕ КОЛЛЕГИ УЧАСТВУЮ", "accepted", 1),
    Row("HELLO YES\nJANE", "accepted", 1),
    Row("ДОБРЫЙ ДЕНЬ ДА", "accepted", 1),
    Row("مرحبا نعم", "accepted", 1),
    Row("السلام عليكم ورحمة الله نعم", "accepted", 1),
    Row("Hello pass, thx", "declined", 0),
    Row("Bonjour nous serons quatre : mon mari, mes deux enfants et moi.", "accepted", 4),
    Row("Здравствуйте буду, спасибо.", "accepted", 1),
    Row("Hola la invitación ha sido sometida a la consideración de Su Excelencia, quien dará respuesta.", "tentative"),
    # But an address is one.
    Row("YOUR EXCELLENCY THE MINISTER OF FOREIGN AFFAIRS\nI WILL ATTEND", "accepted", 1, ("Jane Roe",)),
    Row("BONJOUR MADAME MARIE DUPONT\nJE VIENDRAI", "accepted", 1, ("Jane Roe",)),
    Row("Dear Ms Will Able\nI cannot come.", "declined", 0),
    # In capitals a word that the language does not have is not yet a name, nor whatever stands behind a short one.
    Row("ПРИВ, ДА, Я С ВАМИ. ТОЛЬКО МНЕ ВЕГЕТАРИАНСКОЕ ЕСЛИ МОЖНО, И ЧТОБ БЕЗ ЛУКА", "accepted", 1),
    Row("ПОКА ТОЧНО СКАЗАТЬ НЕ МОГУ, ЗАВИСИТ ОТ ДЕЖУРСТВ. НАПИШУ В КОНЦЕ НЕДЕЛИ.", "tentative"),
    Row("OK, DESÇO ÀS 12H30.", "accepted", 1),
    Row("RECUPERO LENTAMENTE DE UM AVC E OS MÉDICOS NÃO ME DEIXAM VIAJAR ANTES DO NATAL.", "declined", 0),
    Row("ENCARREGA-ME O SENHOR EMBAIXADOR DE CONFIRMAR A SUA PARTICIPAÇÃO NA MESA-REDONDA.", "accepted", 1),
    Row("MY COLLEAGUES MS. GRACE AUMA AND MR. PETER KARIMI WILL ATTEND.", "accepted", 2),
    # A stop ends a sentence without a space behind it, too; but no address.
    Row("Já pedi o visto, a entrevista é dia 13.Se me derem o visto, estarei aí sem falta.", "tentative"),
    Row("I'll come.Thanks.My page is www.Jane.Roe.example and my mail Jane.Roe@x.Example.", "accepted", 1),
    # What the label of a form says is what stands behind it.
    Row("RSVP: no", "declined", 0),
    Row("RSVP: decline", "declined", 0),
    Row("RSVP : non", "declined", 0),
    Row("RSVP - no, thanks", "declined", 0),
    Row("RSVP: yes", "accepted", 1),
    # What is no more than a manner of speaking is no condition.
    Row("Salvo imprevistos, asistiré.", "accepted", 1),
    Row("Salvo que se hunda el mundo, allí me verán.", "accepted", 1),
    Row("Salvo imprevisto, estarei presente.", "accepted", 1),
    Row("Unless the sky falls in, I'll be there.", "accepted", 1),
    Row("Salvo cambios de agenda, asistiré.", "tentative"),
    # Of a party that comes, the names that follow are no open answer; whoever leads it comes along.
    Row("我们来四个人，我带队，另外三位的名字过两天报给你们。", "accepted", 4),
    Row("نفيدكم بأن الوزارة ستشارك بوفد من أربعة أشخاص، وسنوافيكم باسمي العضوين الآخرين لاحقا.", "accepted", 4),
    # What somebody is called, and the name with which they sign, are one person.
    Row("سأحضر\n\nسالم الشمري", "accepted", 1, ("سالم الشمري",), "أبو محمد"),
    Row("I am coming\n\nSamer Halabi", "accepted", 1, ("Samer Halabi",), "Abu Samer"),
    Row("ahí estaré\n\nLuis Arancibia", "accepted", 1, ("Luis Arancibia",), "lucho"),
    # A name that is a rank, too.
    Row("سنحضر أنا وزوجتي أميرة بن يوسف.", "accepted", 2, ("ماجد بن يوسف", "أميرة بن يوسف"), "ماجد بن يوسف"),
    # A "no" and its verb, however they are joined to what stands before.
    Row("Thank you for the kind invitation. Regret I will not be able to attend.", "declined", 0),
    Row("I'm flying home tonight, so I have to withdraw.", "declined", 0),
    Row("I am sorry to pull out.", "declined", 0),
    Row("Yeah nah, no go for me I reckon.", "declined", 0),
    # What may be missing from a phrase leaves none that says something else.
    Row("I'll be there unless I fall ill.", "tentative"),
    Row("I'll be there unless I drop dead.", "accepted", 1),
    Row("I'll be with you in person.", "accepted", 1),
    Row("I'll be with you in spirit.", "declined", 0),
    Row("I am with you in the struggle and will attend.", "accepted", 1),
    Row("I decided against the train and will fly in; see you there.", "accepted", 1),
    Row("I decided against coming.", "declined", 0),
    Row("Apologies for my absence.", "declined", 0),
    Row("I'm not about to let a bit of jet lag stand between me and this.", "accepted", 1),
    Row("I'm not about then.", "declined", 0),
    Row("I'm afraid you are stuck with me on the 20th.", "accepted", 1),
    Row("As the invitation comes with the job, I'm very pleased to accept it.", "accepted", 1),
    # Who was sent stands in, and not who sent them.
    Row(
        "Minister Comfort Boateng cannot travel. She has nominated the Director, Mr. Emil Quaye, to sit in for her.",
        "delegated",
        1,
        ("Emil Quaye",),
    ),
    # A note that speaks of its country by name is the mission's own.
    Row(
        "The Permanent Mission of Lusania presents its compliments and has the honour to inform that Lusania will be "
        "represented by Ambassador Duarte Meneses and Dr. Filipa Sequeira.",
        "accepted",
        2,
        ("Duarte Meneses", "Filipa Sequeira"),
    ),
    # Somebody else's leave is no reason of the writer's.
    Row("Bert Meyer is on leave and has to pass; I have no such excuse and will be there.", "accepted", 1),
    # A floor is no day.
    Row("See you on the 14th floor!", "accepted", 1),
    # A title that is a word too.
    Row("Dear Miss Petrakis,\n\nI'll be there.", "accepted", 1),
    Row("My dear Ms Halloran,\n\nI shall be there.", "accepted", 1),
    # Who comes with the writer comes beside them.
    Row("Jane Roe will attend with me.", "accepted", 2, ("Pat Doe", "Jane Roe"), "Pat Doe"),
    # What is said to one, or to a woman, is said as to all.
    Row("أخي فؤاد، سأوافيك بالرد قبل نهاية الأسبوع.", "tentative"),
    Row("دكتورة ليلى، أؤكد لك حضوري وأثمن لك جهودك. وفقك الله وسدد خطاك.", "accepted", 1),
    Row("أختي هيلين، اعذريني ما أقدر أحضر. بلغي سلامي للجميع والله يعطيك العافية.", "declined", 0),
    Row("أختي هيلين، مها قنديل ستحضر مكاني لأني مسافر.", "delegated", 1, ("مها قنديل",)),
    Row("أختي ستلد ذلك اليوم لكني سأحضر.", "accepted", 1),
    # An exception to a denial is a yes, and so is an obstacle denied.
    Row("لا يسعنا، وقد عملنا على هذا الملف سنوات، إلا أن نلبي دعوتك.", "accepted"),
    Row("لن يحول دون ذلك لا بعد المسافة ولا زحمة نيويورك، سأحضر.", "accepted", 1),
    Row("لا يسعني الحضور مع الأسف.", "declined", 0),
    # A silence that is no refusal; a pass that was one.
    Row("لا تفهموا صمتي على أنه رفض، سأحضر بإذن الله.", "accepted", 1),
    Row("لا تعتبري صمتي قبولاً، لن أستطيع الحضور.", "declined", 0),
    # Whoever is called by a word: "giant", "glad", "my night"; and a verb with the day behind it is somebody's.
    Row("وسيحضر نيابة عني الدكتور جبار الموسوي.", "delegated", 1, ("جبار الموسوي",)),
    Row("لن أتمكن من الحضور، وسيحضر مكاني القاضي المتقاعد أنطوان معلوف.", "delegated", 1, ("أنطوان معلوف",)),
    Row("الأستاذة إيناس البكري ستكون معكم يوم العشرين.", "accepted", 1, ("إيناس البكري",)),
    Row("الأستاذ كمال الطويل لن يسافر هذا الخريف.", "declined", 0),
    Row("سأحضر.\n\nمع كل الود\nسعيد بن عمر\nوهران", "accepted", 1, ("سعيد بن عمر",), "Said Ben Omar"),
    Row(
        "سأحضر.\n\nوتقبلوا فائق التقدير،\nد. عبد الإله بنجلون\nأستاذ القانون الدولي",
        "accepted",
        1,
        ("عبد الإله بنجلون",),
        "Abdelilah Benjelloun",
    ),
    # Another place is the journey's, or the colleague's office; a list behind a colon says who represents whom.
    Row("لن أستطيع حضور الاجتماع بسبب سفري إلى نيروبي.", "declined", 0),
    Row("جاية وجايبة معي رنا حداد من مكتبنا بعمّان.", "accepted", 2, ("Jane Roe", "رنا حداد")),
    Row(
        "تؤكد البعثة مشاركتها، وسيمثلها:\n1. السيد مهند كاظم، سكرتير أول\n2. الآنسة زهراء حيدر، ملحقة",
        "accepted",
        2,
        ("مهند كاظم", "زهراء حيدر"),
        "البعثة الدائمة",
    ),
    # "We are two:" counts, and says nothing of coming beside a perhaps.
    Row("سجلونا مبدئيا، نحن اثنان: أنا وزميلتي دينا مرزوق. لم يحسم الأمر بعد.", "tentative", 2),
    Row("نحن اثنان: أنا وزميلتي دينا مرزوق.", "accepted", 2, ("Jane Roe", "دينا مرزوق")),
    # Late, since another meeting in the house goes before.
    Row("سأحضر، ولا تشيلون هم إذا ما شفتوني من أول الجلسة، عندي اجتماع ثاني قبلها.", "accepted", 1),
    Row("عندي اجتماع ثاني في نفس الوقت، اعذروني.", "declined", 0),
    # It is impossible for him, or may be; a deputy is appointed; an earlier word still holds.
    Row("سعادة الوزير سيتعذر عليه الحضور مع الأسف.", "declined", 0),
    Row("وقد يتعذر على السفير الحضور.", "tentative"),
    Row(
        "القنصل العام سيتعذر عليه الحضور لارتباطات سابقة، وقد انتدب لتمثيله نائب القنصل السيد لطفي الصياد.",
        "delegated",
        1,
        ("لطفي الصياد",),
    ),
    Row("سعادة السفير يقبل الدعوة، وسيصطحب معه المستشار فيصل العلي.", "accepted", 2),
    Row("لم أكن لأفوت هذا اللقاء لولا أن ابنتي تزف في اليوم ذاته.", "declined", 0),
    Row("نعم ما زلت قادمة كما وعدت.", "accepted", 1),
    Row("أكون ممتنة لو سجلتم اسمي بين الحضور.", "accepted", 1),
    Row("لست متأكداً بعد. سأعود إليك خلال يومين.", "tentative"),
    Row("الفيزا ديالي ما خرجاتش، سمحو ليا.", "declined", 0),
    Row("الفيزا خرجات الحمد لله، غادي نجي.", "accepted", 1),
    # Whoever has the invitation now was only told of it.
    Row("Bien reçu, merci. J'ai remis l'invitation à Madame la Consule.", None, None, ()),
    # What was looked at, nearly done or begun is no open answer.
    Row("Nous avons examiné votre invitation ce matin. Nous ne serons pas des vôtres.", "declined", 0),
    Row("Nous examinons votre invitation.", "tentative"),
    Row("Je commençais ce message pour décliner. Ma réunion est annulée, je viens donc.", "accepted", 1),
    Row("Gentiment mais fermement, c'est non.", "declined", 0),
    Row("Je suis occupé ce jour-là, mais je ferai de mon mieux.", "tentative"),
    # A visa has its country; an age is the writer's.
    Row("Le visa américain m'a été refusé hier matin.", "declined", 0),
    Row("La traversée à la nage n'est plus de mon âge.", "declined", 0),
    Row("J'ai refusé une autre invitation pour venir à la vôtre.", "accepted", 1),
    # Another meeting that leads up to ours.
    Row("Je ne pourrai pas participer à la réunion préparatoire du 12, mais je serai là le 20.", "accepted", 1),
    Row("Je ne pourrai pas participer à cette réunion d'information.", "declined", 0),
    # Nobody should count on them, or wait.
    Row("Il ne faut pas compter sur moi, mon grand.", "declined", 0),
    Row("Vous pouvez compter sur moi.", "accepted", 1),
    Row("Merci de ne pas m'attendre.", "declined", 0),
    Row("Ne m'attendez pas pour déjeuner, j'arriverai à 13 h. Je viens bien sûr.", "accepted", 1),
    # Somebody in apposition comes along; whoever is greeted, or ate with the writer, does not.
    Row("J'accepte. Mon assistante de vie, Mlle Carole Nkoulou, m'accompagnera.", "accepted", 2),
    Row("Ma blonde m'accompagne, on sera deux.", "accepted", 2),
    Row("Ce n'est que partie remise. Vous saluerez de ma part Mme Lefebvre.", "declined", 0, ()),
    Row("Je viendrai ; je déjeune auparavant avec le Président.", "accepted", 1, ("Jane Roe",)),
    # Who sends somebody, and who can send nobody.
    Row("Je ne peux pas venir, mais je peux y envoyer quelqu'un.", "delegated", 1, ()),
    Row("Nous ne pouvons y envoyer personne.", "declined", 0),
    Row("Le directeur ne sera pas disponible et ne peut y envoyer quelqu'un.", "declined", 0),
    # A condition behind the stop after a no is one of something else.
    Row(
        "Je suis au regret de devoir décliner ; toutefois, si une captation est prévue, je la regarderai.",
        "declined",
        0,
    ),
    Row("I must decline; however, if there is a recording I would watch it.", "declined", 0),
    Row("Je dois décliner si mon visa n'arrive pas.", "tentative"),
    # Between "or" stand people of whom nobody comes, or other things than people.
    Row("Ni Ana Lopez ni moi ne viendrons.", "declined", 0),
    Row("Je viendrai. Pour toute question, écrivez à Ana Lopez ou à mon assistante.", "accepted", 1, ("Jane Roe",)),
    Row("Je viendrai le 20, en train ou avec ma collègue Ana Lopez.", "accepted", 2),
    Row("Je viendrai un ou deux jours avant.", "accepted", 1),
    # What somebody tries, or is half sure of; what a court wants of them; not before another day.
    Row("Je vais tout faire pour être là. Je vous tiens au courant.", "tentative"),
    Row("Je ferai tout pour que les enfants soient libres. Je viendrai.", "accepted", 1),
    Row("Ce sera avec plaisir inchallah.", "accepted", 1),
    Row("On m'a convoquée comme témoin le 20.", "declined", 0),
    Row("Je ne serai pas à New York avant le 22.", "declined", 0),
    Row("Je ne serai pas à New York avant le 19. Je viens donc le 20.", "accepted", 1),
    Row("Votre courrier a été reçu. Il y répondra personnellement à son retour de congé.", "tentative"),
    # Small talk that asks nothing.
    Row("Comment va la famille là-bas ? Ici ça va un peu, on se bat. Je ne viendrai pas.", "declined", 0),
    Row("Et c'est bien à partir de midi et demi ?", None),
    # Who does not come may be said without a verb, behind a comma or a dash.
    Row("Марина Цой придёт, Александр Вебер нет.", "accepted", 1, ("Марина Цой",), "Секретариат Фонда"),
    Row(
        "Марина Цой – да, будет у вас.\nАлександр Вебер – нет, он в это время на Лесбосе.",
        "accepted",
        1,
        ("Марина Цой",),
        "Секретариат Фонда",
    ),
    Row("Приду с коллегой. Пропуск у меня есть, а у коллеги нет.", "accepted", 2),
    # A "but" that opens the next sentence sets aside what might keep one away.
    Row("I have a lecture that day. But I will come.", "accepted", 1),
    Row("У меня в этот день лекция. Но я приду.", "accepted", 1),
    Row("На работе аврал, дети болеют. Но я всё равно приеду.", "accepted", 1),
    Row("Ce jour-là, je suis en congé. Mais je viendrai.", "accepted", 1),
    Row("В этот день я в отпуске. Но очень хотела бы прийти.", "declined", 0),
    Row("В этот день я на операции. Но придёт Анна Ким.", "delegated", 1, ("Анна Ким",)),
    # Who first thought of refusing; who cannot but come.
    Row("Сначала хотела отказаться: из Алматы лететь сутки. Но не приехать не могу.", "accepted", 1),
    # The verb itself tells who waits for a visa, whoever was spoken of before.
    Row("Консул сказал ждать. Если успеют – прилечу, если нет, то увы.", "tentative", None, ("Jane Roe",)),
    # An invitation that was passed on was only received; whoever hands it over now sends somebody.
    Row("Передала Ваше приглашение ректору. Ответ сообщу до конца недели.", "tentative"),
    Row("Передал приглашение коллегам.", None, None, ()),
    Row("Передаю приглашение коллеге, Лусине Давтян: она и пойдёт.", "delegated", 1),
    # What is asked to be passed on is the answer, and no request.
    Row("Инна Марковна просила передать, что прийти не сможет: грипп.", "declined", 0),
    # The beginning without one is a late arrival, and nobody's absence.
    Row("Начало без меня, на вступительные слова не успеваю, а со второй половины я весь ваш.", "accepted", 1),
    # Anniversaries in the family, a visit in one's country, illness at home.
    Row("С одной стороны Нью-Йорк. С другой – семидесятилетие тёщи, ровно двадцатого.", "declined", 0),
    Row("Двадцатого маме исполняется 80 лет.", "declined", 0),
    Row("Была бы счастлива, да муж после инсульта, одного не оставишь.", "declined", 0),
    Row("Пришла бы пешком, если бы не гипс.", "declined", 0),
    # A closing and a name in one line, and the office below it.
    Row("Приду.\n\nС уважением, Жанна Оспанова\nОФ «Бала құқығы»", "accepted", 1, ("Жанна Оспанова",)),
    Row("I will attend.\n\nBest, Jane Roe\nFreetown Legal Aid Foundation", "accepted", 1, ("Jane Roe",)),
    # What is still under way is no mere receipt; who is met for a coffee comes along with nobody.
    Row(
        "Представительство подтверждает получение приглашения и сообщает, что вопрос о представительстве находится в "
        "стадии согласования.",
        "tentative",
        None,
        None,
        "Представительство",
    ),
    Row("Письмо получено, кандидатура участника в настоящее время подбирается.", "tentative", None, None, "Посольство"),
    Row("Приеду, в том числе ради кофе с Хольм.", "accepted", 1, ("Jane Roe",)),
    Row("Приду на встречу с женой.", "accepted", 2),
    Row("Буду в красном платье, не перепутаете.", "accepted", 1),
    Row("К сожалению, в связи с производственной необходимостью моя поездка отменена.", "declined", 0),
    Row("Спасибо за документ! Таблица по странам – просто подарок для преподавателя.", None, None, ()),
    # An hour of prayer, a place and a day of the week are neither a request nor a question for a person.
    Row("Приду после намаза, к 13:30.", "accepted", 1),
    Row("Двадцатое – это же вторник? Тогда буду!", "accepted", 1),
    Row("спс! буду в 12:20 у входа", "accepted", 1),
    Row("С удовольствием принял бы участие, однако на эту дату назначена моя лекция в университете.", "declined", 0),
    # A greeting may end with an exclamation mark, and the letter go on in its line.
    Row("Уважаемая г-жа Хольм! Приду.", "accepted", 1, ("Jane Roe",)),
    Row("Dear Ms Holm! I will attend.", "accepted", 1, ("Jane Roe",)),
    # All that stands above may be taken back below.
    Row("Не смогу, лечу в Женеву. P.S. Не успела отправить! Всё, что выше, не считается, увидимся.", "accepted", 1),
    # Chinese: whom a letter addresses above it, what its closing wishes, and who signs below it, are no guests.
    Row("海伦：\n\n我确认参加。", "accepted", 1, ("Jane Roe",)),
    Row("尊敬的马丁·费舍尔：\n我会来的。", "accepted", 1, ("Jane Roe",)),
    Row("安娜，你好！\n那天有课，来不了。", "declined", 0),
    Row("海伦\n我会来的。", "accepted", 1, ("Jane Roe",)),
    Row("Ana Lopez,\nI will come.", "accepted", 1, ("Jane Roe",)),
    Row("出席人员：\n海伦\n安娜", "accepted", 2, ("海伦", "安娜"), "青年协会"),
    Row("王小明\n我会来的。", "accepted", 1, ("王小明",), "青年协会"),
    Row("我屆時自當出席。\n\n敬祝 教安\n\n簡文彬 謹上", "accepted", 1, ("簡文彬",), "簡文彬"),
    Row("我會到。\n此致\n敬禮！\n小凡", "accepted", 1, ("張小凡",), "張小凡"),
    Row("文彬屆時自當躬逢其盛。\n\n順頌 公綏\n\n簡文彬 謹上", "accepted", 1, ("簡文彬",), "簡文彬"),
    Row("我來不了，由賴昱廷代表我出席。\n敬頌 時綏\n小潔", "delegated", 1, ("賴昱廷",), "張小潔"),
    Row("实在分身乏术，抱歉。\n\n许文清 谨启\n社会学系", "declined", 0, (), "Dr. Xu Wenqing"),
    Row("我能参加。\n\n孙永强\n二〇一六年九月五日", "accepted", 1, ("孙永强",), "Sun Yongqiang"),
    Row("我能参加。\n\n孙永强 副教授\n北京大学社会学系", "accepted", 1, ("孙永强",), "Sun Yongqiang"),
    Row("我能参加。\n\n孙永强\n副教授\n社会学系\n电话：010-12345678", "accepted", 1, ("孙永强",), "Sun Yongqiang"),
    Row("我能参加。\n學生 孙永强 敬上", "accepted", 1, ("孙永强",), "Sun Yongqiang"),
    # Of several, the number is no part of the last name; who is called how may stand before more that is told.
    Row("陈立、王芳两位出席。", "accepted", 2, ("陈立", "王芳"), "青年协会"),
    Row("我和同事叶知秋两个人确定出席。\n\n青年部 江一帆", "accepted", 2, ("江一帆", "叶知秋"), "联合国协会青年部"),
    Row(
        "我会带两位学生一起来，其中一位叫彭朗，另一位还没选好，加上我一共三个人。",
        "accepted",
        3,
        ("胡静宜", "彭朗"),
        "胡静宜",
    ),
    # Whether or not is no denial; what hangs on a paper that may not come is undecided.
    Row("我先把那天空下来，周五以后再跟您确认会不会去！", "tentative"),
    Row("到底要不要去，我和家里商量一下再说。", "tentative"),
    Row("签下来了我就来，下不来就只能遗憾了。", "tentative"),
    Row("我不会去的。", "declined", 0),
    # A question by its form alone.
    Row("我怎么会缺席？", "accepted", 1),
    Row("您这样盛情的邀请，我岂敢不来？", "accepted", 1),
    Row("你都催到第三遍了，我还敢说不去？", "accepted", 1),
    # Not to have answered is no answer; why the answer comes late, and what stood above and is taken back, are none.
    Row("没回你不等于不来，我会到的。", "accepted", 1),
    Row("不好意思，在飞机上没信号刚落地。会议我能参加的。", "accepted", 1),
    Row("20号我在飞机上，没有信号，参加不了。", "declined", 0),
    Row(
        "真对不起，20号怕是来不了了，单位那天全员述职。\n\n述职改到月底了！前面那段你就当没看见，照原计划飞，会上见。",
        "accepted",
        1,
    ),
    # The first character of a longer word is no person; a visit to the doctor is no condition, an evening at work is.
    Row("我司将派人权处处长赵立平出席。", "accepted", 1, ("赵立平",), "外交部国际司"),
    Row("我和人权司的李强一起来。", "accepted", 2, ("王芳", "李强"), "王芳"),
    Row("我那天要看診，沒辦法過去，請許家豪代表我參加。", "delegated", 1, ("許家豪",), "廖美珍"),
    Row("不加班就去，看那天有没有空吧", "tentative"),
    Row("再忙我也去，不看加不加班。", "accepted", 1),
    Row("Tuesday见", "accepted", 1),
    # It is another office's business.
    Row("感谢来信。此事不归我处分管，已转国际合作处。", None, None, ()),
    Row("邀请函已收，不是我们科室负责，转外事办了。", None, None, ()),
    Row("此事不归我管，我不去。", "declined", 0),
    # A question of a form with its mark before the colon; what it asks of companions is no answer on coming.
    Row("Will you attend?: yes, gladly", "accepted", 1),
    Row("¿Asistirá?: no\n¿Pase ONU?: no, nunca he tenido", "declined", 0),
    Row(
        "Nombre: Teodoro Ruano\n¿Asistirá?: Claro\n¿Viene acompañado/a?: No\n¿Acompañantes?: ninguno",
        "accepted",
        1,
        ("Teodoro Ruano",),
        "Teodoro Ruano",
    ),
    # The reason for which one does not come on another day keeps nobody away on ours.
    Row("On the 13th I cannot come, I have a hearing. On the 20th I will be there.", "accepted", 1),
    Row("Al taller del 13 en Bogotá no puedo ir, tengo audiencia. El 20 allá nos vemos.", "accepted", 1),
    Row("Al foro del 13 no puedo ir, y el martes 20 estoy de viaje.", "declined", 0),
    # Of the two who were invited one comes: in nobody's place.
    Row(
        "De los dos directivos que ustedes invitaron, el señor Rafael Ochoa estará en la convención de Cartagena y no "
        "los podrá acompañar. La señora Ivonne Bettín sí asistirá.",
        "accepted",
        1,
        ("Ivonne Bettín",),
        "Cámara Hotelera",
    ),
    Row(
        "De las dos abogadas que invitaron ustedes, la doctora Irene Salcedo está con licencia médica y no podrá "
        "acompañarlos. La doctora Mabel Ottone sí asistirá.",
        "accepted",
        1,
        ("Mabel Ottone",),
        "Secretaría",
    ),
    # Asked back, before one says it.
    Row("¿Que si voy? Ni loca me lo pierdo.", "accepted", 1),
    Row("¿Que si voy? No puedo, tengo guardia ese día.", "declined", 0),
    Row("¿Que si voy? Depende de mi jefe.", "tentative"),
    # Who takes over the work, or fetches one, does not come along.
    Row("Mi compañera Dunia se ofreció a cubrirme el turno, así que sí voy.", "accepted", 1, ("Jane Roe",)),
    Row("Si mi compañera Dunia me cubre el turno, voy.", "tentative"),
    Row("Iré. Me recoge en el aeropuerto mi prima Luz Pérez.", "accepted", 1, ("Jane Roe",)),
    Row("Iré con mi prima Luz Pérez, que me recoge en el aeropuerto.", "accepted", 2, ("Jane Roe", "Luz Pérez")),
    Row("Llego con las compañeras de Tlaxcala, que vienen a otra cosa, así que a la mesa voy yo.", "accepted", 1),
    Row("Ya hablé con mi esposo y sí me dan permiso de ir.", "accepted", 1, ("Jane Roe",)),
    Row("No me dan permiso de ir.", "declined", 0),
    Row("Me dieron permiso de ir al médico ese día.", "declined", 0),
    Row("A ver si me dan permiso de ir.", "tentative"),
    # An "if" that supposes nothing, and those that do.
    Row("Claro que voy, si llevo años esperando que alguien pregunte.", "accepted", 1),
    Row("Voy, si hasta el lunes me dan la visa.", "tentative"),
    Row("si voy pero llego tipo 1 y media", "accepted", 1),
    Row("si voy pero solo si me dan el dia", "tentative"),
    # No way of coming, and no way of staying away; when an answer will be possible.
    Row("No hay manera de estar en Nueva York el 20. Os veré por los periódicos.", "declined", 0),
    Row("No hay manera de que me lo pierda.", "accepted", 1),
    Row("Recién en setiembre estaremos en condiciones de responder.", "tentative"),
    Row("No estaremos en condiciones de asistir.", "declined", 0),
    Row("En consecuencia, ahí me tendrá el día 20, puntual.", "accepted", 1),
    # An earlier answer stands; the word for it says which.
    Row("Mi confirmación sigue en pie.", "accepted", 1),
    Row("Mi no sigue en pie.", "declined", 0),
    # Strong words: they deny once, not twice.
    Row("No falto ni a palos.", "accepted", 1),
    Row("Ni en pedo voy.", "declined", 0),
    Row("No me subo a un avión ni amarrada. Vayan ustedes y hablen por mí.", "declined", 0),
    Row("No podré ir. Recen por mí.", "declined", 0),
    Row("De los dos invitados iré yo.", "accepted", 1, ("Jane Roe",)),
    Row("De las dos personas que invitaron iremos las dos.", "accepted", 2),
    # A day of one's own that is spent with us; what would be a pity is not done.
    Row("El 20 cumplo 70 años y no se me ocurre mejor manera de celebrarlo que estar con ustedes.", "accepted", 1),
    Row("No dia 20 faço 70 anos e não imagino melhor maneira de festejar do que estar convosco.", "accepted", 1),
    Row("No dia 20 faço 70 anos e não posso estar convosco.", "declined", 0),
    Row("Por supuesto que asistiré; faltar sería una descortesía imperdonable.", "accepted", 1, ("Jane Roe",)),
    Row("Asistiré, aunque sea con la pierna enyesada.", "accepted", 1),
    Row("No voy a llevar traje, pero ahí estaré.", "accepted", 1),
    Row("La Misión no estará en condiciones de hacerse representar.", "declined", 0, None, "Misión Permanente"),
    Row("Só um não: não como glúten. De resto, vou.", "accepted", 1),
    Row("Só um não: não vou.", "declined", 0),
    Row("Não me deixaram ir.", "declined", 0),
    Row("O dia 20 serve-me mal.", "declined", 0),
    # Surnames that are words too.
    Row("A Provedora designou a Dra. Ana Sereno para participar.", "delegated", 1, ("Ana Sereno",)),
    # What stands before the refusal leads to it.
    Row("I was going to say yes. But my boss reminded me of the audit that day. So I can't come.", "declined", 0),
    Row(
        "Ia responder que sim senhor, contem comigo. Entretanto a minha chefe lembrou-me de que nesse dia temos cá a "
        "inspecção. Portanto afinal não vai dar.",
        "declined",
        0,
    ),
    Row("Iba a responder que sí, cuenten conmigo. Pero ese día tenemos la auditoría. Así que no puedo.", "declined", 0),
    # The one of whom it was spoken is meant.
    Row("Falei com o Luís Gaudêncio e ele vai no meu lugar.", "delegated", 1, ("Luís Gaudêncio",)),
    # The same ways of speaking in Portuguese.
    Row("Participará?: Sim\nVem acompanhado/a?: Não", "accepted", 1),
    Row("Se eu vou? Claro que vou!", "accepted", 1),
    Row("Se eu vou? Não posso, tenho plantão nesse dia.", "declined", 0),
    Row("Se eu vou? Depende do meu chefe.", "tentative"),
    Row("Minha chefe trocou meu plantão, então vou sim!!!", "accepted", 1, ("Jane Roe",)),
    Row("Se a minha colega me cobrir o plantão, vou.", "tentative"),
    Row("A minha irmã fica com as crianças, por isso vou.", "accepted", 1),
    Row("A minha irmã vai comigo e fica com as crianças.", "accepted", 2),
    Row("Vou. Minha prima Luz Pires me busca no aeroporto.", "accepted", 1, ("Jane Roe",)),
    Row("Vou com a minha prima Luz Pires, que me busca no aeroporto.", "accepted", 2, ("Jane Roe", "Luz Pires")),
    Row("Já pedi licença à diretora e ela disse que sim. Vou.", "accepted", 1, ("Jane Roe",)),
    Row("Conversei com o meu marido e com o soba e vou.", "accepted", 1, ("Jane Roe",)),
    Row("Claro que vou, se estou há anos à espera disto.", "accepted", 1),
    Row("Saindo o visto a tempo, estou aí convosco; não saindo, fica só o desejo.", "tentative"),
    Row("Saindo do trabalho vou direto, estou aí convosco.", "accepted", 1),
    Row("Não há maneira de estar em Nova Iorque no dia 20.", "declined", 0),
    Row("Só em outubro estaremos em condições de responder.", "tentative"),
    Row("Não estaremos em condições de participar.", "declined", 0),
    Row("Cara, pode riscar meu nome da lista. Arrasem aí por nós!", "declined", 0),
    Row("Não perco nem a pau.", "accepted", 1),
    Row("Nem a pau eu vou.", "declined", 0),
    Row("Nem se eu quisesse dava pra voltar atrás. Vou!", "accepted", 1),
    Row("Não tenho quem fique com os meus três filhos nesse dia.", "declined", 0),
    Row(
        "A nossa presidente, Fátima Assane, vai viajar a Nova Iorque. Vai com ela a filha, Zainabo Nchumali.",
        "accepted",
        2,
        ("Fátima Assane", "Zainabo Nchumali"),
    ),
    # What is left of a French phrase where a part of it is missing says nothing else.
    Row("Notez-moi absent, merci.", "declined", 0),
    Row("Veuillez me compter parmi les absents.", "declined", 0),
    Row("Merci de nous inscrire comme excusés.", "declined", 0),
    Row("Inscrivez-moi.", "accepted", 1),
    Row("Vous pouvez m'attendre à 14 h.", "accepted", 1),
    Row("Veuillez ne pas m'attendre.", "declined", 0),
    Row("Je ne peux espérer venir.", "declined", 0),
    Row("Je ne peux pas manquer mon travail, je ne viendrai pas.", "declined", 0),
    Row("Je ne voudrais pas manquer cette rencontre.", "accepted", 1),
    Row("Je viendrai avec plaisir et vous prie d'excuser ma réponse tardive.", "accepted", 1),
    Row("Je vous prie d'excuser mon absence.", "declined", 0),
    Row("Je serai là, mais je n'aurai pas cette présentation prête à temps.", "accepted", 1),
    Row("Je n'aurai pas cette chance.", "declined", 0),
    Row("Il ne faut pas compter sur le métro ce jour-là, mais je viendrai.", "accepted", 1),
    Row("Je viendrai, je ne représente que moi-même.", "accepted", 1),
    Row("Je viendrai, je ne peux pas vous dire à quel point je suis ravie.", "accepted", 1),
    Row("Je viendrai, en attendant merci.", "accepted", 1),
    Row("Je viendrai si la salle est accessible.", "tentative"),
    Row("Dieu sait si je pourrai venir.", "tentative"),
    Row("J'ai mon visa en poche.", "accepted", 1),
    Row("Je viendrai : je reste dans la salle jusqu'à la fin.", "accepted", 1),
    # What is left of a Spanish phrase where a part of it is missing says nothing else.
    Row("Anótenme como ausente.", "declined", 0),
    Row("Ruego me incluyan entre los ausentes.", "declined", 0),
    Row("Me confirmo ausente.", "declined", 0),
    Row("Me confirmo para el martes.", "accepted", 1),
    Row("Pueden contar con mi ausencia.", "declined", 0),
    Row("Pueden contar con mi presencia.", "accepted", 1),
    Row("No asistiré, pero pueden contar con nuestro apoyo.", "declined", 0),
    Row("Mi respuesta es que no.", "declined", 0),
    Row("Mi respuesta es que sí.", "accepted", 1),
    Row("No podré asistir. Nos vemos el año que viene.", "declined", 0),
    Row("No iré. Hasta el martes no vuelvo de Chile.", "declined", 0),
    Row("Nos vemos el martes.", "accepted", 1),
    Row("Iré, pero no me da tiempo a leer el documento.", "accepted", 1),
    Row("No me da tiempo de llegar.", "declined", 0),
    Row("Asistiré; disculpen no poder responder antes.", "accepted", 1),
    Row("Disculpen no poder acompañarlos.", "declined", 0),
    Row("Iré, se lo debo a mi madre.", "accepted", 1),
    Row("Asistiré; no tendrán que esperarme.", "accepted", 1),
    Row("Iré, pero no puedo pasar de las cinco.", "accepted", 1),
    Row("Iré. Ya no soy la misma de antes.", "accepted", 1),
    Row("Asistiré y haré lo posible por ser puntual.", "accepted", 1),
    Row("Iré, en espera de sus noticias.", "accepted", 1),
    Row("No puedo menos que declinar.", "declined", 0),
    # What is left of a Portuguese phrase where a part of it is missing says nothing else.
    Row("Inscrevam-me como ausente.", "declined", 0),
    Row("Envio a minha confirmação de ausência.", "declined", 0),
    Row("Segue a minha confirmação de presença.", "accepted", 1),
    Row("Reservem o meu lugar a outra pessoa.", "declined", 0),
    Row("Guardem o meu lugar.", "accepted", 1),
    Row("Por nada deste mundo irei.", "declined", 0),
    Row("Não há como não ir!", "accepted", 1),
    Row("Não irei. Vou adorar ver o vídeo depois.", "declined", 0),
    Row("Vou adorar ver-vos.", "accepted", 1),
    Row("Estarei presente, não represento ninguém.", "accepted", 1),
    Row("Não trabalho na missão.", "declined", 0),
    Row("Irei. O hotel fica na próxima esquina.", "accepted", 1),
    Row("Irei, não temos ninguém com alergias.", "accepted", 1),
    Row("Não temos ninguém para enviar.", "declined", 0),
    Row("Irei, o médico proibiu o sal.", "accepted", 1),
    Row("O médico proibiu-me de viajar.", "declined", 0),
    Row("Não é desta cidade que venho, mas irei.", "accepted", 1),
    Row("Infelizmente, não é desta.", "declined", 0),
    Row("Irei. Desculpem a ausência de resposta.", "accepted", 1),
    Row("Irei, mas não posso sair depois das 17.", "accepted", 1),
    Row("Não falto ao trabalho, por isso não irei.", "declined", 0),
    # What is left of a phrase where a part of it is missing says nothing else.
    Row("Приду. Отказываюсь от обеда.", "accepted", 1),
    Row("Меня не интересует оплата, приеду за свой счёт.", "accepted", 1),
    Row("Неявка исключена. Не ждите меня внизу, приду сам.", "accepted", 1),
    Row("Если изменится ситуация, приду.", "tentative"),
    Row("Отдайте моё место другому.", "declined", 0),
    Row("Прошу исключить меня из списка участников.", "declined", 0),
    Row("ما أحضر.", "declined", 0),
    Row("إذا في فيزا سأحضر.", "tentative"),
    Row("سأحضر. سأفوت الغداء.", "accepted", 1),
    Row("سأفوتها للأسف.", "declined", 0),
    Row("منعني الطبيب من السفر.", "declined", 0),
    Row("我会去参加。昨天走不开，回复晚了。", "accepted", 1),
    Row("我会参加。对晚宴不感兴趣。", "accepted", 1),
    Row("我会参加。错过了您的电话。", "accepted", 1),
    Row("这次只能错过了。", "declined", 0),
    Row("会上见！", "accepted", 1),
    # Who is listed behind a colon is who comes, also where nothing stands below the names.
    Row("The following will attend:\n\nAndrej Holub\nMarta Sykora", "accepted", 2, ("Andrej Holub", "Marta Sykora")),
    Row("I will attend with the following colleagues:\n\nAndrej Holub\nMarta Sykora", "accepted", 3),
    Row("The following will attend:\n\nAndrej Holub\n\nJane Roe", "accepted", 1, ("Andrej Holub",)),
    Row("I will attend. My details:\n\nJane Roe\nDirector", "accepted", 1, ("Jane Roe",)),
    Row("Asistirán las siguientes personas: Juan Pérez y Ana López.", "accepted", 2, ("Juan Pérez", "Ana López")),
    Row("Participeront à la réunion : Paul Petit et Anne Grand.", "accepted", 2, ("Paul Petit", "Anne Grand")),
    Row("От нас будут:\n\nИван Петров\nАнна Лисицына", "accepted", 2, ("Иван Петров", "Анна Лисицына")),
    Row("Participarão: João Silva e Ana Lopes", "accepted", 2, ("João Silva", "Ana Lopes")),
    Row("سيحضر كل من: أحمد الشناوي وليلى حسن", "accepted", 2, ("أحمد الشناوي", "ليلى حسن")),
    # Who is named behind the verb and its event comes, and not who informs of it.
    Row(
        "La Mission a l'honneur d'informer que participeront à la table ronde le Conseiller Paul Petit et la "
        "Secrétaire Anne Grand.",
        "accepted",
        2,
        ("Paul Petit", "Anne Grand"),
    ),
    Row("La Mission informe que participera à la table ronde Mme Anne Grand.", "accepted", 1, ("Anne Grand",)),
    Row("I write on behalf of Ana Lopez, who is delighted to accept.", "accepted", 1, ("Ana Lopez",)),
    Row("I write for Ana Lopez, who is happy to attend.", "accepted", 1, ("Ana Lopez",)),
    # A country is nobody; an office that is called by a person's name is not a country's.
    Row("Kestovia accepts. Ambassador Ana Lopez will attend.", "accepted", 1, ("Ana Lopez",), "Embassy of Kestovia"),
    Row("Kestovia will attend.", "accepted", 1, (), "Permanent Mission of Kestovia to the United Nations"),
    Row("Marsh will attend.", "accepted", 1, ("Marsh",), "Office of Ambassador Marsh"),
    Row("Kestovia will participate with the following delegation:\n- Ana Lopez\n- Bert Meyer", "accepted", 2),
    Row("La Kestovia participará con la siguiente delegación:\n- Ana López\n- Juan Pérez", "accepted", 2),
    Row("Maria will attend with the following colleagues:\n- Ana Lopez\n- Bert Meyer", "accepted", 3),
    # A clerk signs below a letter about somebody else, from an office's address.
    Row(
        "Por instrucciones de la Mtra. Ximena Ibarrola les informo que ella los acompañará.\n\nQuedo a sus órdenes,\n\n"
        "Lic. Jacinto Robledo\nSecretario particular",
        "accepted",
        1,
        ("Ximena Ibarrola",),
        "Oficina de la Mtra. Ibarrola",
    ),
    Row("The Mission will send two people.\n\nMs Ana Lopez\nCounsellor", "accepted", 2, None, "Mission of Kestovia"),
    Row(
        "The Elders Council accepts. Attending:\n\n* Rabbi Saul Perlman\n* Chief Winona Redbird\n\nSincerely,\n"
        "Miriam Goldfarb (administrator, not attending)",
        "accepted",
        2,
        ("Saul Perlman", "Winona Redbird"),
        "Miriam Goldfarb",
    ),
    # The writer's own name heads a list, and signs nothing.
    Row("Attending:\nJane Roe\nAndrej Holub", "accepted", 2, ("Jane Roe", "Andrej Holub")),
    Row(
        "We are glad to take up the invitation. The people from our clinic will be these:\n\nJane Roe\nYesenia Duarte\n"
        "Wen-Li Hsu",
        "accepted",
        3,
        ("Jane Roe", "Yesenia Duarte", "Wen-Li Hsu"),
    ),
    Row("Will attend: Ana Lopez, Bert Meyer", "accepted", 2, ("Ana Lopez", "Bert Meyer")),
    Row("Attending: yes", "accepted", 1),
    # Through whom an office comes.
    Row(
        "This Mission is pleased to advise that it will participate in the person of Ms. Tamsin Okereke, Second "
        "Secretary.\n\nChancery",
        "accepted",
        1,
        ("Tamsin Okereke",),
        "Chancery",
    ),
    Row(
        "Esta Misión confirma que participará por intermedio de la Consejera Ana Ruiz.",
        "accepted",
        1,
        ("Ana Ruiz",),
        "Misión de Utopia",
    ),
    Row("Recibí la invitación por intermedio de mi colega Ana Ruiz. Asistiré.", "accepted", 1, ("Jane Roe",)),
    Row("سأحضر. قرأت أن الجلسة ستكون برئاسة البروفيسورة إنغريد هولم.", "accepted", 1, ("Jane Roe",)),
    # How many, told beside the names or anew.
    Row("Nous serons trois, moi-même et deux comédiens.", "accepted", 3),
    Row("Je vous confirme que moi, Jane Roe, ainsi que notre trésorière Ana Ruiz, serons présentes.", "accepted", 2),
    Row("上次说我一个人来,现在改为两人:加上我们所的副研究员卫蓝。", "accepted", 2, ("Jane Roe", "卫蓝")),
    Row("Eu vou, e levo um intérprete. Contem portanto com duas pessoas.", "accepted", 2),
    Row("We are down to two now: Callum Reyes and myself. Please take Anya off your list.", "accepted", 2),
    Row("你们20号会见到我。", "accepted", 1),
    Row("Очень хотелось бы, но 20-го вы меня не увидите.", "declined", 0),
    Row("Alas you will not be seeing us this time.", "declined", 0),
    # Doubts that are over.
    Row("I was in two minds about it. I shall come.", "accepted", 1),
    Row("I'm in two minds.", "tentative"),
    Row("Motivos de salud me impiden viajar por el momento.", "declined", 0),
    Row("Nada me impide asistir. Ahí estaré.", "accepted", 1),
    Row("El Embajador no podrá asistir; ha designado para que lo represente a Juan Pérez.", "delegated", 1),
    Row("Je vous prie de bien vouloir accepter mes excuses, je ne pourrai pas venir.", "declined", 0),
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
        "لا تعتبروا سكوتي قبولا.",
        "أكون ممتنة لو أرسلتم لي تسجيل اللقاء.",
        "سأحضر اللقاء في باريس.",
        "أعتذر عن الحضور، فهل يناسبكم أن أزوركم في اليوم التالي وأعرض عليكم ملاحظاتي على ورقة النقاش؟",
        "نؤكد حضور الدكتور جبار الموسوي. ونأسف لتعذر حضور الدكتور جبار الموسوي.",
        "من الخطأ القول إنني لن أحضر.",
        "من قال لكم إنني سأحضر مخطئ.",
        "Двадцатого я в Вене. Но я там буду до пятницы.",  # a "but" that does not bring one here
        "I am in Lisbon that week. But I will attend on the 21st.",
        "В этот день я в Вене. Но приеду к вам в октябре.",
        "Приду. Но не могу не выразить недоумения: вы третий раз обращаетесь ко мне «господин Штольц».",  # a complaint
        "Нет, спасибо, больше не пишите мне пожалуйста.",
        "В этом году семидесятилетие нашей организации.",  # and then?
        "Приглашение передала коллеге Лидии Кан.",  # does she come?
        "Приду. Где можно совершить намаз?",
        "Nadie me cubre el viaje.",  # is that a no?
        "I will attend with my colleagues.",
        "Je viendrai avec mes collègues.",
        "Asistiré con mis colegas.",
        "My colleagues will attend.",  # and the writer?
        "Mes collègues viendront.",
        "Mis colegas asistirán.",
        "Не смогу. Мама с папой приедут.",  # in the writer's place?
        "Two of the three of us will attend.",  # which number is the party's?
        "Only one of the two of us can come.",
        "Of the three people you invited, two will attend: Noah Barber and Jade Silla.",
        "Sur les trois invités, deux viendront.",
        "Deux d'entre nous trois viendront.",
        "De las tres personas invitadas, asistirán dos.",
        "Dos de nosotros tres iremos.",
        "三人中有两人出席。",
        "Ann Lee and Bo Ray will attend. Carl Fox is ill.",  # in whose place?
        "RSVP",  # yes, or may we?
        "Reply: no",  # to what?
        "y",
        "n",
        "Both",  # little words, and nothing besides
        "I would",
        "Why not",
        "Wrong address",
        "los dos",
        "i will come with john smith",  # nothing but their place gives names away
        "je viens avec florence bellivier et antoine bernard",
        "both oluwaseun farotimi and i are on board",
        "i can't be there myself, so i'm sending daniel lerner.",
        "Apologies, I have to pull out of Thursday's planning call, I've a dentist's appointment.",  # sorry for what?
        "Justement cette semaine-là nous sommes en vacances, billets pris.",  # to where?
        "Tuesday is fine for a call.",
        "You will have me worried.",
        "It's in my diary to call you.",
        "I'll be around if you need advice by phone.",
        "Apologies for my English.",
        "I am with you in this struggle.",
        "My health does not worry me.",
        "It is not up to me.",
        "We will attend to it shortly.",
        "I was invited to attend.",
        "You have recorded that I will attend. This is a mistake.",  # an answer that is only cited
        "Your letter says that I am unable to attend. That is wrong.",
        'As I wrote last week: "Yes, I will attend." Unfortunately that has changed.',
        "I never said that I will attend.",
        "Unfortunately Ana Lopez cannot come.",  # and the writer?
        "I will attend with my team.",  # with how many?
        "DEAR SIR PLEASE SEND ME THE AGENDA",  # the whole of it is no address
        "السلام عليكم عندي سؤال",
        "تحية طيبة أرجو إرسال جدول الأعمال",
        "Either Paul Castaing or I will attend.",  # and who?
        "Paul Castaing ou moi viendrons.",
        "Soit Paul Castaing soit moi, l'un de nous deux viendra.",
        "Je ne pourrai pas venir. Ana Lopez ou Paul Biko me remplacera.",
        "Je serai accompagné de mon collègue ou de ma directrice.",
        "Paul Castaing o yo asistiremos.",
        "Придёт Анна Иванова или я.",
        "Ana Lopez ou eu estaremos presentes.",
        "I will come with one or two colleagues.",
        "Je viendrai avec un ou deux collègues.",
        "Iremos dos o tres.",
        "Pas certain d'être de retour à temps. Gardez-moi une chaise.",
        "Je décline l'invitation, merci de l'adresser plutôt à notre section de Berne.",
        "Je participerai à la réunion préparatoire.",  # and ours?
        "Je viendrai. Nous n'acceptons pas la manière dont vous avez choisi les orateurs.",  # a complaint
        "Je pense que vous vous trompez de personne.",
        "没回复不代表我不来。",  # nor is it a yes
        "你们怎么能不来接我？",
        "他怎么能缺席？",
        "我能不来吗？",
        "我替爷爷回信：他一定到会。我要上课，就不去了。",  # whoever writes was not invited
        "¿Viene acompañado?: No",  # and the writer?
        "Me preguntan si iré.",
        "Mi colega Ana se ofreció a cubrirme en la mesa redonda.",
        "Me pregunta si tengo algún inconveniente en asistir. No.",  # that is a yes
        "No sé si mi asistencia sigue en pie.",
        "Vem acompanhado?: Não",
        "80% que sim!",
        "Não risquem o meu nome da lista, eu vou.",
        "Falei com o Luís Gaudêncio sobre a Ana Reis e ele vai no meu lugar.",
        "No hay mejor plan que estar con ustedes, pero ese día trabajo.",
        "É só para cancelar o hotel.",
        "Pedi licença à chefe e ela disse que não.",
        "🤷",  # a shrug is no answer
        "🤔",
        "😢",
        "🙏😢",
        "J'ai mon visa à demander d'abord.",
        "Mi respuesta es la misma.",
        "Doy mi conformidad para que se me excluya.",
        "Segue a minha confirmação de residência.",
        # What is left of a phrase where a part of it is missing is no answer.
        "Вычеркните отчество.",
        "Отказываюсь верить этим цифрам.",
        "Пропускаю через себя каждое слово документа.",
        "Мысленно уже с вами, приеду 19 сентября.",
        "Приду. Не ждите от меня больших речей.",
        "لا نرسل الوثائق بالبريد.",
        "ما حدا منا يأكل اللحم.",
        "أرفض الدعوة إلى الصمت.",
        "没人能告诉我地址。",
        "请登记我的新地址。",
        "把我列入抄送。",
    ],
)
def test_left_to_a_person(text: str) -> None:
    assert reading(text).review


@pytest.mark.parametrize(
    "text",
    ["I will come. I'm vegan ok?", "Iré. Soy vegana vale?", "Vou sim! Sou vegana tá?", "Vou sim! Sou vegana, tá?"],
)
def test_a_need_before_a_tag_is_told(text: str) -> None:
    assert reading(text).dietary == "vegan"


@pytest.mark.parametrize(
    "text",
    [
        "We are four: two from Geneva and two from New York will attend.",
        "I will attend with two colleagues, one of them vegetarian.",
        "I confirm the participation of three persons on 20 September at 12:30.",
        "Je serai accompagné de deux collègues le 20 septembre de 12h30 à 15h30.",
        "Seremos tres, uno de nosotros es vegetariano.",
        "A delegation of four, two of them from Geneva, will attend.",
    ],
)
def test_a_lesser_number_beside_the_party_is_not_its_size(text: str) -> None:
    got = reading(text)
    assert not got.review and got.partstat is PartStat.ACCEPTED and got.party in {3, 4}, got


@pytest.mark.parametrize(
    "text",
    [
        "hello where is the meeting",
        "what time does it start",
        "can you send me the address",
        "do I need to bring my passport",
        "HELLO WHERE IS THE MEETING",
        "bonjour a quelle heure commence la table ronde",
        "où se trouve l'entrée",
        "buenos días a qué hora empieza",
        "me pueden mandar la dirección",
        "olá onde é a reunião",
        "где будет встреча",
        "добрый день во сколько начало",
        "скажите пожалуйста какой адрес",
        "会议几点开始",
        "请问在哪里",
        "متى يبدأ الاجتماع",
        "السلام عليكم وين الاجتماع",
    ],
)
def test_a_question_without_its_mark_is_one(text: str) -> None:
    """Else it would be filed without a word: it says nothing on coming, and nothing that a person must see."""
    got = reading(text)
    assert got.asks is Asks.LOGISTICS and not got.review and got.partstat is None, got


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for the discussion paper.",
        "Thanks",
        "Hello,\n\nBest regards\nJane",
        "Well received with thanks.",
        "Bien reçu",
        "Спасибо большое",
        "شكرا جزيلا",
        "收到谢谢",
        "How kind of you to send the discussion paper.",
        "I know where the entrance is, thanks.",
        "Merci pour le document de réflexion.",
        "Спасибо за документ.",
        "谢谢您的文件",
    ],
)
def test_what_only_speaks_of_the_logistics_asks_nothing(text: str) -> None:
    got = reading(text)
    assert got.asks is None and not got.review, got


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


@pytest.mark.parametrize(
    ("need", "dietary"),
    [
        # An allergy is noted where one is told of; else what is not eaten.
        ("Pas d'œufs pour moi.", "no eggs"),
        ("Ma règle : sans œufs.", "no eggs"),
        ("Je ne mange pas d'œuf.", "no eggs"),
        ("Je mange de tout sauf des œufs.", "no eggs"),
        ("Je suis intolérante aux œufs.", "no eggs"),
        ("Je suis allergique aux œufs.", "egg allergy"),
        ("Allergie : œufs.", "egg allergy"),
        ("Je ne mange ni œufs ni lait.", "no eggs, dairy-free"),
        ("Je ne mange ni viande, ni œufs, ni laitages.", "vegan"),
        ("Pas de noix, merci.", "no nuts"),
        ("Pas de crustacés, merci.", "no shellfish"),
        ("Je ne mange pas de fruits de mer.", "no seafood"),
        ("Allergique aux noix, aux arachides et au lait.", "nut allergy, peanut allergy, milk allergy"),
        ("Je suis allergique au poisson.", "fish allergy"),
        ("J'évite les produits laitiers.", "dairy-free"),
        ("Je ne supporte pas le soja.", "no soy"),
        ("Pas de viande rouge.", "no red meat"),
        ("Repas : ni porc ni alcool.", "no pork, no alcohol"),
        # What somebody eats, or only says, is no need.
        ("Je suis végétarienne, mais je mange des œufs.", "vegetarian"),
        ("Je mange du porc.", None),
        ("Je ne suis pas allergique aux noix.", None),
        ("Je n'ai d'allergie ni aux noix ni aux œufs.", None),
        ("Aucune allergie.", None),
        ("Pas de problème avec les œufs.", None),
        ("On ne fait pas d'omelette sans casser des œufs.", None),
    ],
)
def test_a_need_is_noted_as_it_was_told(need: str, dietary: str | None) -> None:
    got = reading(f"Je viendrai. {need}")
    assert (got.partstat, got.review, got.dietary) == (PartStat.ACCEPTED, False, dietary), got.reasons


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Приду. Пропуск ООН у меня был, но просрочен.", False),
        ("Приду. Пропуск у меня был, но срок вышел.", False),
        ("Приду. Раньше был граундпасс, сейчас нет.", False),
        ("Приду. Пропуск ООН просрочил, пойду как гость.", False),
        ("Приду. Пропуск у меня был продлён в августе.", True),
        ("Приду. Пропуск у меня есть.", True),
        ("Нужен ли документ с фотографией, если нет пропуска ООН?", None),
        ("На каком этаже и нужен ли документ если нет пропуска ООН", None),
    ],
)
def test_who_held_a_pass_once_holds_none(text: str, holds: bool | None) -> None:
    got = reading(text)
    assert got.grounds_pass is holds and not got.review, got


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("I will attend with Ana Silva. Ana has a grounds pass, I do not.", None),
        ("I will come with my deputy Marc Petit, who holds a grounds pass.", None),
        ("I will come with Ana Silva, who does not have a UN pass.", None),
        ("Je viendrai avec mon adjoint, Marc Petit, qui a un badge ONU.", None),
        ("Asistiré con Ana Silva, que no tiene pase de la ONU.", None),
        ("We both have grounds passes and will attend.", True),
        ("My grounds pass is valid until December; I will come.", True),
        ("Ana Silva will attend in my place. She has a grounds pass.", True),
        ("Ms. Ana Silva will attend. She does not have a grounds pass.", False),
    ],
)
def test_the_pass_of_whoever_comes_along_is_not_the_invitees(text: str, holds: bool | None) -> None:
    assert reading(text).grounds_pass is holds


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I will attend. I need a sign language interpreter, can you provide one?", "sign language interpreter"),
        ("I accept. I have no grounds pass; can my assistant come too?", "no pass"),
        ("I will attend. I have no grounds pass; can you sponsor my visa?", "no pass"),
        ("I will come. I am vegetarian, could you book a hotel for me?", "vegetarian"),
    ],
)
def test_a_need_before_a_question_is_told_and_the_question_left_to_a_person(text: str, told: str) -> None:
    got = reading(text)
    assert told in (got.access, got.dietary, "no pass" if got.grounds_pass is False else None)
    assert got.review and got.partstat is PartStat.ACCEPTED


@pytest.mark.parametrize(
    "text",
    [
        "You will see me next year.",
        "Count me in next time!",
        "I shall be glad to come on another occasion.",
        "Je viendrai l'an prochain.",
        "Comptez sur moi la prochaine fois.",
        "Vous me verrez l'année prochaine.",
        "Vendré el año que viene.",
        "Cuenten conmigo en otra ocasión.",
        "Conte comigo na próxima.",
        "下次算我一个",
        "明年我会参加的。",
        "Если бы не вы, я бы не пришла.",
        "Me inscribo cuando sepa.",
    ],
)
def test_a_coming_at_another_time_is_none(text: str) -> None:
    got = reading(text)
    assert got.partstat is not PartStat.ACCEPTED or got.review, got


@pytest.mark.parametrize(
    "text",
    [
        "I will attend, as I shall next year.",
        "I will attend and look forward to future events.",
        "I'll be there on the 20th, and next year too.",
        "Je viendrai. À l'année prochaine aussi !",
        "Asistiré. El año que viene también.",
        "我会参加，以后再聊。",
    ],
)
def test_who_comes_now_and_at_another_time_too_comes(text: str) -> None:
    assert reading(text).partstat is PartStat.ACCEPTED


SENDERS = {"ru": "Ерлан Досмухамбетов", "ar": "عمر حداد", "zh": "王伟", "fr": "Erlan Dosmukhambetov"}


@pytest.mark.parametrize(
    "post", ["Chief Specialist, Migration Service Committee", "Senior Officer\nChild Protection Unit"]
)
@pytest.mark.parametrize(
    ("language", "text", "party"),
    [
        ("ru", "Приду.", 1),
        ("ru", "Приду с Ольгой Ким.", 2),
        ("ar", "سأحضر.", 1),
        ("ar", "سأحضر مع ليلى منصور.", 2),
        ("zh", "我会参加,同事李明一起来。", 2),
        ("fr", "Je viendrai avec Paul Petit.", 2),
    ],
)
def test_a_signature_in_english_brings_nobody_along(language: str, text: str, party: int, post: str) -> None:
    """Many sign so below a letter in their own script, by a name that is not written as in the header field From."""
    signed = {"ru": "Erlan Dosmukhambetov", "ar": "Omar Haddad", "zh": "Wang Wei", "fr": "Erlan Dosmukhambetov"}
    mail = replace(
        message(f"{text}\n\n{signed[language]}\n{post}"), senders=(Address(SENDERS[language], "invitee@reply.example"),)
    )
    got = read(mail, EVENT, Kind.HUMAN, new_text(mail))
    assert (got.partstat, got.party, got.review) == (PartStat.ACCEPTED, party, False), got


def test_posts_in_english_below_names_are_nobody() -> None:
    got = reading("Со мной приедут:\nJohn Smith, Director\nMary Jones, Chief Specialist", sender="Пётр Сидоров")
    assert {"Director", "Chief Specialist"}.isdisjoint(got.names) and "John Smith" in got.names


@pytest.mark.parametrize(
    ("text", "partstat"),
    [
        ("I have passed it on to our New York office.", None),
        ("I have forwarded your invitation to our legal department.", None),
        ("I have passed the invitation to Ana Silva, who will attend.", PartStat.DELEGATED),
        ("Je viens de remettre votre courrier à Monsieur le Recteur.", None),
        ("Je viens de soumettre l'invitation à la directrice.", None),
        ("Je viens avec plaisir.", PartStat.ACCEPTED),
        ("Yo paso por esta vez.", PartStat.DECLINED),
        ("Ignore my regrets, I'm free to travel after all. Crutches stay at home.", None),
        ("My crutches stay at home, I will come.", PartStat.ACCEPTED),
    ],
)
def test_what_is_said_of_a_letter_or_a_thing_is_nobodys_coming(text: str, partstat: PartStat | None) -> None:
    assert reading(text).partstat is partstat


def test_a_condition_of_something_else_makes_no_perhaps() -> None:
    text = "The ticket is bought, the early Acela on the 20th, into Penn around half past twelve if the signals behave."
    assert reading(text).review
    assert reading("I will come, if the visa arrives.").partstat is PartStat.TENTATIVE


@pytest.mark.parametrize("farewell", ["<x", "~ x", "(x", "… xx"])
def test_a_farewell_behind_a_sign_is_read(farewell: str) -> None:
    """Of such a line nothing is left that may be a name."""
    assert reading(f"I will come.\n\n{farewell}").partstat is PartStat.ACCEPTED


@pytest.mark.parametrize(
    "text",
    [
        "I thought my grounds pass was still valid but it has expired. I will be there.",
        "Je croyais que mon badge était encore valable, mais il est périmé. Je viendrai.",
        "Creía que mi pase seguía vigente, pero caducó. Asistiré.",
        "Я думал, что мой пропуск действителен, но он просрочен. Приду.",
        "كنت أظن أن بطاقتي الأممية ما زالت صالحة فإذا بها منتهية منذ آذار. سأحضر.",
        "我以为我的通行证还有效，结果上个月过期了。我会来。",
        "Personne parmi nous n'a de laissez-passer des Nations Unies. Nous viendrons à trois.",
        "我和太太都会到，两人的通行证都过期了，所以会走访客流程。",
    ],
)
def test_a_pass_that_one_thought_to_have_is_none(text: str) -> None:
    got = reading(text)
    assert (got.partstat, got.grounds_pass) == (PartStat.ACCEPTED, False), got


@pytest.mark.parametrize(
    ("text", "review"),
    [
        ("I shall not be attending. I find it shameful that no child was asked.", True),
        ("I shall not be attending, and would like someone senior to explain to me how the panel was chosen.", True),
        ("I won't be coming, let me explain: my mother is ill.", False),
        ("Je ne participerai pas. Je trouve cela indécent.", True),
        ("Участвовать не буду и прошу объяснить, кто принял такое решение.", True),
        ("لن أحضر، وأرجو أن تشرحوا لي كيف تم اختيار المتحدثين.", True),
        ("届时必当到场。签证需主办单位出具盖章的正式邀请函。", True),
        ("I will come. Please send the paper to my assistant at ann@assistant.example.", True),
        ("La Mission informe que la Mission participera avec joie à tout, et Mme Anne Grand.", True),
        # A list of something else than who comes, and two lists.
        ("I will attend. Please send the paper also to:\n\nAna Lopez\nBert Meyer", True),
        ("I will attend. My assistants are:\n\nAna Lopez\nBert Meyer\n\nBest,\nJane Roe", True),
        ("I accept. With thanks to:\n\nAna Lopez", True),
        ("Не смогут: Иван Петров. Будут: Анна Лисицына, Олег Ким.", True),
        ("No podrán: Juan Pérez. Asistirán: Ana López.", True),
        ("Ne pourront pas : Paul Petit. Viendront : Anne Grand et Luc Roux.", True),
        ("Elle sera accompagnée de :\n\n- Paul Petit\n- Luc Roux\n\nMme Anne Grand, ministre, viendra.", False),
        # Somebody else was sent first; only others stay away, and somebody is spoken of in words that were not read.
        ("Our director handed it to Alma Quist. She is ill, so I will be the one in the room instead of them.", True),
        ("Budget being budget, it is Callum Reyes and me. Please take Anya and Joost off your list.", True),
    ],
)
def test_what_a_person_should_see(text: str, review: bool) -> None:
    assert reading(text).review is review, reading(text)


def test_a_question_is_no_pass() -> None:
    assert reading("I'm delighted to accept. I do have a question.").grounds_pass is None


@pytest.mark.parametrize(
    ("text", "access"),
    [
        ("I'll come. I don't need a sign language interpreter.", None),
        ("I'll come. In July I asked for a wheelchair; I no longer need it.", None),
        ("I'll come. I use a wheelchair; I do not need an escort.", "wheelchair"),
        ("I use a wheelchair and don't need help with the door. I will come.", "wheelchair"),
        ("I don't need an escort, I use a wheelchair. I will come.", "wheelchair"),
        ("Je viendrai. Je n'ai plus besoin du fauteuil roulant.", None),
        ("Je viendrai. Pas besoin d'interprète en langue des signes.", None),
        ("Asistiré. Uso silla de ruedas, no necesito acompañante.", "wheelchair"),
        ("Irei. Já não preciso da cadeira de rodas.", None),
        ("Приду. Коляска больше не нужна.", None),
        ("Приду. Я на коляске, сопровождение не нужно.", "wheelchair"),
        ("سأحضر. لم أعد أحتاج الكرسي المتحرك.", None),
        ("我参加。会上不需要手语翻译。", None),
        ("我参加。我坐轮椅，不需要陪同。", "wheelchair"),
        ("我参加。不需要陪同，我坐轮椅。", "wheelchair"),
    ],
)
def test_what_one_can_do_without_is_no_need(text: str, access: str | None) -> None:
    got = reading(text)
    assert (got.partstat, got.access) == (PartStat.ACCEPTED, access), got


@pytest.mark.parametrize(
    "text", ["I will come. No need for lunch: I am vegan.", "Я веган, сопровождение не нужно. Приду."]
)
def test_a_need_beside_what_one_can_do_without_stays(text: str) -> None:
    assert reading(text).dietary == "vegan"


def test_what_was_said_in_an_earlier_letter_is_no_answer_now() -> None:
    text = (
        "Ignore what I sent you on Friday, when I said I was coming. Our board has called a session for that afternoon."
    )
    got = reading(text)
    assert got.review or got.partstat is not PartStat.ACCEPTED, got
    assert reading("I said I would be there and I will.").partstat is PartStat.ACCEPTED


def test_a_sentence_above_a_signature_is_no_post() -> None:
    text = (
        "Ambassador Tavita is unable to take part. Mr. Sione Fifita will attend in her place.\n\n"
        "Mr. Fifita holds a grounds pass.\n\nLosa Mataio\nPersonal Assistant"
    )
    got = reading(text, "H.E. Ambassador's Office")
    assert (got.partstat, got.names, got.grounds_pass) == (PartStat.DELEGATED, ("Sione Fifita",), True), got
