#!/bin/sh
# SPDX-License-Identifier: MIT
# callgrind_annotate and speedscope read -t callgrind: totals, inclusive costs, an inlined call.
. "${top_srcdir:?}/tests/interop/lib.sh"
need callgrind_annotate valgrind
record
check() {
	callgrind_annotate --inclusive=yes --tree=calling --threshold=100 --show-percs=no "$1" \
		>text 2>err || return
	[ -s err ] && return 1
	columns='173 +353,000 +102 +553,000 +103 +71'
	expect text "^ *556,360 +$columns +PROGRAM TOTALS\$" \
		"^ *556,360 +$columns +\\* .*victim.c:main \\[$work/app\\]\$" \
		'^ *100,000 +100 +100,000 +100 +100,000 +100 +0 +> .*:inner_inlined \(100x\)' \
		'^ *250,000 +1 +250,000 +1 +250,000 +1 +0 +\* .*:keep_big ' || return
	callgrind_annotate --show-percs=no --auto=yes "$1" >text 2>err || return
	expect text "^ *250,000 +1 +250,000 +1 +250,000 +1 +(0|\\.)[[:space:]]+kept.*calloc\\(1, 250000\\)"
}

export_as callgrind a.hl callgrind.out.a
passes check callgrind.out.a
forge callgrind.out.a callgrind.out.forged '^36 250000 ' '36 250001 '
refuses check callgrind.out.forged
sed "/^fn=.* keep_big\$/,\$d" callgrind.out.a >callgrind.out.cut
refuses check callgrind.out.cut

hostile
export_as callgrind h.hl callgrind.out.h
callgrind_annotate --show-percs=no callgrind.out.h >text 2>err || fail "hostile names: $(cat err)"
[ -s err ] && fail "hostile names: $(cat err)"
expect text '^ *500 +5 +500 +5 +500 +5 +0 +PROGRAM TOTALS$' || fail "hostile names: $(cut -c 1-200 text)"
exit $status
