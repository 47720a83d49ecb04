"""The Cloud API stand-in itself refuses what Meta's documentation refuses; what a template carries passes it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whatsapp_stand import ACCOUNT, APP_SECRET, NUMBER, SITI, TOKEN, Clock

from channels.toolkit.payload import storable
from channels.whatsapp.templates import flat
from standins.mailroom import Mailroom
from standins.whatsapp import Cloud, Template, create_app
from standins.whatsapp_rules import Refusal, check_message

TEXT = {"messaging_product": "whatsapp", "to": SITI.phone, "type": "text", "text": {"body": "Halo"}}
BODY = [{"type": "body", "parameters": [{"type": "text", "text": "satu"}]}]
TEMPLATE = {"name": "kabar", "language": {"code": "id"}, "components": BODY}


def cloud() -> Cloud:
    made = Cloud(Mailroom(), phone_number_id=NUMBER, waba_id=ACCOUNT, token=TOKEN, app_secret=APP_SECRET, clock=Clock())
    made.templates = [Template(name="kabar", parameters=1)]
    made.text(SITI, "halo")
    return made


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in TEXT.items() if key != name}


def template(**changes: Any) -> dict[str, Any]:
    return without("text") | {"type": "template", "template": TEMPLATE | changes}


@pytest.mark.parametrize("good", [TEXT, template(), TEXT | {"recipient_type": "individual", "to": f"+{SITI.phone}"}])
def test_what_the_documentation_shows_is_taken(good: dict[str, Any]) -> None:
    assert check_message(cloud(), good)[0] == SITI.phone


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ([], 100),
        (TEXT | {"messaging_product": "sms"}, 100),
        (without("messaging_product"), 100),
        (without("to"), 131008),
        (TEXT | {"to": "0811"}, 131009),
        (TEXT | {"to": 628112626116}, 131009),
        (TEXT | {"colour": "red"}, 100),
        (TEXT | {"type": "fax"}, 100),
        (TEXT | {"recipient_type": "everybody"}, 100),
        (TEXT | {"text": {"body": "x", "font": "bold"}}, 100),
        (TEXT | {"text": {"body": 7}}, 100),
        (TEXT | {"text": {"body": "x", "preview_url": "false"}}, 100),
        (TEXT | {"text": {"body": " "}}, 100),
        (TEXT | {"text": {"body": "x" * 4097}}, 100),
        (TEXT | {"text": {}}, 131008),
        (TEXT | {"text": "Halo"}, 131008),
        (TEXT | {"context": {"message_id": "1", "more": 1}}, 131009),
        (TEXT | {"biz_opaque_callback_data": "x" * 513}, 100),
        (TEXT | {"type": "image", "image": {"id": "1"}} | {"text": {}}, 100),
        (
            {key: value for key, value in TEXT.items() if key != "text"} | {"type": "image", "image": {"id": "1"}},
            131009,
        ),
        (template(name="lain"), 132001),
        (template(language="id"), 131009),
        (template(components=[]), 132000),
        (template(components=[{"type": "body", "parameters": [{"type": "text", "text": "a\nb"}]}]), 132018),
        (template(components=[{"type": "body", "parameters": [{"type": "text", "text": "x" * 1025}]}]), 132005),
        (template(components=[{"type": "body", "parameters": [{"type": "image"}]}]), 132012),
    ],
)
def test_what_the_documentation_refuses_is_refused_with_metas_number(wrong: Any, code: int) -> None:
    with pytest.raises(Refusal) as refused:
        check_message(cloud(), wrong)
    assert refused.value.code == code


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer lain"}, {"Authorization": TOKEN}])
def test_nothing_is_told_without_the_token(header: dict[str, str]) -> None:
    client = create_app(Mailroom(), cloud=cloud()).test_client()
    for path in (f"/v25.0/{NUMBER}", "/files/1", f"/v25.0/{ACCOUNT}/message_templates"):
        answer = client.get(path, headers=header)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, 190)


@given(st.text(st.characters(codec="utf-16"), max_size=300) | st.text(" \n\t\r\u00a0\u2028-x", max_size=60))
def test_any_text_becomes_a_parameter_that_whatsapp_takes(text: str) -> None:
    parameter = flat(text)
    assert parameter.strip() == parameter != ""
    assert not re.search(r"[\n\r\t]|\s{4}", parameter)
    assert re.sub(r"[\s/-]", "", parameter) == re.sub(r"[\s/-]", "", storable(text))
