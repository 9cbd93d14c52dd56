from __future__ import annotations

import pytest
from typer.testing import CliRunner

from provisioning.check_cli import app


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["id", "519999199001010017"], 0, ["有效", "valid"]),
        (["id", "519999199001010018"], 1, ["校验码不符", "check character"]),
        (["id", "519999900101001"], 1, ["已停止使用", "第 6 位后加 19，末尾加校验码 7", "character 7 last"]),
        (["uscc", "91519999MA00000158"], 0, ["有效"]),
        (["uscc", "91519999MA00000159"], 1, ["校验码不符"]),
        (["certificate-id", "1.2.156.3005.2.11519999000000019R001.12519999MB0A00018J.2025000000001.001.Z"], 0, []),
        (["certificate-id", "1.2.156.3005.2.11519999000000019R001.12519999MB0A00018J.2025000000001.001.Y"], 1, []),
        (["certificate-id", "nonsense"], 1, ["1.2.156.3005.2"]),
    ],
)
def test_check(arguments: list[str], status: int, words: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == status
    assert all(word in result.output for word in words)
    assert "9001010" not in result.output  # the number is not echoed


def test_an_old_number_without_a_date_is_not_upgraded() -> None:
    result = CliRunner().invoke(app, ["id", "519999901301001"])
    assert result.exit_code == 1
    assert "已停止使用" in result.output
    assert "18 位号码：" not in result.output
