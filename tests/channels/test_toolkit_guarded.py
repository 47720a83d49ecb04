"""The client for addresses that came in a message: no private network is in its reach, and its patience has an end."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import dead_address, serving

from channels.errors import Expired, FetchFailed, FetchLater, TooLarge
from channels.toolkit import guarded, network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from channels.contract import Media

Environ = dict[str, Any]


class Site:
    """A small site; `seen` are the requests, as (host, path, authorization)."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str | None]] = []
        self.elsewhere = ""

    def __call__(self, environ: Environ, start_response: Callable[..., object]) -> list[bytes]:
        path = environ["PATH_INFO"]
        self.seen.append((environ["HTTP_HOST"], path, environ.get("HTTP_AUTHORIZATION")))
        if path.startswith("/hop/"):
            left = int(path.rpartition("/")[2])
            start_response("302 Found", [("Location", f"/hop/{left - 1}" if left else "/photo.jpg")])
            return [b""]
        if path == "/away":
            start_response("307 Temporary Redirect", [("Location", self.elsewhere)])
            return [b""]
        if path.startswith("/status/"):
            start_response(f"{path.rpartition('/')[2]} X", [("Retry-After", "12")])
            return [b"rahasia di badan"]
        if path == "/endless":
            start_response("200 OK", [])
            return [b"x" * 600, b"x" * 600]
        if path == "/announced":
            start_response("200 OK", [("Content-Length", "99999")])
            return [b""]
        start_response(
            "200 OK",
            [("Content-Type", "image/jpeg; a=b"), ("Content-Disposition", 'attachment; filename="jalan.jpg"')],
        )
        return [b"\xff\xd8\xff"]


@pytest.fixture
def site() -> Iterator[tuple[Site, str]]:
    app = Site()
    with serving(app) as base:
        yield app, base


def get(url: str, **more: Any) -> Media:
    trusted = frozenset({url.partition("//")[2].partition("/")[0]})
    return guarded.fetch(url, **({"max_bytes": 1000, "timeout": 5, "trusted_hosts": trusted} | more))


def test_a_file_with_its_type_and_name(site: tuple[Site, str]) -> None:
    media = get(f"{site[1]}/photo.jpg?a=b")
    assert (media.content, media.content_type, media.name) == (b"\xff\xd8\xff", "image/jpeg", "jalan.jpg")


def test_what_is_private_is_refused_and_never_connected_to(site: tuple[Site, str]) -> None:
    app, base = site
    port = base.rpartition(":")[2]
    wrapped = ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]")
    for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", *wrapped):  # noqa: S104 - asked for, not bound
        with pytest.raises(FetchFailed):
            get(f"http://{host}:{port}/photo.jpg", trusted_hosts=frozenset())
    assert app.seen == []


def test_a_name_with_one_private_address_is_refused(site: tuple[Site, str], monkeypatch: pytest.MonkeyPatch) -> None:
    app, base = site
    port = int(base.rpartition(":")[2])
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        addresses = ["93.184.215.14", "127.0.0.1"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(network.socket, "getaddrinfo", resolve)
    with pytest.raises(FetchFailed, match="private"):
        get(f"http://foto.example:{port}/photo.jpg", trusted_hosts=frozenset())
    assert asked == ["foto.example"]
    assert app.seen == []


def test_the_connection_goes_to_the_address_that_was_checked(
    site: tuple[Site, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, base = site
    port = int(base.rpartition(":")[2])
    real, checked = socket.getaddrinfo, list[str]()

    def resolve(host: str, *args: Any, **more: Any) -> list[Any]:
        if host != "foto.example":
            return list(real(host, *args, **more))
        address = "10.9.9.9" if checked else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(network.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(network, "is_public", lambda address: not checked.append(address))
    assert get(f"http://foto.example:{port}/photo.jpg", trusted_hosts=frozenset()).content
    assert checked == ["127.0.0.1"]
    assert app.seen == [(f"foto.example:{port}", "/photo.jpg", None)]


def test_redirects_are_few_and_pass_the_same_gate(site: tuple[Site, str]) -> None:
    app, base = site
    assert get(f"{base}/hop/2").content
    with pytest.raises(FetchFailed, match="redirects"):
        get(f"{base}/hop/3")
    with serving(Site()) as inside:
        app.elsewhere = f"{inside}/photo.jpg"
        with pytest.raises(FetchFailed, match="private"):
            get(f"{base}/away")
    for elsewhere in ("file:///etc/passwd", "gopher://x", "//", "http://"):
        app.elsewhere = elsewhere
        with pytest.raises(FetchFailed):
            get(f"{base}/away")


def test_the_log_in_is_shown_to_the_first_origin_only(site: tuple[Site, str]) -> None:
    app, base = site
    other = Site()
    with serving(other) as elsewhere:
        app.elsewhere = f"{elsewhere}/photo.jpg"
        both = frozenset({base.partition("//")[2], elsewhere.partition("//")[2]})
        get(f"{base}/away", trusted_hosts=both, authorization="Basic rahasia")
        get(f"{base}/hop/1", authorization="Basic rahasia")
    assert [seen[2] for seen in other.seen] == [None]
    assert [seen[2] for seen in app.seen] == ["Basic rahasia"] * 4


@pytest.mark.parametrize("path", ["/endless", "/announced"])
def test_more_than_allowed_is_too_large(site: tuple[Site, str], path: str) -> None:
    with pytest.raises(TooLarge):
        get(site[1] + path)


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, Expired), (410, Expired), (401, FetchFailed), (429, FetchLater), (500, FetchLater), (503, FetchLater)],
)
def test_statuses(site: tuple[Site, str], status: int, error: type[FetchFailed]) -> None:
    with pytest.raises(FetchFailed) as caught:
        get(f"{site[1]}/status/{status}")
    assert type(caught.value) is error
    assert "rahasia" not in str(caught.value)
    if isinstance(caught.value, FetchLater):
        assert caught.value.retry_after == 12


def test_nobody_there_is_for_later() -> None:
    with pytest.raises(FetchLater):
        get(f"{dead_address()}/photo.jpg")


@pytest.mark.parametrize("step", [1, 1000], ids=["drips", "is silent at first"])
def test_a_server_that_is_slow_ends_at_the_deadline(step: int) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
    given_up = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                for at in range(0, len(answer), step):
                    given_up.wait(0.05 * step)
                    connection.sendall(answer[at : at + step])

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(FetchLater):
            get(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=0.2)
        given_up.set()
        thread.join()


@contextlib.contextmanager
def saying(*parts: bytes) -> Iterator[str]:
    """A server that says this and nothing else, part by part, however it was asked; then it shuts."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65_536)
                for part in parts:
                    connection.sendall(part)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            thread.join()


HEAD = b"HTTP/1.1 200 OK\r\n"


def test_a_length_that_is_said_too_small_is_the_length() -> None:
    with saying(HEAD, b"Content-Length: 3\r\n\r\n", b"abc", b"x" * 100_000) as url:
        assert get(url).content == b"abc"


def test_an_answer_that_breaks_off_is_no_file() -> None:
    """Half a photo is not taken for a photo."""
    with saying(HEAD, b"Content-Length: 900\r\n\r\n", b"x" * 100) as url, pytest.raises(FetchLater):
        get(url)
    with saying(HEAD, b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n") as url, pytest.raises(FetchLater):
        get(url)


@pytest.mark.parametrize(
    "lines",
    [
        b"Transfer-Encoding: chunked\r\n\r\n" + b"100\r\n" + b"x" * 256 + b"\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + b"x" * 1024 + b"\r\n0\r\n\r\n",
        b"\r\n" + b"x" * 100_000,
        b"Content-Length: 99999999999999999999\r\n\r\n",
    ],
    ids=["chunks", "chunks under a small length", "until it shuts", "beyond numbers"],
)
def test_the_cap_holds_while_it_streams_whatever_was_announced(lines: bytes) -> None:
    with saying(HEAD, lines) as url, pytest.raises(TooLarge):
        get(url)


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: -1\r\n\r\nx",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"X: " + b"y" * 500_000,
        b"\x00\xff\r\n\r\n",
    ],
    ids=["less than nothing", "two lengths", "endless headers", "rubbish"],
)
def test_an_answer_that_is_none_is_for_later(lines: bytes) -> None:
    with saying(HEAD, lines) as url, pytest.raises(FetchLater):
        get(url)


def test_nothing_is_unpacked_on_the_way() -> None:
    """A megabyte of zeros squeezed to a kilobyte comes as that kilobyte, though nobody asked for it to be squeezed."""
    squeezed = gzip.compress(bytes(500_000), mtime=0)
    head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(squeezed)
    with saying(HEAD, head, squeezed) as url:
        assert get(url).content == squeezed


def test_a_body_that_drips_ends_at_the_deadline() -> None:
    """Each byte comes soon enough; all of them together do not."""
    given_up = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
                while not given_up.wait(0.05):
                    connection.sendall(b"x")

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(FetchLater):
            get(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=0.4)
        given_up.set()
        thread.join()


def test_a_name_that_moves_between_redirects_is_checked_each_time(
    site: tuple[Site, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the name was public when the first address was fetched, and is private for the second."""
    app, base = site
    port = int(base.rpartition(":")[2])
    app.elsewhere = f"http://lain.example:{port}/photo.jpg"
    real = socket.getaddrinfo

    def resolve(host: str, *args: Any, **more: Any) -> list[Any]:
        known = {"foto.example": "127.0.0.1", "lain.example": "127.0.0.2"}
        if host not in known:
            return list(real(host, *args, **more))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known[host], port))]

    monkeypatch.setattr(network.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(network, "is_public", lambda address: address == "127.0.0.1")
    with pytest.raises(FetchFailed, match="private"):
        get(f"http://foto.example:{port}/away", trusted_hosts=frozenset())
    assert app.seen == [(f"foto.example:{port}", "/away", None)]


def test_what_stands_before_the_host_is_not_shown_to_anybody(site: tuple[Site, str]) -> None:
    app, base = site
    host = base.partition("//")[2]
    get(f"http://nama:sandi@{host}/photo.jpg", trusted_hosts=frozenset({host}))
    assert app.seen == [(host, "/photo.jpg", None)]


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "photo.jpg",
            "ftp://example.org/x",
            "http://",
            "http://a b/",
            "http://x:99999/",
            "http://[",
            "http://a..b/",
        ),
        *("http://x/\r\nHost: y", "http://\x00/", "http://" + "a" * 300 + "/", "https://user:pw@/"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(FetchFailed):
        guarded.fetch(url, max_bytes=10, timeout=1)


@given(st.text(max_size=30))
def test_whatever_stands_in_the_address_only_fetch_errors_come_out(text: str) -> None:
    with pytest.raises(FetchFailed):
        guarded.fetch(f"http://127.0.0.1:9/{text}", max_bytes=10, timeout=1)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
        *("255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "192.0.2.1", "0.1.2.3", "", "x"),
        *("::ffff:169.254.169.254", "::127.0.0.1", "fec0::1", "64:ff9b:1::a00:1", "64:ff9b::a9fe:a9fe", "100::1"),
        *("2001:0:7f00:1::", "2001:db8::1", "5f00::1", "192.0.0.8", "198.18.0.1", "240.0.0.1", "2002:a00:1::1"),
    ],
)
def test_private_addresses(address: str) -> None:
    assert not network.is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert network.is_public(address)
