"""Nothing on the cabinet can be done only by hand: every action of every desk is an HTTP call and the client's."""

from __future__ import annotations

import tomllib

import httpx
import pytest

from drivers.manager import make_device, read_tables
from drivers.virtual.cabinet.camera_stream import Pose, Trouble, Who
from drivers.virtual.cabinet.client import CabinetClient, CabinetRefusedError
from drivers.virtual.cabinet.desks import PLACES, Place
from drivers.virtual.cabinet.hands import CAMERA_TROUBLES, HANDS, POSES, SCENES, Hand

from .conftest import Running


@pytest.fixture(scope="module")
def openapi(running: Running) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    described: dict[str, dict[str, dict[str, dict[str, object]]]] = httpx.get(
        f"{running.url}/openapi.json", trust_env=False
    ).json()
    return described


@pytest.mark.parametrize("place", PLACES, ids=[place.name for place in PLACES])
def test_every_action_is_in_the_client_and_over_http(running: Running, hands: CabinetClient, place: Place) -> None:
    state = hands.state()
    if state[place.name]["failure"]:
        pytest.skip(state[place.name]["failure"])
    for action in place.actions:
        assert action.label_zh
        assert action.label_en.isascii()
        for one in filter(None, (action.id, action.undo)):
            try:
                getattr(hands, place.name).act(one)
            except CabinetRefusedError as refused:
                assert "409" in str(refused)  # noqa: PT017  # not just now: no note is in the slot, no reader there
        if action.on:  # the condition under which the page shows the button as pressed names a part of the state
            value: object = state
            for name in action.on.partition("=")[0].split("."):
                assert isinstance(value, dict)
                value = value[name]


def test_unknown_actions_are_refused(hands: CabinetClient) -> None:
    for place in PLACES:
        if place.actions:
            with pytest.raises(CabinetRefusedError, match="422"):
                getattr(hands, place.name).act("explode")


def test_openapi_has_every_action_by_its_name(openapi: dict) -> None:  # type: ignore[type-arg]
    schemas = openapi["components"]["schemas"]
    for place in PLACES:
        if not place.actions:
            continue
        operation = openapi["paths"][f"/api/devices/{place.name}/act"]["post"]
        body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        field = schemas[body]["properties"]["action"]
        assert field.get("enum", [field.get("const")]) == list(place.action_ids)
        assert operation["summary"].startswith(place.label_en)


@pytest.mark.parametrize("hand", HANDS, ids=[f"{hand.device}-{hand.name}" for hand in HANDS])
def test_every_hand_is_described_and_typed(openapi: dict, hands: CabinetClient, hand: Hand) -> None:  # type: ignore[type-arg]
    operation = openapi["paths"][f"/api/devices/{hand.device}/{hand.name}"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert set(openapi["components"]["schemas"][body].get("properties", {})) == set(hand.body.model_fields)
    assert "$ref" in operation["responses"]["200"]["content"]["application/json"]["schema"]
    found = getattr(hands, hand.device)
    assert callable(found) or found.name == hand.device  # `network` has always been a method


def test_state_is_typed_for_every_device(openapi: dict) -> None:  # type: ignore[type-arg]
    properties = openapi["components"]["schemas"]["CabinetState"]["properties"]
    for place in PLACES:
        assert properties[place.name]["anyOf"][0]["$ref"].endswith(place.view.__name__)


def test_scenes_and_poses_are_all_there() -> None:
    assert {scene.id for scene in SCENES} == {who.value for who in Who}
    assert {pose.id for pose in POSES} == {pose.value for pose in Pose}
    assert {trouble.id for trouble in CAMERA_TROUBLES} == {trouble.value for trouble in Trouble}


def test_drivers_understand_devices_file(running: Running) -> None:
    tables = read_tables(running.dir / "devices.toml")
    assert {place.table for place in PLACES} | {"camera"} == {device_class.value for device_class in tables}
    for device_class, table in tables.items():
        make_device(device_class, table)


def test_devices_file_writer() -> None:
    from drivers.virtual.cabinet.devices_file import to_toml

    table = {"a": 'x"\\\n\x7f', "b": True, "c": [1, 2.5, {"d e": "f"}], "g": {"h": {"i j": 1}, "k": "l"}, "m": 3}
    assert tomllib.loads(to_toml({"one": table, "two": {}})) == {"one": table, "two": {}}
