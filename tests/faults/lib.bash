# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the groups of this folder share: a table of "case, expected, seen", one row for each check.
#
#   $dir              a folder of this run, removed at the end
#   under FILE CMD... CMD with the shim (and $also_preload), the ledger in FILE
#   row CASE EXPECTED SEEN          one row; differs: FAIL
#   exact CASE TALLY LEDGER         the victim's own tally is the ledger's account
#   finish
set -u
build=${top_builddir:?}/tests/faults
totals=${top_builddir:?}/tests/preload/totals
shim=${HL_SHIM:?}
dir=$(mktemp -d "${TMPDIR:-/tmp}/heapledger-faults.XXXXXX") || exit 99
at_end=()
cleanup() {
	local command
	for command in "${at_end[@]}"; do
		eval "$command"
	done
	chmod -R u+rwx "$dir"
	rm -rf "$dir"
}
trap cleanup EXIT
also_preload=
nr_passed=0 nr_failed=0 nr_skipped=0

head_of_table() {
	printf '%-5s %-58s %-34s %s\n' '' case expected seen
}

row() {
	local verdict=ok
	if [ "$2" = "$3" ]; then
		nr_passed=$((nr_passed + 1))
	else
		verdict=FAIL
		nr_failed=$((nr_failed + 1))
	fi
	printf '%-5s %-58s %-34s %s\n' $verdict "$1" "$2" "$3"
}

# not_run CASE REASON: said, and counted as skipped.
not_run() {
	nr_skipped=$((nr_skipped + 1))
	printf '%-5s %-58s %s\n' skip "$1" "$2"
}

# at_most CASE LIMIT SEEN, at_least CASE LIMIT SEEN
at_most() {
	if [ "$3" -le "$2" ] 2>/dev/null; then row "$1" "<= $2" "<= $2"; else row "$1" "<= $2" "$3"; fi
}
at_least() {
	if [ "$3" -ge "$2" ] 2>/dev/null; then row "$1" ">= $2" ">= $2"; else row "$1" ">= $2" "$3"; fi
}

under() {
	local out=$1
	shift
	timeout "${limit_s:-60}" env "LD_PRELOAD=$shim$also_preload" "HEAPLEDGER_OUT=$out" "$@"
}

facts() {
	"$totals" "$1" module >"$dir/facts" 2>"$dir/facts.err" || {
		echo "loads=no ($(cat "$dir/facts.err"))" >"$dir/facts"
		return 1
	}
	echo loads=yes >>"$dir/facts"
}

fact() {
	sed -n "s/^$1=//p" "$dir/facts"
}

# Blocks, bytes, freed blocks and bytes of a module in the last ledger looked at.
of_module() {
	awk -F '\t' -v name="$(readlink -f "$1")" '$1 == "group" && $2 == name {
		a += $3; b += $4; c += $5; d += $6 } END { printf "%.0f %.0f %.0f %.0f\n", a, b, c, d }' "$dir/facts"
}

all_of_it() {
	echo "$(fact alloc_count) $(fact alloc_bytes) $(fact free_count) $(fact free_bytes)"
}

lost() {
	local key sum=0
	for key in unknown_frees replaced_blocks early_lost "$@"; do
		sum=$((sum + $(fact "$key")))
	done
	echo $sum
}

# The victim's blocks are in its own module, whatever libc and the loader asked for.
exact() {
	facts "$3"
	row "$1: account is the victim's tally" "$(cut -d ' ' -f 1-4 "$2")" "$(of_module "$victim")"
	row "$1: events lost" 0 "$(lost)"
}

finish() {
	echo "$nr_passed passed, $nr_failed failed, $nr_skipped skipped"
	[ $nr_failed -eq 0 ] && [ $nr_passed -gt 0 ]
	exit
}
