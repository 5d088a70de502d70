#!/bin/sh
# SPDX-License-Identifier: MIT
# Go's pprof reads -t heap and finds the names itself. (It names the function around an inlined one.)
. "${top_srcdir:?}/tests/interop/lib.sh"
need_go_pprof
need addr2line binutils
record
export PPROF_TMPDIR="$work"
check_total() {
	"$go_pprof" -top -unit=bytes -sample_index="$2" ./app "$1" >top.txt 2>pprof.err || return
	expect top.txt "accounting for $3(B|bytes), 100% of $3(B|bytes) total" "^ +$4(B|bytes) .* $5( \(inline\))?\$"
}

check() {
	check_total "$1" alloc_objects 173 70 use_and_drop &&
		check_total "$1" alloc_space 556360 200000 make_peak &&
		check_total "$1" inuse_objects 102 1 keep_big &&
		check_total "$1" inuse_space 353000 250000 keep_big || return
	"$go_pprof" -raw ./app "$1" >raw.txt 2>pprof.err || return
	expect raw.txt '^PeriodType: space bytes' "^1: 0x[0-9a-f]+/0x[0-9a-f]+/0x1000 (\\./|$work/)app " ' keep_big .*victim.c:36 ' \
		' keep_through_inline '
}

export_as heap a.hl a.heap
passes check a.heap
forge a.heap forged.heap ' 100000 \[' ' 100001 ['
refuses check forged.heap
head -c 20 a.heap >cut.heap
refuses check cut.heap

hostile
export_as heap h.hl h.heap
"$go_pprof" -top -unit=bytes h.heap >top.txt 2>pprof.err || fail "hostile names: $(cat pprof.err)"
expect top.txt 'accounting for 500B' || fail "hostile names: $(cat top.txt)"

# A path with a blank: the reader cuts it, and the command says so.
mkdir 'a b'
cp app 'a b/app'
"$HEAPLEDGER" record -q -o b.hl './a b/app'
"$HEAPLEDGER" export -t heap b.hl 2>err >/dev/null || fail "a path with a blank"
expect err 'a b/app: readers of this format cut' || fail "no word about a blank: $(cat err)"
exit $status
