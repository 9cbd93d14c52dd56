"""Import and export: what goes out comes back the same, and what is wrong is told by row and column."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.editor.bodies import loaded, of_service, stored
from backend.editor.check import Rules
from backend.editor.exchange.fields import COLUMNS, row_of
from backend.editor.exchange.files import MAX_ROWS, read_file, write_csv, write_json
from backend.editor.exchange.plan import Current, make_plan
from backend.editor.exchange.values import guarded, unguarded
from backend.editor.settings import EditorSettings
from backend.staff.roles import Role
from content.build import CATALOGUE
from content.schema.service import Service
from content.sources import parse, service_files
from tests.backend.desk import staff_with
from tests.backend.editor.office import EDITOR, Office
from tests.content.samples import PROOF

RULES = Rules(EditorSettings())
# What a sentence may hold; half characters cannot be stored anywhere.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)


def body(**changed: Any) -> dict[str, Any]:
    return of_service(Service.model_validate(PROOF)) | changed


def current(*bodies: dict[str, Any]) -> dict[str, Current]:
    return {one["id"]: Current(one["id"], ("甲", "a"), code_of(one), 1, False, True, stored(one)) for one in bodies}


def code_of(one: dict[str, Any]) -> str:
    codes = one.get("codes", {})
    return str(codes.get("task_handle_item") or codes.get("task_code") or "")


def csv_of(**cells: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([cells.keys(), cells.values()])
    return out.getvalue().encode()


def faults(data: bytes, *held: dict[str, Any]) -> list[tuple[int | None, str, str]]:
    plan = make_plan(read_file(data), current(*(held or (body(),))), RULES)
    return [(fault.line, fault.column, fault.zh) for fault in plan.faults]


def test_the_whole_catalogue_goes_out_and_comes_back_the_same() -> None:
    services = [parse(file, file.read_bytes(), Service)[0] for file in service_files(CATALOGUE)]
    bodies = [of_service(service) for service in services if service is not None]
    for write in (write_csv, write_json):
        plan = make_plan(read_file(b"".join(write(bodies))), current(*bodies), RULES)
        assert (plan.rows, plan.faults, plan.same) == ([], [], len(bodies)), write


@settings(deadline=None)  # the machine may be busy
@given(texts, texts, texts, st.lists(texts, min_size=1, max_size=2))
def test_any_text_goes_out_and_comes_back_the_same(title: str, notes: str, english: str, names: list[str]) -> None:
    materials = [
        {"id": f"m-{number}", "name": {"zh": name, "en": english}, "source": "applicant"}
        for number, name in enumerate(names)
    ]
    one = body(title={"zh": title, "en": english}, materials=materials)
    one["guide"] = one["guide"] | {"notes": {"zh": notes, "en": english}}
    old = body(materials=[material | {"name": {"zh": "旧", "en": "old"}} for material in materials])
    for write in (write_csv, write_json):
        plan = make_plan(read_file(b"".join(write([one]))), current(old), RULES)
        assert plan.faults == [], write
        (row,) = plan.rows or [None]
        if row is None:  # it is what it was
            assert one == old
            continue
        assert row.body["title"] == one["title"]
        assert row.body["guide"]["notes"] == one["guide"]["notes"]
        assert [material["name"] for material in row.body["materials"]] == [m["name"] for m in materials]


@settings(deadline=None)  # the machine may be busy
@given(st.text(st.sampled_from("'=+-@\t\r\n＝ \u3000ab"), max_size=6))
def test_no_cell_is_a_formula_and_all_come_back(text: str) -> None:
    cell = guarded(text)
    assert unguarded(cell) == text
    assert not cell.lstrip(" \u3000\t\r\n").startswith(("=", "+", "-", "@", "＝", "＋"))


def test_exported_cells_are_guarded() -> None:
    rows = b"".join(write_csv([body(title={"zh": '=HYPERLINK("x")', "en": "@x"})])).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(rows, newline=""))
    assert (row["task_name"], row["task_name_en"]) == ('\'=HYPERLINK("x")', "'@x")


def test_names_of_the_national_interface() -> None:
    names = [column.name for column in COLUMNS]
    wanted = {
        "catalog_code",
        "task_code",
        "task_name",
        "by_law",
        "accept_condition",
        "handle_flow",
        "anticipate_day",
        "anticipate_type",
        "promise_day",
        "promise_type",
        "is_fee",
        "fee_basis",
        "limit_scene_num",
        "link_way",
        "supervise_way",
        "server_type",
        "project_type",
        "materials",
    }
    assert wanted <= set(names)
    assert len(set(names)) == len(names)
    limits = {"promised": {"days": 0}, "statutory": {"days": 20}}
    row = row_of(body(limits=limits, fees=[{"name": {"zh": "工本费", "en": "Fee"}, "amount_fen": 1000}]))
    assert (row["project_type"], row["promise_day"], row["promise_type"]) == ("1", "0", "1")
    assert (row["anticipate_day"], row["anticipate_type"], row["is_fee"], row["server_type"]) == ("20", "1", "1", "1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_separators_of_spreadsheets(encoding: str, delimiter: str) -> None:
    data = f"menkou_id{delimiter}task_name\r\nproof{delimiter}“𠮷”野家证明\r\n".encode(encoding)
    plan = make_plan(read_file(data), current(body()), RULES)
    assert plan.faults == []
    assert plan.rows[0].body["title"]["zh"] == "“𠮷”野家证明"
    assert plan.rows[0].line == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "空的"),
        (b"\xef\xbb\xbf \n", "空的"),
        (b"PK\x03\x04....", "xlsx"),
        (b"\xd0\xcf\x11\xe0....", "xls"),
        (codecs.BOM_UTF16_LE + "menkou_id".encode("utf-16-le"), "UTF-16"),
        (b"menkou_id,task_name\nproof,\xff\xff\xff\n", "GB 18030"),
        (b"task_name\nx\n", "menkou_id"),
        (b"menkou_id,task_name,task_name\na,b,c\n", "两次"),
        (b'menkou_id,task_name\nproof,"open\n', "引号"),
        (b'menkou_id,task_name\nproof,"a"b\n', "引号"),
        (b"menkou_id,task_name\nproof,a,b\n", "列数多于表头"),
        (b'{"items": 5}', "列表"),
        (b"[1]", "对象"),
        (b"[" * 100_000, "嵌套"),
        (b'[{"menkou_id": "proof"', "不是 JSON"),
        (b'[{"menkou_id": "proof", "task_name": "\\ud800"}]', "代理"),
        (b'[{"menkou_id": "proof", "task_name": ["x"]}]', "应是文字"),
        (b'[{"menkou_id": "proof", "materials": {"a": 1}}]', "列表"),
        (b"menkou_id,task_name\n" + b"a,b\n" * (MAX_ROWS + 1), "分成几份"),
        (b"menkou_id,task_name\n" + b"a," + b"b" * 600_000 + b"\n", "CSV"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_malformed_files_are_told_never_raised(data: bytes, words: str) -> None:
    found = faults(data)
    assert any(words in zh for *_, zh in found), found


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=200) | st.text(max_size=120).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for prefix in (b"", b"menkou_id,task_name,materials\n", b'[{"menkou_id": "proof", "materials": '):
        make_plan(read_file(prefix + data), current(body()), RULES)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("promise_day", "很快", "整数"),
        ("anticipate_type", "9", "可用 1、2"),
        ("server_type", "1,8", "可用"),
        ("plan_effective_date", "明天", "2026-11-22"),
        ("task_type", "99", "01 05"),
        ("dept_code", "123", "18 位"),
        ("materials", "身份证", "JSON"),
        ("materials", '[{"name": "甲", "source": "天上"}]', "申请人自备"),
        ("materials", '[{"nam": "甲"}]', "nam"),
        ("fees", "[5]", "对象"),
        ("task_name", "-", "不能清空"),
        ("project_type", "1", "承诺天数"),
        ("is_fee", "1", "收费项目"),
    ],
)
def test_a_cell_that_does_not_fit_says_what_to_do(column: str, cell: str, words: str) -> None:
    one = body(limits={"promised": {"days": 5}}, fees=[])
    found = faults(csv_of(menkou_id="proof", **{column: cell}), one)
    assert [(line, name) for line, name, _ in found] == [(2, column)]
    assert words in found[0][2]


def test_rows_name_their_item_once_and_by_any_of_its_codes() -> None:
    code = PROOF["codes"]["task_code"]
    assert faults(csv_of(menkou_id="", task_name="x"))[0][:2] == (2, "task_code")
    assert faults(b"menkou_id,task_name\nproof,a\nproof,b\n")[0][:1] == (3,)
    plan = make_plan(read_file(csv_of(task_code=code, task_name="按编码")), current(body()), RULES)
    assert [(row.item_id, row.new) for row in plan.rows] == [("proof", False)]
    other = f"{code[:-1]}9"
    plan = make_plan(read_file(csv_of(task_code=other, task_name="新的")), current(body()), RULES)
    assert [(row.item_id, row.new) for row in plan.rows] == [(f"item-{other.lower()}", True)]
    assert plan.rows[0].faults  # it can be imported, and wants completing


def test_empty_cells_change_nothing_and_a_dash_takes_away() -> None:
    one = body(effective={"since": "2026-01-01"}, keywords=["甲"])
    data = csv_of(menkou_id="proof", plan_effective_date="", keywords="", task_name="")
    assert make_plan(read_file(data), current(one), RULES).same == 1
    (row,) = make_plan(
        read_file(csv_of(menkou_id="proof", plan_effective_date="-", keywords="-")), current(one), RULES
    ).rows
    assert "effective" not in row.body
    assert "keywords" not in row.body


def test_what_a_row_does_not_name_is_kept() -> None:
    material = {
        "id": "card", "name": {"zh": "身份证", "en": "ID card"}, "source": "applicant", "when": {"period": ["all"]},
    }  # fmt: skip
    one = body(materials=[material])
    cell = json.dumps([{"id": "card", "name": "居民身份证", "source": "申请人自备"}])
    (row,) = make_plan(read_file(csv_of(menkou_id="proof", materials=cell)), current(one), RULES).rows
    assert row.body["materials"] == [material | {"name": {"zh": "居民身份证", "en": "ID card"}}]
    assert row.body["record"] == one["record"]


async def test_a_file_is_looked_at_first_and_then_becomes_changes(office: Office) -> None:
    exported = (await office.get("/export", format="csv")).content
    rows = list(csv.DictReader(io.StringIO(exported.decode("utf-8-sig"), newline="")))
    proof = next(row for row in rows if row["menkou_id"] == "proof")
    data = csv_of(menkou_id="proof", task_name="改名的证明", task_name_en="Renamed proof", anticipate_day="")
    data += csv_of(menkou_id="water", task_name="-", task_name_en="x", anticipate_day="").split(b"\r\n", 1)[1]
    seen = await office.desk.post("/console/editor/import", EDITOR, files={"file": ("a.csv", data)})
    assert seen.status_code == 200
    assert "改名的" in re.sub(r"<[^>]+>", "", seen.text)
    assert '<td class="mono">task_name</td>' in seen.text
    assert (await office.item("proof")).draft_id is None  # nothing happened yet
    name = re.search(r'name="file" value="([0-9a-f]{32})"', seen.text)
    assert name is not None
    reply = await office.post("/import/apply", file=name.group(1))
    assert reply.headers["location"].endswith("done=imported&count=1")
    assert loaded((await office.draft("proof")).body)["title"] == {"zh": "改名的证明", "en": "Renamed proof"}
    assert proof["task_name"] == "社保参保证明"
    # Once only, and not beside an open change.
    assert (await office.post("/import/apply", file=name.group(1))).status_code == 404
    seen = await office.desk.post("/console/editor/import", EDITOR, files={"file": ("a.csv", data)})
    assert "有未完成的修改" in seen.text


async def test_import_is_for_editors_and_export_for_all_who_may_look(office: Office) -> None:
    viewer = staff_with(Role.VIEWER)
    assert (await office.desk.post("/console/editor/import", viewer, files={"file": ("a", b"x")})).status_code == 403
    assert (await office.get("/export", viewer, format="json")).status_code == 200
    assert (await office.post("/import/apply", file="../../etc/passwd")).status_code == 404
    assert (await office.desk.post("/console/editor/import", EDITOR)).status_code == 422
