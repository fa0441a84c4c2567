#!/usr/bin/env bash
# managed_memory.sh: the peak memory of managed uploads of a file and of what a function gives, small and large, with few
# and many parts in flight.
source "$(dirname "$0")/common.sh"
build_library
build_programs

part_kib=8192
for mib in 100 4096; do
    truncate -s "${mib}M" "$work/file"
    for parallel in 1 4 16; do
        "$work/client" upload "$work/file" "$parallel" "$http" >"$work/out"
        row "file, $mib MiB, $parallel in flight" "$(field peak_kib <"$work/out")" KiB "$((8192 + parallel * 256))"
        "$work/client" stream "$((mib << 20))" "$parallel" "$http" >"$work/out"
        row "function, $mib MiB, $parallel in flight" "$(field peak_kib <"$work/out")" KiB "$((8192 + parallel * part_kib))"
    done
done
finish
