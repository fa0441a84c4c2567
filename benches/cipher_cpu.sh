#!/usr/bin/env bash
# cipher_cpu.sh [MIB]: the CPU time of putting a file, 1 GiB by default, over https with AES-128-GCM and with AES-256-GCM,
# whichever the server allows; whether it would be worth while to ask for AES-128-GCM first.
source "$(dirname "$0")/common.sh"
build_library
build_programs
serve_https TLS_AES_128_GCM_SHA256
aes_128=("${https[@]}")
serve_https TLS_AES_256_GCM_SHA384
aes_256=("${https[@]}")
file=$work/file
head -c "${1:-1024}M" /dev/zero >"$file"

turn() {
    cpu aes_128 client file "$file" 1 "${aes_128[@]}"
    cpu aes_256 client file "$file" 1 "${aes_256[@]}"
}
in_turns turn
row "AES-128-GCM" "$(cpu_of aes_128)" s
row "AES-256-GCM" "$(cpu_of aes_256)" s
row "AES-128-GCM over AES-256-GCM" "$(quotient "$(cpu_of aes_128)" "$(cpu_of aes_256)")" x
finish
