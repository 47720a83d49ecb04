"""The proof that a code was typed: for that code's addresses, under our secret, for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Response

from gateway.proof import AGE, Proof

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
SECRET = b"0123456789abcdef"
CODE, OTHER = "K7MP-2XWD", "M2KR-7TAC"


def cookie(proof: Proof, code: str) -> str:
    response = Response()
    proof.give(response, code, NOW)
    return response.headers["Set-Cookie"]


def value(proof: Proof, code: str) -> dict[str, str]:
    return {"lacak": cookie(proof, code).partition(";")[0].partition("=")[2].strip('"')}


@pytest.mark.parametrize("https", [True, False])
def test_it_goes_back_to_that_complaints_files_only_and_in_the_clear_only_where_all_is(*, https: bool) -> None:
    proof = Proof(SECRET, https=https)
    parts = cookie(proof, CODE).split("; ")
    assert {"HttpOnly", "SameSite=Strict", f"Path=/lacak/{proof.key(CODE)}"} <= set(parts)
    assert ("Secure" in parts) == https
    assert not any(part.startswith("Domain") for part in parts)


def test_it_proves_its_code_until_it_ends_and_no_other() -> None:
    proof = Proof(SECRET, https=True)
    mine = value(proof, CODE)
    assert proof.code(mine, proof.key(CODE), NOW + AGE) == CODE
    assert proof.code(mine, proof.key(CODE), NOW + AGE + timedelta(seconds=1)) is None
    assert proof.code(mine, proof.key(OTHER), NOW) is None
    assert proof.code({}, proof.key(CODE), NOW) is None
    assert proof.code({"lacak": mine["lacak"].replace(CODE, OTHER)}, proof.key(OTHER), NOW) is None
    for odd in ("", "é", CODE, proof.key(CODE)[:-1]):
        assert proof.code(mine, odd, NOW) is None


def test_another_secret_makes_other_addresses_and_other_proofs() -> None:
    ours, theirs = Proof(SECRET, https=True), Proof(b"fedcba9876543210", https=True)
    assert ours.key(CODE) != theirs.key(CODE)
    assert len({ours.key(code) for code in (CODE, OTHER)}) == 2
    assert ours.code(value(theirs, CODE), ours.key(CODE), NOW) is None
