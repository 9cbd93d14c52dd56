#!/bin/sh
# The first step of `make run` and `make test`: find the right Python, then let it set up everything else.
# Usage: provisioning/setup.sh [run|dev]
set -eu
cd "$(dirname "$0")/.."

if [ "$(uname -s)" != Linux ]; then
    echo "Menkou runs on Linux (Debian 12). On another system use a virtual machine or a container." >&2
    exit 1
fi

# Debian's own interpreter first: whatever `python3` happens to be first on the PATH may be another version.
for python in /usr/bin/python3.11 python3.11; do
    if found=$(command -v "$python"); then
        exec "$found" -m provisioning.setup "${1:-run}"
    fi
done

echo "Set-up stopped: Python 3.11 is missing. On Debian 12 run this as root, then try again:" >&2
echo >&2
echo "    apt-get update && apt-get install --yes --no-install-recommends python3.11 python3-venv" >&2
exit 1
