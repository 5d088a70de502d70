#!/bin/sh
# SPDX-License-Identifier: MIT
# -t folded says what google-pprof makes of -t heap: the same functions of our own program with the
# same bytes, from two different symbolisers.
. "${top_srcdir:?}/tests/interop/lib.sh"
need google-pprof google-perftools
need addr2line binutils
record
export_as heap a.hl a.heap
export_as folded a.hl a.folded
# from main on: names inside libc depend on its debug files
of_main() {
	sed -n 's/^.*;\(main;\)/\1/p' "$1" | sort
}
google-pprof --collapsed --show_bytes --inuse_space ./app a.heap >google.folded 2>google.err ||
	fail "google-pprof: $(cat google.err)"
of_main a.folded >ours
# addresses of functions, marks of inlined ones, and stacks with nothing left
sed 's/<[0-9a-f]*>//g; s/\[inline\]//g; / 0$/d' google.folded >plain.folded
of_main plain.folded >theirs
[ "$(wc -l <ours)" -eq 3 ] || fail "not three stacks: $(cat ours)"
diff -u theirs ours || fail "folded stacks differ"
exit $status
