#!/usr/bin/env bash
# How large the shared library is as it is installed, and what it needs.
source "$(dirname "$0")/common.sh"
needs readelf
build_library
row "liboss_upload.so, stripped" "$(stat -c %s "$library")" bytes 5000000
for needed in $(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    case $needed in
    libc.so.* | libm.so.* | libgcc_s.so.* | ld-linux*) row "  needs $needed" "" "" ;;
    *)
        row "  needs $needed" "" "" "none but libc, libm and libgcc_s"
        over=1
        ;;
    esac
done
finish
