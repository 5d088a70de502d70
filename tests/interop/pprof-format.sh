#!/bin/sh
# SPDX-License-Identifier: MIT
# npm's pprof-format and speedscope read -t pprof. (speedscope shows no inlined frames of this format.)
. "${top_srcdir:?}/tests/interop/lib.sh"
need_node
record
check() {
	run_node read-pprof.mjs "$work/$1" >text || return
	expect text '^total.alloc_objects/count.173$' '^total.alloc_space/bytes.556360$' \
		'^total.inuse_objects/count.102$' '^total.inuse_space/bytes.353000$' \
		'^total.peak_objects/count.103$' '^total.peak_space/bytes.553000$' \
		'^total.temp_objects/count.71$' '^default.inuse_space$' \
		'^sample.1,250000,1,250000,1,250000,0.keep_big<main<' \
		'^sample.100,100000,100,100000,100,100000,0.inner_inlined~keep_through_inline<main<' \
		"^mapping.$work/app.[0-9a-f]{40}\$"
}

check_speedscope() {
	run_node load-speedscope.mjs "$work/$1" >text || return
	expect text '^profile.*.bytes.353000$' '^stack.*.100000.*;main;keep_through_inline$'
}

export_as pprof a.hl a.pb.gz
cut_file a.pb.gz cut.pb.gz
{
	gzip -dc a.pb.gz
	printf '\022\006\012\001\001\022\001\001'
} | gzip -n >forged.pb.gz
for check in check check_speedscope; do
	passes $check a.pb.gz
	refuses $check cut.pb.gz
done
refuses check forged.pb.gz
hostile
export_as pprof h.hl h.pb.gz
run_node read-pprof.mjs "$work/h.pb.gz" >text || fail "hostile names"
expect text '^total.inuse_space/bytes.500$' || fail "hostile names: total"
run_node load-speedscope.mjs "$work/h.pb.gz" >text || fail "hostile names: speedscope"
expect text '^profile.*.bytes.500$' || fail "hostile names: speedscope: total"
exit $status
