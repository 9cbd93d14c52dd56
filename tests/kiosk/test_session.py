"""Nothing of a person is left in a wiped session, whatever was put into it."""

from __future__ import annotations

from dataclasses import fields

from backend.contract.service_api import Agent, Prefill
from content.schema.text import Text
from kiosk.session import Known, Session
from tests.kiosk.journeys.fakes import demo_card


def test_wiped() -> None:
    session = Session(face_refusals=1)
    session.card = demo_card()
    session.form["name"] = "李样本"
    session.situation["home"] = "none"
    session.parts = ["licence"]
    session.scans["lease"] = ["scan-1"]
    session.known["name"] = Known("李样本", Text.same("x"), True)
    session.fetched = [Prefill(field="name", value="李样本", source_zh="x", source_en="x")]
    session.for_another, session.relation = True, "child"
    session.principal = Agent(relation="child", principal_name="陈示例", principal_number="519999194912310181")
    session.licence, session.delivery, session.signature, session.draft_code = "a", "courier", b"x", "1234567890"
    session.resumed.add("home")
    form, number = session.form, session.id
    assert "样本" not in repr(session)
    session.wipe()
    empty = Session(id=number, face_refusals=1)
    assert {one.name: getattr(session, one.name) for one in fields(session)} == {
        one.name: getattr(empty, one.name) for one in fields(empty)
    }
    assert not form, "whoever still holds the dictionary holds nothing"
