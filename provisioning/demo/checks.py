"""What must be true after a walk, looked up where it is written: files, ledger, journal, logs."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from backend.certificates.keys import CA_FILES, ca_certificate
from backend.certificates.verify_cli import verify_file
from backend.contract.kiosk_api import API_PREFIX
from backend.secret_files import write_secret
from backend.settings import BackendSettings
from drivers.virtual.cabinet.cards import CARDS
from provisioning.demo.visit import ACCOUNT, AMOUNT, PIN, Visit


class CheckFailed(AssertionError):
    """One of the checks below; the message says which and what was found."""


def require(condition: object, message: str) -> None:
    if not condition:
        raise CheckFailed(message)


@dataclass(frozen=True)
class Row:
    """A line of the kiosk's journal or of the backend's payments."""

    id: str
    kind: str
    outcome: str | None


def journal(visit: Visit) -> list[Row]:
    rows = _rows(visit.stack.kiosk_dir / "journal.sqlite3", "SELECT id, kind, outcome FROM intent ORDER BY rowid")
    return [Row(*row) for row in rows]


def journal_of(visit: Visit, kind: str) -> list[Row]:
    return [row for row in journal(visit) if row.kind == kind]


def backend_rows(visit: Visit, sql: str) -> list[tuple[Any, ...]]:
    return _rows(next(visit.stack.backend_dir.glob("*.sqlite3")), sql)


def _rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


# --- money ----------------------------------------------------------------------------------------------------------


def payment_state(visit: Visit, intent_id: str) -> str:
    rows = backend_rows(visit, f"SELECT state FROM payment WHERE intent_id = '{intent_id}'")  # noqa: S608 - our own id
    return str(rows[0][0]) if rows else "none"


def check_books(visit: Visit) -> None:
    """The ledger balances to zero, and journal and backend tell the same story."""
    (total,) = backend_rows(visit, "SELECT COALESCE(SUM(amount_fen), 0) FROM ledger_entry")[0]
    require(total == 0, f"the ledger's sum is {total} fen, not 0")
    same = {
        "done": {"delivered"},
        "closed": {"closed"},
        "refunded": {"refunded", "closed"},
        "never-happened": {"none", "closed"},
    }
    for row in journal_of(visit, "payment"):
        require(row.outcome is not None, f"payment {row.id} is still open in the journal")
        state = payment_state(visit, row.id)
        require(state in same[str(row.outcome)], f"journal says {row.outcome}, the backend says {state}")


def check_slip(raw: bytes) -> None:
    text = raw.decode("gb18030", errors="replace")
    require(AMOUNT in text, "the slip does not show the amount")
    require("缴费凭条" in text, "the slip has no heading")


# --- certificate ----------------------------------------------------------------------------------------------------


async def fetch_certificate(visit: Visit) -> bytes:
    """The newest certificate's file, from the backend, as the kiosk gets it."""
    intent = journal_of(visit, "certificate")[-1].id
    token = visit.stack.token_file.read_text("utf-8").strip()
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {token}"}) as http:
        reply = await http.get(f"{visit.stack.backend_url}{API_PREFIX}/certificates/{intent}/file")
    require(reply.is_success, f"the backend gives no file: HTTP {reply.status_code}")
    return reply.content


async def check_signature(visit: Visit, file: Path) -> None:
    """The public page says valid for the file, and altered for one flipped bit."""
    pdf = file.read_bytes()
    flipped = bytearray(pdf)
    flipped[len(pdf) // 3] ^= 0x01
    for name, content, wanted in (
        ("certificate", pdf, "valid"),
        ("certificate with one bit flipped", flipped, "altered"),
    ):
        verdict = await _page_verdict(visit, bytes(content))
        require(verdict == wanted, f"the verification page calls the {name} {verdict!r}, not {wanted!r}")


def lend_signing_ca(backend_dir: Path) -> None:
    """The demo's certificates are signed under this machine's own specimen CA, made if need be: afterwards
    `menkou verify` knows them without being told whom to trust."""
    own = BackendSettings().var_dir
    ca_certificate(own)
    for name in CA_FILES:
        write_secret(backend_dir / name, (own / name).read_bytes())


def check_signature_offline(file: Path) -> None:
    """`menkou verify` and poppler's pdfsig agree with the page."""
    result = verify_file(file)
    require(result.valid, f"menkou verify calls the certificate {result.state}")
    pdfsig = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=False)
    require("Signature is Valid" in pdfsig.stdout, f"pdfsig does not accept the certificate: {pdfsig.stdout[-200:]}")


async def _page_verdict(visit: Visit, pdf: bytes) -> str:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        reply = await http.post(
            f"{visit.stack.backend_url}/v/file", files={"file": ("certificate.pdf", pdf, "application/pdf")}
        )
    heading = re.search(r'<section class="verdict.*?<h\d[^>]*>(.*?)</h\d>', reply.text, re.DOTALL)
    words = heading.group(1) if heading else f"HTTP {reply.status_code}"
    return {"有效": "valid", "已被改动": "altered"}.get(re.split(r"[<\s]", words.strip())[0], words)


# --- privacy --------------------------------------------------------------------------------------------------------


def secrets_of_the_demo() -> Iterator[tuple[str, str]]:
    """(what, text) that must be in no log, no database of the kiosk, and no screen after the session."""
    for card in CARDS:
        person = card.card
        for what, text in (("name", person.name), ("number", person.number), ("address", person.address)):
            if text:  # not every kind of card has all three
                yield f"{what} of {card.id}", text
    for phone in ("13800000017", "13800000025", "13800000181"):
        yield "phone", phone
    yield "water account", ACCOUNT
    yield "PIN", PIN


def check_no_personal_data(visit: Visit) -> int:
    """Greps every log and the kiosk's own files; returns how many files were read."""
    files = [path for path in visit.stack.log_dir.rglob("*") if path.is_file()]
    files += [path for path in visit.stack.kiosk_dir.rglob("*") if path.is_file()]
    require(len(files) >= 5, "there are no logs to look into")
    for path in files:
        found = find_secret(path.read_bytes())
        require(found is None, f"the {found} stands in {path.name}")
    return len(files)


def find_secret(content: bytes) -> str | None:
    """What of the demo residents stands in `content`, as UTF-8, GB 18030, UTF-16 or escaped as in JSON."""
    for what, text in secrets_of_the_demo():
        escaped = text.encode("ascii", "backslashreplace")
        for form in (text.encode(), text.encode("gb18030"), text.encode("utf-16-le"), escaped):
            if form in content:
                return what
    return None
