"""What the desk writes down about applications names nobody, whatever happens."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path

import pytest
import structlog

from backend.logging import configure_logging
from backend.scans.files import ScanFiles
from tests.backend.cases.world import (
    GOOD_FORM,
    LI,
    ZHANG,
    application,
    counter,
    dumped,
    opened,
    png,
    prove,
    scan,
    simple,
)

SECRETS = (
    *ZHANG,
    *LI,
    GOOD_FORM["address"],
    "13800000017",
    "青口县示范制造有限公司",
    "91519999MA0B00023F",
    "示范",
)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Everything that goes to stderr, at the lowest level."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    before, handlers, level = structlog.get_config(), logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging("DEBUG")
    structlog.configure(cache_logger_on_first_use=False)
    logging.getLogger().setLevel(logging.DEBUG)
    yield stream
    structlog.configure(**before)
    logging.getLogger().handlers, logging.getLogger().level = handlers, level


async def test_nothing_personal_is_logged(
    tmp_path: Path, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = []
    async with counter(tmp_path) as house:
        receipt = await opened(house, await application(house))
        codes.append(receipt["check_code"])
        agent = {"relation": "spouse", "principal_name": LI[0], "principal_number": LI[1]}
        await opened(house, await application(house, "intent-0002", agent=agent, form={**GOOD_FORM, "holder": LI[0]}))
        licence = (await house.sandbox_call("POST", "/phone/licence", {})).json()["licence"]
        await opened(house, await simple(house, "company", "intent-0003", licence=licence))
        # Wrong in every way there is.
        for wrong in ({"form": {**GOOD_FORM, ZHANG[0]: ZHANG[1]}}, {"situation": {LI[0]: "x"}}, {"parts": [LI[0]]}):
            await house.call("POST", "/cases", await application(house, "intent-0004", **wrong))
        await house.call("POST", "/cases", {"form": {"address": GOOD_FORM["address"]}, "agent": ZHANG[1]})
        saved = await house.call(
            "POST",
            "/drafts",
            {"service_id": "apply", "service_version": 3, "proof_id": await prove(house), "form": GOOD_FORM},
        )
        codes.append(saved.json()["code"])
        await house.call("POST", "/drafts/open", {"code": codes[-1], "proof_id": await prove(house, LI)})
        await house.call("POST", "/prefill", {"service_id": "apply", "proof_id": await prove(house)})
        await house.call("POST", "/cases/status", {"case_no": ZHANG[1], "check_code": ZHANG[0]})
        await scan(house, ZHANG[0].encode())
        # Departments that fail, and bugs whose errors quote what they were given.
        await house.control(departments={"desk": {"down": True}})
        await house.backend.state.case_handover.run()

        def broken(*_: object) -> None:
            raise ValueError(f"{ZHANG[0]} {ZHANG[1]}")

        monkeypatch.setattr(ScanFiles, "write", broken)
        assert (await scan(house, png())).status_code == 500
        monkeypatch.setattr(type(house.backend.state.exchange), "call", broken)
        await opened(house, await simple(house, "instant", "intent-0005"))
    lines = written.getvalue()
    events = {json.loads(line)["event"] for line in lines.splitlines() if line.startswith("{")}
    assert {"case_opened", "draft_saved", "prefilled", "scan_refused", "refused", "handover_failed"} <= events
    for secret in (*SECRETS, *codes, dumped(licence)[1:60]):
        assert secret not in lines


async def test_files_and_paths_name_nobody(tmp_path: Path) -> None:
    async with counter(tmp_path) as house:
        await opened(house, await application(house))
        names = " ".join(str(path) for path in house.settings.var_dir.rglob("*"))
        paths = " ".join(str(path) for path in house.backend.openapi()["paths"])
    assert "5199" not in names
    own = [path for path in paths.split() if path.split("/")[4:5] in (["cases"], ["drafts"], ["scans"], ["prefill"])]
    assert len(own) == 7
    assert re.findall(r"{(.+?)}", " ".join(own)) == ["intent_id"]
