"""The blob store on S3: the same promises as on a folder, with requests that are really signed."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from store.blobs import BlobError, BlobMissingError, Blobs, digest
from tests.s3 import BUCKET, KEY, REGION, S3, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = f"s3://{BUCKET}/aduan"
#: How often a request is made that the store could not serve at once.
TRIES = 3


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """The environment that an operator sets is all that leads there."""
    bucket = S3()
    server = make_server("127.0.0.1", 0, bucket.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    yield bucket
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_is_put_is_there_for_another_process(s3: S3) -> None:
    assert Blobs(URL).put(b"foto") == digest(b"foto")
    assert Blobs(URL).get(digest(b"foto")) == b"foto"
    name = digest(b"foto")
    assert s3.objects == {f"aduan/{name[:2]}/{name[2:4]}/{name}": b"foto"}


def test_the_same_bytes_are_stored_once(s3: S3) -> None:
    blobs = Blobs(URL)
    assert blobs.put(b"foto") == blobs.put(b"foto")
    assert len(s3.objects) == 1


def test_a_large_file_goes_in_one_request(s3: S3) -> None:
    content = bytes(range(256)) * 60_000
    blobs = Blobs(URL)
    blobs.put(content)
    assert s3.puts == 1
    assert blobs.get(digest(content)) == content


def test_what_is_not_there_is_missing(s3: S3) -> None:
    with pytest.raises(BlobMissingError):
        Blobs(URL).get(digest(b"tidak ada"))


@pytest.mark.parametrize("down", [(503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied")])
def test_a_store_that_refuses_is_an_error_after_few_tries(s3: S3, down: tuple[int, str]) -> None:
    s3.down = down
    with pytest.raises(BlobError) as caught:
        Blobs(URL).put(b"foto")
    assert "foto" not in str(caught.value)
    with pytest.raises(BlobError) as missing:
        Blobs(URL).get(digest(b"foto"))
    assert not isinstance(missing.value, BlobMissingError)
    assert s3.asked == (2 if down[0] == 403 else 2 * TRIES)
    s3.down = None
    Blobs(URL).put(b"foto")
    assert Blobs(URL).get(digest(b"foto")) == b"foto"


def test_a_wrong_key_is_an_error(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "bukan kuncinya")
    with pytest.raises(BlobError):
        Blobs(URL).put(b"foto")
    assert s3.objects == {}


def test_a_store_that_is_not_there_is_an_error(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(BlobError):
            Blobs(URL).put(b"foto")
