"""One e-mail through a real server."""

import socket

import pytest

from opsapp.delivery import mail
from opsapp.delivery.errors import NotDelivered
from tests.support.receivers import running_mailbox

# the mail server of the tests does not count TLS that is there from the first byte
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

LETTER = mail.Letter(
    sender="OpsApp <ops@opsapp.test>",
    recipient="ana@example.test",
    subject="Sync inventory of Contoso succeeded: 97 objects.",
    text="Grüße aus Contoso.\n\n.\nThe end.\n",
    message_id="msg_1",
)


def letter(**changes):
    return mail.Letter(**(vars(LETTER) | changes))


def failure(url, sent=LETTER):
    with pytest.raises(NotDelivered) as failed:
        mail.send(mail.Server.of(url), sent)
    return failed.value


def test_a_letter_arrives_as_it_was_written(mailbox):
    assert mail.send(mail.Server.of(mailbox.url), LETTER) == "SMTP 250"
    [arrived] = mailbox.letters
    assert mailbox.recipients == ["ana@example.test"]
    assert arrived["From"] == "OpsApp <ops@opsapp.test>"
    assert arrived["To"] == "ana@example.test"
    assert arrived["Subject"] == LETTER.subject
    assert arrived["Message-ID"] == "<msg_1@opsapp.test>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Date"].datetime.tzinfo is not None
    assert arrived.get_content().replace("\r\n", "\n") == LETTER.text


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x85", "\u2028", "\0"])
def test_nobody_adds_a_header(mailbox, end):
    mail.send(
        mail.Server.of(mailbox.url), letter(subject=f"Contoso{end}Bcc: eve@example.test{end}{end}x")
    )
    [arrived] = mailbox.letters
    assert arrived["Bcc"] is None
    assert arrived["Subject"] == "Contoso Bcc: eve@example.test x"
    assert mailbox.recipients == ["ana@example.test"]


def test_a_recipient_cannot_be_two(mailbox):
    for address in ("ana@example.test\r\nBcc: eve@example.test", "ana@x.test, eve@x.test"):
        assert failure(mailbox.url, letter(recipient=address)).is_final
    assert mailbox.letters == []


def test_a_long_subject_in_any_script(mailbox):
    subject = "שלום " * 100
    mail.send(mail.Server.of(mailbox.url), letter(subject=subject))
    assert mailbox.letters[0]["Subject"].startswith("שלום שלום")
    assert len(mailbox.letters[0]["Subject"]) <= mail.LONGEST_SUBJECT


@pytest.mark.parametrize("starttls", [True, False])
def test_with_tls_and_a_password(trusted, starttls):
    with running_mailbox(trusted, starttls=starttls) as mailbox:
        mail.send(mail.Server.of(mailbox.url), LETTER)
        assert mailbox.signed_in == ["ops"]
        assert len(mailbox.letters) == 1


def test_a_wrong_password_can_be_set_right(trusted):
    with running_mailbox(trusted) as mailbox:
        failed = failure(mailbox.url.replace("ss%2Fword", "wrong"))
    assert failed.message == "SMTP 535 (SMTPAuthenticationError)"
    assert not failed.is_final


@pytest.mark.parametrize("starttls", [True, False])
def test_no_password_is_said_to_a_server_that_is_not_trusted(certificates, starttls):
    with running_mailbox(certificates[1], starttls=starttls) as mailbox:
        failed = failure(mailbox.url)
        assert failed.message == "SSLCertVerificationError"
        assert mailbox.signed_in == []


def test_a_server_without_starttls_gets_no_password(mailbox):
    url = mailbox.url.replace("smtp://", "smtp://ops:secret@") + "?starttls"
    assert failure(url).message == "SMTPNotSupportedError"
    assert mailbox.letters == []


@pytest.mark.parametrize(
    ("where", "answer", "message", "is_final"),
    [
        ("ana@example.test", "550 no such user", "SMTP 550 (recipient)", True),
        ("ana@example.test", "451 greylisted", "SMTP 451 (recipient)", False),
        ("data", "554 canary-text", "SMTP 554 (message)", True),
        ("data", "452 disk full", "SMTP 452 (message)", False),
    ],
)
def test_a_refusal_is_told_by_its_number(mailbox, where, answer, message, is_final):
    mailbox.refusals[where] = answer
    failed = failure(mailbox.url)
    assert (failed.message, failed.is_final) == (message, is_final)


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    failed = failure(f"smtp://127.0.0.1:{port}")
    assert (failed.message, failed.is_final) == ("ConnectionRefusedError", False)


def test_the_usual_ports():
    ports = [mail.Server.of(url).port for url in ("smtp://h", "smtp://h?starttls", "smtps://h")]
    assert ports == [25, 587, 465]


def test_a_server_shows_no_password():
    assert "secret" not in repr(mail.Server.of("smtps://user:secret@h"))
