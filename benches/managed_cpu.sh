#!/usr/bin/env bash
# managed_cpu.sh [MIB]: the CPU time of a managed upload of a file, 1 GiB by default, with four parts in flight, beside a
# bare loop of read and send.
source "$(dirname "$0")/common.sh"
build_library
build_programs
head -c "${1:-1024}M" /dev/zero >"$work/file"

# One run of each to warm the page cache; then both take turns.
cpu bare file 1
cpu client upload 4
rm "$work"/*.cpu
for _ in 1 2 3 4 5 6 7; do
    cpu bare file 1
    cpu client upload 4
done
bare=$(median <"$work/bare.cpu")
client=$(median <"$work/client.cpu")
row "bare loop" "$bare" s
row "library, four parts in flight, CRC-64 included" "$client" s
row "ratio" "$(awk -v a="$client" -v b="$bare" 'BEGIN { printf "%.2f", a / b }')" "x" 1.5
finish
