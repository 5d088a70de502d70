# SPDX-License-Identifier: MIT
# For the tests that let other programs read our exports: a recorded program with known figures, a
# made ledger with hostile names, and comparisons.
#
# Figures of tests/interop/victim.c:
#   allocated 556360 bytes in 173 blocks, live 353000 in 102, at the peak 553000 in 103, temporary 71
# Each test has one function that checks a file; it must pass on ours and fail on a damaged one.
# HL_INTEROP_REQUIRED=1 makes a skip a failure.
set -u
: "${HEAPLEDGER:?}" "${top_builddir:?}" "${top_srcdir:?}"
here=$top_srcdir/tests/interop
victim=$top_builddir/tests/interop/victim
node_dir=$top_builddir/interop-node
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
status=0

fail() {
	printf 'FAIL: %s\n' "$*"
	status=1
}

skip() {
	echo "SKIP: $*"
	[ -z "${HL_INTEROP_REQUIRED-}" ] || exit 1
	exit 77
}

# need PROGRAM PACKAGE
need() {
	command -v "$1" >/dev/null || skip "$1 is not installed (on Debian: apt-get install $2)"
}

# Sets $go_pprof.
need_go_pprof() {
	for go_pprof in "${HL_GO_PPROF-}" "$top_builddir/interop-go/pprof" \
		/usr/lib/go-*/pkg/tool/linux_amd64/pprof; do
		[ -x "$go_pprof" ] && return
	done
	skip "Go's pprof was not found (on Debian: apt-get install golang-1.19-go, or set HL_GO_PPROF)"
}

# The packages of tests/interop/package.json, installed by make check-interop.
need_node() {
	need node nodejs
	[ -e "$node_dir/node_modules/.package-lock.json" ] ||
		skip "npm could not install the packages of tests/interop/package.json (see $node_dir/npm.log)"
}

# run_node SCRIPT ARG...: scripts find their packages beside themselves
run_node() {
	script=$1
	shift
	(cd "$node_dir" && timeout 120 node "$script" "$@")
}

# The recorded program, as app with its ledger a.hl.
record() {
	cp "$victim" app || exit 99
	"$HEAPLEDGER" record -q -o a.hl ./app || exit 99
}

# A ledger of two stacks with the worst names: 300 bytes in 3 blocks and 200 in 2, all live.
hostile() {
	long=$(printf '%05000d' 0 | tr 0 x)
	printf '%s\n' 'command \x1b[2J a#b\x0a</script> \xff' \
		'exe /x' 'peak 500 1500000000' 'end 1 0' \
		"module /x/operator<<\\x1b[31m\\x0a;#=</script><b>\\xff\\xc2\\x85$long - 10000 20000 10000" \
		'module /x/{lambda()#1}\x0d\xe2\x80\xae"%n - 20000 30000 20000' \
		'site malloc 3 300 0 0 0 3 300 20010 10010' \
		'site calloc 2 200 0 0 0 2 200 10010 20010' |
		sed 's/  */\t/g' | "$top_builddir/make_ledger" h.hl || exit 99
}

# export_as FORMAT LEDGER OUT [OPTION...]: twice, the second time byte for byte the same
export_as() {
	format=$1 ledger=$2 out=$3
	shift 3
	"$HEAPLEDGER" export -t "$format" "$@" -o "$out" "$ledger" 2>export.err ||
		fail "export -t $format: exit status $?: $(cat export.err)"
	"$HEAPLEDGER" export -t "$format" "$@" "$ledger" 2>export.err | cmp - "$out" ||
		fail "export -t $format: not the same twice"
}

# expect FILE PATTERN...: each is in some line (grep -E)
expect() {
	in=$1
	shift
	for pattern; do
		grep -q -E -e "$pattern" "$in" && continue
		printf 'not in %s: %s\n' "$in" "$pattern"
		return 1
	done
}

# passes CHECK FILE, refuses CHECK FILE
passes() {
	"$@" >check.out 2>&1 || fail "$*: $(cat check.out)"
}

refuses() {
	"$@" >check.out 2>&1 && fail "$*: a damaged file passes"
	return 0
}

# cut_file FROM TO: its first two thirds
cut_file() {
	head -c $(($(wc -c <"$1") * 2 / 3)) "$1" >"$2"
}

# forge FROM TO OLD NEW: one figure changed
forge() {
	sed "s/$3/$4/" "$1" >"$2"
	cmp -s "$1" "$2" && fail "$1: nothing to forge"
	return 0
}
