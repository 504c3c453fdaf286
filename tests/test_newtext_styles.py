"""How mail programs introduce what they quote, in forty languages, and that an answer is found under each.

N stands for the writer's name, M for their address. The first table is of attributions, the second of the labels of
header blocks, the third of blocks as certain programs write them.
"""

# Mails are written here as clients write them: long lines, marks of direction.
# ruff: noqa: E501, PLE2502

from __future__ import annotations

import re
import textwrap

import pytest

from rsvpbot.reading.newtext import split

ATTRIBUTIONS = """
gmail en            | On Tue, Sep 6, 2016 at 9:12 AM N <M> wrote:
gmail en, older     | On Tue, Sep 6, 2016 at 9:12 AM, N <M> wrote:
gmail en-GB         | On Tue, 6 Sept 2016 at 09:12, N <M> wrote:
gmail fr            | Le mar. 6 sept. 2016 à 09:12, N <M> a écrit :
gmail fr, older     | Le 6 septembre 2016 à 09:12, N <M> a écrit :
gmail es            | El mar, 6 sept 2016 a las 9:12, N (<M>) escribió:
gmail es, older     | El 6 de septiembre de 2016, 9:12, N <M> escribió:
gmail pt-BR         | Em ter., 6 de set. de 2016 às 09:12, N <M> escreveu:
gmail pt-BR, older  | Em 6 de setembro de 2016 09:12, N <M> escreveu:
gmail pt-PT         | N <M> escreveu (terça, 6/09/2016 à(s) 09:12):
gmail pt-PT, older  | No dia 6 de setembro de 2016 às 09:12, N <M> escreveu:
gmail it            | Il giorno mar 6 set 2016 alle ore 09:12 N <M> ha scritto:
gmail de            | Am Di., 6. Sept. 2016 um 09:12 Uhr schrieb N <M>:
gmail de, older     | Am 6. September 2016 um 09:12 schrieb N <M>:
gmail nl            | Op di 6 sep 2016 om 09:12 schreef N <M>:
gmail pl            | wt., 6 wrz 2016 o 09:12 N <M> napisał(a):
gmail pl, older     | W dniu 6 września 2016 09:12 użytkownik N <M> napisał:
gmail tr            | N <M>, 6 Eyl 2016 Sal, 09:12 tarihinde şunu yazdı:
gmail sv            | Den tis 6 sep. 2016 kl 09:12 skrev N <M>:
gmail da            | tir. 6. sep. 2016 kl. 09.12 skrev N <M>:
gmail nb            | tir. 6. sep. 2016 kl. 09:12 skrev N <M>:
gmail nb, older     | Den 6. september 2016 09:12 skrev N <M> følgende:
gmail fi            | ti 6. syysk. 2016 klo 9.12 N (M) kirjoitti:
gmail cs            | út 6. 9. 2016 v 9:12 odesílatel N <M> napsal:
gmail sk            | ut 6. 9. 2016 o 9:12 N <M> napísal(a):
gmail hu            | N <M> ezt írta (időpont: 2016. szept. 6., K, 9:12):
gmail ro            | În mar., 6 sept. 2016 la 09:12, N <M> a scris:
gmail el            | Στις Τρί 6 Σεπ 2016 στις 9:12 π.μ., ο/η N <M> έγραψε:
gmail he            | ‫בתאריך יום ג׳, 6 בספט׳ 2016 ב-9:12 מאת ‪N‬‏ <‪M‬‏>:‬
gmail ja            | 2016年9月6日(火) 9:12 N <M>:
gmail ko            | 2016년 9월 6일 (화) 오전 9:12, N <M>님이 작성:
gmail uk            | вт, 6 вер. 2016 р. о 09:12 N <M> пише:
gmail ru            | вт, 6 сент. 2016 г. в 09:12, N <M>:
gmail ru, older     | 6 сентября 2016 г., 9:12 пользователь N <M> написал:
gmail bg            | На вт, 6.09.2016 г. в 9:12 N <M> написа:
gmail sr            | уто, 6. сеп 2016. у 09:12 N <M> је написао/ла:
gmail hr            | uto, 6. ruj 2016. u 09:12 N <M> napisao je:
gmail sl            | V V tor., 6. sep. 2016 ob 09:12 je oseba N <M> napisala:
gmail lt            | 2016-09-06, an, 09:12 N <M> rašė:
gmail lv            | otrd., 2016. g. 6. sept., plkst. 09:12 — lietotājs N (<M>) rakstīja:
gmail et            | Kontakt N (<M>) kirjutas kuupäeval T, 6. september 2016 kell 09:12:
gmail ca            | Missatge de N <M> del dia dt., 6 de set. 2016 a les 9:12:
gmail fa            | در تاریخ سه‌شنبه ۶ سپتامبر ۲۰۱۶،‏ ۹:۱۲ N <M> نوشت:
gmail id            | Pada tanggal Sel, 6 Sep 2016 pukul 09.12 N <M> menulis:
gmail vi            | Vào Th 3, 6 thg 9, 2016 vào lúc 09:12 N <M> đã viết:
gmail th            | ในวันที่ อ. 6 ก.ย. 2016 เวลา 09:12 N <M> เขียนว่า:
gmail th, older     | เมื่อ 6 กันยายน 2559 9:12 N <M> เขียนว่า:
gmail hi            | मंगल, 6 सित॰ 2016 को 9:12 am बजे को N <M> ने लिखा:
gmail ar            | في الثلاثاء، 6 سبتمبر 2016 في 9:12 ص تمت كتابة ما يلي بواسطة N <M>:
gmail ar, digits    | في ٦ سبتمبر ٢٠١٦ ٩:١٢ ص، كتب N <M>:
gmail zh-Hans       | N <M> 于2016年9月6日周二 09:12写道：
gmail zh-Hans, older | 在 2016年9月6日 上午9:12，N <M>写道：
gmail zh-Hant       | N <M> 於 2016年9月6日 週二 上午9:12寫道：
apple en            | On Sep 6, 2016, at 9:12 AM, N <M> wrote:
apple en-GB         | On 6 Sep 2016, at 09:12, N <M> wrote:
apple fr            | Le 6 sept. 2016 à 09:12, N <M> a écrit :
apple de            | Am 06.09.2016 um 09:12 schrieb N <M>:
apple es            | El 6 sept 2016, a las 9:12, N <M> escribió:
apple it            | Il giorno 06 set 2016, alle ore 09:12, N <M> ha scritto:
apple pt-BR         | Em 6 de set de 2016, à(s) 09:12, N <M> escreveu:
apple pt-PT         | No dia 06/09/2016, às 09:12, N <M> escreveu:
apple nl            | Op 6 sep. 2016, om 09:12 heeft N <M> het volgende geschreven:
apple sv            | 6 sep. 2016 kl. 09:12 skrev N <M>:
apple da            | Den 6. sep. 2016 kl. 09.12 skrev N <M>:
apple fi            | N <M> kirjoitti 6.9.2016 kello 9.12:
apple pl            | Wiadomość napisana przez N <M> w dniu 06.09.2016, o godz. 09:12:
apple cs            | 6. 9. 2016 v 9:12, N <M>:
apple hu            | 2016. szept. 6. dátummal, 9:12 időpontban N <M> írta:
apple tr            | N <M> şunları yazdı (6 Eyl 2016 09:12):
apple ru            | 6 сент. 2016 г., в 9:12, N <M> написал(а):
apple uk            | 6 вер. 2016 р. о 09:12 N <M> написав(ла):
apple el            | 6 Σεπ 2016, 9:12 π.μ., ο χρήστης «N <M>» έγραψε:
apple ro            | Pe 6 sept. 2016, la 09:12, N <M> a scris:
apple ja            | 2016/09/06 9:12、N <M>のメール:
apple ko            | 2016. 9. 6. 오전 9:12, N <M> 작성:
apple zh-Hans       | 在 2016年9月6日，上午9:12，N <M> 写道：
apple zh-Hant       | N <M> 於 2016年9月6日 上午9:12 寫道：
apple he            | ב-6 בספט׳ 2016, בשעה 9:12, N <M> כתב/ה:
apple ar            | في ٦ سبتمبر ٢٠١٦، الساعة ٩:١٢ ص، كتب N <M>:
apple th            | ในวันที่ 6 ก.ย. 2559 เวลา 9:12 N <M> เขียนว่า:
apple vi            | Vào 6 thg 9, 2016, lúc 09:12, N <M> đã viết:
apple id            | Pada 6 Sep 2016, pukul 09.12, N <M> menulis:
thunderbird en      | On 06/09/2016 09:12, N wrote:
thunderbird en-US   | On 9/6/16 9:12 AM, N wrote:
thunderbird fr      | Le 06/09/2016 à 09:12, N a écrit :
thunderbird es      | El 06/09/2016 a las 9:12, N escribió:
thunderbird de      | Am 06.09.2016 um 09:12 schrieb N:
thunderbird pt      | Em 06/09/2016 09:12, N escreveu:
thunderbird it      | Il 06/09/2016 09:12, N ha scritto:
thunderbird nl      | Op 06-09-16 om 09:12 schreef N:
thunderbird pl      | W dniu 06.09.2016 o 09:12, N pisze:
thunderbird ru      | 06.09.2016 9:12, N пишет:
thunderbird uk      | 06.09.2016 9:12, N пише:
thunderbird cs      | Dne 06.09.2016 v 9:12 N napsal(a):
thunderbird sv      | Den 2016-09-06 kl. 09:12, skrev N:
thunderbird da      | Den 06-09-2016 kl. 09:12 skrev N:
thunderbird nb      | Den 06.09.2016 09:12, skrev N:
thunderbird fi      | N kirjoitti 6.9.2016 klo 9:12:
thunderbird hu      | 2016. 09. 06. 9:12 keltezéssel, N írta:
thunderbird tr      | 06.09.2016 09:12 tarihinde N yazdı:
thunderbird el      | Στις 6/9/2016 9:12 π.μ., ο N έγραψε:
thunderbird ro      | Pe 06.09.2016 09:12, N a scris:
thunderbird ja      | 2016/09/06 9:12, N さんは書きました:
thunderbird ko      | 16. 9. 6. 오전 9:12에 N이(가) 쓴 글:
thunderbird zh-Hans | 在 2016/9/6 9:12, N 写道:
thunderbird zh-Hant | N 於 2016/9/6 上午 09:12 寫道:
thunderbird ar      | في 06/09/2016 09:12, كتب N:
thunderbird fa      | در ۲۰۱۶/۹/۶ ۹:۱۲, N نوشت:
thunderbird he      | ב-06/09/2016 בשעה 9:12, N כתב:
thunderbird id      | Pada tanggal 06/09/2016 09.12, N menulis:
thunderbird vi      | Vào 06/09/2016 09:12, N đã viết:
yahoo en            | On Tuesday, September 6, 2016 9:12 AM, N <M> wrote:
yahoo en, newer     | On Tuesday, September 6, 2016, 9:12:00 AM GMT+1, N <M> wrote:
yahoo fr            | Le Mardi 6 septembre 2016 9h12, N <M> a écrit :
yahoo es            | El Martes, 6 de septiembre de 2016 9:12, N <M> escribió:
yahoo pt            | Em Terça-feira, 6 de Setembro de 2016 9:12, N <M> escreveu:
yahoo de            | N <M> schrieb am 9:12 Dienstag, 6.September 2016:
yahoo it            | Il Martedì 6 Settembre 2016 9:12, N <M> ha scritto:
yahoo ar            | في الثلاثاء، 6 سبتمبر، 2016 9:12 ص، كتب N <M>:
yahoo zh-Hant       | N <M> 於 2016/9/6 (週二) 9:12 AM 寫道﹕
mail.ru             | Вторник, 6 сентября 2016, 9:12 +03:00 от N <M>:
mail.ru en          | Tuesday, September 6, 2016 9:12 AM +03:00 from N <M>:
yandex              | 06.09.2016, 09:12, "N" <M>:
netease             | 在 2016-09-06 09:12:05，"N" <M> 写道：
netease en          | At 2016-09-06 09:12:05, "N" <M> wrote:
the bat             | Вы писали 6 сентября 2016 г., 9:12:00:
horde               | Quoting N <M>:
horde de            | Zitat von N <M>:
horde fr            | N <M> a écrit :
horde es            | N <M> escribió:
horde pt            | Citando N <M>:
squirrelmail        | On Tue, September 6, 2016 9:12 am, N wrote:
squirrelmail es     | El Mar, 6 de Septiembre de 2016, 9:12 am, N escribió:
roundcube en        | On 2016-09-06 09:12, N wrote:
roundcube fr        | Le 2016-09-06 09:12, N a écrit :
roundcube de        | Am 06.09.2016 09:12, schrieb N:
roundcube de, newer | Am 2016-09-06 09:12, schrieb N:
roundcube es        | El 2016-09-06 09:12, N escribió:
roundcube pt        | Em 2016-09-06 09:12, N escreveu:
roundcube it        | Il 2016-09-06 09:12 N ha scritto:
roundcube pl        | W dniu 2016-09-06 09:12, N napisał(a):
roundcube ru        | N писал 2016-09-06 09:12:
roundcube nl        | N schreef op 2016-09-06 09:12:
roundcube cs        | Dne 2016-09-06 09:12, N napsal:
roundcube zh-Hant   | 2016-09-06 09:12 時間，N 寫到：
roundcube sv        | N skrev den 2016-09-06 09:12:
roundcube sl        | N je 2016-09-06 09:12 napisal:
roundcube ko        | 2016-09-06 09:12 에 N 이(가) 쓴 글:
k-9 en              | On 6 September 2016 09:12:05 CEST, N <M> wrote:
k-9 de              | Am 6. September 2016 09:12:05 MESZ schrieb N <M>:
k-9 fr              | Le 6 septembre 2016 09:12:05 GMT+02:00, N <M> a écrit :
k-9 ru              | 6 сентября 2016 г. 9:12:05 GMT+03:00, N <M> пишет:
k-9 es              | El 6 de septiembre de 2016 9:12:05 CEST, N <M> escribió:
sogo en             | On Tuesday, September 06, 2016 09:12 CEST, N <M> wrote:
sogo de             | Am Dienstag, 06. September 2016 09:12 CEST, schrieb N <M>:
sogo fr             | Le Mardi, Septembre 06, 2016 09:12 CEST, N <M> a écrit:
proton              | On Tuesday, September 6th, 2016 at 9:12 AM, N <M> wrote:
proton mobile       | On Sep 6, 2016, 9:12 AM, N < M> wrote:
proton fr           | Le mardi 6 septembre 2016 à 09:12, N <M> a écrit :
tutanota en         | Sep 6, 2016, 09:12 by M:
tutanota de         | 6. Sept. 2016, 09:12 von M:
tutanota fr         | 6 sept. 2016, 09:12 de M :
spark               | On 6 Sep 2016, 09:12 +0200, N <M>, wrote:
spark fr            | Le 6 sept. 2016 à 09:12 +0200, N <M>, a écrit :
fastmail            | On Tue, Sep 6, 2016, at 9:12 AM, N wrote:
hey                 | On September 6, 2016, N <M> wrote:
zoho                | ---- On Tue, 06 Sep 2016 09:12:00 +0200 N <M> wrote ----
zoho fr             | ---- Le mar., 06 sept. 2016 09:12:00 +0200 N <M> a écrit ----
zoho es             | ---- El mar, 06 sept. 2016 09:12:00 +0200 N <M> escribió ----
mutt                | On Tue, Sep 06, 2016 at 09:12:05AM +0200, N wrote:
mutt de             | * N <M> [2016-09-06 09:12 +0200]:
kmail               | On Tuesday, 6 September 2016 09:12:05 CEST N wrote:
evolution           | On Tue, 2016-09-06 at 09:12 +0200, N wrote:
evolution de        | Am Dienstag, den 06.09.2016, 09:12 +0200 schrieb N:
gnus                | N <M> writes:
alpine              | On Tue, 6 Sep 2016, N wrote:
notes               | N <M> wrote on 09/06/2016 09:12:05 AM:
notes de            | N <M> schrieb am 06.09.2016 09:12:05:
notes fr            | N <M> a écrit sur 06/09/2016 09:12:05 :
open-xchange        | N <M> hat am 6. September 2016 um 09:12 geschrieben:
open-xchange en     | On September 6, 2016 at 9:12 AM N <M> wrote:
open-xchange it     | Il 6 settembre 2016 alle 9.12 N <M> ha scritto:
outlook ios         | On Tue, Sep 6, 2016 at 9:12 AM -0400, "N" <M> wrote:
words for numbers   | 在二〇一六年九月六日上午九点，N <M> 写道：
"""

LABELS = """
en      | From | Sent | To | Subject | Tuesday, September 6, 2016 9:12 AM
en, mac | From | Date | To | Subject | Tuesday, 6 September 2016 at 09:12
fr      | De | Envoyé | À | Objet | mardi 6 septembre 2016 09:12
fr, mac | De | Date | À | Objet | mardi 6 septembre 2016 à 09:12
es      | De | Enviado el | Para | Asunto | martes, 6 de septiembre de 2016 9:12
es, web | De | Enviado | Para | Asunto | martes, 6 de septiembre de 2016 9:12
pt      | De | Enviada em | Para | Assunto | terça-feira, 6 de setembro de 2016 09:12
pt-PT   | De | Enviado | Para | Assunto | 6 de setembro de 2016 09:12
de      | Von | Gesendet | An | Betreff | Dienstag, 6. September 2016 09:12
de, mac | Von | Datum | An | Betreff | Dienstag, 6. September 2016 um 09:12
it      | Da | Inviato | A | Oggetto | martedì 6 settembre 2016 09:12
nl      | Van | Verzonden | Aan | Onderwerp | dinsdag 6 september 2016 09:12
pl      | Od | Wysłano | Do | Temat | wtorek, 6 września 2016 09:12
tr      | Kimden | Gönderildi | Kime | Konu | 6 Eylül 2016 Salı 09:12
tr, web | Gönderen | Gönderme Zamanı | Kime | Konu | 06 Eylül 2016 Salı 09:12
sv      | Från | Skickat | Till | Ämne | den 6 september 2016 09:12
da      | Fra | Sendt | Til | Emne | 6. september 2016 09:12
nb      | Fra | Sendt | Til | Emne | tirsdag 6. september 2016 09.12
fi      | Lähettäjä | Lähetetty | Vastaanottaja | Aihe | tiistai 6. syyskuuta 2016 9.12
cs      | Od | Odesláno | Komu | Předmět | úterý 6. září 2016 9:12
sk      | Od | Odoslané | Komu | Predmet | utorok 6. septembra 2016 9:12
hu      | Feladó | Elküldve | Címzett | Tárgy | 2016. szeptember 6. 9:12
hu, web | Feladó | Küldve | Címzett | Tárgy | 2016. szeptember 6., kedd 9:12
ro      | De la | Trimis | Către | Subiect | marți, 6 septembrie 2016 09:12
ro, web | From | Trimis | Catre | Subiect | 6 septembrie 2016 09:12
el      | Από | Στάλθηκε | Προς | Θέμα | Τρίτη, 6 Σεπτεμβρίου 2016 9:12 πμ
he      | מאת | נשלח | אל | נושא | יום שלישי 06 ספטמבר 2016 09:12
ja      | 差出人 | 送信日時 | 宛先 | 件名 | 2016年9月6日 9:12
ko      | 보낸 사람 | 보낸 날짜 | 받는 사람 | 제목 | 2016년 9월 6일 화요일 오전 9:12
uk      | Від | Надіслано | Кому | Тема | 6 вересня 2016 р. 9:12
ru      | От | Отправлено | Кому | Тема | 6 сентября 2016 г. 9:12
ru, web | От кого | Дата | Кому | Тема | вторник, 6 сентября 2016, 9:12 +03:00
ar      | من | تاريخ الإرسال | إلى | الموضوع | الثلاثاء، ٦ سبتمبر، ٢٠١٦ ٩:١٢ ص
ar, web | من | ‏‏أُرسلت | إلى | الموضوع | 06 سبتمبر 2016 09:12 ص
fa      | از | ارسال شده | به | موضوع | سه‌شنبه ۶ سپتامبر ۲۰۱۶ ۹:۱۲
id      | Dari | Dikirim | Kepada | Subjek | 06 September 2016 9:12
id, web | Dari | Tanggal | Ke | Perihal | Selasa, 06 September 2016 09.12
vi      | Từ | Đã gửi | Đến | Chủ đề | 06 Tháng Chín 2016 9:12
vi, web | Từ | Ngày | Đến | Tiêu đề | Thứ Ba, 6 Tháng Chín 2016 09:12
th      | จาก | ส่ง | ถึง | เรื่อง | 6 กันยายน 2559 9:12
bg      | От | Изпратено | До | Относно | 6 септември 2016 г. 9:12
hr      | Šalje | Poslano | Prima | Predmet | 6. rujna 2016. 9:12
sr      | Од | Послато | За | Тема | 6. септембар 2016. 9:12
sl      | Od | Poslano | Za | Zadeva | torek, 06. september 2016 09:12
lt      | Nuo | Išsiųsta | Kam | Tema | 2016 m. rugsėjo 6 d. 9:12
lv      | No | Nosūtīts | Kam | Tēma | otrdiena, 2016. gada 6. septembris 9:12
et      | Saatja | Saadetud | Adressaat | Teema | 6. september 2016 9:12
ca      | De | Enviat | Per a | Assumpte | dimarts, 6 de setembre de 2016 9:12
hi      | प्रेषक | भेजा गया | प्रति | विषय | 06 सितंबर 2016 09:12
zh-Hans | 发件人 | 发送时间 | 收件人 | 主题 | 2016年9月6日 9:12
zh, mac | 发件人 | 日期 | 收件人 | 主题 | 2016年9月6日 星期二 上午9:12
zh-Hant | 寄件者 | 寄件日期 | 收件者 | 主旨 | 2016年9月6日 上午 09:12
zh, web | 寄件者 | 傳送時間 | 收件者 | 主旨 | 2016年9月6日 上午 09:12
"""

LAYOUTS = {
    "plain": "{0}: N <M>\n{1}: {4}\n{2}: Nadia Brook <nadia@brook.example>\n{3}: Invitation: Clean Rivers\n\n",
    "names only": "{0}: N\n{1}: {4}\n{2}: Brook, Nadia\n{3}: Invitation: Clean Rivers\n\n",
    "ruled": "________________________________\n{0}: N <M>\n{1}: {4}\n{2}: Nadia Brook\n{3}: Invitation: Clean Rivers\n\n",
    "with a blank before the colon": "{0} : N <M>\n{1} : {4}\n{2} : Nadia Brook\n{3} : Invitation: Clean Rivers\n\n",
    "bold": "*{0}:* N <M>\n*{1}:* {4}\n*{2}:* Nadia Brook\n*{3}:* Invitation: Clean Rivers\n\n",
    "bold, closed before the colon": "*{0}*: N <M>\n*{1}*: {4}\n*{2}*: Nadia Brook\n*{3}*: Invitation: Clean Rivers\n\n",
    "full width": "{0}： N <M>\n{1}： {4}\n{2}： Nadia Brook\n{3}： Invitation: Clean Rivers\n\n",
    "in columns": "{0}:        N <M>\n{1}:        {4}\n{2}:        Nadia Brook\n{3}:        Invitation\n\n",
    "sent first": "{1}: {4}\n{0}: N <M>\n{2}: nadia@brook.example\n{3}: Invitation: Clean Rivers\n\n",
    "subject first": "{3}: Invitation: Clean Rivers\n{1}: {4}\n{0}: N <M>\n{2}: nadia@brook.example\n\n",
    "with copies": "{0}: N <M>\n{1}: {4}\n{2}: Nadia Brook <nadia@brook.example>;\n\tOtto Ruiz <otto@brook.example>\nCc: Lena Ford\n{3}: Invitation:\n Clean Rivers\n\n",
    "spaced": "{0}: N <M>\n\n{1}: {4}\n\n{2}: Nadia Brook\n\n{3}: Invitation: Clean Rivers\n\n",
    "one line": "{0}: N <M> {1}: {4} {2}: Nadia Brook {3}: Invitation: Clean Rivers\n\n",
}

BLOCKS = {
    "zimbra": '----- Original Message -----\nFrom: "N" <M>\nTo: "Nadia Brook" <nadia@brook.example>\nSent: Tuesday, September 6, 2016 9:12:00 AM\nSubject: Invitation\n\n',
    "zimbra fr": '----- Mail original -----\nDe: "N" <M>\nÀ: "Nadia" <nadia@brook.example>\nEnvoyé: Mardi 6 Septembre 2016 09:12:05\nObjet: Invitation\n\n',
    "zimbra es": '----- Mensaje original -----\nDe: "N" <M>\nPara: "Nadia" <nadia@brook.example>\nEnviados: Martes, 6 de Septiembre 2016 9:12:05\nAsunto: Invitation\n\n',
    "zimbra de": '----- Ursprüngliche Mail -----\nVon: "N" <M>\nAn: "Nadia" <nadia@brook.example>\nGesendet: Dienstag, 6. September 2016 09:12:05\nBetreff: Invitation\n\n',
    "zimbra ru": '----- Исходное сообщение -----\nОт: "N" <M>\nКому: "Nadia" <nadia@brook.example>\nОтправленные: Вторник, 6 Сентябрь 2016 г 9:12:05\nТема: Invitation\n\n',
    "zimbra pt": '----- Mensagem original -----\nDe: "N" <M>\nPara: "Nadia" <nadia@brook.example>\nEnviadas: Terça-feira, 6 de setembro de 2016 9:12:05\nAssunto: Invitation\n\n',
    "gmx": "Gesendet: Dienstag, 06. September 2016 um 09:12 Uhr\nVon: N <M>\nAn: nadia@brook.example\nBetreff: Invitation\n\n",
    "gmx en": "Sent: Tuesday, September 06, 2016 at 9:12 AM\nFrom: N <M>\nTo: nadia@brook.example\nSubject: Invitation\n\n",
    "la poste": 'Message du 06/09/16 09:12\nDe : "N" <M>\nA : nadia@brook.example\nCopie à : \nObjet : Invitation\n\n',
    "libero": "----Messaggio originale----\nDa: M\nData: 06/09/2016 9.12\nA: <nadia@brook.example>\nOgg: Invitation\n\n",
    "uol": 'De: "N" <M>\nEnviada: 2016/09/06 09:12:05\nPara: nadia@brook.example\nAssunto: Invitation\n\n',
    "naver": '-----Original Message-----\nFrom: "N"<M>\nTo: "Nadia"<nadia@brook.example>;\nCc:\nSent: 2016-09-06 (화) 09:12:05 (GMT+09:00)\nSubject: Invitation\n\n',
    "daum": "--------- 원본 메일 ---------\n보낸사람: N <M>\n받는사람: nadia@brook.example\n날짜: 2016년 9월 06일 화요일, 09시 12분 05초 +0900\n제목: Invitation\n\n",
    "sina": "----- 原始邮件 -----\n发件人：N <M>\n收件人：nadia@brook.example\n主题：Invitation\n日期：2016年09月06日 09点12分\n\n",
    "foxmail": "发件人： N\n发送时间： 2016-09-06 09:12\n收件人： nadia\n主题： Invitation\n\n",
    "foxmail en": "From: N\nDate: 2016-09-06 09:12\nTo: nadia\nSubject: Invitation\n\n",
    "qq": '------------------ 原始邮件 ------------------\n发件人: "N";<M>;\n发送时间: 2016年9月6日(星期二) 上午9:12\n收件人: "Nadia"<nadia@brook.example>;\n主题: Invitation\n\n',
    "qq en": '------------------ Original ------------------\nFrom: "N";<M>;\nDate: Tue, Sep 6, 2016 09:12 AM\nTo: "Nadia"<nadia@brook.example>;\nSubject: Invitation\n\n',
    "qq mobile": '---原始邮件---\n发件人: "N"<M>\n发送时间: 2016年9月6日(周二) 上午9:12\n收件人: "Nadia"<nadia@brook.example>;\n主题: Invitation\n\n',
    "163 mobile": "---- 回复的原邮件 ----\n发件人 N <M>\n日期 2016年09月06日 09:12\n收件人 Nadia <nadia@brook.example>\n抄送至\n主题 Invitation\n\n",
    "samsung": "-------- Original message --------\nFrom: N <M> \nDate: 9/6/16  9:12 AM  (GMT-05:00) \nTo: nadia@brook.example \nSubject: Invitation \n\n",
    "samsung fr": "-------- Message d'origine --------\nDe : N <M> \nDate : 06/09/2016  09:12  (GMT+01:00) \nÀ : nadia@brook.example \nObjet : Invitation \n\n",
    "samsung es": "-------- Mensaje original --------\nDe: N <M> \nFecha: 6/9/16  9:12  (GMT+01:00) \nPara: nadia@brook.example \nAsunto: Invitation \n\n",
    "samsung ru": "-------- Исходное сообщение --------\nОт: N <M> \nДата: 06.09.2016 9:12 (GMT+03:00) \nКому: nadia@brook.example \nТема: Invitation \n\n",
    "samsung ar": "-------- الرسالة الأصلية --------\nمن: N <M> \nالتاريخ: ٦‏/٩‏/٢٠١٦ ٩:١٢ ص (GMT+03:00) \nإلى: nadia@brook.example \nالموضوع: Invitation \n\n",
    "samsung de": "-------- Ursprüngliche Nachricht --------\nVon: N <M> \nDatum: 06.09.16 09:12 (GMT+01:00) \nAn: nadia@brook.example \nBetreff: Invitation \n\n",
    "nothing but the separator": "-------- Original message --------\n\n",
    "blackberry": "  Original Message  \nFrom: N\nSent: Tuesday, September 6, 2016 9:12 AM\nTo: nadia@brook.example\nReply To: N\nSubject: Invitation\n\n",
    "em client": '------ Original Message ------\nFrom: "N" <M>\nTo: "Nadia" <nadia@brook.example>\nSent: 06/09/2016 09:12:05\nSubject: Invitation\n\n',
    "proton": "-------- Original Message --------\nSubject: Invitation\nLocal Time: September 6, 2016 9:12 AM\nUTC Time: September 6, 2016 7:12 AM\nFrom: M\nTo: nadia@brook.example\n\n",
    "proton, with its own hyphens": "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Tuesday, September 6, 2016 9:12 AM, N <M> wrote:\n\n",
    "proton mobile": "-------- Original Message --------\nOn Sep 6, 2016, 09:12, N < M> wrote:\n\n",
    "groupwise": ">>> N <M> 9/6/2016 9:12 AM >>>\n",
    "groupwise in words": ">>> On 9/6/2016 at 9:12 AM, in message\n<57CE8F01@brook.example>, N <M>\nwrote:\n",
    "notes": "From:        N <M>\nTo:        nadia@brook.example\nDate:        09/06/2016 09:12 AM\nSubject:        Invitation\n\n",
    "notes de": "Von:        N <M>\nAn:        nadia@brook.example\nDatum:        06.09.2016 09:12\nBetreff:        Invitation\nGesendet von:        Registry\n\n",
    "notes fr": "De :        N <M>\nA :        nadia@brook.example\nDate :        06/09/2016 09:12\nObjet :        Invitation\n\n",
    "notes, dashed": "-----N/SECRETARIAT wrote: -----\nTo: nadia@brook.example\nFrom: N/SECRETARIAT\nDate: 09/06/2016 09:12AM\nSubject: Invitation\n\n",
    "notes, old": "N <M>\n09/06/2016 09:12 AM\n\nTo\nnadia@brook.example\ncc\n\nSubject\nInvitation\n\n\n",
    "verse": '-----"N" <M> wrote: -----\nTo: nadia@brook.example\nFrom: "N" <M>\nDate: 09/06/2016 09:12AM\nSubject: Invitation\n\n',
    "outlook appointment": "-----Original Appointment-----\nFrom: N [mailto:M]\nSent: Tuesday, September 6, 2016 9:12 AM\nTo: Nadia\nSubject: Invitation\nWhen: Tuesday, September 20, 2016 12:30 PM-3:30 PM.\nWhere: Geneva\n\n",
    "outlook express ja": "----- Original Message -----\n差出人: N <M>\n宛先: Nadia <nadia@brook.example>\n送信日時: 2016年9月6日 9:12\n件名: Invitation\n\n",
    "tutanota fwd": "-----Original Message-----\nFrom: M\nDate: Tue, 6 Sep 2016 09:12:05 +0200\nTo: nadia@brook.example\nSubject: Invitation\n\n",
    "yandex": '----------------\nКому: nadia@brook.example;\nТема: Invitation;\n06.09.2016, 09:12, "N" <M>:\n\n',
    "163 pc": '\n\n\n--\n\n\n\n\n\n在 2016-09-06 09:12:05，"N" <M> 写道：\n\n',
    "unknown to the table": "________________________________________\nAb: N [M]\nFort: Dienstag, 6. September 2016 09:12\nHin: Nadia\nSache: Invitation\n\n",
}

NAMES = {
    "plain": "Clean Rivers",
    "long": "The Secretariat of the High-Level Round Table on Clean Rivers, Lakes and Wetlands",
    "last name first": '"Brook, Nadia (SECRETARIAT/GENEVA)"',
    "ru": "Секретариат «Чистые реки»",
    "ar": "أمانة المائدة المستديرة",
    "zh": "清洁河流秘书处",
}
MAIL = "rivers@secretariat.example"

INVITATION = """Excellency, dear colleague,

We have the honour to invite you to the Round Table on Clean Rivers, which will be held on 20 September 2016 in Geneva.
To confirm your attendance, please reply to this e-mail by 16 September. If you cannot attend, kindly decline by return.

The Secretariat"""
QUOTED = "\n".join(f"> {line}".rstrip() for line in INVITATION.split("\n"))

ANSWERS = {
    "en": "Yes",
    "en, two lines": "Thank you. I will be there,\ntogether with Otto Ruiz from our office",
    "en, dated": "On 20 September I am in Lima until 9:30 pm, so no.",
    "fr": "Bonjour,\nje ne pourrai malheureusement pas venir le 20 septembre.",
    "es": "Confirmo mi asistencia. Llegaré a las 12:45.",
    "ru": "Приду обязательно!\nС собой возьму коллегу",
    "ar": "نعم، سأحضر إن شاء الله",
    "zh": "可以参加。\n我们两人",
    "list": "Two of us:\nLena Ford\nOtto Ruiz",
}


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().split("\n")]


def filled(style: str, name: str = "Clean Rivers") -> str:
    return re.sub("(?<![A-Za-z])[NM](?![A-Za-z])", lambda sign: name if sign.group() == "N" else MAIL, style)


def wrapped(style: str, width: int) -> str:
    return "\n".join(textwrap.wrap(style, width, break_long_words=False, break_on_hyphens=False))


ATTRIBUTION = dict(rows(ATTRIBUTIONS))
BLOCK = {
    **{
        f"{language}, {layout}": shape.format(*cells)
        for language, *cells in rows(LABELS)
        for layout, shape in LAYOUTS.items()
    },
    **BLOCKS,
}
THIN = ("the bat", "horde", "horde de", "horde pt", "horde fr", "horde es", "gnus")
"""Where no quote marks follow, nothing tells these from a person's sentence."""
DATED = {name: style for name, style in ATTRIBUTION.items() if name not in THIN}


def pairs(style: str) -> list[tuple[str, str]]:
    """Every name, each with a third of the answers; with which, differs from style to style."""
    answers = list(ANSWERS.values())
    return [
        (filled(style, name), answer)
        for at, name in enumerate(NAMES.values(), len(style))
        for answer in answers[at % 3 :: 3]
    ]


def holds(body: str, answer: str) -> None:
    found = split(body)
    assert (found.text, found.signature) == (answer, "")
    assert not found.doubts


def broken_in_name(style: str, shape: str) -> bool:
    """With nothing above it but an answer, such a line might as well be a list of names: it stays."""
    return (
        style.lstrip("* ").startswith(("N", "Kontakt", "Missatge", "Wiadomość")) and "<" not in shape.partition("\n")[0]
    )


# --------------------------------------------------------------------------- attributions


@pytest.mark.parametrize("style", ATTRIBUTION.values(), ids=ATTRIBUTION)
def test_above_a_marked_quotation(style: str) -> None:
    for line, answer in pairs(style):
        for shape in {line, wrapped(line, 76), wrapped(line, 64), line.replace(" <", "\n<"), line.replace("<", "<\n")}:
            holds(f"{answer} \n \n\n{shape}\n{QUOTED}\n", answer)
            if not broken_in_name(style, shape):
                holds(f"{answer}\n{shape}\n\n{QUOTED}\n", answer)


@pytest.mark.parametrize("style", DATED.values(), ids=DATED)
def test_above_an_unmarked_quotation(style: str) -> None:
    for line, answer in pairs(style):
        for shape in {line, wrapped(line, 72), line.replace(" <", "\n<"), line.replace("<", "<\n")}:
            holds(f"{answer}\n\n{shape}\n\n{INVITATION}\n", answer)
            if not broken_in_name(style, shape):
                holds(f"{answer}\n{shape}\n{INVITATION}\n", answer)


@pytest.mark.parametrize("style", ATTRIBUTION.values(), ids=ATTRIBUTION)
def test_below_and_between(style: str) -> None:
    for line, answer in pairs(style):
        for shape in {line, wrapped(line, 72)}:
            holds(f"{shape}\n{QUOTED}\n\n{answer}\n", answer)
            holds(f"{shape}\n\n{QUOTED}\n{answer}", answer)
            found = split(f"{answer}\n\n{shape}\n> Will you come?\n\n{answer}\n\n> And eat?\n\nHalal.\n\n> Thanks")
            assert (found.text, found.interleaved) == (f"{answer}\n\n{answer}\n\nHalal.", True)


@pytest.mark.parametrize("style", ATTRIBUTION.values(), ids=ATTRIBUTION)
def test_answer_below_an_unmarked_quotation_is_not_lost(style: str) -> None:
    line = filled(style)
    for answer in ANSWERS.values():
        found = split(f"{line}\n\n{INVITATION}\n\n{answer}\n", known=[INVITATION])
        assert answer in found.text
        found = split(f"{line}\n\n{INVITATION}\n\n{answer}\n")
        assert answer in found.text or found.doubts


@pytest.mark.parametrize("style", ATTRIBUTION.values(), ids=ATTRIBUTION)
def test_answer_below_a_bare_attribution_is_not_lost(style: str) -> None:
    for answer in ANSWERS.values():
        for gap in ("\n", "\n\n"):
            found = split(f"{filled(style)}{gap}{answer}\n")
            assert answer in found.text or found.doubts


@pytest.mark.parametrize("style", ATTRIBUTION.values(), ids=ATTRIBUTION)
def test_answer_on_the_attributions_own_line(style: str) -> None:
    for answer in ("Yes.", "Merci, je viendrai !", "Sí, asistiré.", "Приду.", "سأحضر.", "我会参加。"):
        found = split(f"{answer} {filled(style)}\n{QUOTED}\n")
        assert answer in found.text or found.doubts


# --------------------------------------------------------------------------- header blocks


@pytest.mark.parametrize("block", BLOCK.values(), ids=BLOCK)
def test_above_a_header_block(block: str) -> None:
    for header, answer in pairs(block):
        for gap in ("\n\n", "\n"):
            found = split(f"{answer}{gap}{header}{INVITATION}\n")
            assert (found.text, found.signature) == (answer, "")
    header = filled(block)
    if not header.startswith(">"):
        marked = "\n".join(f"> {line}".rstrip() for line in header.strip().split("\n"))
        holds(f"Yes\n\n{marked}\n>\n{QUOTED}\n", "Yes")
        holds(f"{marked}\n>\n{QUOTED}\n\nYes", "Yes")


@pytest.mark.parametrize("block", BLOCK.values(), ids=BLOCK)
def test_answer_below_a_header_block_is_not_lost(block: str) -> None:
    for answer in ANSWERS.values():
        found = split(f"{filled(block)}{INVITATION}\n\n{answer}\n", known=[INVITATION])
        assert found.text == answer
        found = split(f"{filled(block)}{INVITATION}\n\n{answer}\n")
        assert answer in found.text or found.doubts
        found = split(f"{filled(block)}{answer}\n")
        assert answer in found.text or found.doubts
