# SPDX-License-Identifier: MIT
# What the scripts of programs that give up their rights share; sourced by each.
. "${top_srcdir:?}/tests/preload/lib.sh"
v=$victims/victim-rights
# So many stacks, whose ledger is far larger than what is mapped at the start.
bits=17
chmod 711 "$dir"

# The totals of a ledger of this library are its third page.  total OFFSET TYPE FILE
total() {
	od -An -t "$2" -j $((8192 + $1)) -N "${2#?}" "$3" | tr -d ' '
}

# gives_up MODE BITS [FOLDER]: the ledger in a folder that everybody may write to
gives_up() {
	mkdir -m 777 "$dir/$1" 2>/dev/null
	under "$dir/$1/a%p.hl" "$v" "$1" "$2" "${3-$dir/$1}"
	is "$1: exit status" $? 0
}

# grown WHAT FILE: the whole account, with the stacks
grown() {
	facts "$2"
	is_whole "$1"
	is "$1: blocks" "$(fact alloc_count)" $(((1 << bits) + 1))
	at_least "$1: stacks" "$(fact nr_stacks)" $((1 << bits))
	at_least "$1: bytes of the ledger" "$(fact file_bytes)" $((20 << 20))
	lost "$1" "$2" 0 0
}

# lost WHAT FILE NUMBER ERRNO: children that could make no ledger, and why
lost() {
	is "$1: children lost" "$(total 288 u8 "$2")" "$3"
	is "$1: why" "$(total 300 d4 "$2")" "$4"
	if [ "$3" -gt 0 ]; then
		at_least "$1: the latest of them" "$(total 296 u4 "$2")" 2
	fi
}
