# SPDX-License-Identifier: MIT
# Sourced by the program-* tests: a program that we did not write, run four times on one input.
#
#   compare CMD...       output, exit status and counts of CMD; reads $dir/input if it is there
#
# Its output and exit status must not change, and its account must be that of
#   - counter.la in an environment of the same names and lengths (both libraries are preloaded
#     through names of one length): exactly;
#   - valgrind, whose own environment variables are seen by programs that copy the environment:
#     $valgrind_blocks and $valgrind_bytes bound how much less or more it may count.
. "${top_srcdir:?}/tests/preload/lib.sh"
valgrind_blocks=0
valgrind_bytes=0
# A program whose allocations depend on the addresses of its mappings, which are not the same beside
# another preloaded library: so many blocks more or less that stay, of this size each; bytes of the peak; and so many
# that are freed again.
layout_blocks=0
layout_bytes=0
layout_peak=0
layout_freed=0
layout_freed_bytes=0

ln -s "$shim" "$dir/preload-s.so"
ln -s "$victims/.libs/counter.so" "$dir/preload-c.so"
: >"$dir/input"
# The program's own folder: some list it, and must find the same in each run.
mkdir "$dir/work"
# Addresses that differ would be nondeterminism of ours: hashes of pointers, sizes of tables.
fixed="setarch -R"
$fixed true 2>/dev/null || fixed=

# run NAME CMD...: one run in an environment of fixed size
run() {
	_name=$1
	shift
	$fixed env -i PATH="$PATH" HOME=/ LC_ALL=C TZ=UTC PYTHONMALLOC=malloc PYTHONHASHSEED=0 \
		PERL_HASH_SEED=0 HEAPLEDGER_OUT="$dir/$_name.hl" LD_PRELOAD="$preload" \
		"$@" <"$dir/input" >"$dir/$_name.out" 2>"$dir/$_name.err"
	echo $? >"$dir/$_name.rc"
}

# The sums that the counter left: seven 64-bit numbers.
counted() {
	od -A n -t u8 -v -w56 -N 56 "$dir/c.hl" | awk -v column="$1" '{ print $column }'
}

# valgrind's numbers without their commas
heap_summary() {
	sed -n "s/.*$1: //p" "$dir/v.log" | tr -d ,
}

compare_with_valgrind() {
	command -v valgrind >/dev/null 2>&1 || {
		echo "there is no valgrind: not compared"
		return
	}
	preload=
	$fixed env -i PATH="$PATH" HOME=/ LC_ALL=C TZ=UTC PYTHONMALLOC=malloc PYTHONHASHSEED=0 \
		PERL_HASH_SEED=0 HEAPLEDGER_OUT="$dir/v.hl" \
		valgrind -q --log-file="$dir/v.log" --run-libc-freeres=no --run-cxx-freeres=no \
		--undef-value-errors=no -v "$@" <"$dir/input" >"$dir/v.out" 2>"$dir/v.err"
	# total heap usage: A allocs, F frees, B bytes allocated; in use at exit: L bytes in N blocks
	set -- $(heap_summary 'total heap usage') $(heap_summary 'in use at exit')
	is "valgrind's summary" "${2-} ${4-} ${6-} ${9-}" "allocs frees bytes bytes"
	[ $failures -eq 0 ] || return
	echo "valgrind: $1 allocated, $3 freed, $5 bytes, $8 bytes in ${11} blocks live"
	near "valgrind: allocated blocks" "$(fact alloc_count)" "$1" $valgrind_blocks
	near "valgrind: allocated bytes" "$(fact alloc_bytes)" "$5" $valgrind_bytes
	near "valgrind: freed blocks" "$(fact free_count)" "$3" $valgrind_blocks
	near "valgrind: live bytes at exit" "$(fact live_bytes)" "$8" $valgrind_bytes
}

compare() {
	cd "$dir/work" || exit 99
	preload=
	run n "$@"
	preload=$dir/preload-c.so
	run c "$@"
	preload=$dir/preload-s.so
	run s "$@"
	ok "the same output" cmp "$dir/n.out" "$dir/s.out"
	ok "the same messages" cmp "$dir/n.err" "$dir/s.err"
	is "exit status" "$(cat "$dir/s.rc")" "$(cat "$dir/n.rc")"
	is "the input is understood: exit status" "$(cat "$dir/n.rc")" "${wanted_status:-0}"
	ok "there is output" test -s "$dir/n.out"
	facts "$dir/s.hl"
	_more=$(($(fact alloc_count) - $(counted 1)))
	_freed=$(($(fact free_count) - $(counted 3)))
	near "allocated blocks" "$(fact alloc_count)" "$(counted 1)" $layout_blocks
	is "allocated bytes" "$(fact alloc_bytes)" \
		$(($(counted 2) + (_more - _freed) * layout_bytes + _freed * layout_freed_bytes))
	near "freed blocks" "$(fact free_count)" "$(counted 3)" $layout_freed
	is "freed bytes" "$(fact free_bytes)" "$(($(counted 4) + _freed * layout_freed_bytes))"
	is "frees of unknown blocks" "$(fact unknown_frees)" "$(counted 5)"
	is "failed allocations" "$(fact failed_allocs)" "$(counted 6)"
	near "peak" "$(fact peak_bytes)" "$(counted 7)" $layout_peak
	at_least "blocks, or the input is too small" "$(fact alloc_count)" "${enough:-1000}"
	is_whole "$1"
	echo "$(basename "$1"): $(fact alloc_count) allocated, $(fact free_count) freed," \
		"$(fact alloc_bytes) bytes, $(fact live_bytes) bytes in $(fact live_count) blocks live"
	compare_with_valgrind "$@"
}
