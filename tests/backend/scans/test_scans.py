"""Pictures: whole ones are kept, encrypted, for a day; bombs and rubbish are not."""

from __future__ import annotations

import asyncio
import io
import os
import struct
import time
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select

from backend.scans.files import ScanFiles
from backend.scans.models import Scan
from backend.scans.pictures import MAX_BYTES, NoPicture, Picture, look_at
from backend.scans.service import ScanService
from tests.backend.cases.world import application, opened, png, scan
from tests.backend.house import House


def jpeg(width: int = 60, height: int = 40, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "JPEG", **options)
    return out.getvalue()


def real_png(mode: str = "RGB", size: tuple[int, int] = (61, 43)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_what_a_scanner_writes(mode: str) -> None:
    assert look_at(real_png(mode)) == Picture("image/png", 61, 43)
    assert look_at(jpeg()) == Picture("image/jpeg", 60, 40)
    assert look_at(jpeg(progressive=True)) == Picture("image/jpeg", 60, 40)


def test_every_cut_and_every_wrong_byte_of_a_png_is_seen() -> None:
    whole = real_png("L", (9, 7))
    for end in range(len(whole)):
        with pytest.raises(NoPicture):
            look_at(whole[:end])
    for place in range(len(whole)):
        broken = bytearray(whole)
        broken[place] ^= 0x10
        with pytest.raises(NoPicture):
            look_at(bytes(broken))


def test_every_cut_of_a_jpeg_is_seen() -> None:
    whole = jpeg()
    for end in range(len(whole)):
        with pytest.raises(NoPicture):
            look_at(whole[:end])


def test_bombs_take_neither_memory_nor_time() -> None:
    bombs = {
        "larger than its size says": png(100, 100, data=bytes(300 << 20)),
        "too large, or empty": png(60_000, 60_000, data=b""),
        "incomplete": png(6000, 6000, data=bytes(10)),
    }
    tracemalloc.start()
    for reason, bomb in bombs.items():
        assert len(bomb) < 1 << 20
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        began = time.process_time()
        with pytest.raises(NoPicture, match=reason):
            look_at(bomb)
        assert time.process_time() - began < 0.1
        assert tracemalloc.get_traced_memory()[1] - before < 4 << 20
    tracemalloc.stop()


def test_a_jpeg_of_a_thousand_scans() -> None:
    whole = jpeg()
    with pytest.raises(NoPicture, match="too many scans"):
        look_at(whole[:-2] + b"\xff\xda\x00\x02" * 1000 + b"\xff\xd9")
    frame = whole.index(b"\xff\xc0")
    huge = whole[: frame + 5] + struct.pack(">HH", 65000, 65000) + whole[frame + 9 :]
    with pytest.raises(NoPicture, match="too large"):
        look_at(huge)


@pytest.mark.parametrize("rubbish", [b"", b"hello", b"GIF89a" + bytes(20), b"%PDF-1.7", b"\xff\xd8\xff\xd9"])
def test_rubbish(rubbish: bytes) -> None:
    with pytest.raises(NoPicture):
        look_at(rubbish)


def test_an_interlaced_png_is_not_taken() -> None:
    header = struct.pack(">IIBBBBB", 3, 2, 8, 0, 0, 0, 1)
    body = b"IHDR" + header
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    with pytest.raises(NoPicture, match="not taken"):
        look_at(b"\x89PNG\r\n\x1a\n" + chunk)


async def kept(house: House) -> int:
    async with house.backend.state.sessions() as session:
        return await session.scalar(select(func.count()).select_from(Scan)) or 0


async def test_kept_encrypted(house: House) -> None:
    picture = real_png()
    answer = (await scan(house, picture)).json()
    assert (answer["width"], answer["height"]) == (61, 43)
    [file] = (house.settings.var_dir / "scans").iterdir()
    assert file.name == f"{answer['scan_id']}.enc"
    assert file.stat().st_mode & 0o777 == 0o600
    assert picture[1:30] not in file.read_bytes()
    assert ScanFiles(house.settings.var_dir, house.backend.state.vault).read(answer["scan_id"]) == picture


async def test_refused_over_the_wire(house: House) -> None:
    for rubbish in (b"rubbish", png(100, 100, data=bytes(20 << 20))):
        answer = await scan(house, rubbish)
        assert (answer.status_code, answer.json()["code"]) == (409, "scan-invalid")
    assert await kept(house) == 0
    assert not (house.settings.var_dir / "scans").exists()


async def test_ten_mebibytes_and_no_more(house: House) -> None:
    # More than the app's limit for other requests, and a picture.
    large = real_png("RGB", (1500, 1200))
    assert 2 << 20 < len(large) < MAX_BYTES
    assert (await scan(house, large)).status_code == 200
    assert (await scan(house, large + bytes(MAX_BYTES))).status_code == 413
    assert await kept(house) == 1


async def test_a_kiosk_cannot_fill_the_disk(house: House) -> None:
    house.backend.state.cases_settings.scans_per_kiosk = 2
    assert [(await scan(house, png())).status_code for _ in range(3)] == [200, 200, 409]
    assert (await scan(house, png(), "kiosk-2")).status_code == 200


def service(house: House, after: timedelta) -> ScanService:
    state = house.backend.state
    files = ScanFiles(house.settings.var_dir, state.vault)
    return ScanService(state.sessions, files, keep=timedelta(days=1), most=5, clock=lambda: datetime.now(UTC) + after)


async def test_thrown_away_after_a_day_unless_a_case_took_it(house: House) -> None:
    taken = await application(house)
    await opened(house, taken)
    await scan(house, png())
    folder = house.settings.var_dir / "scans"
    await service(house, timedelta(hours=23)).purge()
    assert (await kept(house), len(list(folder.iterdir()))) == (2, 2)
    await service(house, timedelta(hours=25)).purge()
    assert await kept(house) == 1
    assert [file.name for file in folder.iterdir()] == [f"{taken['materials'][0]['scans'][0]}.enc"]


async def test_files_nobody_knows_are_swept(house: House) -> None:
    await scan(house, png())
    folder = house.settings.var_dir / "scans"
    orphan, torn, young = folder / "gone.enc", folder / "x.enc.0a1b2c3d", folder / "new.enc"
    for file in (orphan, torn, young):
        file.write_bytes(b"x")
    for file in (orphan, torn):
        os.utime(file, (time.time() - 7200,) * 2)
    await service(house, timedelta()).purge()
    assert {file.name for file in folder.iterdir()} >= {"new.enc"}
    assert not orphan.exists()
    assert not torn.exists()
    assert len(list(folder.iterdir())) == 2


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_a_picture_of_crumbs_is_put_away_early() -> None:
    """Ten megabytes of tiny pieces would take seconds each."""
    header = struct.pack(">IIBBBBB", 3, 2, 8, 0, 0, 0, 0)
    crumbs = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt") * 800_000 + chunk(b"IEND")
    padding = b"\xff\xd8" + b"\xff" * (MAX_BYTES - 4) + b"\xff\xd9"
    empty = b"\xff\xd8" + b"\xff\xe0\x00\x02" * 2_000_000 + b"\xff\xd9"
    for picture, why in ((crumbs, "chunks"), (padding, "segments"), (empty, "segments")):
        began = time.perf_counter()
        with pytest.raises(NoPicture, match=f"too many {why}"):
            look_at(picture)
        assert time.perf_counter() - began < 0.5


async def test_scans_at_once_count_one_another(house: House) -> None:
    state = house.backend.state
    state.cases_settings = state.cases_settings.model_copy(update={"scans_per_kiosk": 3})
    answers = await asyncio.gather(*(scan(house, png()) for _ in range(12)))
    assert sum(answer.status_code == 200 for answer in answers) == 3
    assert len(list((house.settings.var_dir / "scans").iterdir())) == 3


async def test_a_full_disk_takes_no_scans(house: House) -> None:
    state = house.backend.state
    floor = 1 << 40  # MiB: no disk has so much room
    state.cases_settings = state.cases_settings.model_copy(update={"scan_disk_floor_mib": floor})
    answer = await scan(house, png())
    assert (answer.status_code, answer.json()["code"]) == (409, "scan-invalid")
    assert not list((house.settings.var_dir / "scans").glob("*"))
