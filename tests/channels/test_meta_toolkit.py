"""Meta's handshake and signatures, checked with hashlib alone, and what each error of the Graph API becomes."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest
from loopback import as_request, dead_address
from meta_stand import HOOK, SECRET, VERIFY

from channels.errors import (
    OutcomeUnknown,
    ProviderDown,
    Refused,
    SendFailed,
    Throttled,
    VerificationFailed,
)
from channels.toolkit.http import Reply
from channels.toolkit.meta import app_secret_proof, check_graph, check_signature, graph, graph_error, handshake
from channels.toolkit.meta_contents import at_meta
from channels.toolkit.meta_fields import cdn_deadline, moment, web_address
from channels.toolkit.meta_messaging import canonical
from standins.meta import greeting
from standins.request import Request

if TYPE_CHECKING:
    from channels.contract import RawRequest

BODY = b'{"object":"page","entry":[{"id":"1","text":"\xc3\xa9 \\u00e9"}]}'


def signed(signature: str | None, body: bytes = BODY) -> RawRequest:
    headers = {} if signature is None else {"X-Hub-Signature-256": signature}
    return as_request(Request(method="POST", url=HOOK, headers=headers, body=body))


def made(algorithm: str, secret: str = SECRET, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def test_a_signature_over_the_bytes_as_they_came_is_taken() -> None:
    check_signature(signed(f"sha256={made('sha256')}"), SECRET)


def test_the_vector_of_rfc_4231_holds() -> None:
    known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    check_signature(signed(f"sha256={known}", b"what do ya want for nothing?"), "Jefe")


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        made("sha256"),
        f"sha1={made('sha1')}",
        f"sha256={made('sha1')}",
        f"sha256={made('sha256', 'another-secret-entirely')}",
        f"sha256={made('sha256', body=BODY + b' ')}",
        f"sha256={made('sha256').upper()}",
        f"sha512={made('sha512')}",
        "sha256=é",
    ],
)
def test_any_other_signature_is_refused(signature: str | None) -> None:
    with pytest.raises(VerificationFailed):
        check_signature(signed(signature), SECRET)


def test_without_a_secret_nothing_is_proven() -> None:
    with pytest.raises(VerificationFailed):
        check_signature(signed(f"sha256={made('sha256', '')}"), "")


def test_the_handshake_gives_the_challenge_back_and_is_not_journalled() -> None:
    verdict = handshake(as_request(greeting(HOOK, VERIFY)), VERIFY)
    assert verdict is not None
    assert (verdict.answer.status, verdict.answer.body, verdict.journal) == (200, b"1158201444", False)
    assert handshake(signed(None), VERIFY) is None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        f"hub.mode=unsubscribe&hub.challenge=1&hub.verify_token={VERIFY}",
        f"hub.mode=subscribe&hub.verify_token={VERIFY}",
        f"hub.mode=subscribe&hub.challenge={'1' * 300}&hub.verify_token={VERIFY}",
        f"hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY}x",
    ],
)
def test_any_other_handshake_is_refused(query: str) -> None:
    with pytest.raises(VerificationFailed):
        handshake(as_request(Request(method="GET", url=f"{HOOK}?{query}", headers={})), VERIFY)


def test_no_verify_token_of_ours_greets_nobody() -> None:
    with pytest.raises(VerificationFailed):
        handshake(as_request(greeting(HOOK, "")), "")


def failed(code: int, subcode: int = 0, status: int = 400, **more: Any) -> SendFailed:
    headers = more.pop("headers", {})
    error = {"message": "rahasia warga", "type": "OAuthException", "code": code, "fbtrace_id": "AbC-1 é<b>"} | more
    body = json.dumps({"error": error | ({"error_subcode": subcode} if subcode else {})}).encode()
    with pytest.raises(SendFailed) as raised:
        check_graph(Reply(status=status, headers=headers, body=body))
    assert "rahasia warga" not in str(raised.value)
    assert "AbC-1b" in str(raised.value)
    return raised.value


@pytest.mark.parametrize(
    ("code", "subcode", "kind", "said"),
    [
        (4, 0, Throttled, "Batas panggilan"),
        (17, 0, Throttled, "Batas panggilan"),
        (32, 0, Throttled, "Batas panggilan"),
        (613, 0, Throttled, "Batas panggilan"),
        (80007, 0, Throttled, "Batas panggilan"),
        (190, 463, Refused, "token baru"),
        (10, 0, Refused, "izin"),
        (200, 0, Refused, "izin"),
        (299, 0, Refused, "izin"),
        (10, 2018278, Refused, "Batas waktu balasan"),
        (10, 2534022, Refused, "Batas waktu balasan"),
        (10, 2018065, Refused, "Batas waktu balasan"),
        (10, 2018108, Refused, "memblokir"),
        (10, 1893063, Refused, "membatasi akun kita"),
        (10, 2018300, Refused, "aplikasi lain"),
        (551, 1545041, Refused, "memblokir"),
        (100, 2018001, Refused, "memblokir"),
        (100, 33, Refused, "sudah tidak ada"),
        (100, 0, Refused, "menolak"),
        (10900, 0, Refused, "dibalas secara pribadi"),
        (368, 0, Refused, "membatasi akun kita"),
        (2, 0, ProviderDown, "terganggu"),
        (1200, 0, ProviderDown, "terganggu"),
        (1, 0, OutcomeUnknown, "tanpa mengatakan"),
        (99999, 0, Refused, "menolak"),
    ],
)
def test_each_error_becomes_what_can_be_done_about_it(code: int, subcode: int, kind: type, said: str) -> None:
    error = failed(code, subcode)
    assert type(error) is kind
    assert said in str(error)
    assert f"Meta {code}" in str(error)


def test_a_transient_error_sent_nothing_but_an_unknown_one_may_have() -> None:
    assert type(failed(99999, is_transient=True)) is ProviderDown
    assert type(failed(1, is_transient=True)) is OutcomeUnknown
    assert type(failed(99999, status=500)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "17"}, 17.0),
        (
            {
                "x-business-use-case-usage": json.dumps(
                    {
                        "1": [
                            {"type": "messenger", "call_count": 100, "estimated_time_to_regain_access": 19},
                            {"type": "pages", "estimated_time_to_regain_access": 3},
                        ]
                    }
                )
            },
            19 * 60.0,
        ),
        ({"x-business-use-case-usage": json.dumps({"1": [{"estimated_time_to_regain_access": 9999}]})}, 3600.0),
        ({"x-business-use-case-usage": "{"}, 60.0),
        ({"x-business-use-case-usage": "[1]"}, 60.0),
        ({}, 60.0),
    ],
)
def test_how_long_to_rest(headers: dict[str, str], wait: float) -> None:
    error = failed(4, headers=headers)
    assert isinstance(error, Throttled)
    assert error.retry_after == wait


def test_a_good_answer_is_given_back_and_an_answer_of_nobodys_shape_is_judged_by_its_status() -> None:
    good = Reply(status=200, headers={}, body=b'{"id":"1"}')
    assert check_graph(good) is good
    for status, kind in ((503, ProviderDown), (502, OutcomeUnknown), (403, Refused), (429, Throttled)):
        with pytest.raises(kind):
            check_graph(Reply(status=status, headers={}, body=b"<html>"))
    assert graph_error(Reply(status=400, headers={}, body=b'{"error":"text"}')) is None


def test_nobody_there_means_nothing_sent() -> None:
    with pytest.raises(ProviderDown):
        graph("GET", "me", token="x", timeout=1.0, base=dead_address())


def test_the_proof_is_of_the_token_with_the_apps_secret() -> None:
    expected = hmac.new(b"secret", b"token", hashlib.sha256).hexdigest()
    assert app_secret_proof("token", "secret") == expected


def test_a_messages_id_has_one_spelling() -> None:
    assert canonical("m_abc") == canonical("abc") == "m_abc"
    assert canonical("mid.$cAAJ") == "mid.$cAAJ"
    assert canonical("aWdfZAG1") == "aWdfZAG1"


def test_an_address_of_the_cdn_says_itself_how_long_it_holds() -> None:
    sent = moment(1_795_312_692)
    assert cdn_deadline("https://scontent.xx.fbcdn.net/1.jpg?a=1&oe=6B1A2B3C", sent) == moment(0x6B1A2B3C)
    assert cdn_deadline("https://scontent.xx.fbcdn.net/1.jpg?oe=zzz", sent) == moment(1_795_312_692 + 7 * 86_400)
    assert cdn_deadline("https://scontent.xx.fbcdn.net/1.jpg", None) is None
    assert at_meta("https://scontent.xx.fbcdn.net/x")
    assert not at_meta("https://fbcdn.net.example.org/x")


def test_what_is_no_web_address_is_none() -> None:
    assert web_address("https://x.fbcdn.net/1.jpg?a=b") == "https://x.fbcdn.net/1.jpg?a=b"
    for wrong in (
        "https://[",
        "ftp://x/",
        "https://",
        "javascript:x",
        "",
        None,
        7,
        ["https://x/"],
        "https://x/" + "a" * 8000,
    ):
        assert web_address(wrong) is None


def test_times_come_in_seconds_in_milliseconds_and_as_text() -> None:
    assert moment(1_795_312_692) == moment(1_795_312_692_000) == moment("2026-11-22T01:58:12+0000")
    for wrong in (0, -1, True, 1e12, 10**20, "2026-11-22T01:58:12", "gestern", None, [1]):
        assert moment(wrong) is None
