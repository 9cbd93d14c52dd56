"""Whether a camera is there, without taking a picture: a lamp that lights up by itself would frighten a resident."""

from __future__ import annotations

import asyncio
import ssl
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import structlog

from drivers.camera.mjpeg_address import MjpegAddress
from drivers.camera.v4l2_node import KERNEL, NodeFault, VideoSystem, capture_node
from drivers.link.trace import Way, trace
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()

_NAME = "camera"
_MOST_HEAD = 8 << 10


@dataclass(frozen=True)
class PresenceTimings:
    """Seconds."""

    answer: float = 3.0  # of a network camera, or of a driver that is asked what it is
    device_interval: float = 2.0  # hot-plug is noticed within this, also where no udev events arrive
    network_interval: float = 10.0
    use: float = 120.0  # in use for longer than any check of a face: somebody else has it


class CameraSource:
    """A `CameraDevice`."""

    def __init__(self, source: str, timings: PresenceTimings | None = None, system: VideoSystem = KERNEL) -> None:
        self._source = source
        self.timings = timings or PresenceTimings()
        self._system = system
        self._status = DeviceStatus()
        self._counters: Counter[str] = Counter()
        self._watch: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None  # outlives a refresh that lost patience with the driver
        self._busy_since: float | None = None

    @property
    def source(self) -> str:
        return self._source

    @property
    def status(self) -> DeviceStatus:
        return self._status

    async def open(self) -> None:
        if self._watch is None:
            await self.refresh()
            self._watch = asyncio.create_task(self._keep_looking(), name="camera-presence")

    async def close(self) -> None:
        watch, self._watch = self._watch, None
        for task in (watch, self._asking):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        self._asking = None
        self._tell(DeviceState.OFFLINE, detail="closed")

    async def refresh(self) -> DeviceStatus:
        """Ask now. A driver that hangs is waited for once, by one thread."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._look_whatever_comes(), name="camera-look")
        done, _ = await asyncio.wait([self._asking], timeout=self.timings.answer)
        if not done:
            self._tell(DeviceState.HARDWARE_ERROR, Action.MAINTENANCE, NodeFault.BROKEN.value)
        return self._status

    async def _keep_looking(self) -> None:
        network = MjpegAddress.parse(self._source) is not None
        while True:
            await asyncio.sleep(self.timings.network_interval if network else self.timings.device_interval)
            await self.refresh()

    async def _look_whatever_comes(self) -> None:
        """A bug in the look is no proof that the camera is there."""
        try:
            await self._look()
        except Exception as error:  # noqa: BLE001 - and its traceback may hold the address's password
            log.error("camera_look_failed", error=type(error).__name__)
            self._tell(DeviceState.HARDWARE_ERROR, Action.MAINTENANCE, f"cannot be looked at: {type(error).__name__}")

    async def _look(self) -> None:
        if self._source.startswith(("http:", "https:")):
            fault = await self._network_fault()
            if fault:
                self._tell(DeviceState.NO_DEVICE, Action.MAINTENANCE, fault)
            else:
                self._tell(DeviceState.ONLINE)
        elif self._source.startswith("/dev/"):
            self._judge_node(*await asyncio.to_thread(self._node))
        elif await asyncio.to_thread(_is_file, Path(self._source)):
            self._tell(DeviceState.ONLINE)
        else:
            self._tell(DeviceState.NO_DEVICE, Action.MAINTENANCE, NodeFault.MISSING.value)

    # --- a device

    def _node(self) -> tuple[NodeFault | None, str]:
        """In a thread: what is wrong, and the camera's own name."""
        node = capture_node(Path(self._source), self._system)
        return (node, "") if isinstance(node, NodeFault) else (None, node.card)

    def _judge_node(self, fault: NodeFault | None, card: str) -> None:
        now = asyncio.get_running_loop().time()
        if fault is not NodeFault.BUSY:
            self._busy_since = None
        match fault:
            case None:
                self._tell(DeviceState.ONLINE, identity=card)
            case NodeFault.BUSY:  # mostly by our own face check
                self._busy_since = self._busy_since or now
                too_long = now - self._busy_since >= self.timings.use
                action = Action.MAINTENANCE if too_long else Action.NONE
                self._tell(DeviceState.BUSY, action, fault.value, self._status.identity)
            case NodeFault.MISSING:
                self._tell(DeviceState.NO_DEVICE, Action.MAINTENANCE, fault.value)
            case _:
                self._tell(DeviceState.HARDWARE_ERROR, Action.MAINTENANCE, fault.value)

    # --- a network camera

    async def _network_fault(self) -> str:
        """Empty when it offers motion JPEG. Hangs up before the first picture."""
        address = MjpegAddress.parse(self._source)
        if address is None:
            return "no address of a camera"
        try:
            async with asyncio.timeout(self.timings.answer * 0.8):
                status, kind = await _head(address)
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            return f"network camera does not answer: {type(error).__name__}"
        if status in ("401", "403"):
            return f"network camera refuses us ({status}): name and password"
        if status != "200" or not kind.startswith("multipart/"):
            return f"no motion JPEG at this address ({status})"
        return ""

    def _tell(self, state: DeviceState, action: Action = Action.NONE, detail: str = "", identity: str = "") -> None:
        if state is not DeviceState.ONLINE and self._status.device is DeviceState.ONLINE and detail != "closed":
            self._counters["busy" if state is DeviceState.BUSY else "lost"] += 1
        fresh = DeviceStatus(state, action=action, detail=detail, counters=dict(self._counters), identity=identity)
        if not fresh.same_trouble(self._status):
            log.info("camera_status", device=state.value, action=action.value, detail=detail)
            trace(_NAME, Way.NOTE, f"{state.value} {detail}".rstrip())
        self._status = fresh


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


async def _head(address: MjpegAddress) -> tuple[str, str]:
    """Status and media type of what is there. Raises OSError, ValueError, asyncio's reading errors."""
    tls = ssl.create_default_context() if address.tls else None
    reader, writer = await asyncio.open_connection(address.host, address.port, ssl=tls, limit=_MOST_HEAD)
    try:
        host = f"[{address.host}]" if ":" in address.host else address.host
        lines = [f"GET {address.target} HTTP/1.1", f"Host: {host}:{address.port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in address.headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode("ascii"))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    finally:
        writer.transport.abort()
    version, _, rest = head[0].partition(" ")
    if not version.startswith("HTTP/"):
        raise ValueError("no HTTP")
    fields = dict(line.lower().split(":", 1) for line in head[1:] if ":" in line)
    return rest[:3], fields.get("content-type", "").strip()
