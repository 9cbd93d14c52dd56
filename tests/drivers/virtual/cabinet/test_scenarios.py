"""Scenarios are checked before anything moves, and shipped ones are fine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drivers.virtual.cabinet import scenario
from drivers.virtual.cabinet.scenario_steps import Act, After, Parallel, Repeat, Reset, Scenario, WaitFor, Work
from drivers.virtual.cabinet.scenario_yaml import ScenarioError

HEAD = "title: {zh: 题, en: T}\nabout: {zh: 说, en: A}\nsteps:\n"


def parse(steps: str) -> Scenario:
    return scenario.parse(HEAD + steps, "x", "x.yaml")


def test_every_kind_of_step() -> None:
    found = parse("""\
  - reset
  - lay_card: li
  - lift_card
  - remove_midway:
  - face: {who: holder, pose: auto}
  - scan: {text: "123"}
  - a4: off
  - receipt: paper-out
  - network: cut
  - pay: success
  - unplug: scanner
  - plug: receipt_printer
  - act: {box: door-open}
  - smart_card: {insert: li}
  - smart_card: withdraw
  - id_reader: lift
  - after: 1.5m
  - wait_for: {document_printer.sheets_printed: +1, id_reader.card: null, scanner.beam: true}
    within: 500ms
    note: {zh: 等, en: wait}
  - parallel:
      - [{after: 1s}, {a4: jam}]
      - - repeat: {times: 3, steps: [{a4: clear}]}
""")
    kinds = [type(step) for _depth, step in found.lines()]
    assert kinds[:3] == [Reset, Work, Work]
    assert kinds[-6:] == [WaitFor, Parallel, After, Act, Repeat, Act]
    assert [depth for depth, _step in found.lines()][-5:] == [0, 1, 1, 1, 2]
    after, wait = found.steps[16], found.steps[17]
    assert isinstance(after, After)
    assert after.seconds == 90
    assert isinstance(wait, WaitFor)
    assert wait.within_s == 0.5
    assert wait.words.zh == "等"
    assert [(c.operator, c.wanted) for c in wait.conditions] == [("+", 1), ("=", None), ("=", True)]
    off = found.steps[6]
    assert isinstance(off, Act)
    assert off.action == "off"
    assert "李样本" in found.steps[1].words.zh
    assert found.steps[8].words.en == "Network: cable cut"


def test_camera_troubles() -> None:
    found = parse(
        "  - camera_trouble: covered\n  - face: {who: holder, trouble: frozen}\n  - camera: {trouble: none}\n"
    )
    assert [step.words.zh for step in found.steps] == [
        "摄像头：故障 镜头被遮住",
        "摄像头：镜头前 本人",
        "摄像头：故障 画面正常",
    ]
    assert [step.body.model_dump()["trouble"] for step in found.steps if isinstance(step, Work)] == [
        "covered",
        "frozen",
        "none",
    ]
    with pytest.raises(ScenarioError, match="bright"):
        parse("  - camera_trouble: dusty\n")


@pytest.mark.parametrize(
    ("steps", "place", "what"),
    [
        ("  - a4: explode", "4:5", "no action 'explode'"),
        ("  - after: 1s\n  - fly: high", "5:5", "neither a step nor a device"),
        ("  - lay_card: nobody", "4:5", "no such card"),
        ("  - network: torn", "4:5", "connected"),
        ("  - scan: {text: 5}", "4:12", "string"),
        ("  - smart_card: {swallow: li}", "4:18", "no hand 'swallow'"),
        ("  - smart_card: {insert: li, x: 1}", "4:5", "one hand at a time"),
        ("  - after: 2", "4:5", "a time is wanted"),
        ("  - after: 90m", "4:5", "at most 600 s"),
        ("  - a4: jam\n    within: 2s", "5:5", "only wait_for"),
        ("  - {a4: jam, network: cut}", "4:5", "does one thing"),
        ("  - 5", "4:5", "valid"),
        ("  - lift_card: li", "4:5", "no details"),
        ("  - wait_for: {document_printer.sheets: 5}", "4:16", "Input should be"),
        ("  - wait_for: {document_printer.colour: 5}", "4:16", "no part of the state"),
        ("  - wait_for: {printer.toner: 5}", "4:16", "no part of the state"),
        ("  - wait_for: {document_printer.toner: many}", "4:16", "integer"),
        ("  - wait_for: {document_printer.toner: '>x'}", "4:16", "only numbers"),
        ("  - wait_for: {network.state: torn}", "4:16", "network.state"),
        ("  - wait_for: {scanner.beam: '>1'}", "4:16", "only numbers"),
        ("  - wait_for: []", "4:5", "names parts"),
        ("  - parallel: [{a4: jam}]", "4:5", "branches"),
        ("  - repeat: {times: 0, steps: [a4]}", "4:14", "greater"),
        ("  - repeat: {times: 2, steps: [{a4: jamm}]}", "4:33", "no action"),
        ("  - note: {zh: a, en: b}", "4:5", "does one thing"),
        ("  - a4: jam\n    note: {zh: a}", "5:5", "Field required"),
        ("  - act: {cash: a, box: b}", "4:5", "one device"),
        ("  - face: {who: ghost}", "4:12", "Input should be"),
    ],
)
def test_problems_name_their_place(steps: str, place: str, what: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        parse(steps)
    assert f"x.yaml:{place}" in str(refused.value)
    assert what in str(refused.value)


def test_all_problems_at_once() -> None:
    with pytest.raises(ScenarioError) as refused:
        parse("  - a4: a\n  - a4: jam\n  - network: b\n  - parallel: [[{after: x}]]\n")
    assert [problem.line for problem in refused.value.problems] == [4, 6, 7]


@pytest.mark.parametrize("text", ["a: 1", "[]", "title: x\nsteps: []", HEAD, "title: {zh: a, en: b}\nsteps: [reset]"])
def test_the_head_is_needed(text: str) -> None:
    with pytest.raises(ScenarioError):
        scenario.parse(text, "x")


def test_too_many_steps() -> None:
    row = "[" + "reset," * 100 + "]"
    with pytest.raises(ScenarioError, match="more than 300 steps"):
        parse(f"  - parallel: [{row},{row},{row},{row}]")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        scenario.read(tmp_path / "none.yaml")
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match="not UTF-8"):
        scenario.read(tmp_path / "a.yaml")
    with pytest.raises(LookupError):
        scenario.shipped("../cabinet/x")


@pytest.mark.parametrize("name", scenario.shipped_names())
def test_shipped_scenarios_are_fine_and_speak_both_languages(name: str) -> None:
    found = scenario.shipped(name)
    for _depth, step in found.lines():
        assert step.words.zh
        assert step.words.en.isascii(), step.words.en
        if isinstance(step, WaitFor):
            assert step.note is not None, f"{name}:{step.line}: a wait needs words of its own"
    assert any("\u4e00" <= c <= "\u9fff" for c in found.title.zh + found.about.zh)
    assert scenario.summary(found).steps == len(found.lines())


def test_enough_scenarios_are_shipped() -> None:
    assert len(scenario.shipped_names()) >= 8


@pytest.mark.parametrize("name", scenario.shipped_names())
def test_nobody_is_told_to_pay_at_the_kiosk_as_it_cannot(name: str) -> None:
    """The backend takes Alipay only: what waits for notes or a bank card says against what it is played."""
    found = scenario.shipped(name)
    waits = {c.path[0] for _, step in found.lines() if isinstance(step, WaitFor) for c in step.conditions}
    fed = {step.hand.device for _, step in found.lines() if isinstance(step, Work)}
    if waits & fed & {"cash", "card_terminal"}:
        for about, no in ((found.about.zh, "终端上还不能"), (found.about.en, "kiosk")):
            assert no in about
            assert "menkou devices test" in about
        assert "choose" not in found.about.en.lower()


def test_the_guide_does_not_send_anybody_to_pay_cash_at_the_kiosk() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "how-to" / "use-the-cabinet.md").read_text("utf-8")
    for line in guide.splitlines():
        assert not re.search("choose (cash|it) at the kiosk|选现金", line), line
    assert "menkou devices test cash" in guide
    assert "menkou devices test card_terminal" in guide


def test_the_guides_example_is_fine() -> None:
    guide = Path(__file__).parents[4] / "docs" / "how-to" / "use-the-cabinet.md"
    example = guide.read_text("utf-8").split("```yaml\n")[1].split("```")[0]
    assert len(scenario.parse(example, "guide").lines()) == 9
