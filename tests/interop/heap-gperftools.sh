#!/bin/sh
# SPDX-License-Identifier: MIT
# google-pprof reads -t heap and finds the names itself; an inlined frame too.
. "${top_srcdir:?}/tests/interop/lib.sh"
need google-pprof google-perftools
need addr2line binutils
reader=google-pprof
. "$here/perl.inc"
