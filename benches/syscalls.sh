#!/usr/bin/env bash
# How many system calls a put of 4 KiB makes over a warm connection, and which.
source "$(dirname "$0")/common.sh"
needs strace
build_library
build_programs

# The calls of COUNT puts: a line for each kind, its name and its number.
calls() {
    strace -f -c -o "$work/strace" "$work/client" "$port" bytes 4096 "$1" >/dev/null
    awk '$4 ~ /^[0-9]+$/ && $NF != "total" { print $NF, $4 }' "$work/strace" | sort
}

# What a run does besides its puts is in both counts, and so is not in their difference.
puts=2000
calls 100 >"$work/few"
calls $((100 + puts)) >"$work/many"
join -a 2 -e 0 -o 0,1.2,2.2 "$work/few" "$work/many" |
    awk -v puts=$puts '{ each = ($3 - $2) / puts } each > 0.001 { printf "%s %.2f\n", $1, each }' |
    sort -k2 -nr >"$work/each"
while read -r name each; do
    row "  $name" "$each" ""
done <"$work/each"
row "system calls a put" "$(awk '{ sum += $2 } END { printf "%.2f", sum }' "$work/each")" "" 4
finish
