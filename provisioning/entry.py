"""Where the command `menkou` begins.

No process of ours uses rich. Where Typer and structlog find it, they print tracebacks with local variables, which may
be a resident's data; and importing it costs each of the four services 0.3 s at start.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ["TYPER_USE_RICH"] = "0"
    sys.modules["rich"] = None  # type: ignore[assignment]
    from provisioning.cli import app  # only now: Typer looks for rich when it is imported

    app()


if __name__ == "__main__":
    main()
