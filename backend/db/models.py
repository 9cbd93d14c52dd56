"""Every table of the backend, imported in one place for the migrations."""

from backend.alerts import models as alerts
from backend.alerts.duty import models as duty
from backend.alerts.supplies import models as supplies
from backend.alerts.work import models as work
from backend.appointments import models as appointments
from backend.assistance import models as assistance
from backend.bills import models as bills
from backend.cases import models as cases
from backend.certificates import models as certificates
from backend.db.base import Base
from backend.devices import models as devices
from backend.drafts import models as drafts
from backend.editor import models as editor
from backend.feedback import complaint_models as complaints
from backend.feedback import models as feedback
from backend.fleet import models as fleet
from backend.fleet.commands import models as commands
from backend.fleet.desired import models as desired
from backend.fleet.heartbeat import models as heartbeat
from backend.fleet.identity import models as fleet_identity
from backend.identity import models as identity
from backend.operations import jobs
from backend.payments import models as payments
from backend.queueing import models as queueing
from backend.regions import models as regions
from backend.releases import models as releases
from backend.reports import models as reports
from backend.scans import models as scans
from backend.staff import approvals, audit
from backend.staff import models as staff
from backend.stock import models as stock

__all__ = [
    "Base",
    "alerts",
    "appointments",
    "approvals",
    "assistance",
    "audit",
    "bills",
    "cases",
    "certificates",
    "commands",
    "complaints",
    "desired",
    "devices",
    "drafts",
    "duty",
    "editor",
    "feedback",
    "fleet",
    "fleet_identity",
    "heartbeat",
    "identity",
    "jobs",
    "payments",
    "queueing",
    "regions",
    "releases",
    "reports",
    "scans",
    "staff",
    "stock",
    "supplies",
    "work",
]
