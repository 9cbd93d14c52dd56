"""Each rule is fed a catalogue that breaks it in one place, and says where and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from content.build import ContentError, examine, lint
from content.schema.text import Language
from content.sources import files_in
from tests.content.samples import MARKET, Sample, t, uscc

TODAY = date(2026, 6, 1)
Change = Callable[[Sample], Any]


def told(folder: Path, sample: Sample, **options: Any) -> tuple[list[str], list[str]]:
    """Faults and notes, in English."""
    found = examine(sample.write(folder), today=TODAY, **options)
    return [str(fault) for fault in found.faults], [str(note) for note in found.notes]


def test_the_sample_has_neither_faults_nor_notes(tmp_path: Path) -> None:
    assert told(tmp_path, Sample()) == ([], [])


def material(**changes: Any) -> dict[str, Any]:
    return {"id": "paper", "name": t("证书", "Paper"), "source": "government", **changes}


FAULTS: dict[str, tuple[Change, str]] = {
    # texts
    "element missing": (lambda s: s["water"]["guide"].pop("fees"), "guide.fees: is missing; add it"),
    "element empty": (lambda s: s["water"]["guide"].update(quota=t("", "No limit")), "guide.quota.zh: is empty"),
    "english empty": (lambda s: s["water"]["form"][0].update(hint=t("提示", " ")), "form.0.hint.en: is empty"),
    "english left out": (lambda s: s["water"].update(title={"zh": "水费"}), "title.en: is missing"),
    "english is chinese": (lambda s: s["water"].update(summary=t("付款", "付款")), "summary.en: holds '付'"),
    "chinese is english": (lambda s: s["water"].update(summary=t("Pay by phone", "Pay")), "summary.zh: holds no Chinese"),
    "place-holder": (lambda s: s["water"]["guide"].update(notes=t("待补充", "TBD")), "guide.notes: '待补充' is a place-holder"),
    "catch-all": (lambda s: s["water"]["guide"].update(materials=t("身份证等相关材料")), "guide.materials.zh: contains '等相关材料'"),
    "other materials": (lambda s: s["water"]["guide"].update(materials=t("其他需要的材料")), "contains '其他需要的材料'"),
    "vague material": (lambda s: s["permit"]["materials"][0].update(name=t("有关证明")), "materials.0.name.zh: contains"),
    "vague persons": (lambda s: s["permit"]["situations"][0].update(question=t("相关人员？")), "contains '相关人员'"),
    "in principle": (lambda s: s["permit"]["form"][0].update(hint=t("原则上要填")), "form.0.hint.zh: contains '原则上'"),
    **{
        f"vague: {name}": (lambda s, name=name: s["permit"]["materials"][0].update(name=t(name)), "materials.0.name.zh: contains")
        for name in ("其它材料", "相关材料", "其他证明", "其他资料", "有关资料", "户口簿等证明材料", "必要材料", "相关手续", "按规定需要的材料", "所需文件")
    },
    # open elements
    "element of nothing": (lambda s: s["water"]["guide"].update(quota=t("无。", "No limit")), "guide.quota.zh: '无。' says nothing"),
    "element of a dash": (lambda s: s["water"]["guide"].update(notes=t("——", "Please check")), "guide.notes.zh: '——' says nothing"),
    "element of nothing, in English": (lambda s: s["water"]["guide"].update(fees=t("不收费", "None")), "guide.fees.en: 'None' says nothing"),
    "a sum without a fee": (lambda s: s["water"]["guide"].update(fees=t("每份收费 500 元", "500 yuan each")), "guide.fees: names a sum"),
    # papers
    **{
        f"issued by the government: {name}": (
            lambda s, name=name: s["permit"]["materials"].append(material(source="applicant", collect="scan", name=t(name, "Paper"))),
            "materials.2.source: ",
        )
        for name in ("居民户口簿", "营业执照副本", "结婚证", "居民身份证复印件", "不动产权证", "出生医学证明", "机动车驾驶证", "毕业证书", "无犯罪记录证明", "食品经营许可证")
    },
    "paper of a part": (
        lambda s: (
            s["opening"]["package"]["parts"][0].update(materials=[material(source="other", collect="bring", name=t("房产证", "Deed"))])
        ),
        "package.parts.0.materials.0.source: '房产证' is issued",
    ),
    "paper nobody takes": (
        lambda s: s["proof"].update(materials=[material(source="applicant", collect="bring")]),
        "materials.0.collect: must be none: a certificate journey takes no papers",
    ),
    "fee of an unknown sum without basis": (
        lambda s: (s["permit"]["fees"][0].pop("basis"), s["permit"]["fees"][0].pop("amount_fen")),
        "fees.0.basis: is missing",
    ),
    "note of a place that is not there": (
        lambda s: s["permit"].update(to_confirm=[{"place": "fees.77.amount_fen", "note": "查"}]),
        "to_confirm.0.place: 'fees.77.amount_fen'",
    ),
    "note of a word that is not there": (
        lambda s: s["permit"].update(to_confirm=[{"place": "limits.promised.hours", "note": "查"}]),
        "to_confirm.0.place: 'limits.promised.hours'",
    ),
    # what a kind never asks
    "situations of a certificate": (
        lambda s: s["proof"].update(situations=s["permit"]["situations"]),
        "situations: are never asked: a certificate journey",
    ),
    "choice of a bill": (lambda s: s["water"]["form"].append(s["proof"]["form"][0]), "form.1: is never asked: a bill-payment journey asks number"),
    "field of a queue ticket": (
        lambda s: (s["proof"].update(journey="queue-ticket"), s["proof"]["form"].append(s["permit"]["form"][2])),
        "form.1: is never asked",
    ),
    "agent of a certificate": (
        lambda s: s["proof"].update(delegation={"relations": [{"value": "spouse", "label": t()}], "proof": t()}),
        "delegation: is never offered",
    ),
    "signature of a query": (lambda s: s["proof"].update(journey="query", auth="A3"), "auth: A3 means a signature"),
    "signature told of": (
        lambda s: (s["permit"].update(auth="A2"), s["permit"]["guide"].update(procedure=t("填表 → 签字", "Form → papers"))),
        "guide.procedure: tells of a signature",
    ),
    "signature told of in English": (
        lambda s: (s["permit"].update(auth="A2"), s["permit"]["guide"].update(procedure=t("填表", "Form → signature"))),
        "guide.procedure: tells of a signature",
    ),
    "own data of nobody proven": (
        lambda s: (
            s["proof"].update(journey="query", auth="A1"),
            s.operations["insurance"]["operations"][0].update(private=["place"]),
        ),
        "auth: must be A2 or more: 'insurance.enrolment' answers people's own data",
    ),
    "own data asked with nothing else": (
        lambda s: (
            s["proof"].update(journey="query", auth="A1", form=[]),
            s.operations["insurance"]["operations"][0].update(params=[]),
        ),
        "auth: must be A2 or more: 'insurance.enrolment' answers people's own data",
    ),
    # deliveries
    "courier to nowhere": (lambda s: s["permit"]["results"][0].update(delivery=["counter", "courier"]), "results.0.delivery: offers the courier"),
    "part's field named like a question": (
        lambda s: s["opening"]["package"]["parts"][1]["form"][0].update(name="food"),
        "package.parts.1.form.0.name: 'food' is used twice",
    ),
    "option's value": (lambda s: s["proof"]["form"][0]["options"][0].update(value="a("), "form.0.options.0.value: must be small letters"),
    "option's value that repeats": (lambda s: s["proof"]["form"][0]["options"][0].update(value="(a+)+"), "form.0.options.0.value: must be"),
    "situation's value": (lambda s: s["permit"]["situations"][1]["options"][0].update(value="Yes"), "situations.1.options.0.value: must be"),
    # codes
    "agency's code": (lambda s: s["water"]["agency"].update(uscc="115199990000000190"), "agency.uscc: the check character"),
    "agency's department": (lambda s: s["proof"]["agency"].update(department="none"), "agency.department: 'none' is not in"),
    "department's code": (lambda s: s["proof"]["agency"].update(department="fire"), "agency.uscc: differs from 'fire'"),
    "catalogue code": (lambda s: s["proof"]["codes"].update(task_type="01"), "codes.catalog_code: places 3 and 4"),
    "task code's agency": (
        lambda s: s["proof"]["codes"].update(task_code=f"{MARKET}4992000001001"),
        "codes.task_code: must begin with the agency's code",
    ),
    "task code's catalogue": (
        lambda s: s["proof"]["codes"].update(catalog_code="992000001002"),
        "codes.task_code: places 20 to 31",
    ),
    "task code's length": (lambda s: s["proof"]["codes"].update(task_code="12"), "codes.task_code: string should match"),
    "task code's level": (
        lambda s: s["proof"]["codes"].update(task_code=s["proof"]["codes"]["task_code"].replace("R4", "R7")),
        "codes.task_code: string should match",
    ),
    "handle item": (
        lambda s: s["proof"]["codes"].update(task_handle_item=f"{MARKET}499200000100101"),
        "codes.task_handle_item: must be the task code",
    ),
    "type code": (lambda s: s["proof"]["certificate"].update(type_code=f"{MARKET}001"), "type_code: must begin with"),
    # materials, fees, limits
    "government's own": (lambda s: s["permit"]["materials"].append(material()), "materials.2: is issued by the government"),
    "government's own asked for": (
        lambda s: s["permit"]["materials"].append(material(replaced_by=t(), collect="scan")),
        "materials.2.collect: must be none",
    ),
    "material twice": (lambda s: s["permit"]["materials"].append(s["permit"]["materials"][1]), "the id 'deed' is used 2"),
    "no such picture": (lambda s: s["permit"]["materials"][0].update(sample="x.png"), "materials.0.sample: 'x.png' is not"),
    "fee without basis": (lambda s: s["permit"]["fees"][0].pop("basis"), "fees.0.basis: is missing: nobody charges"),
    "another fee's note": (
        lambda s: (
            s["permit"]["fees"][0].pop("basis"),
            s["permit"].update(to_confirm=[{"place": "fees.1.basis", "note": "查"}]),
        ),
        "fees.0.basis: is missing",
    ),
    "note of nothing": (lambda s: s["permit"].update(to_confirm=[{"place": "fee.0", "note": "查"}]), "to_confirm.0.place: 'fee.0'"),
    "promise too long": (
        lambda s: s["permit"]["limits"].update(promised={"days": 12}),
        "limits.promised: 12 working days are longer than the statutory 15 calendar days",
    ),
    "promise too long, same unit": (
        lambda s: s["permit"]["limits"].update(promised={"days": 16, "unit": "calendar"}),
        "16 calendar days are longer",
    ),
    "working days longer than calendar days": (
        lambda s: s["permit"]["limits"].update(promised={"days": 14}, statutory={"days": 18, "unit": "calendar"}),
        "14 working days are longer than the statutory 18 calendar days",
    ),
    "calendar days longer than working days": (
        lambda s: s["permit"]["limits"].update(promised={"days": 7, "unit": "calendar"}, statutory={"days": 5}),
        "7 calendar days are longer than the statutory 5 working days",
    ),
    "days without end": (lambda s: s["permit"]["limits"].update(promised={"days": 10**12}, statutory=None), "limits.promised.days: input should be"),
    "no limit": (lambda s: s["permit"].pop("limits"), "limits: is missing"),
    # branches
    "unknown question": (lambda s: s["permit"]["materials"][0].update(when={"house": ["x"]}), "when.house: is no question"),
    "unknown answer": (lambda s: s["permit"]["materials"][0].update(when={"home": ["x"]}), "when.home: has no answer 'x'"),
    "no answer": (lambda s: s["permit"]["materials"][0].update(when={"home": []}), "when.home: names no answer"),
    "asked later": (lambda s: s["permit"]["situations"][0].update(when={"lease": ["yes"]}), "situations.0.when.lease: is asked only later"),
    "asks itself": (lambda s: s["permit"]["situations"][0].update(when={"home": ["own"]}), "when.home: is asked only later"),
    "on a later page": (
        lambda s: (
            s["permit"]["form"].append({"kind": "choice", "name": "kind", "label": t(), "question": t(), "page": "place", "options": PERIODS}),
            s["permit"]["form"][2].update(when={"kind": ["a"]}),
        ),
        "form.2.when.kind: is asked only later",
    ),
    "no choice": (lambda s: s["permit"]["materials"][0].update(when={"phone": ["1"]}), "when.phone: is not answered by choosing"),
    "never together": (
        lambda s: s["permit"]["materials"][0].update(when={"lease": ["yes"], "home": ["own"]}),
        "materials.0.when: no answers lead here",
    ),
    "after a stop": (lambda s: s["permit"]["fees"][0].update(when={"home": ["abroad"]}), "fees.0.when: no answers lead here"),
    "part's own field": (
        lambda s: (
            s["opening"]["package"]["parts"][1].update(when={"food": ["yes"]}),
            s["opening"]["package"]["parts"][1]["form"][0].update(when={"food": ["no"]}),
        ),
        "package.parts.1.form.0.when: no answers lead here",
    ),
    "all stop": (
        lambda s: [option.update(stop=t()) for option in s["permit"]["situations"][0]["options"]],
        "situations.0.options: every answer stops",
    ),
    "answer twice": (
        lambda s: s["permit"]["situations"][0]["options"][0].update(value="own"),
        "situations.0.options: two options have the same value",
    ),
    "question and field": (lambda s: s["permit"]["form"][0].update(name="home"), "form.0.name: 'home' is used twice"),
    # forms
    "field twice": (lambda s: s["permit"]["form"][0].update(name="phone"), "form.2.name: 'phone' is used twice"),
    "unknown page": (lambda s: s["permit"]["form"][0].update(page="x"), "form.0.page: there is no page 'x'"),
    "empty page": (lambda s: s["permit"]["pages"].append({"id": "end", "title": t()}), "pages.2: no field is on page 'end'"),
    "page twice": (lambda s: s["permit"]["pages"].append({"id": "place", "title": t()}), "pages: 'place' is used twice"),
    "option twice": (lambda s: s["proof"]["form"][0]["options"][1].update(value="year"), "form.0.options: two options"),
    "not a pattern": (lambda s: s["water"]["form"][0].update(pattern="(\\d"), "form.0.pattern: is not a regular expression"),
    "slow pattern": (lambda s: s["water"]["form"][0].update(pattern="(\\d+)+x"), "form.0.pattern: repeats something"),
    "length": (lambda s: s["water"]["form"][0].update(min_length=13), "form.0.min_length: is more than max_length"),
    "dates": (lambda s: s["permit"]["form"][1].update(earliest="+1"), "form.1.earliest: is after latest"),
    "no date": (lambda s: s["permit"]["form"][1].update(earliest="2026-02-30"), "form.1.earliest: '2026-02-30' is no date"),
    "amount": (lambda s: s["opening"]["package"]["parts"][1]["form"][0].update(least_fen=200), "least_fen: is more than most_fen"),
    "card's value": (lambda s: s["permit"]["form"][0]["prefill"].update(value="card.height"), "the card has no 'height'"),
    "no card read": (
        lambda s: s["water"]["form"][0].update(prefill={"value": "card.number", "source": t()}),
        "form.0.prefill.value: auth A0 reads no card",
    ),
    "prefill of nobody": (lambda s: s["permit"]["form"][0]["prefill"].update(value="a.b:c"), "there is no operation 'a.b'"),
    "prefill's field": (
        lambda s: s["permit"]["form"][0]["prefill"].update(value="insurance.enrolment:x"),
        "'insurance.enrolment' does not answer 'x'",
    ),
    "prefill unproven": (
        lambda s: (
            s["permit"].update(auth="A1"),
            s["permit"]["form"][0]["prefill"].update(value="insurance.enrolment:place"),
        ),
        "auth A1 does not prove the holder",
    ),
    "licence's value": (lambda s: s["permit"]["form"][0]["prefill"].update(value="licence.uscc"), "auth A3 reads no licence"),
    # operations and outputs
    "dead operation": (lambda s: s["permit"].update(operation="nobody.submit"), "operation: 'nobody.submit' is not declared; add it to operations/nobody.yaml"),
    "no operation": (lambda s: s["permit"].pop("operation"), "operation: is missing"),
    "wrong kind": (lambda s: s["permit"].update(operation="insurance.enrolment"), "is of kind record; this journey needs submit"),
    "no reversal": (lambda s: s.operations["water"]["operations"].pop(), "operation: 'water.reverse' is not declared"),
    "param not asked": (lambda s: s["proof"].update(form=[]), "is asked with 'period', which the form does not have"),
    "fetched by nobody": (lambda s: s["permit"]["materials"][1].update(fetched_by="a.b"), "materials.1.fetched_by: 'a.b' is not"),
    "fetched by another kind": (
        lambda s: s["permit"]["materials"][1].update(fetched_by="insurance.submit"),
        "materials.1.fetched_by: 'insurance.submit' is of kind submit",
    ),
    "part's operation": (
        lambda s: s["opening"]["package"]["parts"][0].update(operation="water.bill"),
        "package.parts.0.operation: 'water.bill' is of kind bill",
    ),
    "record's value": (lambda s: s["proof"]["record"]["entries"][0].update(value="x"), "record.entries.0.value: 'insurance.enrolment' does not answer 'x'"),
    "record's list": (lambda s: s["proof"]["record"]["table"].update(rows="x"), "record.table.rows: "),
    "record's column": (lambda s: s["proof"]["record"]["table"]["columns"][0].update(value="x"), "columns.0.value: "),
    "no words": (lambda s: s["proof"]["record"]["entries"][0].update(format="words"), "record.entries.0.words: is empty"),
    "no record": (lambda s: s["proof"].pop("record"), "record: is missing: the template record-sheet prints it"),
    "no certificate": (lambda s: s["proof"].pop("certificate"), "certificate: is missing"),
    "another operation's template": (
        lambda s: (
            s["proof"]["certificate"].update(template="own"),
            s.templates.update({"own.typ": "#let body = [1]\n#body"}),
        ),
        "certificate.template: what 'insurance.enrolment' answers is printed on record-sheet",
    ),
    "no template": (lambda s: s["proof"]["certificate"].update(template="nix"), "no such certificate; add templates/nix.typ"),
    "template's part": (lambda s: s["proof"]["certificate"].update(template="sheet"), "add templates/sheet.typ"),
    "stock": (lambda s: s["proof"].update(journey="licence"), "certificate.stock: is missing"),
    # journeys
    "consent": (lambda s: s["proof"].pop("consent"), "consent: is missing; A2 reads personal data"),
    "reader": (lambda s: s["proof"].update(devices=["document_printer"]), "devices: must contain id_reader"),
    "printer": (lambda s: s["proof"].update(devices=["id_reader"]), "devices: must contain document_printer"),
    "camera": (lambda s: s["permit"].update(devices=["id_reader", "receipt_printer"]), "must contain camera, because a material is scanned"),
    "receipts": (lambda s: s["permit"].update(devices=["id_reader", "camera"]), "must contain receipt_printer, because journey application"),
    "printed query": (
        lambda s: s["proof"].update(journey="query", devices=["id_reader"]),
        "must contain document_printer, because the certificate may be printed",
    ),
    "scanner": (lambda s: s["permit"].update(auth="L2"), "devices: must contain code_scanner"),
    "level": (lambda s: s["proof"].update(auth="A1"), "auth: must be A2 or more"),
    "channels": (lambda s: s["water"].update(channels=[]), "channels: is empty"),
    "account": (lambda s: s["water"].update(form=[]), "form: must ask for exactly one number"),
    "package left out": (lambda s: s["permit"].update(journey="package"), "package: journey package and the part"),
    "dates of effect": (
        lambda s: s["water"].update(effective={"since": "2026-02-01", "until": "2026-01-01"}),
        "effective.until: is before since",
    ),
    "hours": (lambda s: s["proof"]["availability"]["hours"][0].update(to="07:00"), "availability.hours.0: begins and ends"),
    "days": (lambda s: s["proof"]["availability"]["hours"][0].update(days=[0, 1]), "availability.hours.0.days: must be"),
    "place": (lambda s: s["proof"]["availability"].update(places=["519"]), "availability.places.0: is no division code"),
    "province": (lambda s: s["proof"]["availability"].update(places=["98"]), "availability.places.0: no province begins with 98"),
    # packages
    "lead": (lambda s: s["opening"]["package"]["leads"][0].update(department="x"), "leads.0.department: 'x' is not in"),
    "part's department": (
        lambda s: s["opening"]["package"].update(partners=[]),
        "package.parts.1.department: 'fire' neither leads nor takes part",
    ),
    "reason": (lambda s: s["opening"]["package"]["parts"][0].pop("reason"), "package.parts.0.reason: is missing"),
    "needs": (lambda s: s["opening"]["package"]["parts"][1].update(needs=["x"]), "needs.0: there is no part 'x'"),
    "circle": (lambda s: s["opening"]["package"]["parts"][0].update(needs=["fire-check"]), "package.parts: need each other in a circle"),
    "part twice": (lambda s: s["opening"]["package"]["parts"][1].update(id="licence"), "the id 'licence' is used 2"),
    "nobody leads": (lambda s: s["opening"]["package"]["leads"].pop(), "package.leads: nobody leads where food=no"),
    "promise shorter than what needs what": (
        lambda s: s["opening"]["limits"]["promised"].update(days=3),
        "limits.promised: 3 working days are shorter than licence → fire-check, one after the other: 4 working days",
    ),
    "calendar days shorter than what needs what": (
        lambda s: s["opening"]["limits"]["promised"].update(days=5, unit="calendar"),
        "limits.promised: 5 calendar days are shorter",
    ),
    "package without a limit": (lambda s: s["opening"].pop("limits"), "limits: is missing; say how long the whole takes"),
    "part's limit": (lambda s: s["opening"]["package"]["parts"][0].update(limit_days=-5), "parts.0.limit_days: input should be"),
    "part's limit of years": (lambda s: s["opening"]["package"]["parts"][0].update(limit_days=201), "parts.0.limit_days: input should be"),
    "conflicting facts": (
        lambda s: s["opening"]["package"]["parts"][1]["form"][0].update(fact="shop"),
        "package.parts.1.form.0.kind: is the same fact 'shop' as form.0, but that is a text",
    ),
    # reference files
    "alias": (lambda s: s.departments[1]["aliases"][0].update(valid={}), "departments.1.aliases.0: '旧局' is an alias of departments.0"),
    "department twice": (lambda s: s.departments[2].update(id="bureau"), "the id 'bureau' is used 2 times"),
    "department's uscc": (lambda s: s.departments[2].update(uscc="115199990000002380"), "departments.2.uscc: "),
    "region": (lambda s: s.regions[0].update(replaced_by="510118"), "regions.0.replaced_by: 510118 is not in this file"),
    "region's circle": (lambda s: s.regions[0].update(replaced_by="519999"), "leads back to itself"),
    "system": (lambda s: s.operations["water"].update(system="wasser"), "system: is 'wasser'; name the file wasser.yaml"),
    "operation's name": (lambda s: s.operations["water"]["operations"][0].update(name="x.bill"), "operations.0.name: must begin with water."),
    "private": (lambda s: s.operations["insurance"]["operations"][0].update(private=["x"]), "private: names 'x'"),
    "year 0": (lambda s: s.calendars["2026"].update(year=0), "year: input should be greater"),
    "year 9999": (lambda s: s.calendars["2026"].update(year=9999), "year: input should be less"),
    "year 10000": (lambda s: s.calendars["2026"].update(year=10000), "year: input should be less"),
    "version without end": (lambda s: s["water"].update(version=10**30), "version: input should be less"),
    "worked": (lambda s: s.calendars["2026"]["worked"].append("2026-06-03"), "worked.6: 2026-06-03 is no weekend day"),
    "another year": (lambda s: s.calendars["2026"]["off"].append("2027-01-01"), "off.33: 2027-01-01 is not in 2026"),
    "days off forgotten": (lambda s: s.calendars["2026"].update(off=[], worked=[]), "off: leave 261 working days"),
    "calendar missing": (lambda s: s.calendars.clear(), "calendars: no working days are known for 2026"),
    "calendar of the first day missing": (
        lambda s: s["permit"].update(effective={"since": "2027-03-01"}),
        "no working days are known for 2027, and permit promises into it",
    ),
    "empty template": (lambda s: s.templates.update({"x.typ": " \n"}), "x.typ: is empty"),
    "template's import": (lambda s: s.templates.update({"x.typ": '#import "y.typ": *\n'}), "x.typ:1: imports 'y.typ'"),
    "no sample": (lambda s: s.templates.update({"x.typ": "#sys.inputs.data"}), "x.json: is missing: kiosks try x.typ"),
    "no sample of what asks through a part": (
        lambda s: s.templates.update({"sheet.typ": "#let sheet(body) = body + sys.inputs.data"}),
        "record-sheet.json: is missing",
    ),
    "a sample that is none": (
        lambda s: s.templates.update({"samples/record-sheet.json": "{}"}),
        "record-sheet.json: is not a list of samples",
    ),
    "odd name": (lambda s: s.media.update({"样张.png": b"x"}), "rename it: letters, digits"),
    # the whole
    "id": (lambda s: s["water"].update(id="wasser"), "id: is 'wasser'; name the file wasser.yaml"),
    "unknown field": (lambda s: s["water"].update(colour="blue"), "colour: is not a known field"),
    "a package of nothing": (lambda s: s["permit"].update(journey="package"), "journey package and the part"),
}  # fmt: skip
PERIODS = [{"value": "a", "label": t()}, {"value": "b", "label": t()}]


@pytest.mark.parametrize("name", FAULTS)
def test_every_rule_refuses_what_breaks_it(tmp_path: Path, name: str) -> None:
    change, expected = FAULTS[name]
    sample = Sample()
    change(sample)
    faults, _ = told(tmp_path, sample)
    assert any(expected in fault for fault in faults), faults


NOTES: dict[str, tuple[Change, str]] = {
    "to be confirmed": (
        lambda s: s["permit"].update(to_confirm=[{"place": "limits", "note": "以本地为准"}]),
        "note: to_confirm.0: to be confirmed by the agency: 以本地为准",
    ),
    "fee that will be confirmed": (
        lambda s: (
            s["permit"]["fees"][0].pop("basis"),
            s["permit"].update(to_confirm=[{"place": "fees[0].amount_fen", "note": "查"}]),
        ),
        "note: fees.0.basis: no basis",
    ),
    "idle question": (
        lambda s: s["permit"]["materials"][0].pop("when"),
        "note: situations.1: the answer changes nothing",
    ),
    "long summary": (lambda s: s["water"].update(summary=t("很" * 25)), "note: summary.zh: has more than 24"),
    "next year's calendar": (
        lambda s: s["permit"]["limits"].update(promised={"days": 200}, statutory=None),
        "note: no working days are known for 2027",
    ),
    "chinese marks": (lambda s: s["water"].update(summary=t("付款", "Pay，please")), "holds the Chinese mark '，'"),
    "behind another door": (lambda s: s["opening"].update(door="fees"), "note: door: packages are expected"),
}


@pytest.mark.parametrize("name", NOTES)
def test_what_is_only_told(tmp_path: Path, name: str) -> None:
    change, expected = NOTES[name]
    sample = Sample()
    change(sample)
    faults, notes = told(tmp_path, sample)
    assert faults == []
    assert any(expected in note for note in notes), notes


ALLOWED: dict[str, Change] = {
    "two leads, no partner": lambda s: (
        s["opening"].pop("situations"),
        s["opening"]["package"].update(leads=[{"department": "market"}, {"department": "fire"}], partners=[]),
    ),
    "a fee of nothing": lambda s: s["permit"]["fees"][0].update(amount_fen=0, basis=None),
    "working days within calendar days": lambda s: s["permit"]["limits"].update(promised={"days": 10}),
    "several answers at once": lambda s: (
        s["permit"]["form"].append(
            {"kind": "choices", "name": "who", "label": t("谁"), "page": "person", "options": PERIODS}
        ),
        s["permit"]["fees"][0].update(when={"who": ["a"], "home": ["own"]}),
    ),
    "an original that a law wants to be shown": lambda s: s["permit"]["materials"].append(
        material(name=t("居民身份证", "ID card"), source="applicant", collect="bring", basis=t("《示范法》", "Law"))
    ),
    "another paper that begins like one": lambda s: s["permit"]["materials"].append(
        material(name=t("居民身份证数码照片回执", "Photo receipt"), source="applicant", collect="scan")
    ),
    "words that only look vague": lambda s: s["water"]["guide"].update(
        notes=t("不等于单身证明；等级证明另办", "Not a proof")
    ),
    "courier with an address": lambda s: (
        s["permit"]["results"][0].update(delivery=["counter", "courier"]),
        s["permit"]["form"][0].update(hint=t("要邮寄的写到门牌号", "Where to send it")),
    ),
    "a law's title": lambda s: s["water"]["guide"].update(legal_basis=t("《有关材料的办法》", "Rules on materials")),
    "units": lambda s: s["water"].update(usage_unit=t("kWh", "kWh")),
    "a fact asked once": lambda s: s["opening"]["package"]["parts"][1]["form"].append(
        {"kind": "text", "name": "name", "label": t("店名"), "fact": "shop"}
    ),
    "a purpose on the sheet": lambda s: s["proof"]["record"]["entries"].append(
        {"label": t("时段", "Period"), "value": "period"}
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed(tmp_path: Path, name: str) -> None:
    sample = Sample()
    ALLOWED[name](sample)
    assert told(tmp_path, sample) == ([], [])


def test_links_are_refused_and_never_packed(tmp_path: Path) -> None:
    sample = Sample()
    sample.media["sample.png"] = b"x"
    catalogue = sample.write(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("secret", "utf-8")
    links = [
        tmp_path / "media" / "leak.png",
        catalogue / "services" / "leak.yaml",
        catalogue / "operations" / "leak.yaml",
    ]
    for link in links:
        link.symlink_to(secret)
    found = examine(catalogue, today=TODAY)
    assert sorted(fault.file for fault in found.faults) == sorted(links)
    assert all("is a link" in str(fault) for fault in found.faults)
    assert [file.name for file in files_in(tmp_path / "media")] == ["sample.png"]


def test_files_agree(tmp_path: Path) -> None:
    sample = Sample()
    sample.services["proof2"] = {**sample["proof"], "id": "proof2"}
    faults, _ = told(tmp_path, sample)
    assert any(": codes.task_handle_item: " in fault and "is taken by proof.yaml" in fault for fault in faults)
    assert all("proof2.yaml:" in fault and fault.partition("proof2.yaml:")[2][0].isdigit() for fault in faults)
    assert any("certificate.type_code" in fault and "is taken by proof.yaml" in fault for fault in faults)


def test_one_item_may_have_several_handle_items(tmp_path: Path) -> None:
    sample = Sample()
    sample.services["proof2"] = {**sample["proof"], "id": "proof2"}
    codes = sample["proof"]["codes"]
    sample["proof2"]["codes"] = {**codes, "task_handle_item": codes["task_code"] + "02"}
    sample["proof2"]["certificate"] = {
        **sample["proof"]["certificate"],
        "type_code": sample["proof"]["agency"]["uscc"] + "002",
    }
    assert told(tmp_path, sample)[0] == []


def test_the_same_id_in_two_files(tmp_path: Path) -> None:
    catalogue = Sample().write(tmp_path)
    services = catalogue / "services"
    (services / "water.json").write_text('{"id": 7}', "utf-8")
    assert "services/water.json" in str(examine(catalogue).faults[0])
    (services / "water.json").unlink()
    (services / "copy.yaml").write_bytes((services / "water.yaml").read_bytes())
    told_ = [str(fault) for fault in examine(catalogue).faults]
    assert any("copy.yaml: id: is 'water'" in line or "copy.yaml:1: id: is 'water'" in line for line in told_)
    assert any("'water' is taken by copy.yaml" in line for line in told_)


def test_a_package_among_the_services(tmp_path: Path) -> None:
    catalogue = Sample().write(tmp_path)
    (catalogue / "packages" / "opening.yaml").rename(catalogue / "services" / "opening.yaml")
    assert any("move the file to packages/" in str(fault) for fault in examine(catalogue).faults)


def test_the_line_is_told(tmp_path: Path) -> None:
    sample = Sample()
    sample["water"]["form"][0]["hint"] = t("提示", "")
    catalogue = sample.write(tmp_path)
    file = catalogue / "services" / "water.yaml"
    lines = file.read_text("utf-8").splitlines()
    (fault,) = examine(catalogue).faults
    assert fault.line is not None
    assert lines[fault.line - 1].strip() == "en: ''"
    assert str(fault).startswith(f"{file}:{fault.line}: form.0.hint.en: ")


def test_the_line_of_what_is_missing_is_where_it_should_stand(tmp_path: Path) -> None:
    sample = Sample()
    sample["water"]["guide"] = {name: text for name, text in sample["water"]["guide"].items() if name != "fees"}
    catalogue = sample.write(tmp_path)
    (fault,) = examine(catalogue).faults
    assert (catalogue / "services" / "water.yaml").read_text("utf-8").splitlines()[(fault.line or 0) - 1] == "guide:"


def test_both_languages(tmp_path: Path) -> None:
    sample = Sample()
    sample["water"]["channels"] = []
    (fault,) = examine(sample.write(tmp_path)).faults
    assert "付款方式" in fault.in_(Language.ZH)
    assert "way to pay" in fault.in_(Language.EN)


def test_icons_are_checked_when_known(tmp_path: Path) -> None:
    faults, _ = told(tmp_path, Sample(), icons={"file-text", "package"})
    assert [fault.partition("water.yaml:")[2].partition(" ")[2] for fault in faults] == [
        "icon: 'droplets' is not in the icon font; choose one of its names"
    ]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    sample = Sample()
    sample["water"]["channels"] = []
    sample["proof"].pop("consent")
    with pytest.raises(ContentError) as caught:
        lint(sample.write(tmp_path))
    assert "channels" in str(caught.value)
    assert "consent" in str(caught.value)


def test_empty_catalogue(tmp_path: Path) -> None:
    assert "no services here" in str(examine(tmp_path).faults[0])


def test_without_a_day_nothing_depends_on_it(tmp_path: Path) -> None:
    sample = Sample()
    sample.calendars.clear()
    catalogue = sample.write(tmp_path)
    assert examine(catalogue).faults == []
    assert examine(catalogue, today=TODAY).faults != []


def test_agencies_of_the_samples_are_sound() -> None:
    assert uscc(1) == "11519999000000019R"
