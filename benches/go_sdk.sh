#!/usr/bin/env bash
# go_sdk.sh [TIMES]: what uploads cost from Go, with the package in bindings/go and with the official SDK, which is
# downloaded if need be. Each runs so many times, 5 by default, and the middle one counts.
source "$(dirname "$0")/common.sh"
needs go
needs pkg-config
build_library
build_programs
cat >"$work/oss_upload.pc" <<DESCRIPTION
Name: oss_upload
Description: the library that is measured
Version: 0
Cflags: -I$(cd "$benches/../include" && pwd)
Libs: -L$work -loss_upload -Wl,-rpath,$work
DESCRIPTION

PKG_CONFIG_PATH=$work OSS_SINK=http://127.0.0.1:$http \
    go test -C "$benches/../tests/go" -run '^$' -bench . -count "${1:-5}" -benchtime 500ms >"$work/benchmarks"

# metric BENCHMARK UNIT: the middle one of what a benchmark measured in a unit.
metric() {
    awk -v name="Benchmark$1" -v unit="$2" '
        { sub(/-[0-9]+$/, "", $1) }
        $1 == name { for (i = 2; i < NF; i++) if ($(i + 1) == unit) print $i }' "$work/benchmarks" | median
}

# compare WHAT BENCHMARK UNIT [LIMIT]
compare() {
    local ours theirs
    ours=$(metric "$2/ours" "$3")
    theirs=$(metric "$2/theirs" "$3")
    row "$1, package" "$ours" "$3"
    row "$1, official SDK" "$theirs" "$3"
    row "$1, ratio" "$(quotient "$ours" "$theirs")" x "${4:-}"
}

for size in 4KiB 1024KiB; do
    compare "put of $size, CPU" "Put/$size" cpu-µs/op 1
    compare "put of $size, wall" "Put/$size" ns/op
    compare "put of $size, allocations" "Put/$size" allocs/op
done
compare "file of 128 MiB in parts, CPU" Upload/128MiB cpu-µs/op 1
compare "file of 128 MiB in parts, wall" Upload/128MiB ns/op
compare "file of 128 MiB in parts, Go memory" Upload/128MiB B/op
finish
