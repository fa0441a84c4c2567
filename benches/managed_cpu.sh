#!/usr/bin/env bash
# managed_cpu.sh [MIB]: the CPU time of a managed upload of a file, 1 GiB by default, with four parts in flight, beside a
# bare loop of read, CRC-64 and send.
source "$(dirname "$0")/common.sh"
build_library
build_programs
file=$work/file
head -c "${1:-1024}M" /dev/zero >"$file"

turn() {
    cpu bare bare file "$file" 1 "$http"
    cpu library client upload "$file" 4 "$http"
}
in_turns turn
row "bare loop with CRC-64" "$(cpu_of bare)" s
row "library, four parts in flight" "$(cpu_of library)" s
row "library over bare loop" "$(quotient "$(cpu_of library)" "$(cpu_of bare)")" x 1.2
finish
