"""Nothing of a person leaves with a log bundle, however it got into the logs."""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.link.command_kinds.log_bundle import log_bundle
from kiosk.link.command_kinds.scrub import scrub_event, scrub_text, scrub_tree
from kiosk.link.commands import Task
from kiosk.link.log_tail import LogTail
from tests.kiosk.link.terminal import FakeTerminal

NUMBER = "519999199001010025"
PLANTED = [
    NUMBER,
    "51999919900101002X",
    "519999 19900101 0025",
    "519999-1990-0101-0025",
    "５１９９９９１９９００１０１００２５",  # full width
    "5199991990\u200b01010025",  # a hidden space
    "519999900101002",  # fifteen digits, of the first generation
    "5199**********0025",
    "13800138000",
    "+86 138 0013 8000",
    "138-0013-8000",
    "0851-8888-6666",
    "6222 0212 3456 7890 123",
    "李样本",
    "欧阳·样本",
    "买买提·吐尔逊",
    "贵州省贵阳市样本路 1 号",
    "sample@example.cn",
    "Bearer mk_abcdefgh",
    "token=mk_abcdefgh",
    "7K3M-Q0ZT-AAAA-BBBB-CCCC-DDDD-EEEE",
    "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----",
]


def _leaks(secret: str, said: str) -> bool:
    """More of it than a few characters."""
    flat = re.sub(r"[^0-9A-Za-z一-鿿@]", "", said)
    kept = re.sub(r"[^0-9A-Za-z一-鿿@]", "", unicodedata.normalize("NFKC", secret))
    return any(kept[at : at + 6] in flat for at in range(max(1, len(kept) - 5))) if len(kept) > 5 else kept in flat


@pytest.mark.parametrize("secret", PLANTED)
def test_planted_in_any_place(secret: str) -> None:
    for text in (secret, f"card {secret} refused", f"x{secret}y", f"'{secret}'", f"a={secret},b"):
        assert not _leaks(secret, scrub_text(text)), text
        assert not _leaks(secret, json.dumps(scrub_event({"event": text, "error": text, "name": secret, "to": text})))
        assert not _leaks(secret, json.dumps(scrub_tree({"detail": [text, {"a": text}], text: 1})))


@given(st.text(alphabet=st.sampled_from("0123456789xX -_./"), min_size=0, max_size=60))
def test_no_seven_digits_in_a_row_are_left(text: str) -> None:
    assert not re.search(r"\d{7}", scrub_text(text))


@given(st.dictionaries(st.text(max_size=12), st.one_of(st.text(max_size=40), st.integers(), st.none(), st.floats())))
def test_only_known_keys_are_left(event: dict[str, Any]) -> None:
    clean = scrub_event(event)
    assert set(clean) <= {"event", "at", "code", "kind", "what", "state", "level", "count", "error", "reason"} | set(
        event
    )
    json.dumps(clean)


def test_machines_faults_stay_readable() -> None:
    event = {
        "event": "device_refresh_slow",
        "level": "warning",
        "device": "document_printer",
        "timestamp": "2026-03-01T12:00:00.123456Z",
        "error": "TimeoutError",
        "at": "ipp.py:120",
    }
    assert scrub_event(event) == event


async def test_the_bundle_as_it_leaves(tmp_path: Path) -> None:
    class Desk:
        files: dict[str, bytes] = {}  # noqa: RUF012

        async def put_file(self, command_id: str, data: bytes, content_type: str) -> None:
            self.files[command_id] = data

    tail, terminal, desk = LogTail(), FakeTerminal(), Desk()
    stamp = datetime.now(UTC)

    def logged(age: timedelta, **event: Any) -> None:
        tail.processor(None, "info", {"timestamp": (stamp - age).isoformat(), "level": "info", **event})

    logged(timedelta(hours=30), event="long_ago")
    logged(timedelta(0), event="session_started", session="s1", name="李样本", number=NUMBER)
    for secret in PLANTED:
        logged(timedelta(0), event="journey_failed", error=secret, detail=secret, holder=secret)
    tail.write(tmp_path / "log")
    with (tmp_path / "log" / "events.jsonl").open("a") as file:
        file.write('{"event": "torn by a power c')

    async def statistics() -> dict[str, Any]:
        return {"intents": {"payment/begun/open": 2}}

    command = log_bundle(terminal, lambda: desk, tail, tmp_path / "log", statistics)  # type: ignore[arg-type,return-value]
    result = await command.run(Task("c1", {"hours": 24}, lambda: 60.0))
    assert result["bytes"] == len(desk.files["c1"])
    bundle = zipfile.ZipFile(io.BytesIO(desk.files["c1"]))
    assert sorted(bundle.namelist()) == ["devices.json", "events.jsonl", "journal.json", "kiosk.json"]
    everything = "".join(bundle.read(name).decode() for name in bundle.namelist())
    assert [secret for secret in PLANTED if _leaks(secret, everything)] == []
    assert "session_started" in everything
    assert "journey_failed" in everything
    assert "long_ago" not in everything
    assert json.loads(bundle.read("journal.json")) == {"intents": {"payment/begun/open": 2}}


def test_the_tail_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk.link import log_tail as module

    monkeypatch.setattr(module, "_FILE", 2000)
    tail = LogTail()
    for number in range(500):
        tail.processor(None, "info", {"event": f"e{number}", "timestamp": "2026-03-01T12:00:00Z"})
        tail.write(tmp_path)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"events.jsonl", "events.jsonl.1"}
    assert max(sizes.values()) < 3000
