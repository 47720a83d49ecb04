"""The `muara` command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands import context

if TYPE_CHECKING:
    from config.settings import Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Muara: many channels flow into one queue for the officers of a local government."""


@main.command()
@click.option("--config", "config_dir", type=click.Path(path_type=Path), default=context.CONFIG, help="folder of muara.toml")
@click.option("--data-dir", type=click.Path(path_type=Path), help="where the installation keeps its data")
@click.option("--host", help="address to listen on")
@click.option("--port", type=click.IntRange(1, 65535), help="port to listen on")
def up(config_dir: Path, data_dir: Path | None, host: str | None, port: int | None) -> None:
    """Run everything on this machine, for real use."""
    from commands import running  # noqa: PLC0415 - the light commands start without the servers' imports

    settings = context.settings_from(config_dir, data_dir=data_dir, host=host, port=port)
    running.serve(settings, on_ready=lambda: click.echo(f"Muara is up: {settings.public_url} (Ctrl-C stops it)"))


if __name__ == "__main__":
    main()
