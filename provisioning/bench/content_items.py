"""Many service items that differ as real ones do: made from the services of the catalogue, with other names, codes,
agencies, words, hours and places. The same number and seed give the same files."""

from __future__ import annotations

import copy
import json
import random
import shutil
from pathlib import Path
from typing import Any

from content.codes.uscc import check_character, inner_check_character
from content.compile import check_text
from content.lint.known import Known
from content.sources import read_sources, service_files

_PLACES = (  # noqa: SIM905 - a word a line would hide the rest
    "青口 临河 长堤 石桥 松岭 柳泉 白沙 南滩 北渡 东关 西苑 云台 双溪 平湖 金坪 银杏 红枫 翠屏 望江 安宁"
).split()
_MATTERS = (  # noqa: SIM905 - a word a line would hide the rest
    "登记 备案 年检 补贴 核定 换发 注销 变更 延续 认定 查询 申领 转移 减免 报名 资格 许可 公示 "
    "调解 鉴定 培训 托管 灌溉 林木 渔业 养殖 仓储 客运 货运 广告 排水 停车 市集 校车 食堂 体检 "
    "疫苗 义诊 保洁 养老"
).split()
_SUBJECTS = (  # noqa: SIM905 - a word a line would hide the rest
    "居民 企业 个体户 农户 学生 老人 残疾人 退役军人 新生儿 司机 教师 医生 租户 业主 渔民 牧民 "
    "创业者 毕业生 职工 志愿者"
).split()


def make(catalogue: Path, count: int, target: Path, seed: int = 20_000) -> int:
    """`count` items as JSON in `target`/services, with all that `catalogue` refers to beside them; their bytes."""
    chance = random.Random(seed)  # noqa: S311 - test data
    known = read_sources(catalogue).known(icons=None, today=None)
    seeds = [item for file in service_files(catalogue) if (item := _read(file, known)) is not None]
    agencies = [_uscc(number) for number in range(1, 400)]
    shutil.copytree(catalogue, target / "catalogue", ignore=shutil.ignore_patterns("services", "packages"))
    for folder in ("templates", "media"):
        if (catalogue.parent / folder).is_dir():
            shutil.copytree(catalogue.parent / folder, target / folder)
    services = target / "catalogue" / "services"
    services.mkdir()
    total = 0
    for number in range(count):
        item = _vary(copy.deepcopy(seeds[number % len(seeds)]), number, agencies, chance)
        data = json.dumps(item, ensure_ascii=False, indent=1).encode()
        (services / f"{item['id']}.json").write_bytes(data)
        total += len(data)
    return total


def _read(file: Path, known: Known) -> dict[str, Any] | None:
    """A service as JSON; packages are few everywhere, and what has faults would not be built."""
    service, faults = check_text(file, file.read_bytes(), known)
    if service is None or service.package is not None or any(not fault.note for fault in faults):
        return None
    return service.model_dump(mode="json", exclude_defaults=True)


def _vary(item: dict[str, Any], number: int, agencies: list[str], chance: random.Random) -> dict[str, Any]:
    place, subject, matter = chance.choice(_PLACES), chance.choice(_SUBJECTS), chance.choice(_MATTERS)
    uscc = agencies[number % len(agencies)]
    item["id"] = f"{item['id']}-{number}"
    item["row"] = str(1 + number % 53)
    item["title"] = {
        "zh": f"{place}{subject}{matter}{item['title']['zh']}",
        "en": f"{item['title']['en']} {number}",
    }
    item["keywords"] = [*item.get("keywords", []), subject, matter, f"{place}{matter}"]
    item["guide"]["notes"]["zh"] += f"（{place}{chance.randrange(10_000)}）"
    item["agency"] = {"name": item["agency"]["name"], "uscc": uscc}
    kind = item.get("codes", {}).get("task_type", "20")
    catalog = f"99{kind}{number:08d}"
    item["codes"] = {"catalog_code": catalog, "task_code": f"{uscc}4{catalog}", "task_type": kind}
    if "certificate" in item:
        item["certificate"]["type_code"] = f"{uscc}{number // len(agencies):03d}"
    if number % 11 == 0:
        item["availability"] = {"hours": [{"since": "07:00", "to": f"{20 + number % 3}:00"}]}
    elif number % 13 == 0:
        item["availability"] = {"places": ["519999"]}
    return item


def _uscc(number: int) -> str:
    inner = f"{number:08d}"
    body = f"11519999{inner}{inner_check_character(inner)}"
    return body + check_character(body)
