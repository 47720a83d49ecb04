"""The WSGI application of gateway and inbox; it wires them and decides nothing."""

from __future__ import annotations

import hashlib
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Flask

import inbox.pages
from config.secrets import installation_key
from dispatcher import logs
from gateway import health, public, security, server
from gateway.edge import Edge
from gateway.patience import Patience
from gateway.webhooks import Webhooks
from inbox.state import Access, Ground, Machine
from wiring import build, provider

if TYPE_CHECKING:
    from config.settings import Settings
    from dispatcher.runtime import Runtime

#: The most that the texts of one form may take (bytes); its files go to disk.
_FORM_TEXT = 1024 * 1024


def create_app(settings: Settings, runtime: Runtime) -> Flask:
    """The application, with its threads running: for one process, after the fork.

    `app.extensions["edge"].stop()` and `app.extensions["codes"].close()` end them.
    """
    app = Flask("muara", static_folder=None, template_folder=None)
    key = installation_key(settings.secret_key, settings.data_dir)
    https = settings.public_url.startswith("https://")
    proxies = security.Proxies.of(settings.trusted_proxies)
    edge = Edge(runtime, spool_dir=settings.spool, deadline=settings.accept_deadline_s)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.limits.max_body_bytes,
        MAX_FORM_MEMORY_SIZE=_FORM_TEXT,
    )
    security.register(app, https=https)
    app.register_blueprint(health.blueprint(edge.health))
    app.extensions["codes"] = public.register(
        app,
        runtime,
        edge.acceptor,
        secret_key=_derived(key, "public pages"),
        limits=settings.limits,
        data_dir=settings.data_dir,
        proxies=proxies,
    )
    access = Access(
        totp_roles=frozenset(settings.login.totp_roles),
        idle=timedelta(hours=settings.login.idle_hours),
        absolute=timedelta(hours=settings.login.absolute_hours),
        provider=provider(settings.oidc),
        local_login=settings.oidc.local_login,
    )
    machine = Machine(look=edge.health.look, free=lambda: _free(settings))
    ground = Ground(tiles=settings.map.tiles, attribution=settings.map.attribution)
    inbox.pages.register(app, runtime, secret_key=_derived(key, "inbox"), access=access, machine=machine, ground=ground)
    hooks = Webhooks(app.wsgi_app, runtime=runtime, acceptor=edge.acceptor, ringer=edge.ringer, proxies=proxies)
    app.wsgi_app = Patience(hooks, proxies)  # type: ignore[assignment, method-assign] # Flask's own way
    app.extensions["edge"] = edge
    edge.start()
    return app


def _free(settings: Settings) -> int:
    """Bytes left on the disk that will be full first: that of the data, or that of the spool."""
    folders = [folder for folder in (settings.data_dir, settings.spool) if folder.exists()]
    return min(shutil.disk_usage(folder).free for folder in folders)


def serve(settings: Settings, *, database_url: str, redis_url: str) -> None:
    """Serve until SIGTERM on the settings' host and port; the application is made in the worker, after the fork."""
    logs.configure(settings.log_level, process="gateway")

    def load() -> Flask:
        return create_app(settings, build(settings, database_url=database_url, redis_url=redis_url, name="muara web"))

    server.serve(load, host=settings.host, port=settings.port)


def _derived(key: str, purpose: str) -> bytes:
    """A key of its own for each use, so that what one room signed is worth nothing in another."""
    return hashlib.sha256(f"{purpose}\0{key}".encode()).digest()
