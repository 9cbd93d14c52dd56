"""What each kind of journey needs: identity, consent, devices, and its own parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from content.lint.fault import Finding, fault, note
from content.lint.known import Known
from content.lint.values import plain
from content.schema.base import Hours
from content.schema.service import AuthLevel, Device, Door, Kind, NumberField, Part, Service

_DEVICES: dict[Kind, tuple[Device, ...]] = {
    Kind.CERTIFICATE: (Device.DOCUMENT_PRINTER,),
    Kind.LICENCE: (Device.DOCUMENT_PRINTER,),
    Kind.BILL_PAYMENT: (Device.RECEIPT_PRINTER,),
    Kind.QUEUE_TICKET: (Device.RECEIPT_PRINTER,),
    Kind.COPY: (Device.DOCUMENT_PRINTER, Device.CAMERA),
    Kind.APPLICATION: (Device.RECEIPT_PRINTER,),
    Kind.PACKAGE: (Device.RECEIPT_PRINTER,),
    Kind.APPOINTMENT: (Device.RECEIPT_PRINTER,),
    Kind.GUIDANCE: (Device.RECEIPT_PRINTER,),
    Kind.COMPLAINT: (Device.RECEIPT_PRINTER,),
    Kind.POLICY_MATCH: (Device.RECEIPT_PRINTER,),
}
_DIVISION_DIGITS = (2, 4, 6, 9, 12)


def rules(service: Service, known: Known) -> Iterator[Finding]:
    yield from _identity(service)
    yield from _devices(service)
    yield from _parts(service)
    yield from _offer(service, known)
    if known.icons is not None and service.icon not in known.icons:
        yield fault(
            "icon",
            f"图标字体里没有“{service.icon}”；请另选",
            f"{service.icon!r} is not in the icon font; choose one of its names",
        )


def _identity(service: Service) -> Iterator[Finding]:
    if service.auth is not AuthLevel.A0 and service.consent is None:
        yield fault(
            "consent",
            f"缺；{service.auth.value} 要读个人信息：请写明读什么、为什么、保存多久",
            f"is missing; {service.auth.value} reads personal data: say what, why and how long it is kept",
        )
    issues = service.journey in (Kind.CERTIFICATE, Kind.LICENCE)
    reads = service.journey is Kind.QUERY and service.auth is AuthLevel.A0
    if (issues and not service.auth.proves_holder and not service.auth.organisation) or reads:
        yield fault(
            "auth",
            "必须是 A2 以上：本人数据和证明只给本人",
            "must be A2 or more (L1, L2 for organisations): records and certificates are for their holder only",
        )
    if service.delegation is not None:
        values = [option.value for option in service.delegation.relations]
        yield from plain(values, "delegation.relations")
        if len(set(values)) != len(values):
            yield fault(
                "delegation.relations", "两个关系的值相同", "two relations have the same value; make them differ"
            )
        if not service.auth.proves_holder:
            yield fault(
                "delegation", "代办人必须核验身份（A2 以上）", "needs auth A2 or more: the agent must be proven"
            )


def _devices(service: Service) -> Iterator[Finding]:
    why = dict.fromkeys(_DEVICES.get(service.journey, ()), f"journey {service.journey.value}")
    if service.auth.reads_card:
        why[Device.ID_READER] = f"auth is {service.auth.value}"
    if service.auth.organisation:
        why[Device.CODE_SCANNER] = f"auth is {service.auth.value}: the licence's code is scanned"
    materials = [*service.materials, *(paper for part in _package_parts(service) for paper in part.materials)]
    if any(material.collect == "scan" for material in materials):
        why[Device.CAMERA] = "a material is scanned"
    if service.journey is Kind.QUERY and service.certificate is not None:
        why[Device.DOCUMENT_PRINTER] = "the certificate may be printed"
    for device, reason in why.items():
        if device not in service.devices:
            yield fault(
                "devices", f"必须包含 {device.value}（{reason}）", f"must contain {device.value}, because {reason}"
            )
    for name, count in Counter(service.devices).items():
        if count > 1:
            yield fault("devices", f"{name.value} 写了 {count} 次", f"names {name.value} {count} times")


def _package_parts(service: Service) -> list[Part]:
    return service.package.parts if service.package is not None else []


def _parts(service: Service) -> Iterator[Finding]:
    journey = service.journey
    if journey is Kind.BILL_PAYMENT:
        if not service.channels:
            yield fault(
                "channels", "是空的；请至少写一种付款方式", "is empty; name at least one way to pay, e.g. alipay_qr"
            )
        if sum(isinstance(field, NumberField) for field in service.form) != 1:
            yield fault("form", "必须正好问一个号码（户号）", "must ask for exactly one number, the account's")
    if journey is Kind.POLICY_MATCH and not service.policies:
        yield fault("policies", "没有政策；请补上", "is empty; a policy match needs policies")
    for name, count in Counter(policy.id for policy in service.policies).items():
        if count > 1:
            yield fault("policies", f"编号“{name}”重复", f"the id {name!r} is used {count} times; make them differ")
    if (journey is Kind.PACKAGE) != (service.package is not None):
        yield fault(
            "package",
            "journey: package 与 package 必须同时有",
            "journey package and the part `package` go together; add or remove one",
        )
    if journey is Kind.PACKAGE and service.door is not Door.PACKAGES:
        yield note("door", "套餐一般放在“一件事一次办”", "packages are expected behind the door packages")


def _offer(service: Service, known: Known) -> Iterator[Finding]:
    since, until = service.effective.since, service.effective.until
    if since is not None and until is not None and since > until:
        yield fault("effective.until", "早于 since", "is before since; correct the dates")
    for index, hours in enumerate(service.availability.hours):
        yield from _hours(hours, f"availability.hours.{index}")
    for index, code in enumerate(service.availability.places):
        place = f"availability.places.{index}"
        if not code.isdigit() or len(code) not in _DIVISION_DIGITS:
            yield fault(
                place, "不是区划代码（2、4、6、9 或 12 位数字）", "is no division code: 2, 4, 6, 9 or 12 digits"
            )
        elif known.province_codes and code[:2] not in known.province_codes:
            yield fault(
                place, f"没有以 {code[:2]} 开头的省级区划", f"no province begins with {code[:2]}; check the code"
            )


def _hours(hours: Hours, place: str) -> Iterator[Finding]:
    if any(day not in range(1, 8) for day in hours.days) or len(set(hours.days)) != len(hours.days):
        yield fault(
            f"{place}.days", "应是 1（周一）至 7（周日），各写一次", "must be 1 (Monday) to 7 (Sunday), each once"
        )
    if hours.since == hours.to:
        yield fault(
            place,
            "开始和结束是同一时刻；整天提供就不要写",
            "begins and ends at the same time; leave it out for all day",
        )
