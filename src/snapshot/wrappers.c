/* SPDX-License-Identifier: MIT */
/*
 * The one list of allocators and their wrappers.  Add yours here: a name is matched whole, one that
 * ends with '*' by what stands before it, and with '*' inside also by what stands behind.  Compilers'
 * suffixes (.isra.0, .constprop.1, .part.0, .cold) are cut off first.
 */
#include "snapshot/wrappers.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

static const char *const wrappers[] = {
	/* C library */
	"malloc", "calloc", "realloc", "reallocarray", "free", "posix_memalign", "aligned_alloc",
	"memalign", "valloc", "pvalloc", "strdup", "strndup", "wcsdup", "asprintf", "vasprintf",
	"getline", "getdelim", "__libc_malloc", "__libc_calloc", "__libc_realloc",
	"__libc_memalign", "__libc_reallocarray", "__GI___libc_*", "__strdup", "__strndup",
	"__GI___strdup", "__GI___strndup", "__asprintf", "___asprintf", "__asprintf_chk",
	"__vasprintf", "__vasprintf_chk", "__vasprintf_internal", "__getdelim", "_IO_getdelim",
	"_IO_getline", "__getline",
	"_obstack_allocated_p", "_obstack_begin*", "_obstack_newchunk", "_obstack_memory_used",
	/* C++ */
	"operator new", "operator new[]", "operator delete", "operator delete[]",
	"_Znwm*", "_Znam*", "_ZdlPv*", "_ZdaPv*",
	"std::allocator<*", "std::allocator_traits<*", "std::__new_allocator<*",
	"__gnu_cxx::new_allocator<*", "__gnu_cxx::malloc_allocator<*",
	"__gnu_cxx::__alloc_traits<*", "__gnu_cxx::__pool_alloc<*", "__gnu_cxx::__mt_alloc<*",
	"std::pmr::*_resource::do_allocate", "std::pmr::memory_resource::allocate",
	"std::pmr::polymorphic_allocator<*",
	"std::__allocate_guarded<*", "std::__detail::_Hashtable_alloc<*",
	"std::*::_M_allocate", "std::*::_M_allocate_map", "std::*::_M_allocate_node",
	"std::*::_M_get_node", "std::*::_M_create_node", "std::*::_M_create_storage",
	"std::__cxx11::basic_string<*>::_M_create", "std::get_temporary_buffer<*",
	"std::__libcpp_allocate*", "std::__1::__libcpp_allocate*", "std::__1::allocator<*",
	"std::__1::allocator_traits<*", "std::__1::__libcpp_operator_new*",
	/* GNU programs and libiberty */
	"xmalloc", "xcalloc", "xrealloc", "xstrdup", "xstrndup", "xmemdup", "xzalloc", "xnmalloc",
	"xnrealloc", "x2realloc", "x2nrealloc", "xreallocarray", "xpalloc", "xcharalloc",
	"xmallocz", "xvasprintf", "xasprintf", "ximalloc", "xirealloc", "xicalloc",
	"x_malloc", "do_xmalloc", "sh_xmalloc", "sh_xrealloc", "imalloc", "irealloc", "icalloc",
	"ireallocarray", "rpl_malloc", "rpl_calloc", "rpl_realloc", "concat_copy",
	"ggc_internal_alloc*", "ggc_internal_cleared_alloc*", "ggc_realloc", "ggc_alloc*",
	/* GLib */
	"g_malloc*", "g_realloc*", "g_try_malloc*", "g_try_realloc*", "g_strdup*", "g_strndup",
	"g_memdup*", "g_slice_*", "g_aligned_alloc*", "g_vasprintf", "g_strconcat",
	/* CPython */
	"PyMem_*", "_PyMem_*", "PyObject_Malloc", "PyObject_Calloc", "PyObject_Realloc",
	"_PyObject_Malloc", "_PyObject_Calloc", "_PyObject_Realloc", "_PyObject_New",
	"_PyObject_NewVar", "_PyObject_GC_*", "PyObject_GC_New*", "_PyMem_Debug*",
	"pymalloc_alloc", "pymalloc_realloc", "gc_alloc", "new_arena", "allocate_from_new_pool",
	"PyType_GenericAlloc", "_PyType_AllocNoTrack",
	/* Perl, Lua, Ruby, Tcl, jq */
	"Perl_safesysmalloc", "Perl_safesyscalloc", "Perl_safesysrealloc", "Perl_savepv*",
	"Perl_malloc", "Perl_more_bodies", "Perl_more_sv", "S_more_sv",
	"l_alloc", "luaM_*", "luaC_newobj*", "ruby_xmalloc*", "ruby_xcalloc*", "ruby_xrealloc*",
	"objspace_xmalloc*", "objspace_xrealloc*", "objspace_xcalloc*", "Tcl_Alloc",
	"Tcl_AttemptAlloc", "Tcl_Realloc", "TclpAlloc", "TclpRealloc",
	"jv_mem_alloc*", "jv_mem_calloc*", "jv_mem_realloc*", "jv_mem_strdup*",
	/* SQLite */
	"sqlite3Malloc*", "sqlite3Realloc*", "sqlite3_malloc*", "sqlite3_realloc*",
	"sqlite3DbMalloc*", "sqlite3DbRealloc*", "sqlite3DbStrDup", "sqlite3DbStrNDup",
	"sqlite3DbSpanDup", "sqlite3MemMalloc", "sqlite3MemRealloc", "mallocWithAlarm",
	"dbMallocRawFinish", "dbReallocFinish", "sqlite3StrAccumEnlarge", "pcache1Alloc",
	"sqlite3PageMalloc",
	/* libxml2, OpenSSL, zlib, APR, talloc and relatives */
	"xmlMalloc*", "xmlRealloc*", "xmlMemMalloc*", "xmlMemRealloc*", "xmlMemStrdup*",
	"xmlMemoryStrdup", "xmlStrdup", "xmlStrndup", "xmlCharStrdup", "xmlCharStrndup",
	"CRYPTO_malloc", "CRYPTO_zalloc", "CRYPTO_realloc", "CRYPTO_clear_realloc", "CRYPTO_strdup",
	"CRYPTO_strndup", "CRYPTO_memdup", "OPENSSL_sk_new_reserve", "zcalloc",
	"av_malloc*", "av_mallocz*", "av_calloc", "av_realloc*", "av_strdup",
	"QArrayData::allocate*", "QTypedArrayData<*>::allocate",
	/* Redis, nginx, PostgreSQL */
	"zmalloc", "zmalloc_usable", "ztrymalloc*", "zcalloc_*", "ztrycalloc*", "zrealloc*", "ztryrealloc*",
	"zstrdup", "ngx_alloc", "ngx_calloc", "ngx_palloc*", "ngx_pnalloc", "ngx_pcalloc", "ngx_memalign",
	"palloc", "palloc0", "palloc_extended", "repalloc*", "pstrdup", "pnstrdup", "MemoryContextAlloc*",
	"AllocSetAlloc*", "AllocSetRealloc",
	/* Rust, and what it is built on */
	"__rust_alloc*", "__rust_realloc", "__rg_alloc*", "__rg_realloc", "__rdl_alloc*",
	"__rdl_realloc", "alloc::alloc::*", "alloc::raw_vec::*", "<alloc::alloc::*",
	"<alloc::raw_vec::*", "<std::alloc::*", "std::alloc::*", "std::sys::alloc::*",
	"std::sys::unix::alloc::*", "std::sys::pal::unix::alloc::*",
	/* This program's own bookkeeping for programs that call it */
	"hl_track",
};

#define MAX_NAME 4096

static bool matches_listed(const char *pattern, const char *name, size_t length)
{
	const char *star = strchr(pattern, '*');
	size_t head = star ? (size_t)(star - pattern) : strlen(pattern);
	size_t tail;

	if (!star)
		return head == length && !memcmp(pattern, name, length);
	tail = strlen(star + 1);
	return length >= head + tail && !memcmp(pattern, name, head) &&
		!memcmp(star + 1, name + length - tail, tail);
}

/* Without ".isra.0" and the like; C++ and Rust names have dots only inside <...> or {...}. */
static size_t length_without_suffix(const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot || dot == name || strpbrk(name, "<{("))
		return strlen(name);
	return (size_t)(dot - name);
}

bool hl_wrapper_is_known(const char *function)
{
	size_t length = length_without_suffix(function);

	for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers); i++)
		if (matches_listed(wrappers[i], function, length))
			return true;
	return false;
}

bool hl_wrapper_matches(const char *pattern, const char *function)
{
	/* Equality first: "operator new[]" is also a pattern, but for something else. */
	if (!strcmp(pattern, function))
		return true;
	/* glibc's fnmatch recurses on stars; a hostile symbol must not make it run for ever. */
	return strlen(function) < MAX_NAME && !fnmatch(pattern, function, FNM_NOESCAPE);
}
