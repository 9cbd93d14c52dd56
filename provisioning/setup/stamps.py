"""Which steps of set-up are already done: a step is done while the hash of its inputs is the one on record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


def digest(root: Path, paths: Iterable[Path], salt: str = "") -> str:
    """One hash over names and bytes of files and folders (all files below, sorted; no caches, no dot files)."""
    total = hashlib.sha256(salt.encode())
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(root)
            if "__pycache__" in name.parts or any(part.startswith(".") for part in name.parts):
                continue
            content = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "absent"
            total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()


class Stamps:
    """`.setup/stamps.json`: step name → hash of the inputs it was last done with."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _read(self) -> dict[str, str]:
        try:
            record = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # never done, or cut short: doing a step again is harmless
        return {str(k): str(v) for k, v in record.items()} if isinstance(record, dict) else {}

    def holds(self, step: str, key: str, outputs: Iterable[Path] = ()) -> bool:
        return self._read().get(step) == key and all(path.exists() for path in outputs)

    def put(self, step: str, key: str) -> None:
        record = self._read() | {step: key}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self.path)

    def drop(self, step: str) -> None:
        record = self._read()
        if record.pop(step, None) is not None:
            self.path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
