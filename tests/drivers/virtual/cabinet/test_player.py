"""Scenarios played in a running cabinet: over HTTP, from the client and the command line."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from drivers.cli import app
from drivers.virtual.cabinet.client import CabinetClient, CabinetRefusedError, ScenarioFailedError

from .conftest import Running

HEAD = "title: {zh: 题, en: T}\nabout: {zh: 说, en: A}\nsteps:\n"


def given(tmp_path: Path, steps: str) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_text(HEAD + steps, "utf-8")
    return file


def test_hands_move_in_their_order_and_wait(hands: CabinetClient, tmp_path: Path) -> None:
    file = given(
        tmp_path,
        """\
  - lay_card: wang
  - parallel:
      - - wait_for: {box.mains: false, id_reader.card: wang}
        - network: cut
      - [{after: 2s}, {box: mains-off}]
  - wait_for: {network.state: cut}
  - repeat: {times: 3, steps: [{keypad: {press: up}}]}
  - wait_for: {keypad.presses: +3, document_printer.tray: ">200", document_printer.reasons: []}
""",
    )
    before = hands.state()["keypad"]["presses"]
    view = hands.play(file, timeout_s=60)
    state = hands.state()
    assert view["state"] == "done"
    assert (state["id_reader"]["card"], state["box"]["mains"], state["network"]["state"]) == ("wang", False, "cut")
    assert state["keypad"]["presses"] == before + 3
    assert {step["state"] for step in view["steps"]} == {"done"}
    assert [step["depth"] for step in view["steps"]][:6] == [0, 0, 1, 1, 1, 1]


def test_a_step_that_cannot_be_done_ends_it_with_its_line(hands: CabinetClient, tmp_path: Path) -> None:
    with pytest.raises(ScenarioFailedError, match=r"line 5: waited .* in vain"):
        hands.play(given(tmp_path, "  - after: 10ms\n  - wait_for: {scanner.beam: true}\n    within: 300ms\n"))
    states = [step["state"] for step in hands.state()["scenario"]["steps"]]
    assert states == ["done", "failed"]
    with pytest.raises(ScenarioFailedError, match="line 4: the slot takes no note now"):
        hands.play(given(tmp_path, "  - cash: {insert: 1000}\n  - network: cut\n"))
    assert hands.state()["network"]["state"] == "connected"


def test_a_failing_branch_stops_the_others(hands: CabinetClient, tmp_path: Path) -> None:
    steps = "  - parallel:\n      - [{after: 10m}, {network: cut}]\n      - [{cash: {insert: 100}}]\n"
    with pytest.raises(ScenarioFailedError, match="line 6"):
        hands.play(given(tmp_path, steps))


def test_one_at_a_time_and_stopped(hands: CabinetClient, tmp_path: Path) -> None:
    file = given(tmp_path, "  - network: cut\n  - after: 10m\n  - network: connected\n")
    view = hands.play(file, wait=False)
    assert view["state"] == "playing"
    hands.wait_for(lambda state: state["network"]["state"] == "cut")
    with pytest.raises(CabinetRefusedError, match="409"):
        hands.play("network-comes-and-goes")
    hands.stop_scenario()
    state = hands.state()
    assert (state["scenario"]["state"], state["network"]["state"]) == ("stopped", "cut")
    hands.stop_scenario()
    hands.play(file, wait=False)
    hands.reset()
    state = hands.state()
    assert (state["scenario"]["state"], state["network"]["state"]) == ("stopped", "connected")


def test_what_cannot_be_played_is_said(running: Running, hands: CabinetClient, tmp_path: Path) -> None:
    with pytest.raises(CabinetRefusedError, match="404"):
        hands.play("no-such")
    with pytest.raises(CabinetRefusedError, match="404"):
        hands.play("../../etc/passwd")
    with pytest.raises(CabinetRefusedError, match=r"422.*given:4:5: document_printer has no action"):
        hands.play(given(tmp_path, "  - a4: explode\n"))
    for body in ({}, {"name": "a", "yaml": "b"}, {"yaml": "x" * 70000}):
        reply = httpx.post(f"{running.url}/api/scenario/play", json=body, trust_env=False)
        assert reply.status_code == 422
    checked = httpx.post(f"{running.url}/api/scenario/check", json={"yaml": HEAD + "  - reset\n"}, trust_env=False)
    assert checked.json()["steps"] == 1
    assert hands.state()["scenario"]["state"] != "playing"


@pytest.mark.parametrize("name", ["somebody-forces-the-door", "morning-after-an-idle-night", "paid-but-no-slip"])
def test_shipped_scenarios_that_need_no_kiosk_play_to_their_end(hands: CabinetClient, name: str) -> None:
    assert hands.play(name, timeout_s=100)["state"] == "done"
    assert name in {scenario["name"] for scenario in hands.scenarios()}


def test_command_line(running: Running, hands: CabinetClient, tmp_path: Path) -> None:
    run = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "200"})
    listed = run.invoke(app, ["scenario", "list"])
    assert "card-taken-too-early" in listed.output
    good = given(tmp_path, "  - lay_card: chen\n  - after: 100ms\n")
    bad = tmp_path / "bad.yaml"
    bad.write_text(HEAD + "  - a4: explode\n", "utf-8")
    assert run.invoke(app, ["scenario", "check", str(good)]).exit_code == 0
    checked = run.invoke(app, ["scenario", "check", str(good), str(bad)])
    assert checked.exit_code == 1
    assert f"{bad}:4:5: document_printer has no action 'explode'" in checked.output
    played = run.invoke(app, ["scenario", "play", str(good), "--url", running.url])
    assert played.exit_code == 0, played.output
    assert "陈示例" in played.output
    assert "done" in played.output
    assert hands.state()["id_reader"]["card"] == "chen"
    failed = run.invoke(app, ["scenario", "play", "no-such", "--url", running.url])
    assert failed.exit_code == 1
    assert "404" in failed.output
    gone = run.invoke(app, ["scenario", "play", "no-such", "--url", "http://127.0.0.1:9"])
    assert gone.exit_code == 1
