"""What an application said is kept here until its department has it, and a while longer for questions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import exists, select, update

from backend.cases.models import CaseEvent, CaseEventKind, CaseHandover, HandoverState, ServiceCase
from backend.db.engine import Sessions, writing
from backend.operations.jobs import Lease

log = structlog.get_logger()

ERASED = "{}"
_AT_ONCE = 200


class Retention:
    """`keep`: since the last of its departments has taken or refused the case. Names, numbers, forms and licence data
    go; number, service, steps and the hashes of who applied stay. Scans and signatures belong to the archive of the
    case and are not touched."""

    def __init__(
        self, sessions: Sessions, keep: timedelta, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._sessions = sessions
        self._keep = keep
        self._clock = clock

    async def purge(self, lease: Lease | None = None) -> None:
        while await self._some() == _AT_ONCE:
            pass

    async def _some(self) -> int:
        now = self._clock()
        case_no = ServiceCase.case_no
        open_ = exists().where(
            CaseHandover.case_no == case_no,
            (CaseHandover.state == HandoverState.WAITING.value) | (CaseHandover.done_at >= now - self._keep),
        )
        done = exists().where(CaseEvent.case_no == case_no, CaseEvent.kind == CaseEventKind.ERASED.value)
        async with writing(self._sessions) as session:
            old = list(
                await session.scalars(
                    select(case_no)
                    .where(ServiceCase.received_at < now - self._keep, ~open_, ~done)
                    .order_by(ServiceCase.received_at)
                    .limit(_AT_ONCE)
                    .with_for_update(skip_locked=True)
                )
            )
            await session.execute(
                update(ServiceCase)
                .where(case_no.in_(old))
                .values(content=ERASED)
                .execution_options(synchronize_session=False)
            )
            session.add_all(CaseEvent(case_no=one, kind=CaseEventKind.ERASED.value, at=now) for one in old)
            await session.commit()
        if old:
            log.info("case_contents_erased", cases=len(old))
        return len(old)
