"""The Bot API stand-in, served on loopback, with an adapter for it; what the Telegram tests share."""

from __future__ import annotations

import contextlib
import socket
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from channels.contract import AccountInfo, Obligation, OutboundReply, RawMessage
from channels.telegram.adapter import TelegramChannel
from channels.telegram.settings import TelegramSettings
from standins.mailroom import Mailroom
from standins.telegram import Citizen, Cloud, Fault, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalizer.messages import Inbound

TOKEN = "123456:ABC-def_1"
SECRET = "rahasia-yang-cukup-panjang"
HOOK = "https://aduan.example.go.id/hooks/telegram-aduan"
SITI = Citizen(id=1111111, first_name="Siti", last_name="Aminah")
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40
NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Silent(WSGIRequestHandler):
    """The stand-in's own access log is not what the log tests look at."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing."""


class Telegram:
    """The stand-in, served on loopback, with an adapter for it."""

    def __init__(self) -> None:
        self.mailroom = Mailroom()
        self.cloud = Cloud(self.mailroom, TOKEN)
        self.fault = Fault()
        app = create_app(self.mailroom, TOKEN, cloud=self.cloud, fault=self.fault)
        self.server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def channel(
        self, mode: str = "polling", *, token: str = TOKEN, timeout: float = 5.0, port: int = 0
    ) -> TelegramChannel:
        address = f"http://127.0.0.1:{port or self.server.server_port}"
        settings = TelegramSettings(
            token=token,
            mode=mode,  # type: ignore[arg-type] # a test passes it on
            secret_token=SECRET if mode == "webhook" else "",
            username="aduan_bot",
            base_url=f"{address}/bot",
            base_file_url=f"{address}/file/bot",
            timeout=timeout,
        )
        return TelegramChannel(AccountInfo(name="telegram", hook_url=HOOK), settings)

    def delivered(self) -> list[str]:
        return [message.text for message in self.mailroom.delivered(str(SITI.id))]

    def close(self) -> None:
        self.fault.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@contextlib.contextmanager
def serving() -> Iterator[Telegram]:
    """A running stand-in that knows Siti's chat, with nothing waiting."""
    running = Telegram()
    running.cloud.submit(running.cloud.update_text(SITI, "/start"))
    running.cloud.drop_pending()
    try:
        yield running
    finally:
        running.close()


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def parsed(channel: TelegramChannel, body: bytes) -> list[Inbound]:
    return channel.parse(RawMessage(id="1", account="telegram", received_at=NOW, body=body))


def reply(text: str = "Terima kasih", **more: object) -> OutboundReply:
    return OutboundReply(id="r1", conversation_id=str(SITI.id), to=str(SITI.id), text=text, **more)  # type: ignore[arg-type] # fields of a record


def wanted(ref: str, max_bytes: int = 20_000_000) -> Obligation:
    return Obligation(ref=ref, url=None, deadline=None, max_bytes=max_bytes)
