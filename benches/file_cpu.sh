#!/usr/bin/env bash
# file_cpu.sh [MIB]: the CPU time and the peak memory of putting a file, 1 GiB by default, beside a bare loop of read and
# send.
source "$(dirname "$0")/common.sh"
build_library
build_programs
head -c "${1:-1024}M" /dev/zero >"$work/file"

# One run of each to warm the page cache; then both take turns.
cpu bare file 1
cpu client file 1
rm "$work"/*.cpu
for _ in 1 2 3 4 5 6 7; do
    cpu bare file 1
    cpu client file 1
    field peak_kib <"$work/client.out" >>"$work/peaks"
done
bare=$(median <"$work/bare.cpu")
client=$(median <"$work/client.cpu")
row "bare loop" "$bare" s
row "library, CRC-64 included" "$client" s
row "ratio" "$(awk -v a="$client" -v b="$bare" 'BEGIN { printf "%.2f", a / b }')" "x" 1.3
row "peak memory of the program" "$(sort -n "$work/peaks" | tail -n 1)" KiB 8192
finish
