#!/usr/bin/env bash
# How many instructions a put of 4 KiB takes over a warm connection, in user space. Valgrind has no SHA instructions, so
# the hashes of the signature cost more here than on a processor that has them.
source "$(dirname "$0")/common.sh"
needs valgrind
build_library
build_programs

# The instructions of COUNT puts.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file="$work/callgrind.$1" \
        "$work/client" bytes 4096 "$1" "$http" 2>&1 >/dev/null | sed -n 's/.*Collected : //p'
}

puts=1000
few=$(instructions 100)
many=$(instructions $((100 + puts)))
row "instructions a put" "$(((many - few) / puts))" "" 50000
finish
