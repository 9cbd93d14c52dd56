"""POST /ratings. A kiosk that was offline sends them later, perhaps twice."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from sqlalchemy.exc import IntegrityError

from backend.contract.kiosk_api import API_PREFIX, ProblemCode, Rating
from backend.deps import CurrentKiosk, DbSession
from backend.feedback.models import RatingRow
from backend.problems import Refused

router = APIRouter(prefix=API_PREFIX, tags=["feedback"])


@router.post("/ratings", status_code=204)
async def rate(kiosk: CurrentKiosk, session: DbSession, rating: Rating) -> None:
    """Keeps the first of a rating_id. The catalogue is not asked: a rating may outlive its service."""
    session.add(
        RatingRow(
            rating_id=rating.rating_id,
            kiosk_id=kiosk.kiosk_id,
            service_id=rating.service_id[:80],
            level=rating.level,
            rated_at=rating.rated_at,
            received_at=datetime.now(UTC),
        )
    )
    try:
        await session.commit()
        return
    except IntegrityError:  # asking first would not help against one that arrives at the same time
        await session.rollback()
    stored = await session.get(RatingRow, rating.rating_id)
    if stored is None:
        raise RuntimeError("a rating that is neither new nor known")
    if (stored.kiosk_id, stored.service_id, stored.level) != (kiosk.kiosk_id, rating.service_id[:80], rating.level):
        raise Refused(ProblemCode.INTENT_CONFLICT)
