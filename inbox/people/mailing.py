"""What officers are written: the link of an invitation, and that of a lost password."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from dispatcher.mailing import MailError
from inbox.i18n import _
from inbox.state import now, runtime

if TYPE_CHECKING:
    from collections.abc import Callable

_log: Final = logging.getLogger(__name__)


def invitation(name: str, username: str, until: str, link: str) -> tuple[str, str]:
    """Subject and text of the mail with which somebody comes in, or comes back with another password."""
    text = _(
        """Halo %(name)s,

Anda dapat masuk ke Muara, kotak masuk aduan warga, dengan nama pengguna %(username)s.
Pilih kata sandi Anda lewat tautan ini, yang berlaku sekali, sampai %(until)s:

%(link)s

Bila Anda tidak mengenal surel ini, abaikan saja.
""",
        name=name,
        username=username,
        until=until,
        link=link,
    )
    return _("Undangan ke Muara"), text


def reset(name: str, username: str, minutes: int, link: str) -> tuple[str, str]:
    """Subject and text of the mail for a lost password."""
    text = _(
        """Halo %(name)s,

Seseorang, mungkin Anda, meminta kata sandi baru untuk nama pengguna %(username)s.
Pilih kata sandi baru lewat tautan ini, yang berlaku sekali, selama %(minutes)s menit:

%(link)s

Bila bukan Anda, abaikan surel ini: kata sandi Anda tidak berubah.
""",
        name=name,
        username=username,
        minutes=minutes,
        link=link,
    )
    return _("Kata sandi baru untuk Muara"), text


def send_now(to: str, subject: str, text: str) -> bool | None:
    """Whether it was sent; None where the installation has no mail."""
    mailer = runtime().mailer
    if mailer is None:
        return None
    try:
        mailer.send(to, subject, text, now())
    except MailError as error:
        _log.warning("a mail to an officer was not sent: %s", error)
        return False
    return True


class Background:
    """Work that nobody waits for: a few threads at a time, and what is too much is left undone."""

    def __init__(self, most: int = 4) -> None:
        self._free = threading.BoundedSemaphore(most)

    def __call__(self, work: Callable[[], None]) -> None:
        """Begin it, where there is room."""
        if not self._free.acquire(blocking=False):
            _log.warning("too many mails at once: one was left out")
            return

        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - a thread of its own: nobody above would hear of it
                _log.warning("work in the background failed: %s", type(error).__name__)
            finally:
                self._free.release()

        threading.Thread(target=run, name="mail", daemon=True).start()
