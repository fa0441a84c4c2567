# Sourced by the scripts beside it. Builds the release library and the C programs into a temporary folder, and starts the
# sink; everything ends with the script.

set -euo pipefail

benches=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
sink=
over=0

clean_up() {
    if [ -n "$sink" ]; then
        kill "$sink"
        wait "$sink" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

needs() {
    command -v "$1" >/dev/null || { echo "$1 is missing" >&2; exit 2; }
}

# Builds the library as users get it; its path is in $library.
build_library() {
    cargo build --manifest-path "$benches/../Cargo.toml" --release --lib --quiet
    local target
    target=$(cargo metadata --manifest-path "$benches/../Cargo.toml" --no-deps --format-version 1 |
        sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    # A copy, so that a build which happens meanwhile does not change what is measured.
    library=$work/liboss_upload.so
    cp "$target/release/liboss_upload.so" "$library"
    ln -s liboss_upload.so "$work/liboss_upload.so.0"
}

# Builds the programs, and starts the sink on $port.
build_programs() {
    cc -O2 "$benches/bare.c" -o "$work/bare"
    cc -O2 -pthread "$benches/sink.c" -o "$work/sink"
    cc -O2 -Wall -Wextra -I"$benches/../include" "$benches/client.c" -o "$work/client" \
        -L"$work" -loss_upload -Wl,-rpath,"$work"
    mkfifo "$work/port"
    "$work/sink" >"$work/port" &
    sink=$!
    read -r port <"$work/port"
}

TIMEFORMAT='%U %S'
# cpu PROGRAM WHAT N: runs a program on $work/file, keeps what it prints, and adds its CPU seconds to a file.
cpu() {
    { time "$work/$1" "$port" "$2" "$work/file" "$3" >"$work/$1.out"; } 2>"$work/time"
    awk '{ print $1 + $2 }' "$work/time" >>"$work/$1.cpu"
}

# The middle one of the numbers on the lines of the input.
median() {
    sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# What stands behind NAME= in the input.
field() {
    sed -n "s/.*\b$1=\([0-9.]*\).*/\1/p"
}

# row WHAT VALUE UNIT [LIMIT]: a line of the table; notes when a value is over its limit.
row() {
    local verdict=
    if [ -n "${4:-}" ]; then
        verdict="limit $4"
        if awk -v value="$2" -v limit="$4" 'BEGIN { exit !(value > limit) }'; then
            verdict="$verdict   OVER"
            over=1
        fi
    fi
    printf '%-44s %12s %-6s %s\n' "$1" "$2" "$3" "$verdict"
}

# The exit code of a script: 1 if something is over its limit.
finish() {
    exit "$over"
}
