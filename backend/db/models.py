"""Every table of the backend, imported in one place for the migrations."""

from backend.bills.models import BillRow
from backend.certificates.models import Certificate
from backend.db.base import Base
from backend.devices.models import Device
from backend.feedback.models import RatingRow
from backend.identity.models import Challenge, Proof
from backend.payments.models import LedgerEntry, PaymentRow

__all__ = ["Base", "BillRow", "Certificate", "Challenge", "Device", "LedgerEntry", "PaymentRow", "Proof", "RatingRow"]
