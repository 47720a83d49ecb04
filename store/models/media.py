"""What is made of citizens' files."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class Rendition(Base):
    """What is shown in place of a file, made once for the same bytes: a picture's preview, a voice note as MP3.

    `sha256` is the file's; `shown` and `thumb` name the blobs that were made. Where nothing can be shown `note` says
    why, in Indonesian. `location` is where the picture was taken, by its EXIF: `lat` and `lon`.
    """

    __tablename__ = "rendition"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    shown: Mapped[str | None]
    thumb: Mapped[str | None]
    content_type: Mapped[str | None]
    location: Mapped[dict[str, Any] | None]
    note: Mapped[str | None]
    made_at: Mapped[dt.datetime]
