# For Doxygen: puts each thing that the header declares into its group. The first file has the groups, each with what names begin
# with; the longest beginning counts.

function group_of(name,    length_) {
    for (length_ = length(name); length_ > 0; length_--)
        if (substr(name, 1, length_) in groups) return groups[substr(name, 1, length_)]
    return "none"
}

FNR == NR { for (i = 2; i <= NF; i++) groups[$i] = $1; next }

# From its comment on, what is declared is kept until its name is known, which is that of an enum at the end.
/^\/\*\*$/ { kept = $0; code = ""; next }
kept == "" { print; next }
{ kept = kept "\n" $0 }
/^ *(\*|\/\*)/ { next }
{ code = code $0 }
/;$/ || /^#/ {
    if (!match(code, /oss_[a-z0-9_]*\)?[(;]/)) match(code, /OSS_[A-Z_]*/)
    name = substr(code, RSTART, RLENGTH)
    sub(/^\/\*\*/, "/**\n * @ingroup " group_of(name) "\n *", kept)
    print kept
    kept = ""
}
/^$/ && kept != "" { print kept; kept = "" }
