#!/bin/sh
# SPDX-License-Identifier: MIT
# speedscope reads -t callgrind: every event, and an inlined call.
. "${top_srcdir:?}/tests/interop/lib.sh"
need_node
record
check() {
	run_node load-speedscope.mjs "$work/$1" >text || return
	expect text 'alloc_bytes.[a-z]+.556360$' 'alloc_blocks.[a-z]+.173$' 'live_bytes.[a-z]+.353000$' \
		'live_blocks.[a-z]+.102$' 'peak_bytes.[a-z]+.553000$' 'peak_blocks.[a-z]+.103$' \
		'temp_blocks.[a-z]+.71$' \
		'^stack.*live_bytes.100000.*;main;keep_through_inline;inner_inlined$'
}

export_as callgrind a.hl callgrind.out.a
passes check callgrind.out.a
forge callgrind.out.a callgrind.out.forged '^0 556360 ' '0 556361 '
refuses check callgrind.out.forged
exit $status
