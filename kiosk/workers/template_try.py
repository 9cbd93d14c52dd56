"""Templates compiled with sample data, in a process of its own: one that never ends, or eats all memory, ends alone."""

from __future__ import annotations

import importlib.util
import resource
from collections.abc import Mapping
from typing import Any

import structlog

from kiosk.workers.child import Answer, Handler, Job, WorkerUnfit
from kiosk.workers.process import WorkerFault, WorkerFaultKind, WorkerProcess

log = structlog.get_logger()

NO_COMPILER = "no-compiler"
_MEMORY = 1 << 30  # bytes of its own; the fonts of a sheet take a tenth of that


class TemplateTry:
    """Use as `async with`. `root`: the templates' folder."""

    def __init__(self, root: str, *, timeout_s: float = 30.0) -> None:
        self._worker = WorkerProcess("kiosk.workers.template_try:worker", {"root": root}, name="template_try")
        self._timeout_s = timeout_s

    async def __aenter__(self) -> TemplateTry:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._worker.stop()

    async def compiles(self, file: str, inputs: Mapping[str, str]) -> bool | None:
        """None: there is no compiler on this machine."""
        reply = await self._worker.request("compile", {"file": file, "inputs": dict(inputs)}, timeout_s=self._timeout_s)
        if isinstance(reply, WorkerFault):
            if (reply.kind, reply.detail) == (WorkerFaultKind.UNFIT, NO_COMPILER):
                return None
            log.error("template_not_compiled", file=file, fault=reply.kind.value)
            return False
        if said := str(reply.body["said"]):
            log.error("template_not_compiled", file=file, said=said)
        return not said


# --- in the worker --------------------------------------------------------------------------------------------------


def worker(options: dict[str, Any]) -> Mapping[str, Handler]:
    if importlib.util.find_spec("typst") is None:
        raise WorkerUnfit(NO_COMPILER)
    import typst

    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    compiler = typst.Compiler(root=str(options["root"]))

    def compile_one(job: Job) -> Answer:
        try:
            compiler.compile(str(job.body["file"]), sys_inputs=job.body["inputs"], format="pdf")
        except typst.TypstError as error:
            return Answer({"said": str(error).splitlines()[0][:200] or "?"})  # about a sample: nobody's data
        return Answer({"said": ""})

    return {"compile": compile_one}
