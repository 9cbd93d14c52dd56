"""The demo's own checks can fail: a planted secret is found in every form it may take."""

from __future__ import annotations

import json

import pytest

from provisioning.demo.checks import CheckFailed, check_slip, find_secret, secrets_of_the_demo


@pytest.mark.parametrize("encode", ["utf-8", "gb18030", "utf-16-le"])
def test_every_secret_is_found(encode: str) -> None:
    for what, text in secrets_of_the_demo():
        found = find_secret(b'{"event": "x", "value": "' + text.encode(encode) + b'"}')
        assert found is not None, what


def test_found_when_escaped() -> None:
    assert find_secret(json.dumps({"name": "李样本"}).encode()) == "name of li"


def test_clean_log_passes() -> None:
    assert find_secret(b'{"session": "20f04fbe79184746", "event": "card_read", "kind": "resident"}') is None


def test_a_slip_without_the_amount_fails() -> None:
    with pytest.raises(CheckFailed, match="amount"):
        check_slip("缴费凭条 ¥1.00".encode("gb18030"))
    check_slip("缴费凭条 43.40".encode("gb18030"))
