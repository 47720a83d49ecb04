"""The office's mailbox, and the citizens' mail programs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, ClassVar

from PIL import Image

from standins import pictures
from standins.exchange.base import Provider, Unplayable
from standins.kinds import EMAIL, MAIL
from standins.mail import Enclosure, Ports, Post, Received
from standins.postbox import KeptPostbox
from standins.steps import Photos, Say

if TYPE_CHECKING:
    from datetime import datetime

    from standins.exchange.base import House
    from standins.mailroom import Delivered
    from standins.steps import Step
    from standins.town import Phone


class Email(Provider):
    """Mails lie in a folder beside the town's file, with numbers that stay over restarts."""

    kind: ClassVar[str] = EMAIL
    providers: ClassVar[tuple[str, ...]] = (EMAIL,)

    def __init__(self, house: House) -> None:
        super().__init__(house)
        postbox = KeptPostbox(self.town.path.with_name("mail"))
        self.post = Post(self.room, self.site.names[EMAIL], self.site.secrets["email_password"], postbox=postbox)
        for note in self.town.notes(EMAIL):
            self.post.received[note["id"]] = Received(**note["mail"])

    def start(self) -> None:
        """IMAP and SMTP, for this machine only."""
        imap, smtp = self.site.mail_ports
        self.post.start(ports=Ports(imap=imap, smtp=smtp))

    def stop(self) -> None:
        """Both end."""
        self.post.stop()

    def do(self, phone: Phone, step: Step, at: datetime | None) -> None:
        """A mail; what would be photos elsewhere is enclosed, the first as a PDF as scanners make it."""
        match step:
            case Say():
                self._write(phone, step.text, step, [], at)
            case Photos():
                files = [_enclosure(number, name) for number, name in enumerate(step.names)]
                self._write(phone, step.caption, step, files, at)
            case _:
                raise Unplayable(step)

    def deliver(self, message: Delivered) -> None:
        """The Mailroom has the subject in the first line."""
        subject, _, text = message.text.partition("\n")
        phone = self.town.phone(EMAIL, message.to)
        mail = self.post.received[message.external_id]
        self.town.note(
            EMAIL,
            id=message.external_id,
            mail={"message_id": mail.message_id, "subject": mail.subject, "reply_to": mail.reply_to},
        )
        self.town.received(
            phone,
            text.strip(),
            at=message.at,
            via=self.site.names[EMAIL],
            ref=message.external_id,
            subject=subject,
            look=MAIL,
        )

    def handle(self, phone: Phone) -> str:
        """The address."""
        return phone.address

    def _write(self, phone: Phone, text: str, step: Say | Photos, files: list[Enclosure], at: datetime | None) -> None:
        answered = "" if step.subject else self._last_received(phone)
        before = self.post.received.get(answered)
        subject = f"Re: {before.subject.removeprefix('Re: ')}" if before else step.subject
        shown = "\n".join([text, *(f"📎 {file.name}" for file in files)])
        message_id = self.post.write(
            phone.address,
            phone.name,
            subject,
            text,
            html=step.html,
            attachments=files,
            in_reply_to=answered or None,
            at=at,
        )
        pictured = step.names if isinstance(step, Photos) else ()
        self.town.wrote(
            phone,
            shown,
            at=at,
            via=self.site.names[EMAIL],
            ref=message_id.strip("<>"),
            subject=subject or "(tanpa subjek)",
            look=MAIL,
            pictures=pictured,
        )

    def _last_received(self, phone: Phone) -> str:
        refs = [line.ref for line in self.town.lines(phone.id) if not line.mine]
        return refs[-1] if refs else ""


def _enclosure(number: int, name: str) -> Enclosure:
    photo = pictures.jpeg(name)
    if number:
        return Enclosure(name=f"{name}.jpg", content_type="image/jpeg", content=photo)
    paper = io.BytesIO()
    with Image.open(io.BytesIO(photo)) as image:
        image.save(paper, "PDF")
    return Enclosure(name="surat-warga.pdf", content_type="application/pdf", content=paper.getvalue())
