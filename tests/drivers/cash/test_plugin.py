"""What devices.toml may say, and what pyserial is told: a PTY cannot show a wrong parity."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from drivers.cash.ict104_driver import Ict104Acceptor
from drivers.cash.plugin import ICT104, ITL_SSP, IctOptions, SspOptions
from drivers.cash.ssp_driver import SspAcceptor
from drivers.device import DeviceClass
from drivers.manager import DevicesFileError, make_device
from drivers.registry import find_driver

BILLS = [500, 1000, 2000, 5000, 10000]


def test_the_lines() -> None:
    common = {"port": "/dev/cash", "baudrate": 9600, "bytesize": 8, "xonxoff": False, "rtscts": False, "dsrdtr": False}
    ssp = SspOptions(path="/dev/cash").line().pyserial_arguments()
    assert ssp == common | {"parity": "N", "stopbits": 2, "exclusive": True}
    ict = IctOptions(path="/dev/cash", bills=tuple(BILLS)).line().pyserial_arguments()
    assert ict == common | {"parity": "E", "stopbits": 1, "exclusive": True}


def test_found_by_name() -> None:
    assert find_driver(DeviceClass.CASH, "itl-ssp") is ITL_SSP
    assert find_driver(DeviceClass.CASH, "ict104") is ICT104
    table = {"path": "/dev/cash"}
    assert isinstance(make_device(DeviceClass.CASH, {"driver": "itl-ssp"} | table), SspAcceptor)
    assert isinstance(make_device(DeviceClass.CASH, {"driver": "ict104", "bills": BILLS} | table), Ict104Acceptor)


@pytest.mark.parametrize("bills", [[0, 0], [5], [500, 700]])
def test_bills_that_cannot_be(bills: list[int]) -> None:
    """Five fen is what somebody writes who means yuan."""
    table: dict[str, Any] = {"driver": "ict104", "path": "/dev/cash", "bills": bills}
    with pytest.raises(DevicesFileError, match=r"\[cash\] bills"):
        make_device(DeviceClass.CASH, table)


@pytest.mark.parametrize(
    "wrong", [{"address": 0x7E}, {"currency": "yuan"}, {"poll_s": 0}, {"stopbits": 3}, {"hold_code": 1}]
)
def test_options_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SspOptions.model_validate({"path": "/dev/cash"} | wrong)
    assert IctOptions.model_validate({"path": "/dev/cash", "bills": [500], "hold_code": 0x5A}).hold_code == 0x5A
