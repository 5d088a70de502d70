# SPDX-License-Identifier: MIT
# For the tests of the commands: a folder of their own, ledgers from descriptions, comparisons.
set -u
: "${HEAPLEDGER:?}" "${top_builddir:?}"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
status=0

fail() {
	echo "FAIL: $*"
	status=1
}

# ledger NAME: a ledger from the description on stdin, words separated by any blanks
ledger() {
	sed 's/^ *//; s/  */\t/g' | "$top_builddir/make_ledger" "$1" || exit 99
}

# traces NAME: a traces text from stdin, without the tabs that indent it
traces() {
	sed 's/^	//' >"$1"
}

# A demo ledger: two lines in one library without a file, one of them reached in two ways.
demo() {
	ledger "$1" <<-END
		command prog arg
		exe /nowhere/prog
		pid 42
		peak 1000350 1500000000
		end 1 0
		module [demo] 0102ff 10000 20000 10000
		site malloc 3 300 1 100 1 3 300 10010
		site calloc 4 1000000 0 0 0 4 1000000 10020 10030
		site malloc 1 50 0 0 0 1 50 10010
	END
}

# same WHAT EXPECTED-FILE FILE
same() {
	diff -u "$2" "$3" || fail "$1"
}

# must_fail FILE-FOR-STDERR COMMAND...: exit status 2, nothing on stdout
must_fail() {
	errors=$1
	shift
	"$@" >out 2>"$errors"
	rc=$?
	[ $rc -eq 2 ] || fail "$*: exit status $rc"
	[ -s out ] && fail "$*: writes to stdout"
	[ "$(wc -l <"$errors")" -eq 1 ] || fail "$*: not one line on stderr: $(cat "$errors")"
}

need() {
	command -v "$1" >/dev/null || {
		echo "SKIP: $1 is not installed (on Debian: apt-get install $1)"
		exit 77
	}
}

# record EXPECTED-STATUS ARG...: heapledger record ARG..., its output in out, its words in err
record() {
	expected=$1
	shift
	"$HEAPLEDGER" record "$@" >out 2>err
	rc=$?
	[ $rc -eq "$expected" ] || fail "record $*: exit status $rc, expected $expected: $(cat err)"
}

# says PATTERN: a line of err
says() {
	grep -q -e "$1" err || fail "nothing like '$1' in: $(cat err)"
}

# json FILE KEY: the first value of that name in the JSON of info
json() {
	"$HEAPLEDGER" info --format=json "$1" | sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\).*/\1/p" |
		head -n 1
}

# compile NAME [OPTION...]: a program from the C source on stdin, by the plain compiler
compile() {
	cat >"$1.c"
	name=$1
	shift
	${CC:-cc} -g -O0 "$@" -o "$name" "$name.c" || exit 99
}
