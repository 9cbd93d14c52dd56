"""The form and the body: nothing is lost between them, and nothing that is posted can break them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.editor import form
from backend.editor.bodies import from_yaml, in_order, of_service, to_yaml
from backend.editor.diff import differences, marked
from backend.editor.names import name_of
from content.build import CATALOGUE
from content.schema.service import Service
from content.sources import parse, service_files
from tests.content.samples import PERMIT, PROOF

BODY = of_service(Service.model_validate(PERMIT))

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["zh", "en", "name", "when", "options", "kind", "days", "0"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)
places = st.sampled_from(sorted(form.places(BODY)))


def posted(body: dict[str, Any]) -> dict[str, list[str]]:
    """What a browser would send back untouched."""
    found: dict[str, list[str]] = {}
    for path, entry in form._walk(body):
        if isinstance(entry, form.Many):
            continue
        value = form.shown(body, entry, path)
        if isinstance(value, dict):
            found |= {f"{path}.{language}": [text] for language, text in value.items()}
        else:
            found[path] = ["", *value] if isinstance(value, list) else [value]
    return found


def test_every_service_of_the_catalogue_goes_through_form_and_yaml_unchanged() -> None:
    for file in service_files(CATALOGUE):
        service = parse(file, file.read_bytes(), Service)[0]
        assert service is not None, file
        body = of_service(service)
        assert Service.model_validate(form.apply(body, posted(body))) == service, file
        assert Service.model_validate(from_yaml(to_yaml(body))) == service, file


@settings(deadline=None)  # the machine may be busy
@given(
    st.dictionaries(st.sampled_from(["guide", "materials", "form", "title", "limits", "fees", "situations"]), anything)
)
def test_a_body_that_is_anything_can_be_shown_and_filled_in(body: dict[str, Any]) -> None:
    sent = posted(BODY) | posted(body)
    changed = form.apply(body, sent)
    form.apply(changed, posted(changed))


@settings(deadline=None)  # the machine may be busy
@given(places, st.text(max_size=30), st.sampled_from(["", ".zh", ".en", ".0.name", ".9.name"]))
def test_whatever_is_posted_nothing_breaks(path: str, text: str, more: str) -> None:
    before = copy.deepcopy(BODY)
    changed = form.apply(BODY, {path + more: [text]})
    assert before == BODY  # never in place
    form.apply(changed, posted(changed))


@settings(deadline=None)  # the machine may be busy
@given(st.sampled_from(["add", "up", "down", "remove", "burn"]), places | st.text(max_size=12))
def test_deeds_on_lists_never_break_a_body(move: str, path: str) -> None:
    changed = form.act(BODY, f"{move}:{path}")
    assert isinstance(changed, dict)
    if move == "burn":
        assert changed == BODY


def test_entries_are_added_moved_and_removed() -> None:
    body = form.act(form.act(BODY, "add:materials"), "add:materials")
    count = len(BODY["materials"])
    assert len(body["materials"]) == count + 2
    body["materials"][count]["id"] = "new"
    body = form.act(body, f"up:materials.{count}")
    assert body["materials"][count - 1]["id"] == "new"
    assert form.act(body, "up:materials.0")["materials"] == body["materials"]
    for _ in range(count + 2):
        body = form.act(body, "remove:materials.0")
    assert "materials" not in body
    assert form.act({}, "add:situations")["situations"][0]["options"][0]["value"] == "yes"


def test_a_field_of_another_kind_keeps_only_what_that_kind_has() -> None:
    body = of_service(Service.model_validate(PROOF))
    changed = form.apply(body, {"form.0.kind": ["text"], "form.0.label.zh": ["单位"], "form.0.label.en": ["Employer"]})
    field = changed["form"][0]
    assert "options" not in field
    assert (field["kind"], field["label"]) == ("text", {"zh": "单位", "en": "Employer"})


@pytest.mark.parametrize(
    ("typed", "fen"),
    [("12.30", "1230"), ("0", "0"), ("1,200", "120000"), ("¥5", "500"), ("0.001", "0.001"), ("免费", "免费")],
)
def test_yuan_become_fen_and_what_is_no_amount_is_left_to_the_lint(typed: str, fen: str) -> None:
    body = form.apply({"fees": [{"name": {"zh": "费", "en": "Fee"}}]}, {"fees.0.amount_fen": [typed]})
    assert body["fees"][0]["amount_fen"] == fen


def test_an_emptied_option_goes_and_an_emptied_element_stays_to_be_told() -> None:
    body = {"consent": {"what": {"zh": "甲", "en": "a"}}, "guide": {"fees": {"zh": "乙", "en": "b"}}}
    sent = {"consent.what.zh": [""], "consent.what.en": [""], "guide.fees.zh": [""], "guide.fees.en": [" "]}
    assert form.apply(body, sent) == {"guide": {"fees": {"zh": "", "en": ""}}}


def test_conditions_as_text() -> None:
    assert form.condition("married=yes|no； home = none") == {"married": ["yes", "no"], "home": ["none"]}
    assert form.condition("nonsense") == {"nonsense": []}
    assert form.condition_text({"married": ["yes", "no"], "home": ["none"]}) == "married=yes|no; home=none"


def test_places_of_faults_find_the_form() -> None:
    known = set(form.places(BODY))
    assert form.nearest("guide.fees.zh", known) == "guide.fees"
    assert form.nearest("materials.0.fetched_by", known) == "materials.0.fetched_by"
    assert form.nearest("guide", known).startswith("guide.")
    assert form.nearest("record.table", known) == ""


def test_differences_are_told_by_element_with_the_words_marked() -> None:
    new = copy.deepcopy(BODY)
    new["guide"]["fees"] = {"zh": "按新规定", "en": "As the rules say"}
    new["materials"].insert(0, {"id": "extra", "name": {"zh": "新材料", "en": "New"}, "source": "applicant"})
    new["version"] = 9
    found = differences(BODY, new)
    fees = next(one for one in found if one.place == "guide.fees.zh")
    assert [(piece.how, piece.text) for piece in fees.pieces] == [("same", "按"), ("new", "新"), ("same", "规定")]
    assert fees.name == ("办事指南 · 收费依据及标准 · 中文", "Guide · Fees and their basis · Chinese")
    # One put in front moves no others.
    assert {one.place.split(".")[1] for one in found if one.place.startswith("materials.")} == {"extra", "#"}
    assert "version" not in {one.place for one in found}
    assert differences(new, new) == []


@settings(deadline=None)  # the machine may be busy
@given(st.text(), st.text())
def test_marked_words_are_both_texts(old: str, new: str) -> None:
    pieces = list(marked(old, new))
    assert "".join(piece.text for piece in pieces if piece.how != "new") == old
    assert "".join(piece.text for piece in pieces if piece.how != "gone") == new


def test_yaml_stands_in_the_order_of_the_schema() -> None:
    assert list(in_order({"zzz": 1, "guide": {}, "id": "x"})) == ["id", "guide", "zzz"]
    assert to_yaml(BODY).startswith(f"id: {BODY['id']}\nversion: 1\n")


def test_elements_without_a_name_are_called_by_their_place() -> None:
    assert name_of(("record", "table", "rows")) == (
        "查询结果的显示 · table · rows",
        "How the record is shown · table · rows",
    )
