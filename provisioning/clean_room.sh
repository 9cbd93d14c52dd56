#!/usr/bin/env bash
# Proves the set-up where nothing is installed: a fresh Debian 12 by debootstrap, a clone of the last commit, the
# make targets. Root only. The archive, certificates and proxy come from this machine's own configuration.
#
#   provisioning/clean_room.sh [TARGET…]        default: setup, setup again, a start and stop of `make run`, test
#   ROOM=DIR   use (and keep) this folder, made beforehand or not; without it a temporary one is removed at the end
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
SUITE=bookworm
TARGETS=("$@")
[ ${#TARGETS[@]} -gt 0 ] || TARGETS=(setup setup run-and-stop test)

if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then
    echo "The clean room needs root and debootstrap (apt-get install debootstrap)." >&2
    exit 1
fi

if [ -z "${ROOM:-}" ]; then
    ROOM=$(mktemp -d "${TMPDIR:-/tmp}/menkou-room.XXXXXX")
    # The mounts live in a namespace of their own and are gone by then; --one-file-system is the second belt.
    trap 'rm -rf --one-file-system "$ROOM"' EXIT
fi

archive() {
    # The Debian archive this machine itself uses, whatever mirror that is.
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v -e security -e debug | grep '/debian/*$' | head -n 1
}

if [ ! -e "$ROOM/etc/debian_version" ]; then
    started=$SECONDS
    debootstrap --variant=minbase --include=python3,git,make,ca-certificates "$SUITE" "$ROOM" "$(archive)" >/dev/null
    echo "=== clean room: debootstrap $((SECONDS - started)) s, $(du -sxm "$ROOM" | cut -f1) MB"
fi

# How this machine reaches the network counts inside too, at run time only.
cp -L /etc/resolv.conf "$ROOM/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$ROOM/etc/ssl/certs/ca-certificates.crt"
cp /etc/hosts "$ROOM/etc/hosts"
[ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$ROOM/etc/pip.conf"
if grep -q "VERSION_CODENAME=$SUITE" /etc/os-release; then
    rm -rf "$ROOM/etc/apt/sources.list" "$ROOM/etc/apt/sources.list.d" "$ROOM/etc/apt/apt.conf.d"
    cp -a /etc/apt/sources.list.d /etc/apt/apt.conf.d "$ROOM/etc/apt/"
    [ ! -e /etc/apt/sources.list ] || cp -a /etc/apt/sources.list "$ROOM/etc/apt/"
fi

rm -rf --one-file-system "$ROOM/root/menkou"
git clone --quiet --no-hardlinks "file://$ROOT" "$ROOM/root/menkou"

cat >"$ROOM/root/targets" <<'INSIDE'
set -euo pipefail
cd /root/menkou
step() { # NAME COMMAND…: run it, say how long it took
    local name=$1 start; start=$(date +%s.%N); shift
    "$@" </dev/null
    echo "=== clean room: $name $(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f s", b - a }')"
}
run_and_stop() {
    local log=/root/run.log
    setsid make run >"$log" 2>&1 &
    local run=$!
    for _ in $(seq 600); do
        grep -q 'Ready in' "$log" && break
        kill -0 "$run" 2>/dev/null || break
        sleep 0.2
    done
    cat "$log"
    grep -q 'Ready in' "$log"
    kill -INT "-$run" # what Ctrl-C does: the whole foreground group
    wait "$run" || true
    ! grep -lE "[m]enkou|[X]vfb|[x]11vnc|[i]ppeveprinter" /proc/[0-9]*/cmdline 2>/dev/null
}
for target in "$@"; do
    case $target in
        run-and-stop) step "$target" run_and_stop ;;
        *" "*) step "make $target" make "${target%% *}" ARGS="${target#* }" ;;
        *) step "make $target" make "$target" ;;
    esac
done
INSIDE

network=(HOME=/root TERM=dumb LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_INDEX_URL UV_DEFAULT_INDEX; do
    [ -z "${!name:-}" ] || network+=("$name=${!name}")
done
# A mount and process namespace: whatever happens, nothing stays mounted and nothing keeps running.
unshare --mount --pid --fork --kill-child -- bash -euc '
    room=$1; shift
    mount -t proc proc "$room/proc"
    mount -t tmpfs -o mode=755 dev "$room/dev"
    for node in null zero full random urandom tty; do touch "$room/dev/$node"; mount --bind "/dev/$node" "$room/dev/$node"; done
    mkdir "$room/dev/pts" "$room/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$room/dev/pts"
    ln -s pts/ptmx "$room/dev/ptmx"
    ln -s /proc/self/fd "$room/dev/fd"
    mount -t tmpfs -o mode=1777 shm "$room/dev/shm"
    exec chroot "$room" env -i "$@"
' clean-room "$ROOM" "${network[@]}" bash /root/targets "${TARGETS[@]}"
