"""The pages among themselves: links resolve, decisions are numbered, the README tells what the launcher offers."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from channels import registry
from config.settings import Settings
from normalizer.complaint import CLOSED, LABELS
from normalizer.keyword import KeywordIndex
from normalizer.program import Program, Texts
from normalizer.ticket import ALPHABET

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text("utf-8")
ADRS = sorted((DOCS / "adr").glob("*.md"))
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "channels").glob("*/README.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def prose(path: Path) -> str:
    """A page without its code blocks, in which nothing is a link."""
    return re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


LINKS = [(page, link) for page in PAGES for link in LINK.findall(prose(page)) if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize(("page", "link"), LINKS, ids=[f"{page.relative_to(ROOT)}->{link}" for page, link in LINKS])
def test_links_lead_somewhere(page: Path, link: str) -> None:
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    assert target.exists()
    assert target.is_relative_to(ROOT)
    if anchor:
        assert anchor in anchors(target)


def test_there_are_links() -> None:
    assert len(LINKS) > 30
    assert not any(link.startswith("/") for _, link in LINKS)


def test_every_page_is_reached_from_the_readme() -> None:
    found, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in found:
            continue
        found.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(prose(page))]
        todo += [target for target in targets if target.suffix == ".md" and target.exists()]
        todo += [each for target in targets if target == DOCS / "adr" for each in ADRS]
    assert set(PAGES) <= found


def test_decisions_are_numbered_without_gaps_and_titled() -> None:
    assert len(ADRS) > 10
    for number, path in enumerate(ADRS, start=1):
        assert re.fullmatch(rf"{number:04}-[a-z0-9-]+\.md", path.name)
        text = path.read_text("utf-8")
        assert re.match(rf"# {number:04} \S", text), path.name
        assert re.search(r"^\*Accepted, \w+ \d{4}\.\*", text, re.MULTILINE), path.name
        assert len(text.splitlines()) <= 60, f"{path.name}: one page each"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    reasons = " ".join(path.read_text("utf-8") for path in ADRS).lower()
    listed = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = [re.split(r"[\[>=<~! ]", each)[0].lower() for each in listed]
    assert len(names) > 20
    assert [name for name in names if not re.search(rf"[`\[ /]{re.escape(name)}[`\]\s)/]", reasons)] == []


def test_the_readme_leads_with_the_two_commands_and_a_picture() -> None:
    block = re.search(r"^## Two commands\n+```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert block is not None
    assert block[1].splitlines() == ["./muara demo", "./muara test"]
    assert README.index("](docs/images/queue-desktop-light.png)") < block.start()
    launcher = (ROOT / "muara").read_text("utf-8")
    assert re.search(r"^    test\)$", launcher, re.MULTILINE)
    assert 'exec "$venv/bin/python" -m cli "$@"' in launcher
    assert (DOCS / "images" / "queue-desktop-light.png").stat().st_size < 200_000


def test_the_readme_names_the_ports_that_the_demo_takes() -> None:
    from cli import main  # noqa: PLC0415 - only this test looks at the command line

    (port,) = [option.default for option in main.commands["demo"].params if option.name == "port"]
    assert f"http://127.0.0.1:{port}/inbox" in README
    assert f"http://127.0.0.1:{int(str(port)) + 1}/" in README
    assert Settings().port == port


def test_the_readmes_table_has_every_channel_and_dialect() -> None:
    for manifest in registry.manifests().values():
        rows = [line for line in README.splitlines() if f"(channels/{manifest.key}/README.md)" in line]
        assert rows, manifest.key
        assert set(manifest.dialects) <= {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def make_channels() -> Any:
    spec = importlib.util.spec_from_file_location("make_channels", DOCS / "make_channels.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_channels_is_current() -> None:
    assert (DOCS / "channels.md").read_text("utf-8") == make_channels().page()


KINDS = {"right": True, "nearly": False, "none": None}
FORMAT = (DOCS / "format.md").read_text("utf-8")
EXAMPLES = re.findall(r"^\| `(.+?)` \| (right|nearly|none) \| `(.+?)` \|$", FORMAT, re.MULTILINE)


@pytest.mark.parametrize(("text", "kind", "body"), EXAMPLES)
def test_the_format_is_read_as_its_page_says(text: str, kind: str, body: str) -> None:
    program = Program(key="p", name="Mas Bup Siaga", organisation="Pemalang", keywords=("masbupsiaga",))
    found = KeywordIndex([program]).find(text)
    assert (None if found is None else found.exact) == KINDS[kind]
    assert (text if found is None else found.body) == body


def test_the_format_has_examples_of_each_kind() -> None:
    assert {kind for _, kind, _ in EXAMPLES} == set(KINDS)


def test_states_labels_and_alphabet_are_the_documented_ones() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|`]+) \|$", FORMAT, re.MULTILINE))
    assert rows == {state.value: label for state, label in LABELS.items()}
    closed = FORMAT.partition("No deadline runs in")[2].partition(";")[0]
    assert set(re.findall(r"`(\w+)`", closed)) == {state.value for state in CLOSED}
    assert f"`{ALPHABET}`" in FORMAT


def test_the_administrators_guide_names_every_key_of_a_program() -> None:
    guide = (DOCS / "administrasi.md").read_text("utf-8")
    for name in [*Program.__slots__, *Texts.__slots__]:
        if name != "key":
            assert re.search(rf"`\[*{name}\]*`", guide), name


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_nothing_tracked_names_our_machines_or_an_index() -> None:
    # Taken apart, so that this file does not find itself.
    parts = [
        "/wo" + "rk/",
        "/tm" + r"p/v\b",
        "/ro" + r"ot/",
        "/home/" + r"[a-z]+/",
        r"https?://[^\s\"']+/sim" + r"ple\b",
        "py" + r"pi\.org",
    ]
    pattern = re.compile("|".join(parts))
    texts = [path for path in tracked() if path.suffix not in {".png", ".jpg", ".ico"}]
    assert len(texts) > 200
    lines = [(path, line) for path in texts for line in path.read_text("utf-8", errors="replace").splitlines()]
    assert [f"{path.relative_to(ROOT)}: {line}" for path, line in lines if pattern.search(line)] == []


def test_what_a_run_leaves_behind_is_ignored_and_nothing_stray_is_tracked() -> None:
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert {"var/", ".venv/", "__pycache__/"} <= set(ignored)
    stray = re.compile(r"(^|/)(var|\.venv|__pycache__|node_modules)/|\.(pyc|log|orig|rej|bak|swp|db)$|~$")
    assert [str(path) for path in tracked() if stray.search(path.relative_to(ROOT).as_posix())] == []


def test_the_tests_behind_the_promises_are_there() -> None:
    named = re.findall(r"`(tests/[a-z_/]+\.py)`", (ROOT / "docs" / "architecture.md").read_text("utf-8"))
    assert len(set(named)) > 10
    assert [name for name in named if not (ROOT / name).is_file()] == []
