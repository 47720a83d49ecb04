"""Makes docs/channels.md from the adapters' manifests: `python docs/make_channels.py`."""  # noqa: INP001 - a script

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "channels.md"
sys.path.insert(0, str(HERE.parent))

from channels import registry  # noqa: E402 - found beside this folder

HEAD = """# Channels

Made from `channels/*/manifest.toml` by `docs/make_channels.py`; do not edit this page, edit the manifests. How to set a
channel up stands in its own README.
"""
ROWS = (
    ("in", "in_"),
    ("out", "out"),
    ("files", "media"),
    ("receipts", "receipts"),
    ("limits", "limits"),
    ("cost", "cost"),
    ("may be answered", "reply_window"),
)


def page(root: Path = registry.ROOT) -> str:
    """The whole page, ending with a newline."""
    return "\n".join([HEAD, *map(_section, registry.manifests(root).values())])


def _section(manifest: registry.Manifest) -> str:
    statuses = manifest.statuses
    answers = f"forged {statuses.forged}, unreadable {statuses.malformed}, unsupported {statuses.unsupported}"
    facts = [(label, getattr(manifest, name)) for label, name in ROWS]
    if manifest.dialects:
        facts.insert(0, ("dialects", ", ".join(f"`{dialect}`" for dialect in manifest.dialects)))
    facts += [
        ("largest request", f"{manifest.max_body:,} bytes"),
        ("HTTP answers", f"{answers}, our own fault 503"),
        ("adapter version", manifest.version),
        ("read on", f"{manifest.read_on}, in {', '.join(map(_source, manifest.sources))}"),
    ]
    lines = [f"| {label} | {_cell(value)} |" for label, value in facts]
    title = f"## {manifest.name} (`{manifest.key}`)"
    readme = f"[Setting it up](../channels/{manifest.key}/README.md)"
    return "\n".join([title, "", readme, "", "| | |", "| --- | --- |", *lines, ""])


def _source(source: str) -> str:
    return f"<{source}>" if source.startswith("https:") else f"`{source}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ") or "none"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
