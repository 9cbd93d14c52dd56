"""A bridge program as a vendor or an integrator would write one, over a make-believe library whose terminal remembers
its transactions in a file. Run as `python bridge.py MEMORY [FAULT…]`; a fault written as NAME@FLAG happens once: the
file FLAG is made when it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

MEMORY = Path(sys.argv[1])
FAULTS = dict(fault.partition("@")[::2] for fault in sys.argv[2:])
PAN = "622299" + "07" + "0034" + "5714"  # what a careless library might say; the simulated terminal's


def say(**event: object) -> None:
    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def faulty(name: str) -> bool:
    if name not in FAULTS:
        return False
    flag = FAULTS[name]
    if flag:
        if Path(flag).exists():
            return False
        Path(flag).touch()
    return True


def remembered() -> list[dict[str, object]]:
    return json.loads(MEMORY.read_text()) if MEMORY.exists() else []


def remember(transaction: dict[str, object]) -> None:
    MEMORY.write_text(json.dumps([*remembered(), transaction]))


def pay(number: int, amount: int) -> None:
    say(id=number, event="prompt", prompt="insert-card")
    if faulty("wait-for-cancel"):
        for line in sys.stdin:
            if json.loads(line)["request"] == "cancel":
                say(id=number, event="result", outcome="aborted")
                return
    if faulty("crash-before"):
        os._exit(11)
    if faulty("hang"):
        time.sleep(3600)
    if faulty("prompts-for-ever"):
        while True:
            say(id=number, event="prompt", prompt="wait")
            time.sleep(0.02)
    say(id=number, event="prompt", prompt="enter-pin")
    receipt = len(remembered()) + 1
    taken = amount + 100 * faulty("wrong-amount")
    slip = ["POS slip", f"card {PAN}"]
    transaction = {"outcome": "approved", "amount": taken, "receipt": receipt, "trace": receipt, "scheme": "UnionPay"}
    remember(transaction)
    if faulty("crash-after"):
        os._exit(11)
    if faulty("nonsense-result"):
        say(id=number, event="result", outcome="perhaps", pan=PAN)
        time.sleep(3600)
    say(id=number, event="result", **transaction, slip=slip, pan=PAN)


def answer(request: dict[str, object]) -> None:
    number, asked = int(str(request["id"])), request["request"]
    if asked == "status":
        if faulty("mute"):
            time.sleep(3600)
        ready = not faulty("not-ready")
        protocol = 2 if faulty("other-protocol") else 1
        action = "none" if ready else "clear"
        say(id=number, event="state", ready=ready, protocol=protocol, action=action, identity="MIS POS 1.2", detail="")
    elif asked == "pay":
        pay(number, int(str(request["amount"])))
    elif asked == "reverse":
        transaction = {"outcome": "approved", "amount": 0, "receipt": 99, "trace": 99, "reverses": request["receipt"]}
        remember(transaction)
        say(id=number, event="result", **transaction)
    elif asked == "last":
        known = remembered()
        if faulty("cannot-tell"):
            say(id=number, event="result", outcome="unknown")
            return
        say(id=number, event="result", **(known[-1] if known else {"outcome": "unknown", "found": False}))
    elif asked == "end_of_day":
        say(id=number, event="day", done=True, count=len(remembered()), total=0)


def main() -> None:
    sys.stdout.write(f"libpos 3.1 loaded, card {PAN}\n")  # libraries print what they like, and where
    sys.stderr.write(f"warning: card {PAN}\n")
    if faulty("crash-at-start"):
        sys.exit(3)
    if faulty("child"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        Path(str(MEMORY) + ".child").write_text(str(child.pid))
    if faulty("flood"):
        while True:
            sys.stdout.write("nonsense\n" * 1000)
    if faulty("endless-line"):
        while True:
            sys.stdout.write("x" * 10000)
            sys.stdout.flush()
    for line in sys.stdin:
        answer(json.loads(line))
    if faulty("stays"):
        time.sleep(3600)


main()
