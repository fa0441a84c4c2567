#!/usr/bin/env bash
# How many system calls a put of 4 KiB makes over a warm connection, and which, over http and https.
source "$(dirname "$0")/common.sh"
needs strace
build_library
build_programs
serve_https

# calls PUTS PORT [CA-FILE]: a line for each kind of call that so many puts make, its name and its number.
calls() {
    strace -f -c -o "$work/strace" "$work/client" bytes 4096 "$@" >/dev/null
    awk '$4 ~ /^[0-9]+$/ && $NF != "total" { print $NF, $4 }' "$work/strace" | sort
}

# show SCHEME PORT [CA-FILE]
show() {
    local scheme=$1 puts=2000
    shift
    # What a run does besides its puts is in both counts, and so is not in their difference.
    calls 100 "$@" >"$work/few"
    calls $((100 + puts)) "$@" >"$work/many"
    join -a 2 -e 0 -o 0,1.2,2.2 "$work/few" "$work/many" |
        awk -v puts=$puts '{ each = ($3 - $2) / puts } each > 0.001 { printf "%s %.2f\n", $1, each }' |
        sort -k2 -nr >"$work/each"
    while read -r name each; do
        row "  $name" "$each" ""
    done <"$work/each"
    row "system calls a put, $scheme" "$(awk '{ sum += $2 } END { printf "%.2f", sum }' "$work/each")" "" 4
    row "  rt_sigprocmask among them" "$(awk '$1 == "rt_sigprocmask" { n = $2 } END { print n + 0 }' "$work/each")" "" 0
}

show http "$http"
show https "${https[@]}"
finish
