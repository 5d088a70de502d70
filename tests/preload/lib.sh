# SPDX-License-Identifier: MIT
# What the scripts of this folder share; sourced by each.
#
#   $dir                 a folder of this test, removed at the end
#   $victims             where the victims are
#   under FILE CMD...    run CMD with the shim, the ledger in FILE, for a minute at most
#   facts FILE [KEY]     read a ledger into $dir/facts
#   fact KEY             a value of it; group NAME COLUMN: 3 alloc_count .. 8 moves, 9 peak; 0: not there
#   is WHAT GOT WANTED   one check; ok WHAT CMD...: CMD must succeed
#   finish               the test's exit status
set -u
victims=${top_builddir:?}/tests/preload
shim=${HL_SHIM:?}
dir=$(mktemp -d "${TMPDIR:-/tmp}/heapledger-test.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
checks=0
failures=0

skip() {
	echo "SKIP: $1"
	exit 77
}

need() {
	for tool; do
		command -v "$tool" >/dev/null 2>&1 || skip "there is no $tool"
	done
}

under() {
	_out=$1
	shift
	timeout 300 env LD_PRELOAD="$shim" HEAPLEDGER_OUT="$_out" "$@"
}

facts() {
	if ! "$victims/totals" "$@" >"$dir/facts"; then
		: >"$dir/facts"
		failed "$1 is not a ledger"
	fi
}

fact() {
	sed -n "s/^$1=//p" "$dir/facts"
}

# Sums over the groups of that name: two stacks may have one line.
group() {
	awk -F '\t' -v name="$1" -v column="$2" \
		'$1 == "group" && $2 == name { sum += $column } END { printf "%.0f\n", sum }' "$dir/facts"
}

failed() {
	failures=$((failures + 1))
	echo "FAIL: $1"
}

is() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] || failed "$1: $2, expected $3"
}

at_least() {
	checks=$((checks + 1))
	[ "$2" -ge "$3" ] 2>/dev/null || failed "$1: $2, expected at least $3"
}

at_most() {
	checks=$((checks + 1))
	[ "$2" -le "$3" ] 2>/dev/null || failed "$1: $2, expected at most $3"
}

# near WHAT GOT WANTED DIFFERENCE
near() {
	at_least "$1" "$2" $(($3 - $4))
	at_most "$1" "$2" $(($3 + $4))
}

ok() {
	_what=$1
	shift
	checks=$((checks + 1))
	"$@" || failed "$_what: exit status $?"
}

# The account has no hole: nothing lost, folded, missed.
is_whole() {
	for _key in unknown_frees replaced_blocks early_lost refused_bytes refused_stacks \
		unattributed_count; do
		is "$1: $_key" "$(fact $_key)" 0
	done
}

finish() {
	echo "$checks checks, $failures failures"
	[ $failures -eq 0 ] && [ $checks -gt 0 ]
	exit
}
