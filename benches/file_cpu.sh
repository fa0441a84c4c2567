#!/usr/bin/env bash
# file_cpu.sh [MIB]: the CPU time and the peak memory of putting a file, 1 GiB by default, over http and https, beside a
# bare loop of read, CRC-64 and send, or OpenSSL's SSL_write.
source "$(dirname "$0")/common.sh"
build_library
build_programs
serve_https
file=$work/file
head -c "${1:-1024}M" /dev/zero >"$file"

turn() {
    cpu http_read bare read "$file" 1 "$http"
    cpu http_bare bare file "$file" 1 "$http"
    cpu http_library client file "$file" 1 "$http"
    cpu https_bare bare_https file "$file" 1 "${https[@]}"
    cpu https_library client file "$file" 1 "${https[@]}"
    for scheme in http https; do
        field peak_kib <"$work/${scheme}_library.out" >>"$work/$scheme.peaks"
    done
}
in_turns turn

# compare SCHEME LIMIT
compare() {
    row "$1, bare loop with CRC-64" "$(cpu_of "$1_bare")" s
    row "$1, library" "$(cpu_of "$1_library")" s
    row "$1, library over bare loop" "$(quotient "$(cpu_of "$1_library")" "$(cpu_of "$1_bare")")" x "$2"
    row "$1, peak memory of the program" "$(sort -n "$work/$1.peaks" | tail -n 1)" KiB 8192
}
compare http 1.05
row "http, bare loop without CRC-64" "$(cpu_of http_read)" s
row "http, library over bare loop without CRC-64" "$(quotient "$(cpu_of http_library)" "$(cpu_of http_read)")" x
compare https 0.85
finish
