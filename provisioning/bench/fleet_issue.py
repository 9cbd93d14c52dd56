"""Certificates for a whole province in a minute, made beside the database with the desk's own authority.

Enrolling 57,705 kiosks over the wire, one transaction and one link of the audit chain each, takes most of half an
hour of both processors. That is measured on a part of them; the rest get here what enrolment would have given them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import BindParameter, Update, bindparam, insert, select, update

from backend.contract.fleet_api import IdentityState
from backend.db.engine import make_engine, make_sessions, writing
from backend.fleet.health import Health
from backend.fleet.identity.authority import Authority, key_sha256, open_authority, serial_of
from backend.fleet.identity.certificates import serials
from backend.fleet.identity.models import KioskCertificate
from backend.fleet.models import Kiosk, KioskPulse, KioskState
from provisioning.bench.fleet_house import House
from provisioning.simulator.identities import Identities, Identity

_AT_ONCE = 1000


async def issue(house: House, count: int) -> int:
    """For so many kiosks that have none yet; how many there were."""
    authority = open_authority(house.fleet_settings(), house.backend_settings())
    life = timedelta(days=house.fleet_settings().certificate_days)
    engine = make_engine(house.database_url)
    sessions = make_sessions(engine)
    identities = Identities(house.simulator_dir)
    try:
        planned = select(Kiosk.kiosk_id).where(Kiosk.identity == IdentityState.PLANNED.value)
        async with sessions() as session:
            names = (await session.scalars(planned.order_by(Kiosk.kiosk_id).limit(count))).all()
        for at in range(0, len(names), _AT_ONCE):
            some = names[at : at + _AT_ONCE]
            made, rows = await asyncio.to_thread(_make, authority, life, some)
            identities.put(made)
            async with writing(sessions) as session:
                connection = await session.connection()
                await connection.execute(insert(KioskCertificate), rows)
                for statement, values in _statements(rows):
                    await connection.execute(statement, values)
                await session.commit()
        return len(names)
    finally:
        identities.close()
        await engine.dispose()


def _make(
    authority: Authority, life: timedelta, names: Sequence[str]
) -> tuple[list[Identity], list[dict[str, object]]]:
    above = "".join(authority.chain_pem.partition("-----END CERTIFICATE-----\n")[:2])
    made: list[Identity] = []
    rows: list[dict[str, object]] = []
    for kiosk_id in names:
        now = datetime.now(UTC)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = authority.issue(kiosk_id, key.public_key(), now, life)
        pem = certificate.public_bytes(Encoding.PEM).decode()
        key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        made.append(Identity(kiosk_id, key_pem, pem + above, 1))
        rows.append(
            {
                "serial": serial_of(certificate),
                "kiosk_id": kiosk_id,
                "epoch": 1,
                "public_key_sha256": key_sha256(key.public_key()),
                "not_before": certificate.not_valid_before_utc,
                "not_after": certificate.not_valid_after_utc,
                "issued_at": now,
                "ended_why": "",
                "pem": pem,
            }
        )
    return made, rows


def _statements(rows: list[dict[str, object]]) -> list[tuple[Update, list[dict[str, object]]]]:
    now = datetime.now(UTC)
    name: BindParameter[str] = bindparam("name")
    kiosk = update(Kiosk.__table__).where(Kiosk.__table__.c.kiosk_id == name)  # type: ignore[arg-type]
    pulse = update(KioskPulse.__table__).where(KioskPulse.__table__.c.kiosk_id == name)  # type: ignore[arg-type]
    state = update(KioskState.__table__).where(KioskState.__table__.c.kiosk_id == name)  # type: ignore[arg-type]
    return [
        (
            kiosk.values(
                identity=IdentityState.ENROLLED.value,
                epoch=1,
                certificate_serial=bindparam("number"),
                certificate_until=bindparam("until"),
                key_kind="file",
                enrolled_at=now,
            ),
            [{"name": r["kiosk_id"], "number": r["serial"], "until": r["not_after"]} for r in rows],
        ),
        (
            pulse.values(accepts=True, serials=bindparam("numbers")),
            [{"name": r["kiosk_id"], "numbers": serials(str(r["serial"]))} for r in rows],
        ),
        (
            state.values(health=Health.OFFLINE.value, changed_at=now),
            [{"name": r["kiosk_id"]} for r in rows],
        ),
    ]
