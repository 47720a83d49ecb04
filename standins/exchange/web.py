"""The site's own public form."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from standins import pictures, webform
from standins.exchange.base import Provider, Unplayable
from standins.kinds import WEB
from standins.steps import Fill

if TYPE_CHECKING:
    from datetime import datetime

    from standins.steps import Step
    from standins.town import Phone


class Web(Provider):
    """The receipt's ticket code stands on the phone; nothing else comes back."""

    kind: ClassVar[str] = WEB
    providers: ClassVar[tuple[str, ...]] = ()

    def do(self, phone: Phone, step: Step, at: datetime | None) -> None:  # noqa: ARG002 - the form knows no other time
        """The form, filled in. OSError; ValueError where no receipt came."""
        if not isinstance(step, Fill):
            raise Unplayable(step)
        fields = dict(step.fields)
        self.town.wrote(phone, fields["isi"], via="/lapor", pictures=step.photos)
        code = webform.send(self.site.url, fields, [pictures.jpeg(name) for name in step.photos])
        self.town.received(phone, f"Aduan Anda sudah kami terima. Nomor aduan: {code}", via="/lapor")
