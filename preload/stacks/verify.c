/* SPDX-License-Identifier: MIT */
/*
 * The comparison of the test build.  Never part of the shim that is installed.
 */
#include "stacks/verify.h"

#include <stdio.h>

#include "base/options.h"
#include "base/os.h"
#include "stacks/nodes.h"

#define MAX_PRINTED 5u

static uint64_t nr_stacks, nr_differ;

static void print_stack(const char *what, const uintptr_t *ips, size_t nr_ips)
{
	char line[160];

	for (size_t i = 0; i < nr_ips; i++) {
		int n = snprintf(line, sizeof(line), "heapledger verify: %s %zu: %#lx\n", what, i, ips[i]);

		hl_os_write(2, line, (size_t)n);
	}
}

void hl_verify_stack(uint32_t node, uint32_t outer, const uintptr_t *ips, size_t nr_ips)
{
	static uintptr_t mine[HL_DEPTH_MAX];
	static uint32_t busy;
	size_t n, same = 0;

	/* Only whole stacks can be compared, and only one at a time. */
	if (outer != HL_NODE_ROOT || __atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
		return;
	n = hl_nodes_frames(node, mine, HL_DEPTH_MAX);
	while (same < n && same < nr_ips && mine[same] == ips[same])
		same++;
	nr_stacks++;
	if (same != n || same != nr_ips) {
		if (nr_differ++ < MAX_PRINTED) {
			print_stack("ours", mine, n);
			print_stack("libunwind", ips, nr_ips);
		}
	}
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

void hl_verify_report(void)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "heapledger: %u: verified %llu stacks, %llu differ\n",
		hl_os_pid(), (unsigned long long)nr_stacks, (unsigned long long)nr_differ);

	if (hl_options.log)
		hl_os_write(2, line, (size_t)n);
}
