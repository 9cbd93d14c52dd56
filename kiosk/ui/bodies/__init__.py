"""One module a kind of screen; `body_for` finds the one that draws a screen."""

from __future__ import annotations

from typing import Any

from kiosk import screens, service_screens
from kiosk.ui.bodies.base import Body, Host
from kiosk.ui.bodies.choose import ChooseBody
from kiosk.ui.bodies.consent import ConsentBody
from kiosk.ui.bodies.ending import GoodbyeBody, MoreTimeBody, OutOfServiceBody
from kiosk.ui.bodies.face_check import FaceCheckBody
from kiosk.ui.bodies.form import FormBody
from kiosk.ui.bodies.guide import GuideBody
from kiosk.ui.bodies.home import HomeBody
from kiosk.ui.bodies.keypad import KeypadBody
from kiosk.ui.bodies.message import MessageBody, UnavailableBody
from kiosk.ui.bodies.papers import PapersBody
from kiosk.ui.bodies.pay import PayBody
from kiosk.ui.bodies.place_card import PlaceCardBody
from kiosk.ui.bodies.preview import PreviewBody
from kiosk.ui.bodies.printing import PrintingBody
from kiosk.ui.bodies.queue_ticket import QueueTicketBody
from kiosk.ui.bodies.rate import RateBody
from kiosk.ui.bodies.record import RecordBody
from kiosk.ui.bodies.review import ReviewBody
from kiosk.ui.bodies.scan import ScanBody
from kiosk.ui.bodies.scan_code import ScanCodeBody
from kiosk.ui.bodies.service_list import ServiceListBody
from kiosk.ui.bodies.sign import SignBody
from kiosk.ui.bodies.tick import TickBody
from kiosk.ui.bodies.working import WorkingBody

_BODIES: dict[type, type[Body]] = {
    screens.Home: HomeBody,
    screens.ServiceList: ServiceListBody,
    screens.Unavailable: UnavailableBody,
    screens.Guide: GuideBody,
    screens.Consent: ConsentBody,
    screens.PlaceCard: PlaceCardBody,
    screens.Choose: ChooseBody,
    screens.FaceCheck: FaceCheckBody,
    screens.Keypad: KeypadBody,
    screens.Review: ReviewBody,
    screens.Pay: PayBody,
    screens.Working: WorkingBody,
    screens.Preview: PreviewBody,
    screens.Printing: PrintingBody,
    screens.Rate: RateBody,
    screens.Message: MessageBody,
    screens.Goodbye: GoodbyeBody,
    screens.MoreTime: MoreTimeBody,
    screens.OutOfService: OutOfServiceBody,
    service_screens.Form: FormBody,
    service_screens.Tick: TickBody,
    service_screens.Papers: PapersBody,
    service_screens.Scan: ScanBody,
    service_screens.Record: RecordBody,
    service_screens.QueueTicket: QueueTicketBody,
    service_screens.Sign: SignBody,
    service_screens.ScanCode: ScanCodeBody,
}


def body_for(screen: screens.Screen[Any], host: Host, state: dict[str, Any]) -> Body:
    return _BODIES[type(screen)](screen, host, state)
