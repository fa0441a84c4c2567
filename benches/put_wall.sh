#!/usr/bin/env bash
# How long a put of 4 KiB takes over a warm connection, beside a bare socket. Only a quiet machine gives a true answer.
source "$(dirname "$0")/common.sh"
build_library
build_programs

# Both take turns, so that whatever else the machine does strikes both.
for _ in 1 2 3 4 5 6 7; do
    "$work/bare" bytes 4096 20000 "$http" | field us_per_put >>"$work/bare.us"
    "$work/client" bytes 4096 20000 "$http" | field us_per_put >>"$work/client.us"
done
bare=$(median <"$work/bare.us")
client=$(median <"$work/client.us")
row "bare socket, a put of 4 KiB" "$bare" us
row "library, a put of 4 KiB" "$client" us
row "ratio" "$(quotient "$client" "$bare")" x 1.7
finish
