#!/bin/sh
# SPDX-License-Identifier: MIT
# ms_print reads -t massif: the peak and the end, and callers with inlined ones.
. "${top_srcdir:?}/tests/interop/lib.sh"
need ms_print valgrind
record
check() {
	ms_print --threshold=0 "$1" >text 2>err || return
	# Three, and the points of the time line, which are as many as the machine was slow.
	expect text '^Number of snapshots: ([3-9]|[0-9]{2,})$' '^ Detailed snapshots: \[[0-9]+ \(peak\), [0-9]+\]$' \
		'^ +[0-9]+ +[0-9,]+ +553,000 +553,000 +0 +0$' '^ +[0-9]+ +[0-9,]+ +353,000 +353,000 +0 +0$' \
		'^->45.21% \(250,000B\) 0x[0-9A-F]+: keep_big \(victim.c:36\)$' \
		'^->36.17% \(200,000B\) 0x[0-9A-F]+: make_peak \(victim.c:57\)$' \
		'^->70.82% \(250,000B\) 0x[0-9A-F]+: keep_big \(victim.c:36\)$' \
		'^->18.08% \(100,000B\) 0x[0-9A-F]+: inner_inlined \(victim.c:23\)$' \
		'^\| ->18.08% \(100,000B\) 0x[0-9A-F]+: keep_through_inline \(victim.c:31\)$' \
		'\(3,000B\) in 1 place, below massif.s threshold \(1.00%\)$'
}

export_as massif a.hl a.massif
passes check a.massif
forge a.massif forged.massif '^ n1: 250000 ' ' n1: 950000 '
refuses check forged.massif
cut_file a.massif cut.massif
refuses check cut.massif

hostile
export_as massif h.hl h.massif
ms_print h.massif >text 2>err || fail "hostile names: $(cat err)"
expect text '^  2 .* 500 ' '^->60.00% \(300B\)' '^->40.00% \(200B\).*\{lambda\(\)\$1\}.*\)$' ||
	fail "hostile names: $(cut -c 1-200 text)"
exit $status
