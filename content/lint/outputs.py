"""What a service reads from departments and puts on paper: nothing may be named that nobody answers."""

from __future__ import annotations

from collections.abc import Iterator

from content.lint.fault import Finding, fault, note
from content.lint.known import Known
from content.schema.outputs import Shown
from content.schema.reference import Operation
from content.schema.service import Kind, Service

# Kinds an operation may have where it carries the journey.
_CARRIES: dict[Kind, tuple[str, ...]] = {
    Kind.CERTIFICATE: ("record",),
    Kind.LICENCE: ("record",),
    Kind.QUERY: ("record",),
    Kind.BILL_PAYMENT: ("bill",),
    Kind.APPLICATION: ("submit",),
    Kind.APPOINTMENT: ("slots",),
    Kind.CASE_STATUS: ("status",),
}
# The others of its system a journey calls too.
_BESIDE: dict[Kind, tuple[str, ...]] = {Kind.BILL_PAYMENT: ("post", "reverse"), Kind.APPOINTMENT: ("book",)}
_NEEDED = set(_CARRIES) - {Kind.CASE_STATUS}
_RECORD_SHEET = "record-sheet"


def rules(service: Service, known: Known) -> Iterator[Finding]:
    operation = known.operations.get(service.operation or "")
    yield from _operation(service, operation, known)
    yield from _fetched(service, known)
    yield from _record(service, operation)
    yield from _certificate(service, known)


def _operation(service: Service, operation: Operation | None, known: Known) -> Iterator[Finding]:
    kinds = _CARRIES.get(service.journey)
    if service.operation is None:
        if service.journey in _NEEDED:
            yield fault(
                "operation",
                "没有接口；请写明由哪个接口办理",
                f"is missing; a {service.journey.value} journey asks a department: name its operation",
            )
        return
    if operation is None:
        yield _undeclared("operation", service.operation)
        return
    if kinds is not None and operation.kind not in kinds:
        yield fault(
            "operation",
            f"“{operation.name}”的种类是 {operation.kind}，这里要 {'、'.join(kinds)}",
            f"{operation.name!r} is of kind {operation.kind}; this journey needs {' or '.join(kinds)}",
        )
        return
    system = operation.name.partition(".")[0]
    for deed in _BESIDE.get(service.journey, ()):
        beside = known.operations.get(f"{system}.{deed}")
        if beside is None or beside.kind != deed:
            yield _undeclared("operation", f"{system}.{deed}")
    if operation.kind in ("record", "bill"):
        asked = {field.name for field in service.form} | {situation.name for situation in service.situations}
        for param in operation.params:
            if param not in asked:
                yield fault(
                    "operation",
                    f"“{operation.name}”要“{param}”，表单里没有",
                    f"{operation.name!r} is asked with {param!r}, which the form does not have; add the field",
                )


def _fetched(service: Service, known: Known) -> Iterator[Finding]:
    groups = [("materials", service.materials)]
    for index, part in enumerate(service.package.parts if service.package else []):
        groups.append((f"package.parts.{index}.materials", part.materials))
        place = f"package.parts.{index}.operation"
        operation = known.operations.get(part.operation)
        if operation is None:
            yield _undeclared(place, part.operation)
        elif operation.kind != "submit":
            yield fault(
                place,
                f"“{part.operation}”的种类是 {operation.kind}，这里要 submit",
                f"{part.operation!r} is of kind {operation.kind}; a part is handed in: submit",
            )
    for group, materials in groups:
        for index, material in enumerate(materials):
            if material.fetched_by is None:
                continue
            place = f"{group}.{index}.fetched_by"
            fetched = known.operations.get(material.fetched_by)
            if fetched is None:
                yield _undeclared(place, material.fetched_by)
            elif fetched.kind not in ("record", "check"):
                yield fault(
                    place, f"“{fetched.name}”不是查询接口", f"{fetched.name!r} is of kind {fetched.kind}, not record"
                )


def _record(service: Service, operation: Operation | None) -> Iterator[Finding]:
    record = service.record
    if record is None:
        if service.journey is Kind.QUERY:
            yield fault("record", "没有写显示什么；请补上", "is missing; say what of the answer is shown")
        return
    if operation is None or operation.kind != "record":
        return
    # What the resident has chosen or typed (a purpose) may stand on the sheet beside what the department says.
    own = [field.name for field in service.form]
    yield from _shown(record.entries, "record.entries", [*operation.fields, *own], operation.name)
    if record.table is not None:
        columns = operation.rows.get(record.table.rows)
        if columns is None:
            yield fault(
                "record.table.rows",
                f"“{operation.name}”没有列表“{record.table.rows}”",
                f"{operation.name!r} answers no list {record.table.rows!r}, only {', '.join(operation.rows) or 'none'}",
            )
        else:
            yield from _shown(record.table.columns, "record.table.columns", columns, operation.name)


def _shown(entries: list[Shown], place: str, answered: list[str], operation: str) -> Iterator[Finding]:
    for index, entry in enumerate(entries):
        if entry.value not in answered:
            yield fault(
                f"{place}.{index}.value",
                f"“{operation}”不回答“{entry.value}”；可用：{'、'.join(answered)}",
                f"{operation!r} does not answer {entry.value!r}; use one of {', '.join(answered)}",
            )
        if entry.format == "words" and not entry.words:
            yield fault(f"{place}.{index}.words", "没有词表", "is empty; format words needs the words")


def _certificate(service: Service, known: Known) -> Iterator[Finding]:
    certificate = service.certificate
    if certificate is None:
        if service.journey in (Kind.CERTIFICATE, Kind.LICENCE):
            yield fault(
                "certificate",
                "没有证明；请写明用哪个模板、哪个类型代码",
                "is missing; say which template and type code it issues",
            )
        return
    if service.journey not in (Kind.CERTIFICATE, Kind.LICENCE, Kind.QUERY):
        yield note("certificate", "这种流程不出证明", f"a {service.journey.value} journey issues no certificate")
    if certificate.template not in known.templates:
        yield fault(
            "certificate.template",
            f"没有这个模板；请加上 templates/{certificate.template}.typ",
            f"there is no such certificate; add templates/{certificate.template}.typ",
        )
    elif certificate.template == _RECORD_SHEET and service.record is None:
        yield fault(
            "record", "模板 record-sheet 打印的是 record；请补上", "is missing: the template record-sheet prints it"
        )
    elif certificate.template != (printed_on := _printed_on(service, known)):
        yield fault(
            "certificate.template",
            f"接口“{service.operation}”的数据只能打印在 {printed_on} 上",
            f"what {service.operation!r} answers is printed on {printed_on}; name that template",
        )
    if service.journey is Kind.LICENCE and certificate.stock is None:
        yield fault(
            "certificate.stock",
            "证照打印在编号的专用纸上；请写明用哪种",
            "is missing: a licence is printed on counted stock; name it",
        )


def _printed_on(service: Service, known: Known) -> str:
    """The template that knows this operation's answer: one of its own, else the sheet that prints any record."""
    declared = known.operations.get(service.operation or "")
    return (declared.printed_on if declared is not None else None) or _RECORD_SHEET


def _undeclared(place: str, name: str) -> Finding:
    system = name.partition(".")[0]
    return fault(
        place,
        f"没有声明接口“{name}”；请加到 operations/{system}.yaml",
        f"{name!r} is not declared; add it to operations/{system}.yaml",
    )
