#!/bin/sh
# SPDX-License-Identifier: MIT
# valgrind's DHAT viewer shows -t dhat: totals, the peak, the end, an inlined frame.
. "${top_srcdir:?}/tests/interop/lib.sh"
need_node
[ -e "${DH_VIEW:-/usr/libexec/valgrind/dh_view.js}" ] ||
	skip "dh_view.js is not there (on Debian: apt-get install valgrind)"
record
check() {
	run_node load-dhat.mjs "$work/$1" >text || return
	expect text 'Total: +556,360 bytes \(100%.* in 173 blocks \(100%' \
		'At t-gmax: 553,000 bytes \(100%\) in 103 blocks \(100%\)' \
		'At t-end:  353,000 bytes \(100%\) in 102 blocks \(100%\)' \
		'Max: +250,000 bytes in 1 blocks' 'Command: ./app' \
		'#[0-9]+: 0x[0-9A-F]+: keep_big \(victim.c:36\)' || return
	grep -A1 ': inner_inlined (victim.c:23)' text |
		expect /dev/stdin '0x[0-9A-F]+: keep_through_inline \(victim.c:31\)'
}

export_as dhat a.hl a.json
passes check a.json
forge a.json forged.json '"gb": 250000' '"gb": 250001'
refuses check forged.json
forge a.json field.json '"ebk": 1, ' ''
refuses check field.json
cut_file a.json cut.json
refuses check cut.json

hostile
export_as dhat h.hl h.json
run_node load-dhat.mjs "$work/h.json" >text || fail "hostile names"
expect text 'elements from names: 0' 'Total: +500 bytes' 'script><b>' || fail "hostile names: $(cut -c 1-200 text)"
exit $status
