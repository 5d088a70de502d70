#!/bin/sh
# SPDX-License-Identifier: MIT
# protoc reads -t pprof by the format's definition: every field has the right number and type.
. "${top_srcdir:?}/tests/interop/lib.sh"
need protoc protobuf-compiler
record
decode() {
	protoc --proto_path="$here" --decode=perftools.profiles.Profile profile.proto
}

# Field 2 of sample is value: the sum of the fourth, inuse_space.
check() {
	gzip -dc "$1" 2>gzip.err | decode >text 2>protoc.err || return
	[ -s gzip.err ] && return 1
	[ -s protoc.err ] && return 1
	# fields that the definition does not have are shown by number
	grep -E '^ *[0-9]+[: ]' text && return 1
	awk '/^sample {/ { n = 0 } / value:/ { sum[++n] += $2 }
		END { exit !(sum[1] == 173 && sum[2] == 556360 && sum[3] == 102 && sum[4] == 353000 &&
			sum[5] == 103 && sum[6] == 553000 && sum[7] == 71 && !sum[8]) }' text || return
	[ "$(grep -c '^sample_type {' text)" -eq 7 ] || return
	[ "$(sed -n '/^string_table: /{p;q;}' text)" = 'string_table: ""' ] || return
	expect text '^string_table: "inner_inlined"' '^string_table: "inuse_space"' '^period: 1$' \
		'^default_sample_type: [1-9]' '^  has_inline_frames: true'
}

export_as pprof a.hl a.pb.gz
passes check a.pb.gz
cut_file a.pb.gz cut.pb.gz
refuses check cut.pb.gz
{
	gzip -dc a.pb.gz
	printf '\022\006\012\001\001\022\001\001'
} | gzip -n >forged.pb.gz
refuses check forged.pb.gz

# proto3 strings are UTF-8: protoc says so when one is not.
hostile
export_as pprof h.hl h.pb.gz
gzip -dc h.pb.gz | decode >text 2>protoc.err || fail "hostile names: $(cat protoc.err)"
[ -s protoc.err ] && fail "hostile names: $(cat protoc.err)"
exit $status
