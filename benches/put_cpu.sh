#!/usr/bin/env bash
# put_cpu.sh [PUTS]: the CPU time of puts of 4 KiB over a warm connection, 20000 by default, over https beside http.
source "$(dirname "$0")/common.sh"
build_library
build_programs
serve_https
puts=${1:-20000}

turn() {
    cpu http client bytes 4096 "$puts" "$http"
    cpu https client bytes 4096 "$puts" "${https[@]}"
}
in_turns turn
for scheme in http https; do
    row "a put of 4 KiB over $scheme" "$(awk -v s="$(cpu_of $scheme)" -v n="$puts" 'BEGIN { printf "%.1f", s / n * 1e6 }')" us
done
row "https over http" "$(quotient "$(cpu_of https)" "$(cpu_of http)")" x 1.25
finish
