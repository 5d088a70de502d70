/* SPDX-License-Identifier: MIT */
/* Sources of the fixtures; the numbers of their lines matter to the tests. */
#ifndef HL_TESTS_FIXTURE_PROGRAMS_H
#define HL_TESTS_FIXTURE_PROGRAMS_H

/* Prints the address that it was called from, as ELF address - 1. */
#define WHERE_SOURCE \
	"#define _GNU_SOURCE\n" \
	"#include <dlfcn.h>\n" \
	"#include <link.h>\n" \
	"#include <stdio.h>\n" \
	"__attribute__((noinline)) void where(void)\n" \
	"{\n" \
	"	struct link_map *map;\n" \
	"	Dl_info info;\n" \
	"	char *ip = __builtin_return_address(0);\n" \
	"	dladdr1(ip, &info, (void **)&map, RTLD_DL_LINKMAP);\n" \
	"	printf(\"%lx\\n\", (unsigned long)(ip - (char *)map->l_addr) - 1);\n" \
	"}\n"

#define CHAIN_SOURCE \
	"void where(void);\n"						/* 1 */ \
	"#define INLINE static inline __attribute__((always_inline))\n"	/* 2 */ \
	"INLINE void innermost(void)\n"					/* 3 */ \
	"{\n"								/* 4 */ \
	"	where();\n"						/* 5 */ \
	"}\n"								/* 6 */ \
	"INLINE void middle(void)\n"					/* 7 */ \
	"{\n"								/* 8 */ \
	"	innermost();\n"						/* 9 */ \
	"}\n"								/* 10 */ \
	"__attribute__((noinline)) int outer(int n)\n"			/* 11 */ \
	"{\n"								/* 12 */ \
	"	middle();\n"						/* 13 */ \
	"	return n + 1;\n"					/* 14 */ \
	"}\n"								/* 15 */ \
	"int main(int argc, char **argv)\n"				/* 16 */ \
	"{\n"								/* 17 */ \
	"	(void)argv;\n"						/* 18 */ \
	"	where();\n"						/* 19 */ \
	"	return outer(argc) - argc - 1;\n"			/* 20 */ \
	"}\n"								/* 21 */

#define CXX_SOURCE \
	"extern \"C\" void where(void);\n"				/* 1 */ \
	"namespace ns {\n"						/* 2 */ \
	"template <class T> struct box {\n"				/* 3 */ \
	"	T value;\n"						/* 4 */ \
	"	__attribute__((noinline)) int get(int n) const\n"	/* 5 */ \
	"	{ where(); return n + (int)value; }\n"			/* 6 */ \
	"	int twice(int n) const { where(); return n; }\n"	/* 7 */ \
	"};\n"								/* 8 */ \
	"}\n"								/* 9 */ \
	"namespace {\n"							/* 10 */ \
	"__attribute__((noinline)) int hidden(int n)\n"			/* 11 */ \
	"{ where(); return n; }\n"					/* 12 */ \
	"}\n"								/* 13 */ \
	"int main(int argc, char **)\n"					/* 14 */ \
	"{\n"								/* 15 */ \
	"	ns::box<long> b{1};\n"					/* 16 */ \
	"	b.get(argc);\n"						/* 17 */ \
	"	b.twice(argc);\n"					/* 18 */ \
	"	hidden(argc);\n"					/* 19 */ \
	"	return 0;\n"						/* 20 */ \
	"}\n"								/* 21 */

/* Functions without linkage names, all inlined into main(). */
#define LOCAL_SOURCE \
	"extern \"C\" void where(void);\n"				/* 1 */ \
	"namespace ns { namespace {\n"					/* 2 */ \
	"inline void helper() { where(); }\n"				/* 3 */ \
	"} }\n"								/* 4 */ \
	"static inline void f()\n"					/* 5 */ \
	"{\n"								/* 6 */ \
	"	auto one = [](int) { where(); };\n"			/* 7 */ \
	"	auto two = [&]() { one(1); where(); };\n"		/* 8 */ \
	"	struct local { static inline void g() { where(); } };\n"	/* 9 */ \
	"	two();\n"						/* 10 */ \
	"	local::g();\n"						/* 11 */ \
	"}\n"								/* 12 */ \
	"int main()\n"							/* 13 */ \
	"{\n"								/* 14 */ \
	"	auto one = [](int) { where(); };\n"			/* 15 */ \
	"	f();\n"							/* 16 */ \
	"	one(2);\n"						/* 17 */ \
	"	ns::helper();\n"					/* 18 */ \
	"	return 0;\n"						/* 19 */ \
	"}\n"								/* 20 */

#endif
