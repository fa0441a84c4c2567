# Sourced by the scripts beside it. Builds the release library and the C programs into a temporary folder, and starts the
# sinks; everything ends with the script.

set -euo pipefail

benches=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
sinks=()
over=0

clean_up() {
    for sink in "${sinks[@]}"; do
        kill "$sink" && wait "$sink" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

needs() {
    command -v "$1" >/dev/null || { echo "$1 is missing" >&2; exit 2; }
}

# Builds the library as users get it; its path is in $library.
build_library() {
    cargo rustc --manifest-path "$benches/../Cargo.toml" --release --lib --crate-type cdylib,staticlib --quiet
    local target
    target=$(cargo metadata --manifest-path "$benches/../Cargo.toml" --no-deps --format-version 1 |
        sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    # A copy, so that a build which happens meanwhile does not change what is measured.
    library=$work/liboss_upload.so
    cp "$target/release/liboss_upload.so" "$library"
    ln -s liboss_upload.so "$work/liboss_upload.so.0"
}

# Builds the programs, and starts the sink for http. How it is reached, the last argument of a program, is in $http.
build_programs() {
    cc -O2 "$benches"/{bare,bare_http,crc64}.c -o "$work/bare"
    cc -O2 "$benches"/{bare,bare_https,crc64}.c -o "$work/bare_https" -lssl -lcrypto
    cc -O2 "$benches/sink.c" -o "$work/sink" -lssl -lcrypto
    cc -O2 -Wall -Wextra -I"$benches/../include" "$benches/client.c" -o "$work/client" \
        -L"$work" -loss_upload -Wl,-rpath,"$work"
    start_sink
    http=$port
}

# serve_https [SUITE]: starts a sink for https with a TLS 1.3 cipher suite, by default the one that the library asks for
# first. How it is reached, the last arguments of a program, is in the array $https.
serve_https() {
    local certificate=$work/certificate.pem key=$work/key.pem
    [ -e "$certificate" ] || make_certificate "$certificate" "$key"
    start_sink "$certificate" "$key" "${1:-TLS_AES_256_GCM_SHA384}"
    https=("$port" "$certificate")
}

make_certificate() {
    needs openssl
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=sink \
        -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE -out "$1" -keyout "$2" \
        2>"$work/openssl" || { cat "$work/openssl" >&2; exit 2; }
}

# start_sink [CERTIFICATE KEY SUITE]: its port is in $port.
start_sink() {
    mkfifo "$work/port"
    "$work/sink" "$@" >"$work/port" &
    sinks+=($!)
    read -r port <"$work/port"
    rm "$work/port"
}

TIMEFORMAT='%U %S'
# cpu NAME PROGRAM ARGUMENT...: runs a program, keeps what it prints in NAME.out, and adds its CPU seconds to NAME.cpu.
cpu() {
    local name=$1 program=$2
    shift 2
    { time "$work/$program" "$@" >"$work/$name.out"; } 2>"$work/time"
    awk '{ print $1 + $2 }' "$work/time" >>"$work/$name.cpu"
}

# in_turns TURN: runs a function that measures, once to warm up, then seven times, so that whatever else the machine does
# strikes all that it measures.
in_turns() {
    "$1"
    rm "$work"/*.cpu
    for _ in 1 2 3 4 5 6 7; do
        "$1"
    done
}

# The middle one of the CPU seconds of a name.
cpu_of() {
    median <"$work/$1.cpu"
}

# The middle one of the numbers on the lines of the input.
median() {
    sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

# What stands behind NAME= in the input.
field() {
    sed -n "s/.*\b$1=\([0-9.]*\).*/\1/p"
}

# quotient A B: A over B.
quotient() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
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
