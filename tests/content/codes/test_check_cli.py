from __future__ import annotations

import pytest
from typer.testing import CliRunner

from provisioning.check_cli import app


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["id", "519999199001010017"], 0, ["有效", "valid"]),
        (["id", "519999199001010018"], 1, ["校验码不符", "check character"]),
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
    assert "199001010" not in result.output  # the number is not echoed
