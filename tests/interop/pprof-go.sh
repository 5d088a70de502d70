#!/bin/sh
# SPDX-License-Identifier: MIT
# Go's pprof reads -t pprof: totals of every sample type, the top line, an inlined frame, mappings and
# build-ids, labels, and a difference of two.
. "${top_srcdir:?}/tests/interop/lib.sh"
need_go_pprof
need readelf binutils
record
export PPROF_TMPDIR="$work"
pprof() {
	"$go_pprof" "$@" 2>pprof.err
}

check_total() {
	pprof -top -unit=bytes -sample_index="$2" "$1" >top.txt || return
	expect top.txt "Total samples = $3(B|bytes)( |\$)" "Showing nodes accounting for $3(B|bytes), 100%" \
		"^ +$4(B|bytes) .* $5( \(inline\))?\$"
}

check() {
	check_total "$1" alloc_objects 173 100 inner_inlined &&
		check_total "$1" alloc_space 556360 250000 keep_big &&
		check_total "$1" inuse_objects 102 100 inner_inlined &&
		check_total "$1" inuse_space 353000 250000 keep_big &&
		check_total "$1" peak_objects 103 100 inner_inlined &&
		check_total "$1" peak_space 553000 200000 make_peak &&
		check_total "$1" temp_objects 71 70 use_and_drop || return
	# without -sample_index: inuse_space
	pprof -top -unit=bytes "$1" >top.txt
	expect top.txt '^Type: inuse_space' "^Build ID: $id\$" '^heapledger [0-9]' \
		'^command: ./app' || return
	pprof -raw "$1" >raw.txt || return
	expect raw.txt "^1: 0x[0-9a-f]+/0x[0-9a-f]+/0x[0-9a-f]+ $work/app $id \\[FN\\]\\[FL\\]\\[LN\\]\\[IN\\]" \
		"libc.so.6 $libc_id \\[FN\\]" '^PeriodType: space bytes' '^Period: 1$' \
		'inuse_space/bytes\[dflt\]' 'kind:\[calloc\]' 'bytes:\[1000 bytes\]' \
		'M=1 inner_inlined .*/victim.c:23 ' || return
	# the frame that it is inlined in has no address of its own
	grep -A1 'M=1 inner_inlined' raw.txt | expect /dev/stdin '^ +keep_through_inline .*/victim.c:31 '
}

build_id() {
	readelf -n "$1" | sed -n 's/.*Build ID: //p'
}

id=$(build_id app)
libc_id=$(build_id "$(ldd app | sed -n 's/.*libc.so.6 => \([^ ]*\).*/\1/p')")
export_as pprof a.hl a.pb.gz
passes check a.pb.gz
gzip -dc a.pb.gz >a.pb
passes check a.pb
cut_file a.pb.gz cut.pb.gz
refuses check cut.pb.gz
cut_file a.pb cut.pb
refuses check cut.pb
cp a.pb forged.pb
printf '\022\006\012\001\001\022\001\001' >>forged.pb
refuses check forged.pb

# One less is no difference at all but of that stack.
pprof -top -unit=bytes -diff_base a.pb.gz a.pb.gz >diff.txt || fail "diff_base: $(cat pprof.err)"
expect diff.txt 'accounting for 0,' || fail "difference of equal profiles: $(cat diff.txt)"

hostile
export_as pprof h.hl h.pb.gz
pprof -top -unit=bytes h.pb.gz >top.txt || fail "hostile names: $(cat pprof.err)"
expect top.txt 'Total samples = 500B' || fail "hostile names: $(cat top.txt)"
[ "$(tr -d '\n\t -~' <top.txt | wc -c)" -eq 0 ] || fail "raw bytes of a hostile name"
exit $status
