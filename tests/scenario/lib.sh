# SPDX-License-Identifier: MIT
# For the tests of `heapledger sim`. HL_SIM is the command that runs a scenario file; the selftest
# puts python3 and wrong stand-ins in its place.
set -u
: "${top_srcdir:?}"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
status=0
passed=0

fail() {
	echo "FAIL: $*"
	status=1
}

# The command, in $sim. Only a tree that has no `sim` at all may skip.
need_sim() {
	if [ -z "${HL_SIM-}" ] && ! [ -e "$top_srcdir/src/cli/cmd-sim.c" ]; then
		echo "SKIP: there is no src/cli/cmd-sim.c in this tree"
		exit 77
	fi
	sim=${HL_SIM:-${HEAPLEDGER:?} sim}
}

# CPython 3.11, in $python. HL_PYTHON names another one.
need_python() {
	for python in ${HL_PYTHON-} python3 /usr/bin/python3 python3.11; do
		python=$(command -v "$python") && python=$("$python" -c '
import sys
if sys.version_info[:2] == (3, 11) and sys.implementation.name == "cpython":
    print(sys.executable)' 2>/dev/null) && [ -n "$python" ] && return
	done
	echo "SKIP: there is no python3 that is CPython 3.11 (on Debian 12: apt-get install python3)"
	exit 77
}

# form FILE LINE...: the numbers of these lines become N. Start-up counters differ between one
# python3 and the next; that they are counters, and where, does not.
form() {
	file=$1
	shift
	for line; do
		sed -i "${line}s/[0-9][0-9]*/N/g" "$file"
	done
}

# run_case FOLDER NAME: runs FOLDER/NAME.py beside its outputs, as its recording was made.
# START (a file of the folder: NAME LINE...) names the lines that compare in form only.
run_case() {
	folder=$1
	name=$2
	expected_rc=0
	[ -e "$folder/$name.err" ] && expected_rc=1
	(cd "$folder" && exec timeout -k 5 60 $sim "$name.py") >"$work/out" 2>"$work/err" </dev/null
	rc=$?
	sed "s|@DIR@|$folder|g" "$folder/$name.out" >"$work/expected"
	start=
	[ -e "$folder/START" ] && start=$(sed -n "s/^$name //p" "$folder/START")
	form "$work/expected" $start
	form "$work/out" $start
	judge "$name"
}

# judge NAME: $rc, out and err of $work against $expected_rc, expected and the recorded last line.
judge() {
	wrong=
	cmp -s "$work/expected" "$work/out" || wrong="stdout"
	[ "$rc" -eq "$expected_rc" ] || wrong="$wrong exit status $rc, expected $expected_rc"
	if [ "$expected_rc" -ne 0 ]; then
		tail -n 1 "$folder/$name.err" | sed "s|@DIR@|$folder|g" >"$work/expected-last"
		tail -n 1 "$work/err" >"$work/last"
		cmp -s "$work/expected-last" "$work/last" || wrong="$wrong last line of stderr"
	fi
	if [ -z "$wrong" ]; then
		passed=$((passed + 1))
		echo "PASS $1"
		return
	fi
	status=1
	echo "FAIL $1: $wrong"
	diff -u "$work/expected" "$work/out" | head -n 40
	if [ "$expected_rc" -ne 0 ]; then
		diff -u "$work/expected-last" "$work/last"
	elif [ "$rc" -ne 0 ]; then
		tail -n 3 "$work/err"
	fi
}

# run_folder FOLDER AT-LEAST: every case of it.
run_folder() {
	folder=$(cd "$1" && pwd -P) || exit 99
	need_sim
	ran=0
	for script in "$folder"/*.py; do
		run_case "$folder" "$(basename "$script" .py)"
		ran=$((ran + 1))
	done
	echo "$passed of $ran cases"
	[ $ran -ge "$2" ] || fail "there are only $ran cases, expected $2"
}
