"""Codes of an item (GB/T 39554.1): lengths are the schema's; here what they say of each other."""

from __future__ import annotations

from collections.abc import Iterator

from content.codes.uscc import check_uscc
from content.lint.fault import Finding, fault
from content.lint.known import Known
from content.schema.service import Service


def rules(service: Service, known: Known) -> Iterator[Finding]:
    agency = service.agency
    check = check_uscc(agency.uscc)
    if check.fault is not None:
        yield fault(
            "agency.uscc", f"{check.fault.text.zh}", f"{check.fault.text.en[:1].lower()}{check.fault.text.en[1:]}"
        )
    yield from _department(service, known)
    if service.certificate is not None and service.certificate.type_code[:18] != agency.uscc:
        yield fault(
            "certificate.type_code",
            f"应以签发机关的代码 {agency.uscc} 开头",
            f"must begin with the agency's code {agency.uscc}: it is the issuer's",
        )
    if service.codes is None:
        return
    codes = service.codes
    if codes.catalog_code[2:4] != codes.task_type.value:
        yield fault(
            "codes.catalog_code",
            f"第 3、4 位应是事项类型 {codes.task_type.value}",
            f"places 3 and 4 must be the task type, {codes.task_type.value}",
        )
    if codes.task_code[:18] != agency.uscc:
        yield fault(
            "codes.task_code",
            f"应以实施主体代码 {agency.uscc} 开头",
            f"must begin with the agency's code {agency.uscc}",
        )
    if codes.task_code[19:] != codes.catalog_code:
        yield fault(
            "codes.task_code",
            f"第 20 至 31 位应是基本编码 {codes.catalog_code}",
            f"places 20 to 31 must be the catalogue code {codes.catalog_code}",
        )
    if codes.task_handle_item is not None and not codes.task_handle_item.startswith(codes.task_code):
        yield fault(
            "codes.task_handle_item",
            "应是实施编码加两位序号",
            "must be the task code and two digits",
        )


def _department(service: Service, known: Known) -> Iterator[Finding]:
    named = service.agency.department
    if named is None:
        return
    department = known.departments.get(named)
    if department is None:
        yield fault(
            "agency.department",
            f"departments.yaml 里没有“{named}”；请补上或改名",
            f"{named!r} is not in departments.yaml; add it there or correct the name",
        )
    elif department.uscc != service.agency.uscc:
        yield fault(
            "agency.uscc",
            f"与 departments.yaml 里“{named}”的 {department.uscc} 不同",
            f"differs from {named!r} in departments.yaml, {department.uscc}",
        )
