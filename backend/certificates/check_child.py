"""The inside of the process that opens strangers' files: `python -P -m backend.certificates.check_child PARENT_PID`.

A PDF of a few kilobytes may unfold to gigabytes, or keep its reader busy for minutes. So it is opened here, where
memory, time and files are counted, and where there are neither keys nor database. On the pipes: a request is the
lengths of the CA's PEM and of the PDF (two big-endian 32-bit numbers) and both; an answer is its length and JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import BinaryIO

REQUEST = struct.Struct(">II")
ANSWER = struct.Struct(">I")
MEMORY = 512 << 20  # bytes of address space
CPU_S = 4  # for one file; ours take some tens of milliseconds
_GROWN = 160 << 20  # bytes of resident memory: a process that has grown so far makes room for a fresh one
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def confine(parent: int) -> None:
    """Dies with its parent, leaves no core dump, can be read by no debugger, can write no file."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if os.getppid() != parent:  # the parent died before it could be followed
        raise SystemExit(1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the pipe closes, or until a file was too much: then end without a word."""
    from backend.certificates.check import check_pdf  # slow to import; inside the limits already

    answers.write(ANSWER.pack(0))  # ready
    answers.flush()
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        ca_length, pdf_length = REQUEST.unpack(head)
        ca_pem, pdf = requests.read(ca_length), requests.read(pdf_length)
        _allow_cpu(CPU_S)
        check = check_pdf(pdf, ca_pem)
        at = check.signed_at.isoformat() if check.signed_at else None
        answer = json.dumps({"state": check.state.value, "signer": check.signer, "signed_at": at}).encode()
        answers.write(ANSWER.pack(len(answer)) + answer)
        answers.flush()
        if _resident() > _GROWN:
            return


def _allow_cpu(seconds: int) -> None:
    """So much more from now on; then the kernel ends the process (SIGXCPU)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + 1 + seconds, hard))


def _resident() -> int:
    """Bytes. (`ru_maxrss` would begin with what the parent had.)"""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    confine(int(sys.argv[1]))
    # What libraries print must not fall among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        serve(sys.stdin.buffer, answers)
    except MemoryError:
        os._exit(1)  # nothing may be allocated for a traceback


if __name__ == "__main__":
    main()
