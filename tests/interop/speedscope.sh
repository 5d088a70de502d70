#!/bin/sh
# SPDX-License-Identifier: MIT
# speedscope reads -t speedscope and -t folded: valid by its schema, all profiles, an inlined frame.
. "${top_srcdir:?}/tests/interop/lib.sh"
need_node
record
check_schema() {
	run_node validate.mjs "$work/$1"
}

check() {
	run_node load-speedscope.mjs "$work/$1" >text || return
	expect text '^profile.live bytes.bytes.353000$' '^profile.live blocks.none.102$' \
		'^profile.live bytes at the peak.bytes.553000$' \
		'^profile.live blocks at the peak.none.103$' '^profile.bytes allocated.bytes.556360$' \
		'^profile.allocations.none.173$' '^profile.temporary blocks.none.71$' \
		'^stack.live bytes.250000.*;main;keep_big$' \
		'^stack.live bytes.100000.*;main;keep_through_inline;inner_inlined$' \
		'^stack.temporary blocks.70.*;main;use_and_drop$'
}

check_folded() {
	run_node load-speedscope.mjs "$work/$1" >text || return
	expect text "^profile.*.none.$2\$" "^stack.*.$3.*;main;$4\$"
}

export_as speedscope a.hl a.json
passes check a.json
passes check_schema a.json
forge a.json forged.json '^ *250000' '250001'
refuses check forged.json
cut_file a.json cut.json
refuses check cut.json
refuses check_schema cut.json
forge a.json unit.json '"unit": "bytes"' '"unit": "furlongs"'
refuses check_schema unit.json

export_as folded a.hl a.live
passes check_folded a.live 353000 100000 'keep_through_inline;inner_inlined'
export_as folded a.hl a.peak -m peak
passes check_folded a.peak 553000 200000 make_peak
export_as folded a.hl a.alloc -m alloc
passes check_folded a.alloc 556360 3360 use_and_drop
export_as folded a.hl a.count -m count
passes check_folded a.count 173 100 'keep_through_inline;inner_inlined'
export_as folded a.hl a.temp -m temp
passes check_folded a.temp 71 70 use_and_drop
forge a.temp forged.temp ' 70$' ' 71'
refuses check_folded forged.temp 71 70 use_and_drop

hostile
export_as speedscope h.hl h.json
passes check_schema h.json
run_node load-speedscope.mjs "$work/h.json" >text || fail "hostile names"
expect text '^profile.live bytes.bytes.500$' || fail "hostile names: total"
export_as folded h.hl h.folded
run_node load-speedscope.mjs "$work/h.folded" >text || fail "hostile names: folded"
expect text '^profile.*.none.500$' || fail "hostile names: folded: total: $(cut -c 1-200 text)"
exit $status
