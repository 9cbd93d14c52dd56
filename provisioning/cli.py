"""The one command, `menkou`. Each part lives with its own code and is imported only when it is called."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import typer
import typer.core
import typer.main


@dataclass(frozen=True)
class Part:
    """A subcommand. `target` names a Typer app; a `group` keeps its own subcommands even when it has only one."""

    target: str
    help: str
    group: bool = True


PARTS: dict[str, Part] = {
    "run": Part("provisioning.run_cli:app", "Start everything: backend, cabinet, kiosk.", group=False),
    "kiosk": Part("kiosk.cli:app", "The program on the terminal."),
    "backend": Part("backend.cli:app", "The central backend; tokens for kiosks."),
    "fleet": Part("provisioning.fleet_cli:app", "Sites and kiosks: enter, enrol, revoke, simulate."),
    "cases": Part("backend.cases.cli:app", "Applications: where they stand."),
    "staff": Part("backend.staff.cli:app", "Accounts of the people behind the desk."),
    "stock": Part("backend.stock.cli:app", "Counted special paper in the kiosks: load, withdraw, show."),
    "queue": Part("backend.queueing.cli:app", "The queue of a hall: call the next number."),
    "complaints": Part("backend.feedback.complaints_cli:app", "Complaints: the day's digest, one to read, answered."),
    "audit": Part("backend.staff.audit_cli:app", "The audit log: verify its chain."),
    "sandbox": Part("backend.sandbox.cli:app", "Stand-ins for the departments and Alipay."),
    "cabinet": Part("drivers.cli:app", "The virtual cabinet: simulated hardware."),
    "devices": Part("drivers.technician.cli:app", "The terminal's devices: list, status, test, trace."),
    "content": Part("provisioning.content_cli:app", "Check, build and preview what residents read."),
    "sign": Part("content.signing.cli:app", "Sign roots and content releases, offline."),
    "signing-desk": Part("backend.tuf_desk.cli:app", "The desk's side of signing: requests, signed releases."),
    "check": Part("provisioning.check_cli:app", "Is this number or identifier valid, and why?"),
    "verify": Part("backend.certificates.verify_cli:app", "Is this certificate file genuine?", group=False),
    "demo": Part("provisioning.demo.cli:app", "Walk the journeys headless and check them.", group=False),
    "demo-sign": Part("provisioning.demo_signing:app", "Sign what waits at the desk of `menkou run`.", group=False),
    "faults": Part("provisioning.faults_cli:app", "Every fault and what a resident sees of it.", group=False),
    "bench": Part("provisioning.bench.cli:app", "Measure what a resident waits for.", group=False),
    "deploy": Part("provisioning.deploy.deploy_cli:app", "The files a desk in production is set up with.", group=False),
    "preflight": Part("provisioning.preflight:app", "Does every part load on this machine?", group=False),
}


def load(name: str) -> Any:
    """The real command behind a name: imports that part and nothing else."""
    part = PARTS[name]
    module_name, _, attribute = part.target.partition(":")
    application: typer.Typer = getattr(importlib.import_module(module_name), attribute)
    command = typer.main.get_group(application) if part.group else typer.main.get_command(application)
    command.name = name
    return command


class LazyGroup(typer.core.TyperGroup):
    """Lists the parts from the table above and imports one only to run it."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(PARTS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        part = PARTS.get(cmd_name)
        return part and typer.core.TyperCommand(cmd_name, help=part.help, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return (name, load(name), rest) if name is not None and command is not None else (name, command, rest)


app = typer.Typer(
    cls=LazyGroup,
    help="Menkou 门口: a self-service government kiosk.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def root() -> None:
    """Menkou 门口: a self-service government kiosk. Start with `menkou run`."""
