# ruff: noqa: E501  (tables of what people and machines write)
"""Machines and people that the corpus does not hold: one line each, written for these tests.

The two worst errors have tests of their own: a person's answer taken for a machine's, a machine's mail for a person's.
"""

from __future__ import annotations

from email.header import Header

import pytest

from rsvpbot.mail.parse import parse
from rsvpbot.mail.phrasebook import Phrases, Words, fold
from rsvpbot.mail.screen import screen
from rsvpbot.model import MACHINE_KINDS, Doubt, Kind, Verdict

OWN = frozenset({"rsvp@roundtable.example"})
UID = "roundtable-2016-09-20@roundtable.example"
TITLE = "Invitation: High-Level Roundtable on Ending Child Immigration Detention, 20 September 2016"
RE = f"Re: {TITLE}"


def screened(
    subject: str,
    text: str,
    *fields: str,
    sender: str = "Ana Ruiz <ana@mission.example>",
    reply: bool = True,
    html: bool = False,
    to: str = "rsvp@roundtable.example",
    path: str = "<ana@mission.example>",
) -> Verdict:
    head = [
        f"Return-Path: {path}",
        f"From: {sender}",
        f"Subject: {Header(subject, 'utf-8', maxlinelen=70).encode()}",
        f"Content-Type: text/{'html' if html else 'plain'}; charset=utf-8",
        "MIME-Version: 1.0",
        "Content-Transfer-Encoding: 8bit",
        *([f"To: {to}"] if to else []),
        *(["In-Reply-To: <invite-1@roundtable.example>"] if reply else []),
        *fields,
    ]
    return screen(parse("\r\n".join((*head, "", text)).encode()), OWN, UID)


AUTOMATIC = {
    "en header with comment and parameter": (
        RE,
        "Hello",
        'Auto-Submitted: Auto-Replied (vacation); owner-email="a@b.example"',
    ),
    "en header in capitals": (RE, "Hello", "AUTO-SUBMITTED: AUTO-GENERATED"),
    "en header folded": (RE, "Hello", "Auto-Submitted:\r\n auto-notified; owner-token=af3"),
    "en precedence": (RE, "Hello", "Precedence: Auto_Reply"),
    "en junk on a reply": (RE, "Away.", "Precedence: junk"),
    "en X-Autoreply": (RE, "Hello", "X-Autoreply: yes"),
    "en X-Autorespond": ("Hello", "Hello", "X-Autorespond: Hello"),
    "en iCloud": ("Auto reply: x", "Gone fishing.", "X-Apple-Action: VACATION"),
    "en Exchange rule": (RE, "Thanks.", "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"),
    "en Kerio": (RE, "Thanks.", "Delivered-To: Autoresponder"),
    "en SES WorkMail": (RE, "Thanks.", "X-Amazon-Auto-Reply: true"),
    "en OTRS": (RE, "Your ticket", "X-OTRS-Loop: support@desk.example"),
    "en suppress and words": (
        RE,
        "I am out of the office until Monday.",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
    ),
    "en Outlook, subject alone": (f"Automatic reply: {TITLE}", "In Geneva."),
    "en Lotus": (f"AUTO: Ana Ruiz is out of the office (returning 26.09.2016): {TITLE}", "I will be back."),
    "en plain subject": (
        RE,
        "I am out of the office until 26 September with limited access to e-mail. For urgent matters "
        "please contact Tom Bell, tom@mission.example. I will respond on my return.",
    ),
    "en on leave": (RE, "Thank you for your e-mail. I am currently on annual leave and will reply upon my return."),
    "en meetings in general": (
        RE,
        "Thank you for your message. I am travelling until Monday. For invitations to meetings, "
        "please contact my colleague. For anything urgent, call the office. I will reply to "
        "your message when I return.",
    ),
    "en left": ("Hello", "Please note that Ana Ruiz no longer works for the Mission. Please contact Tom Bell instead."),
    "en mailbox closed": (RE, "This mailbox is no longer monitored. Please write to office@mission.example."),
    "en receipt": (
        "We have received your message",
        "Thank you for contacting the Foundation. A member of our staff will get back to you within 5 working days.",
    ),
    "en ticket": (
        "[Ticket#2016091388] received",
        "Your request has been registered under case number 88. Our team will respond within two business days.",
    ),
    "en robot says so": ("Your letter", "This is an automated message. We attend to letters in the order received."),
    "en challenge": (RE, "Your message is being held. To have it delivered, click here to prove you are human."),
    "en receipt without structure": (
        f"Read: {TITLE}",
        "Your message\n  To: Ana\n  Subject: x\n  Sent: 1 September\nwas read on 2 September 2016.",
    ),
    "fr Outlook": (f"Réponse automatique : {TITLE}", "Je suis en mission."),
    "fr plain subject": (
        RE,
        "Je suis absent du bureau jusqu'au 26 septembre. En cas d'urgence, merci de contacter Luc.",
    ),
    "fr says so": (
        RE,
        "Votre message a bien été enregistré.\n\nCeci est un message automatique, merci de ne pas y répondre.",
    ),
    "fr left": (
        RE,
        "Madame Ruiz a quitté la Mission. Veuillez contacter M. Petit. Cette adresse n'est plus consultée.",
    ),
    "fr receipt": (
        "Accusé de réception",
        "Votre demande a bien été enregistrée sous le numéro de dossier 2016-88. "
        "Elle sera traitée dans les meilleurs délais par nos services.",
    ),
    "fr challenge": (
        RE,
        "Votre message est en attente. Cliquez ici pour vous authentifier, une seule fois pour toutes.",
    ),
    "es Outlook": (f"Respuesta automática: {TITLE}", "De vacaciones."),
    "es absence": (f"Fuera de la oficina: {TITLE}", "Vuelvo el lunes."),
    "es plain subject": (
        RE,
        "Me encuentro fuera de la oficina hasta el 26 de septiembre. Para asuntos urgentes, favor de "
        "contactar a Luis Gil. Responderé a su mensaje a mi regreso.",
    ),
    "es says so": (RE, "Su solicitud fue recibida con número de folio 88. Este correo fue generado automáticamente."),
    "es left": (RE, "Le informamos que Ana Ruiz ya no trabaja en esta institución. Contacte a Luis Gil."),
    "ru Outlook": (f"Автоматический ответ: {TITLE}", "В отпуске."),
    "ru short": (f"Автоответ: {TITLE}", "Вернусь 26 сентября."),
    "ru plain subject": (
        RE,
        "Здравствуйте! Я в командировке до 26 сентября. По срочным вопросам обращайтесь к Петрову. "
        "Отвечу на ваше письмо по возвращении.",
    ),
    "ru says so": (
        "Ваше обращение принято",
        "Обращение зарегистрировано под номером 88. Сообщение сформировано автоматически, отвечать на него не нужно.",
    ),
    "ru left": (RE, "Иванова больше не работает в представительстве. Обращайтесь к Петрову."),
    "ar Outlook": (f"رد تلقائي: {TITLE}", "أنا في إجازة."),
    "ar plain subject": (RE, "شكرا لرسالتكم. أنا خارج المكتب حتى 26 سبتمبر. للأمور العاجلة يرجى التواصل مع سالم."),
    "ar says so": (RE, "تم استلام رسالتكم. هذه رسالة تلقائية، يرجى عدم الرد عليها."),
    "ar absence": (f"خارج المكتب: {TITLE}", "سأعود يوم الاثنين."),
    "zh QQ": (f"自动回复: {TITLE}", "您好，来信已收到。"),
    "zh traditional": (f"自動回覆：{TITLE}", "謝謝您的來信。"),
    "zh plain subject": (RE, "您好！我正在休假，9月26日返回办公室。如有急事，请联系王强。邮件会尽快回复。"),
    "zh says so": (RE, "您的来信已收到。此邮件由系统自动发送，请勿回复。"),
    "zh left": (RE, "您好，李梅已离职，请联系王强。来信已收到。"),
    "de Outlook": (f"Automatische Antwort: {TITLE}", "Im Urlaub."),
    "de plain subject": (
        RE,
        "Vielen Dank für Ihre Nachricht. Ich bin bis 26. September nicht im Büro. In dringenden Fällen "
        "wenden Sie sich bitte an Frau Kübler.",
    ),
    "de notice": (f"Abwesenheitsnotiz: {TITLE}", "Bin ab Montag wieder da."),
    "pt Outlook": (f"Resposta automática: {TITLE}", "De férias."),
    "pt plain subject": (
        RE,
        "Estarei ausente até 26 de setembro, com acesso limitado ao e-mail. Para assuntos urgentes, "
        "contacte Rui Sá. Responderei no meu regresso.",
    ),
    "it Outlook": (f"Risposta automatica: {TITLE}", "In ferie."),
    "it plain subject": (
        RE,
        "Sono assente fino al 26 settembre. Per urgenze contattare Ugo Neri. Risponderò al mio rientro.",
    ),
    "nl Outlook": (f"Automatisch antwoord: {TITLE}", "Op vakantie."),
    "ja": (f"自動応答: {TITLE}", "不在です。"),
}


@pytest.mark.parametrize("case", AUTOMATIC.values(), ids=AUTOMATIC.keys())
def test_automatic_reply_is_one(case: tuple[str, ...]) -> None:
    subject, text, *fields = case
    verdict = screened(subject, text, *fields)
    assert verdict.kind is Kind.AUTO, verdict


def test_null_reverse_path_is_no_person() -> None:
    assert screened(RE, "Merci, à bientôt.", path="<>").kind is Kind.AUTO


def test_answer_from_an_address_that_nobody_reads() -> None:
    assert screened(RE, "Thanks!", sender="no-reply@desk.example").kind is Kind.AUTO


PEOPLE = {
    "Auto-Submitted: no": (RE, "Yes, I will attend.", "Auto-Submitted: no"),
    "Auto-Submitted: No (comment)": (RE, "Yes, I will attend.", "Auto-Submitted: No (a person); x=auto-replied"),
    "Auto-Submitted empty": (RE, "Yes, I will attend.", "Auto-Submitted:"),
    "X-Autoreply: no": (RE, "Yes, I will attend.", "X-Autoreply: no"),
    "suppress alone": (RE, "Gladly, see you there.", "X-Auto-Response-Suppress: DR, OOF, AutoReply"),
    "suppress, short": (RE, "ok", "X-Auto-Response-Suppress: All"),
    "inbox rules loop alone": (RE, "I accept with pleasure.", "X-MS-Exchange-Inbox-Rules-Loop: ana@mission.example"),
    "precedence normal": (RE, "I accept with pleasure.", "Precedence: normal"),
    "declines, on leave": (
        RE,
        "Thank you for the invitation. Unfortunately I will be on annual leave until 26 September.",
    ),
    "declines, away, deputy": (
        RE,
        "I am out of the country until the 25th and cannot attend. In my absence please contact "
        "my deputy, Tom Bell, who may come in my place.",
    ),
    "accepts, away before": (
        RE,
        "I am travelling until 15 September with limited access to e-mail, but I will attend. For "
        "anything urgent call my assistant.",
    ),
    "out of town": (RE, "Sorry, out of town that week."),
    "on mission": (RE, "I will be on mission in Nairobi on the 20th, my regrets."),
    "receipt by a clerk": (RE, "We have received your invitation and will revert once the Ambassador has decided."),
    "speaks of an automatic reply": (
        RE,
        "I got an automatic reply from you yesterday, so once more: yes, I will come.",
    ),
    "sends a bounce on": (
        "Fwd: Undeliverable: my answer",
        "My answer came back, see below. I accept.\n\n> Your message could not be delivered to one or more recipients.",
    ),
    "quotes our footer": (
        RE,
        "I confirm.\n\nOn 1 Sep 2016, Roundtable RSVP wrote:\n> This message was generated "
        "automatically, please do not reply.",
    ),
    "thanks only": (RE, "Thank you for your message."),
    "no longer works here, successor comes": (RE, "Ms. Ruiz no longer works here; I am her successor and will attend."),
    "unsubscribe is a joke": (RE, "Please unsubscribe me from this misery: I cannot come, I have a deadline."),
    "fr on leave": (
        RE,
        "Je suis en congé jusqu'au 26 septembre et ne pourrai pas participer. Merci de votre invitation.",
    ),
    "fr deputy": (RE, "Durant mon absence, M. Petit assistera à la table ronde à ma place."),
    "fr receipt": (RE, "Nous accusons réception de votre invitation et reviendrons vers vous."),
    "es on mission": (RE, "Estaré fuera hasta el 26, en misión oficial; no podré asistir. Gracias por su invitación."),
    "es receipt": (RE, "Acusamos recibo de su amable invitación, que será puesta en conocimiento del Embajador."),
    "ru on leave": (RE, "К сожалению, я в отпуске до 26 сентября и не смогу принять участие."),
    "ru travel": (RE, "Буду в командировке, вместо меня придет Петров."),
    "ar regrets": (RE, "أعتذر عن عدم الحضور لأنني في إجازة حتى 26 سبتمبر."),
    "ar accepts": (RE, "شكرا لدعوتكم الكريمة، سأحضر بإذن الله."),
    "zh on a trip": (RE, "谢谢邀请。我正在出差，20日无法出席，抱歉。"),
    "zh accepts": (RE, "邮件已收到，我会准时参加会议。"),
    "de on holiday": (RE, "Vielen Dank für Ihre Einladung. Ich bin im Urlaub und kann leider nicht teilnehmen."),
    "pt on leave": (RE, "Obrigada pelo convite. Estarei de férias até 26 de setembro e não poderei participar."),
    "it away": (RE, "Grazie dell'invito. Sono in ferie fino al 26 settembre, non potrò partecipare."),
    "subject of absence, no colon": ("Out of office on 20 September", "I can't make it to the roundtable, sorry."),
    "subject says read": ("Read and approved", "The Minister will attend the roundtable."),
    "subject in brackets": (f"[EXTERNAL] {RE}", "Yes, I'll be there."),
}


@pytest.mark.parametrize("case", PEOPLE.values(), ids=PEOPLE.keys())
def test_person_is_not_lost(case: tuple[str, ...]) -> None:
    subject, text, *fields = case
    verdict = screened(subject, text, *fields)
    assert verdict.kind is Kind.HUMAN, verdict


FRESH = {
    "accepts": ("Roundtable of 20 September", "The Mission confirms the participation of H.E. Ms. Ana Ruiz."),
    "newsletter in the signature": (
        "20 September",
        "I will attend.\n\n-- \nAna Ruiz\nFollow us on Twitter. Subscribe to our newsletter: http://ngo.example",
    ),
    "pays by transfer": (
        "Travel",
        "I accept the invitation. Is there a reimbursement by wire transfer? We offer help.",
    ),
    "hurried": ("hi", "count me in"),
    "blind copy": ("Our answer", "Dear Tom, I will attend the roundtable on the 20th.", ""),
    "caterer": ("Roundtable", "Who pays for our services at the roundtable? Our quotation is attached."),
    "reminder of documents": ("Documents", "Please find the shared document below; I will participate on the 20th."),
    "fr": ("Table ronde du 20 septembre", "J'assisterai à la table ronde. Merci de votre invitation."),
    "ru": ("Круглый стол", "Приму участие. Просим прислать программу."),
    "zh": ("关于圆桌会议", "我将出席20日的圆桌会议。请问需要发票吗？"),
}


@pytest.mark.parametrize("case", FRESH.values(), ids=FRESH.keys())
def test_person_who_writes_anew_is_not_lost(case: tuple[str, ...]) -> None:
    subject, text, *elsewhere = case
    verdict = screened(subject, text, reply=False, to="tom@mission.example" if elsewhere else "rsvp@roundtable.example")
    assert verdict.kind is Kind.HUMAN, verdict


BULK = {
    "list": ("[ngo-l] who goes?", "I will attend.", "List-Id: <ngo-l.lists.example>", "Precedence: list"),
    "newsletter, RFC 8058": ("News", "Read on.", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
    "precedence bulk": ("News", "Read on.", "Precedence: bulk"),
    "campaign": ("News", "Read on.", "X-Campaign: 88"),
    "unsubscribe by words": (
        "September digest",
        "In this issue: roundtables.\n\nTo unsubscribe, click here. You are receiving this because you subscribed.",
    ),
    "press release": ("FOR IMMEDIATE RELEASE", "A delegation will attend meetings.\nUnsubscribe | View in browser"),
    "fr newsletter": (
        "Lettre d'information",
        "Communiqué de presse\n\nPour ne plus recevoir ces messages, se désabonner.",
    ),
    "es newsletter": ("Boletín", "Comunicado de prensa\n\nSi no desea seguir recibiendo, puede darse de baja."),
    "ru newsletter": ("Новости", "Пресс-релиз. Чтобы отписаться от рассылки, нажмите здесь."),
    "ar newsletter": ("النشرة", "بيان صحفي. لإلغاء الاشتراك اضغط هنا."),
    "zh newsletter": ("通讯", "新闻稿。如不想再收到此类邮件，请退订。"),
    "fraud": (
        "CONFIDENTIAL",
        "I am the widow of a late client. My inheritance of ten million dollars needs a foreign partner; "
        "send your full name, address.",
    ),
    "phishing": (
        "Mailbox",
        "Your mailbox is full and will be suspended. Click here to verify your account within 24 hours.",
    ),
    "attendee list for sale": (
        "Attendee list",
        "We offer the attendee list with verified contacts at a discount. Our services include email list and SEO.",
    ),
    "zh invoices": ("合作", "我公司代开发票，优惠，加微信。"),
    "zh phishing": ("系统升级", "邮箱容量已满，请点击这里验证您的邮箱，否则停用您的帐号。"),
}


@pytest.mark.parametrize("case", BULK.values(), ids=BULK.keys())
def test_mailing_is_one(case: tuple[str, ...]) -> None:
    subject, text, *fields = case
    verdict = screened(subject, text, *fields, reply=False)
    assert verdict.kind is Kind.BULK, verdict


def test_undisclosed_recipients() -> None:
    assert screened("Offer", "Dear colleague", reply=False, to="undisclosed-recipients:;").kind is Kind.BULK


def test_no_reply_address() -> None:
    assert screened("News", "Read on", reply=False, sender="noreply@news.example").kind is Kind.BULK


def test_phishing_in_the_name_of_our_own_domain() -> None:
    text = "<p>Your password expires today. Click here to keep it.</p>"
    verdict = screened("IT helpdesk", text, reply=False, html=True, sender="it@roundtable.example")
    assert verdict.kind is Kind.BULK, verdict


def invitation(method: str, uid: str) -> str:
    return f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize("method", ["REQUEST", "PUBLISH", "CANCEL"])
def test_invitation_to_another_event(method: str) -> None:
    raw = (
        "From: a@arts.example\r\nTo: rsvp@roundtable.example\r\nSubject: Opening\r\n"
        f"Content-Type: text/calendar; method={method}\r\n\r\n{invitation(method, 'x@arts.example')}"
    )
    assert screen(parse(raw.encode()), OWN, UID).kind is Kind.BULK


def test_our_own_invitation_sent_back_is_no_mailing() -> None:
    raw = (
        "From: a@arts.example\r\nTo: rsvp@roundtable.example\r\nSubject: Re: Opening\r\n"
        f"Content-Type: text/calendar; method=REQUEST\r\n\r\n{invitation('REQUEST', UID)}"
    )
    assert screen(parse(raw.encode()), OWN, UID).kind is Kind.HUMAN


def test_reply_that_came_through_a_group() -> None:
    """A mission's people answer from a group's members: the group adds List- fields on the way."""
    fields = ("List-Id: <office.mission.example>", "Precedence: list", "List-Post: <mailto:office@mission.example>")
    assert screened(RE, "I will attend.", *fields).kind is Kind.HUMAN
    assert screened(RE, "I will attend.", *fields, sender="office@mission.example").kind is Kind.BULK
    assert screened("Hello", "I will attend.", *fields, reply=False).kind is Kind.BULK


def test_mailing_in_answer_to_us_is_one() -> None:
    fields = ("List-Id: <x.mailings.example>", "List-Unsubscribe: <https://mailings.example/u>", "Precedence: bulk")
    assert screened(RE, "Welcome! You will hear from us.", *fields).kind in MACHINE_KINDS


def test_lists_notice_to_a_poster_is_no_persons() -> None:
    text = "Your mail to 'Network' is being held until the list moderator can review it for approval."
    assert screened("Your message to Network awaits moderator approval", text).kind is Kind.BULK


@pytest.mark.parametrize("subject", [f"Out of office: {TITLE}", RE])
def test_where_only_words_tell_it_is_said(subject: str) -> None:
    text = "I am out of the office until Monday with limited access to e-mail. I will reply on my return."
    assert screened(subject, text).doubt is Doubt.SLIGHT
    assert screened(subject, text, "Auto-Submitted: auto-replied").doubt is Doubt.NONE
    assert screened(subject, f"{text} This is an automatic reply.").doubt is Doubt.NONE


def test_star_that_touches_a_letter_stands_for_the_rest_of_the_word() -> None:
    book = Phrases({"x": {"weight": 1, "en": ["delay*", "two * words", "end"]}, "y": {"weight": 2, "ar": ["حضور"]}})
    assert book.weigh(Words(fold("Delayed"))) == {"x": 1}
    assert book.weigh(Words(fold("two short words"))) == {"x": 1}
    assert book.weigh(Words(fold("two shortwords; ending; bend"))) == {}
    assert book.weigh(Words(fold("والحضور"))) == {"y": 2}
    assert book.weigh(Words(fold("محضور"))) == {}


def test_our_mailbox_may_be_a_group() -> None:
    fields = (
        "List-Id: <rsvp.roundtable.example>",
        "Precedence: list",
        "List-Unsubscribe: <mailto:x@roundtable.example>",
    )
    assert screened("Hello", "I will attend.", *fields, reply=False).kind is Kind.HUMAN


# --------------------------------------------------------------------------- harder ones: no field, no fixed phrase

AUTOMATIC_BY_SHAPE = [
    (
        RE,
        "Currently out of office, returning 14 September. For enquiries about the Geneva Forum please contact forum@m.example; for press enquiries press@m.example.",
    ),
    (RE, "I'm taking some time off and will be back at my desk on Tuesday 13 September. I'll read your message then."),
    (
        RE,
        "Merci de votre message. Je suis en congé du 1er au 15 septembre. Mes collègues du secrétariat prendront le relais : secretariat@m.example.",
    ),
    (RE, "Gracias por contactarnos. Hemos recibido su mensaje y nos pondremos en contacto con usted a la brevedad."),
    (RE, "Благодарим за обращение! Ваше сообщение получено, мы ответим в течение двух рабочих дней."),
    (RE, "شكرا لتواصلكم. تم استلام رسالتكم وسنعاود الاتصال بكم في أقرب وقت."),
    (RE, "您好，我正在休假，9月12日返岗，期间如有急事请联系同事小张。"),
    ("Auto-acknowledgement", "Thank you, your mail reached us."),
    (
        "Your e-mail to the Press Office",
        "Thank you for your e-mail. The Press Office is staffed from 9 to 17. We will get back to you as soon as possible.",
    ),
    ("Absence: Re: Invitation: High-Level Roundtable", "Ingrid is absent."),
    (
        RE,
        "I am away from the office from Monday, 5 September to Friday, 16 September. If your message requires immediate attention, please contact my assistant, Joy Adeyemi.",
    ),
    (
        "Out of Office - back 19 Sept",
        "Thank you for your note. I am at the Summit preparatory meetings and will answer as time allows.",
    ),
    (
        "Re: message received",
        "Your email to the Committee secretariat was received on 30 August 2016 at 10:04. It will be attended to in due course.",
    ),
    (
        RE,
        "Bonjour, absente jusqu'au 20 septembre. Votre message sera lu à mon retour. En cas de besoin : accueil@m.example",
    ),
    (RE, "Bonjour, je ne travaille pas le mercredi. Je vous répondrai dès jeudi."),
    (
        "Accusé de réception",
        "Votre courriel a été reçu par le service Protocole et sera traité dans l'ordre d'arrivée.",
    ),
    (RE, "Hola, estoy de vacaciones hasta el lunes 12. Durante mi ausencia, escriba a Paula (paula@m.example)."),
    (
        "Confirmación",
        "Estimado usuario, hemos registrado su mensaje con el folio 55120. Le responderemos en un máximo de 5 días hábiles.",
    ),
    (
        RE,
        "Здравствуйте! Я нахожусь в командировке по 16 сентября, доступ к почте ограничен. По срочным вопросам: Алексей, +7 555 0101.",
    ),
    (
        "Ваше письмо доставлено",
        "Ваше письмо доставлено в канцелярию. Регистрационный номер 4471. Отвечать на это уведомление не требуется.",
    ),
    (RE, "أنا حاليا في مهمة خارج البلاد حتى 18 سبتمبر. للأمور المستعجلة الرجاء الاتصال بالسيدة منى."),
    ("شكرا لتواصلكم معنا", "تم استلام بريدكم الإلكتروني وسيتم الرد عليكم خلال 3 أيام عمل."),
    (RE, "本人于9月5日至16日外出培训，期间邮件可能无法及时回复，急事请拨打手机。"),
    ("感谢您的来信", "您好！您的邮件我们已经收到，工作人员会尽快与您联系。"),
    (
        RE,
        "Ich befinde mich bis zum 18. September im Urlaub und habe keinen Zugriff auf meine E-Mails. Meine Vertretung: Jan Roth.",
    ),
    (RE, "Encontro-me ausente até 16 de setembro. Em caso de urgência, contactar o secretariado."),
    (
        RE,
        "Sono fuori ufficio fino al 16 settembre, con accesso limitato alla posta. Per questioni urgenti contattare il collega Rossi.",
    ),
    (RE, "The e-mail address you used is no longer valid. Please resend your message to info@m.example."),
    (
        "Delivery to spam filter",
        "The recipient uses a sender check. Confirm that you are a person by clicking below; you will only need to do this once.",
    ),
    (
        RE,
        "Hi there,\n\nI'm out until Thursday 15 September and will have little chance to look at e-mail. Sarah Mbeki (sarah@m.example) is looking after my files.\n\nBest,\nJonas",
    ),
    (
        RE,
        "Thanks for getting in touch. I only work Mondays and Tuesdays, so it may take a few days before you hear from me.",
    ),
    (
        "On leave",
        "I am on home leave from 25 August to 18 September. My e-mail will not be read during that time. Contact: Desk Officer, desk@m.example",
    ),
    (
        "Permanent Mission of Orsinia - acknowledgement",
        "Your correspondence has been received and forwarded to the competent officer. The Permanent Mission of Orsinia avails itself of this opportunity...",
    ),
    (
        "Re: your e-mail",
        "Dear sender, due to the high number of messages we cannot answer each one individually. Your message has been recorded.",
    ),
    (
        RE,
        "This person has left the organisation. Your message has not been forwarded. Please visit our website for current contacts.",
    ),
    (
        "Case 00318842: your enquiry",
        "Dear Sir or Madam, a case has been opened. You can follow its status at https://help.example/00318842. Please keep the case number in the subject.",
    ),
    (RE, "The University is closed from 1 to 11 September. Mails will be processed from 12 September."),
    (
        "Maternity leave",
        "I have swapped e-mail for nappies until January 2017! For work matters please write to team@m.example.",
    ),
    (
        RE,
        "Cher expéditeur, je suis en congé maternité jusqu'au 3 janvier 2017. Veuillez transmettre vos messages à bureau@m.example.",
    ),
    (
        RE,
        "Votre courriel est bien arrivé. Toutefois, l'équipe étant réduite durant l'été, nous vous répondrons à partir du 5 septembre.",
    ),
    (
        "Absence",
        "En déplacement jusqu'au 10 septembre, je ne consulte ma messagerie que de façon sporadique. Pour les urgences, merci de téléphoner au secrétariat.",
    ),
    (
        RE,
        "Madame, Monsieur, l'adresse à laquelle vous avez écrit n'est plus active. Merci d'utiliser désormais contact@m.example.",
    ),
    (
        "Votre demande n° 2016-4418",
        "Nous accusons réception de votre courriel, qui porte désormais la référence 2016-4418. Un agent vous répondra sous dix jours ouvrés.",
    ),
    (
        RE,
        "Estimado remitente: estoy de licencia hasta el 19 de septiembre. No tendré acceso al correo. Cualquier urgencia con mi asistente, al interno 204.",
    ),
    (
        "Ausente hasta el 12 de septiembre",
        "Gracias por escribir. En este momento no puedo responder. Volveré a la oficina el 12 de septiembre.",
    ),
    (RE, "La persona a la que escribe se ha jubilado. Para cualquier asunto diríjase a la Secretaría."),
    (
        RE,
        "Добрый день! До 19 сентября включительно я в отпуске, почту читаю редко. По срочным делам звоните Ирине Лапиной, доб. 14.",
    ),
    ("Отсутствую до 12.09", "Здравствуйте, меня не будет до 12 сентября. Замещает меня Сергей Ковров."),
    (
        "Ваше обращение № 7731",
        "Уважаемый заявитель! Ваше обращение поступило и зарегистрировано. Срок рассмотрения 30 дней.",
    ),
    (RE, "Сотрудник, которому вы пишете, уволен. Направляйте корреспонденцию на адрес info@m.example."),
    (
        RE,
        "السلام عليكم، سأكون في إجازة سنوية حتى 15 سبتمبر ولن أتمكن من متابعة البريد. للتواصل العاجل: مكتب الشؤون القانونية.",
    ),
    ("إجازة", "شكرا لرسالتكم، سأكون خارج البلاد حتى 20 سبتمبر وسأرد عليكم بعد العودة."),
    (
        "تم استلام رسالتكم رقم 4471",
        "نفيدكم بأنه تم استلام رسالتكم وإحالتها إلى الجهة المختصة، وسيتم التواصل معكم خلال خمسة أيام عمل.",
    ),
    (RE, "您好！我正在休年假（8月29日至9月16日），期间无法查收邮件。紧急事务请联系赵敏，电话 555-0101。"),
    ("出差中", "您好，我在外出差，邮件回复可能会有延迟，敬请谅解。"),
    ("您的来信已收到", "您好，您的来信已收到，我们会在3个工作日内处理。编号：20160830-118。"),
    (RE, "该用户已调离本单位，此邮箱将于近期停用，请联系新负责人。"),
    (
        RE,
        "Guten Tag, ich bin vom 29.8. bis 16.9. im Urlaub. Ihre E-Mail wird nicht weitergeleitet. Frau Thiel hilft Ihnen gern.",
    ),
    ("Abwesenheit bis 16.9.", "Ich bin zurzeit nicht erreichbar. Dringendes bitte an sekretariat@m.example."),
    (RE, "Olá! Estou de licença até 20 de setembro. Assuntos urgentes: Marta Reis, marta@m.example."),
    (
        RE,
        "Buongiorno, sono in ferie fino al 12 settembre e leggerò la posta al mio rientro. Per urgenze: segreteria@m.example",
    ),
    (
        RE,
        "Your mail was blocked by our filter because you have not written to this address before. Answer this message to be let through.",
    ),
    (
        "Out of the office",
        "I am attending the General Assembly's high-level week and will not be reading mail before 26 September. Write to office@m.example if it burns.",
    ),
    (
        "Gone until October",
        "Hello, I've left for the mountains. Back on 3 October. My colleague Pia (pia@m.example) knows everything.",
    ),
    (RE, "I'm on parental leave and back in January. Your message will not be read. Please write to pia@m.example."),
    (
        RE,
        "Sehr geehrte Damen und Herren, vom 1. bis 20. September bin ich nicht im Haus. Ihre Nachricht wird nicht weitergeleitet. Mit freundlichen Grüßen",
    ),
    (RE, "Bonjour, je suis absente du 29 août au 23 septembre inclus. Votre message ne sera pas transféré."),
    ("Je suis absente", "Merci de votre message. De retour le 26 septembre. Pour les urgences : secretariat@m.example"),
    (
        RE,
        "Estimados: por vacaciones, esta oficina permanecerá cerrada hasta el 20 de septiembre. Los mensajes recibidos se contestarán al volver.",
    ),
    (RE, "您好,本人9月1日至22日出差在外,不便查收邮件,有急事请致电办公室。"),
    (RE, "تحية طيبة، أنا في إجازة حتى 19 سبتمبر وسأطلع على رسالتكم فور عودتي."),
    (
        "Ticket 88123 opened",
        "Dear customer, we opened ticket 88123 for your message. Do not change the subject line when you reply.",
    ),
    (
        "Thank you for contacting Permanent Mission of X",
        "Your message was received and will be forwarded to the responsible desk. Office hours are 9 to 5.",
    ),
    (
        "Your application",
        "Your message has been registered. Registration number 2016/118. Please quote it in further correspondence.",
    ),
    (
        "Входящий № 118",
        "Ваше письмо зарегистрировано за № 118 от 30.08.2016. Ответ будет направлен в установленный срок.",
    ),
    ("Confirmation de lecture", "Votre message a été lu le 30 août 2016 à 10:12."),
    (RE, "The mailbox you wrote to (a.ruiz@m.example) will be shut down on 30 September as Ms Ruiz has retired."),
    (
        RE,
        "Mr Okoth is no longer with the Ministry of Foreign Affairs. Kindly redirect your correspondence to the Office of the Director.",
    ),
    (
        "Please verify yourself",
        "To stop spam I only accept mail from people I know. Please click the link once and your mail will reach me: http://v.example",
    ),
    (
        RE,
        "Merci de votre message. Le cabinet reçoit un grand nombre de courriels et y répondra dans un délai de dix jours.",
    ),
    (
        "Notification of receipt",
        "Dear Sir/Madam, this is to notify you that your e-mail arrived in the registry of the Ministry. Reference: 2016-88.",
    ),
]


BULK_BY_SHAPE = [
    (
        "Last seats: Diplomacy masterclass in Geneva",
        "Dear colleague, only five seats are left in our masterclass on multilateral negotiation. Fee: CHF 1,900; 15 % off for NGOs. Reserve at http://m.example.",
    ),
    (
        "Important: your mailbox",
        "We noticed a new login to your mailbox from Lagos. If this wasn't you, confirm your credentials here: http://x.example/secure",
    ),
    (
        "Proposal",
        "My name is Captain Doe, US Army in Kabul. I found 12.5 million dollars and need your assistance to move the fund. Reply for details in confidence.",
    ),
    (
        "UNICEF House tenants: fire drill",
        "NOTICE TO ALL TENANTS\nA fire drill takes place on 20 September at 11. Unsubscribe from building notices: http://b.example/u",
    ),
    (
        "Weekly bulletin no. 36",
        "This week: the summit, the side events, the people. Read more on our website. You get this bulletin as a subscriber. Unsubscribe.",
    ),
    (
        "Facture en attente",
        "Bonjour, votre facture n° 8812 reste impayée. Cliquez ici pour consulter le document: http://x.example",
    ),
    (
        "Сувениры для мероприятий",
        "Здравствуйте! Наша компания предлагает ручки, бейджи и ленты с логотипом по выгодной цене. Каталог во вложении.",
    ),
    (
        "Invitación: foro de inversiones",
        "Tenemos el agrado de invitarle al foro. Inscríbase ya, cupos limitados, tarifa especial hasta el viernes.",
    ),
    ("会议礼品定制", "您好，我公司专业定制会议礼品，厂家直销，欢迎来电咨询报价。"),
    ("عروض الفنادق", "إقامة فاخرة في نيويورك بخصم 30% لفترة محدودة. احجز الآن."),
    (
        "Hotel rooms for the General Assembly",
        "Dear delegate, our hotel is two blocks from the UN. Book now and enjoy a 20% discount on suites. Kind regards, Sales",
    ),
    (
        "Cocktail d'ouverture, 20 septembre",
        "La Maison des Arts a le plaisir de convier ses amis. Merci de confirmer votre présence. Pour ne plus recevoir nos invitations, répondez désabonnement.",
    ),
    ("Your invoice 8812", "Please find attached invoice. Payment overdue. View document: http://x.example"),
    (
        "UN grant approved",
        "Congratulations! You have been selected as beneficiary of a UN compensation fund, US$ 2,500,000. Contact barrister James.",
    ),
    ("Password", "Dear rsvp, your mailbox has exceeded its quota limit. Click here to upgrade your mailbox."),
    (
        "Side event invitation",
        "You are cordially invited to our side event on 21 September. Register now at http://x.example. Unsubscribe",
    ),
    ("Media advisory: Summit", "MEDIA ADVISORY. Journalists are invited to ..."),
    (
        "Web design services",
        "Hello, I visited your website and found it's not on the first page of Google. We offer SEO.",
    ),
    (
        "Survey",
        "Please take five minutes to fill in our survey http://x.example. If you no longer wish to receive these mails, opt out.",
    ),
]


PEOPLE_WHO_SOUND_LIKE_MACHINES = [
    (RE, "Until when may we name a second person?"),
    (RE, "Before I answer: who else is invited?"),
    (
        RE,
        "I'll be on vacation, but my colleague Rosa Lim would like to take my seat. Please contact her directly: rosa@m.example",
    ),
    (RE, "We will be closed for Eid that week. Please send the paper afterwards."),
    (RE, "Sorry for the slow reply, limited internet here in Juba. I'm in."),
    (
        RE,
        "Our intern forwarded your message to the wrong person. Ms. Park, no longer with us, cannot respond. Please write to me from now on. Kind regards, Hana",
    ),
    (
        RE,
        "The Permanent Mission acknowledges receipt of your message dated 30 August and has the honour to inform that it has been forwarded to Capital.",
    ),
    (RE, "Noted with thanks."),
    (RE, "Received. Thank you."),
    (RE, "Thank you for your e-mail. Due to prior engagements until 25 September the Director is unavailable."),
    (RE, "I'm abroad until 30 September. Regards"),
    (RE, "Pas disponible. Je suis en mission du 15 au 25 septembre. Cordialement"),
    (RE, "Je serai absente, mais Karim Diallo me remplace. Merci de l'inscrire."),
    (RE, "Votre message m'est bien parvenu. J'attends l'avis du Ministre."),
    (RE, "Estoy de vacaciones y sin acceso a mi agenda. Responderé la semana próxima si puedo ir."),
    (RE, "En mi ausencia, la Dra. Solís representará a la Defensoría."),
    (RE, "Меня замещает Ольга Крылова, она и придет. Я в отпуске."),
    (RE, "К сожалению, до 25 сентября я на больничном."),
    (RE, "أنا في إجازة مرضية، وستنوب عني الأستاذة منى الحسن."),
    (RE, "وصلت رسالتكم، وسنوافيكم بالرد بعد التشاور مع السفير."),
    (RE, "您好，邮件已收到，待大使回国后答复。"),
    (RE, "本人已退休，请改邀我的继任者王强。"),
    (RE, "Ich bin in Elternzeit. Meine Kollegin Frau Thiel würde gern teilnehmen."),
    (RE, "Não poderei ir, estou de licença. Em meu lugar irá a Dra. Reis."),
    (RE, "Non ci sarò, sono in missione a Nairobi fino al 25."),
    ("Attendance", "1. Ana Ruiz 2. Tom Bell"),
    ("Re: Fwd: invitation", "See below from the Minister's office: he accepts."),
    ("Urgent", "Dear colleague, please confirm my place as soon as possible, I need the letter for my visa. Amina"),
    ("Visa", "I need an invitation letter with your account of who pays the hotel. Can you confirm?"),
    ("Accreditation", "Our TV crew would like to film. Media contact: Lena Ost."),
    (
        RE,
        "Dear all, Friday is my last day at the Mission; from Monday my colleague Amit Rao takes over and will come instead of me.",
    ),
    (
        RE,
        "Many thanks for your message. I am checking with my director, who is away until Monday, and will reply by Tuesday.",
    ),
    (RE, "I am in the field with poor internet until the 10th. Will let you know after."),
    (RE, "Thanks. Our office is closed on Fridays so I only saw this today. Please add Ms. Lee and me to the list."),
    (RE, "Is there a deadline? I return on 12 September and could answer then."),
    (RE, "My apologies for the delayed reply, I was on leave. Happy to attend."),
    (RE, "Apologies, I'm on maternity leave. Warm wishes for the day, Rosa"),
    (RE, "Please write to my assistant Joy for the details of my arrival. See you on the 20th."),
    (RE, "The High Commissioner is on mission that week. Mr. Park (park@m.example) will sit in for her."),
    (RE, "Could you call me? It is urgent. My assistant is out of the office."),
    (
        RE,
        "Merci pour votre message. Je suis en vacances jusqu'au 5 septembre et vous donnerai ma réponse à mon retour.",
    ),
    (RE, "Je transmets à Madame la Directrice, absente jusqu'au 12."),
    (RE, "Bonjour, notre bureau sera fermé ce jour-là. Dommage !"),
    (RE, "Recibido, muchas gracias. Estoy fuera hasta el lunes; le confirmo a mi vuelta."),
    (RE, "No me será posible: estaré de licencia."),
    (RE, "Письмо получила. Начальник в отпуске до 12 сентября, решим после его возвращения."),
    (RE, "Меня в эти дни не будет в городе."),
    (RE, "المدير في إجازة حتى 10 سبتمبر وسنرد عليكم بعد عودته."),
    (RE, "للأسف سأكون خارج البلاد."),
    (RE, "主任出差，回来后再答复您。"),
    (RE, "我届时在国外休假，祝活动顺利。"),
    (RE, "Bin in der Woche leider auf Dienstreise. Frau Thiel vertritt mich."),
    (RE, "Estou fora do país nessa semana. Obrigado!"),
    (RE, "Grazie, ma sono in ferie."),
    (RE, "Our registry has given your invitation the reference number 2016-88. The Ambassador will take part."),
    ("Re: table ronde", "Nos services ont bien reçu votre invitation; la Directrice sera présente."),
    (
        "Details",
        "We have received the logistics note, thank you. One of our colleagues will bring a service dog; our team will be three.",
    ),
    (
        "Delegation of Orsinia",
        "Please register the following: 1. H.E. Ana Ruiz 2. Tom Bell. Our account manager needs an invoice for the catering fee.",
    ),
    (
        "UNICEF House",
        "Is the 14th floor reachable by wheelchair? I read on your website that registration is open from noon.",
    ),
    ("Roundtable", "Dear friends, we gladly accept. Our newsletter will carry a report; a press release follows."),
    (RE, "Dear organisers, I'm just back from leave and have only now read your message. May I still come?"),
    (RE, "Please use my new e-mail address, the old one will be deactivated. And yes, count me in!"),
    (
        RE,
        "Thank you for your message. Unfortunately I leave the mission on 15 September; my successor is not yet named.",
    ),
    (RE, "I'm afraid I'm on sick leave till October. Best wishes for the event."),
    (RE, "On travel that day. Regards, J."),
    (RE, "Je serai en congé à cette date. Bonne continuation."),
    (RE, "Désolée, je suis en déplacement jusqu'au 22."),
    (RE, "Я буду в отпуске до конца сентября, извините."),
    (RE, "Спасибо за письмо! Передала шефу, ответим на этой неделе."),
    (RE, "سأكون مسافرة في ذلك التاريخ، مع الشكر."),
    (RE, "شكرا على رسالتكم، سنرد عليكم قريبا."),
    (RE, "您好，我那周在休假，谢谢。"),
    (RE, "来信收到，待领导批示后回复。"),
    (RE, "Estaré de vacaciones, gracias de todos modos."),
    (RE, "Gracias por su mensaje. Lo consulto con la Embajadora y les aviso."),
    (RE, "Ich bin dann im Urlaub, schade!"),
    (RE, "We have moved: our new address is below. We will be two on the 20th."),
    (RE, "Ms. Ruiz has left the Mission. I'm her successor; please send the invitation to me. Tom Bell"),
    (
        RE,
        "Your request has been passed to the Ambassador's office; we will get back to you within a week. Kind regards, Lena (Registry)",
    ),
    (
        RE,
        "The Minister is travelling until the 18th; for urgent matters please contact me. I will confirm his attendance as soon as I can.",
    ),
    (RE, "I did not get your first e-mail; it was in quarantine. Yes, I'm coming."),
    (RE, "ok merci bien reçu"),
    (RE, "Please confirm that you received my answer; last time I only got an automatic reply."),
    ("Sick", "I'm ill and can't travel. Sorry! Lea"),
    ("Confirmation of receipt", "Dear colleagues, we confirm receipt of your invitation. H.E. will attend."),
    ("Ticket", "Do I need a ticket for the roundtable?"),
    ("Request: second seat", "May I bring my deputy to the meeting?"),
    ("Case of Ms. Ruiz", "She can't come, visa refused."),
    ("Out of office", "I'm out of office on the 20th, sorry - can't attend."),
    ("Absence", "Je ne pourrai pas participer à la table ronde."),
    (RE, "Dear colleagues, I'm on leave and reading mail on the phone only. Yes from me."),
    (RE, "Away until the 19th, back just in time. See you on Tuesday!"),
    (RE, "I am out of office now but put me down."),
    (RE, "Thanks for your message. I'll let you know when I return on Monday."),
    (RE, "Thank you for your e-mail. I return on 18 September and will answer then."),
    (RE, "Je serai en mission à Nairobi jusqu'au 25. Merci de vous adresser à mon adjointe, Mme Petit, qui viendra."),
    (RE, "Нахожусь в отпуске, но на круглый стол приду."),
    (RE, "我在国外出差，不能来了。"),
    (RE, "Estoy de viaje hasta el 25. Irá mi colega Luis Gil."),
    (RE, "Please contact my assistant for logistics; I'm travelling until the 18th."),
    (RE, "Urgent: is there wheelchair access? I am away from my desk until Monday, call me."),
    (RE, "We have received your message. The Ambassador is travelling and will decide upon her return."),
    ("Answer", "Yes"),
    ("RSVP", "We will be three. Click here for our website. Follow us on Twitter"),
    ("Question", "Who is the beneficiary of the donation of the foundation mentioned?"),
    ("Urgent: pass", "My UN password for Indico expired, what do I do? Action required from my side?"),
]


@pytest.mark.parametrize(("subject", "text"), AUTOMATIC_BY_SHAPE)
def test_automatic_by_shape(subject: str, text: str) -> None:
    verdict = screened(subject, text, reply=subject == RE)
    assert verdict.kind is Kind.AUTO, verdict


@pytest.mark.parametrize(("subject", "text"), BULK_BY_SHAPE)
def test_bulk_by_shape(subject: str, text: str) -> None:
    to = "amis@arts.example" if "convier" in text else "rsvp@roundtable.example"
    verdict = screened(
        subject, text, reply=False, sender="Ana <ana@mission.example>" if to.startswith("rsvp") else to, to=to
    )
    assert verdict.kind is Kind.BULK, verdict


@pytest.mark.parametrize(("subject", "text"), PEOPLE_WHO_SOUND_LIKE_MACHINES)
def test_person_who_sounds_like_a_machine(subject: str, text: str) -> None:
    verdict = screened(subject, text, reply=subject == RE)
    assert verdict.kind is Kind.HUMAN, verdict


# --------------------------------------------------------------------------- our own


@pytest.mark.parametrize(
    ("sender", "fields"),
    [
        ("rsvp@roundtable.example", ()),
        ("RSVP+k7f3@Roundtable.example", ()),
        ("x@relay.example", ("X-RSVPBot: letter",)),
        ("x@relay.example", (f"Message-ID: <rsvpbot.abc.{'a' * 24}@roundtable.example>",)),
    ],
)
def test_own_mail_comes_first(sender: str, fields: tuple[str, ...]) -> None:
    verdict = screened("Automatic reply: yes", "I will attend", "Auto-Submitted: auto-replied", *fields, sender=sender)
    assert verdict.kind is Kind.OWN


# --------------------------------------------------------------------------- bounces


def report(
    action: str, *fields: str, kind: str = "delivery-status", sender: str = "MAILER-DAEMON@mx.example"
) -> Verdict:
    raw = "\r\n".join(
        (
            "Return-Path: <>", f"From: {sender}", "To: rsvp@roundtable.example", "Subject: Report",
            "Auto-Submitted: auto-replied", f"Content-Type: multipart/report; report-type={kind}; boundary=b", "",
            "--b", "Content-Type: text/plain", "", "Sorry.", "--b", f"Content-Type: message/{kind}", "",
            "Reporting-MTA: dns; mx.example", "", f"Action: {action}", *fields, "",
            "--b", "Content-Type: message/rfc822", "", "From: rsvp@roundtable.example", "To: Ana <ana@mission.example>",
            "Subject: Invitation", "", "Dear Ana", "--b--", "",
        )
    )  # fmt: skip
    return screen(parse(raw.encode()), OWN, UID)


def test_failure_names_address_and_status() -> None:
    verdict = report("failed", "Final-Recipient: rfc822; <Ana@Mission.example>", "Status: 5.1.1")
    assert (verdict.kind, verdict.failed_address, verdict.permanent) == (Kind.BOUNCE, "ana@mission.example", True)
    assert "5.1.1" in verdict.reason
    assert "ana" not in verdict.reason


def test_delay_is_not_permanent() -> None:
    verdict = report("delayed", "Final-Recipient: rfc822; ana@mission.example", "Status: 4.4.1")
    assert (verdict.kind, verdict.permanent) == (Kind.BOUNCE, False)


def test_address_that_we_wrote_to_counts_where_mail_was_forwarded() -> None:
    verdict = report("failed", "Final-Recipient: rfc822; a.ruiz@elsewhere.example", "Status: 5.1.1")
    assert verdict.failed_address == "ana@mission.example"
    forwarded = report(
        "failed", "Original-Recipient: rfc822;ana@mission.example", "Final-Recipient: rfc822; x@elsewhere.example"
    )
    assert forwarded.failed_address == "ana@mission.example"


def test_success_is_no_failure() -> None:
    assert report("delivered", "Status: 2.0.0").kind is Kind.AUTO
    assert report("relayed (to mx.other.example)", "Status: 2.0.0").kind is Kind.AUTO


def test_read_receipt_and_abuse_report_are_automatic() -> None:
    assert report("", "Disposition: manual-action/MDN-sent-manually; displayed", kind="disposition-notification",
                  sender="ana@mission.example").kind is Kind.AUTO  # fmt: skip
    assert report("", "Feedback-Type: abuse", kind="feedback-report").kind is Kind.AUTO


OLD_BOUNCES = {
    "qmail": (
        "failure notice",
        "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your "
        "message to the following addresses.\n\n<ana@mission.example>:\nSorry, no mailbox here by that name.",
        True,
    ),
    "exim delay": (
        "Warning: message 1b-2 delayed 24 hours",
        "A message that you sent has not yet been delivered to one or "
        "more of its\nrecipients.\n\n  ana@mission.example\n",
        False,
    ),
    "fr": ("Échec de la remise", "Votre message n'a pas pu être remis à ana@mission.example.", True),
    "es": ("Correo no entregado", "No se pudo entregar su mensaje a ana@mission.example.", True),
    "ru": ("Недоставленное сообщение", "Не удалось доставить письмо: ana@mission.example.", True),
    "ar": ("تعذر التسليم", "تعذر تسليم رسالتك إلى ana@mission.example", True),
    "zh": ("系统退信", "您的邮件无法投递：ana@mission.example 收件人不存在", True),
}


@pytest.mark.parametrize("case", OLD_BOUNCES.values(), ids=OLD_BOUNCES.keys())
@pytest.mark.parametrize(
    ("sender", "path"), [("MAILER-DAEMON@mx.example", "<>"), ("postmaster@mx.example", "<p@mx.example>")]
)
def test_bounce_without_structure(case: tuple[str, str, bool], sender: str, path: str) -> None:
    subject, text, permanent = case
    verdict = screened(subject, text, sender=sender, path=path, reply=False)
    assert (verdict.kind, verdict.failed_address, verdict.permanent) == (Kind.BOUNCE, "ana@mission.example", permanent)


def test_bounce_known_by_its_words_alone() -> None:
    text = "I'm afraid I wasn't able to deliver your message to ana@mission.example."
    assert screened("Sorry", text, sender="MAILER-DAEMON@mx.example").rule == "bounce-by-shape"
    assert screened("Undeliverable: Invitation", text, sender="relay@mx.example", reply=False).rule == "bounce-by-shape"
    assert screened("Sorry", text, sender="ana@mission.example").kind is Kind.HUMAN


def test_person_who_encloses_a_report_is_not_lost() -> None:
    raw = (
        "From: ana@mission.example\r\nTo: rsvp@roundtable.example\r\nSubject: my answer\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nMy answer came back: yes, I will attend.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        "Action: failed\r\nFinal-Recipient: rfc822; rsvp@roundtable.example\r\n--b--\r\n"
    )
    assert screen(parse(raw.encode()), OWN, UID).kind is Kind.HUMAN


def test_bounce_without_status_or_action() -> None:
    verdict = report("", "Final-Recipient: rfc822; ana@mission.example", "Status: 4.2.2")
    assert (verdict.kind, verdict.permanent) == (Kind.BOUNCE, False)
    verdict = screened("x", "x", "X-Failed-Recipients: ana@mission.example", reply=False)
    assert (verdict.kind, verdict.failed_address, verdict.permanent) == (Kind.BOUNCE, "ana@mission.example", True)


def test_mail_system_that_does_not_bounce_is_not_answered() -> None:
    assert screened("Virus found", "Your message held a virus.", sender="postmaster@mx.example").kind in MACHINE_KINDS


# --------------------------------------------------------------------------- calendars

REPLY = (
    "BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20160901T120000Z\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ana@mission.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.mark.parametrize("method", ["REPLY", "COUNTER"])
@pytest.mark.parametrize(
    "field", ["Auto-Submitted: auto-generated", "Precedence: bulk", "List-Id: <x.lists.example>", "X-A: b"]
)
def test_no_field_outranks_a_calendars_answer(method: str, field: str) -> None:
    raw = (
        f"From: ana@mission.example\r\nTo: rsvp@roundtable.example\r\nSubject: Accepted\r\n{field}\r\n"
        f"Content-Type: text/calendar; charset=utf-8\r\n\r\n{REPLY.format(method=method, uid=UID)}"
    )
    assert screen(parse(raw.encode()), OWN, UID).kind is Kind.CALENDAR


def test_calendars_answer_whose_part_was_lost_is_not_lost() -> None:
    verdict = screened("Accepted: High-Level Roundtable", "Ana Ruiz has accepted this invitation.",
                       "Auto-Submitted: auto-generated", "Sender: Google Calendar <calendar-notification@google.example>",
                       reply=False)  # fmt: skip
    assert verdict.kind is Kind.HUMAN
