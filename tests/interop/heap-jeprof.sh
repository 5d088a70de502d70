#!/bin/sh
# SPDX-License-Identifier: MIT
# jeprof reads -t heap and finds the names itself; an inlined frame too.
. "${top_srcdir:?}/tests/interop/lib.sh"
need jeprof libjemalloc-dev
need addr2line binutils
reader=jeprof
. "$here/perl.inc"
