/* SPDX-License-Identifier: MIT */
/* Call sites: who asks for memory, in which way. */
#include "account/sites.h"

#include <errno.h>

#include "account/count.h"
#include "base/shadow.h"
#include "stacks/nodes.h"

struct hl_table hl_sites = { HL_SECTION_SITES, 0, sizeof(struct hl_site), 8, { 0 } };
uint32_t hl_site_first, hl_site_unattributed, hl_site_inherited;

static uint32_t add_site(struct hl_node *owner, uint32_t node, enum hl_kind kind,
	enum hl_domain domain, uint16_t thread)
{
	uint32_t id = (uint32_t)hl_table_next(&hl_globals->nr_sites, &hl_sites, HL_MAX_SITES);
	struct hl_site *site;
	uint32_t head;

	/* The shared counters come with the site, so that no event of it is ever without a place. */
	if (id == 0 || !hl_counters_make(NULL, id))
		return hl_site_unattributed;
	site = hl_table_find(&hl_sites, id);
	site->node = node;
	site->domain = domain;
	site->thread = thread;
	__atomic_store_n(&site->kind, kind, __ATOMIC_RELEASE);
	head = __atomic_load_n(&owner->first_site, __ATOMIC_RELAXED);
	do
		site->next = head;
	while (!__atomic_compare_exchange_n(&owner->first_site, &head, id, true, __ATOMIC_RELEASE,
		__ATOMIC_RELAXED));
	return id;
}

uint32_t hl_sites_find(uint32_t node, enum hl_kind kind, enum hl_domain domain, uint16_t thread)
{
	struct hl_node *owner = hl_table_find(&hl_nodes, node);
	uint32_t id;

	if (node == HL_NODE_UNATTRIBUTED)
		return hl_site_unattributed;
	id = __atomic_load_n(&owner->first_site, __ATOMIC_ACQUIRE);
	/* The chain has later sites first, so that those of an earlier generation end it. */
	while (id > hl_site_unattributed) {
		struct hl_site *site = hl_table_find(&hl_sites, id);

		if (site->kind == kind && site->domain == domain && site->thread == thread)
			return id;
		id = site->next;
	}
	return add_site(owner, node, kind, domain, thread);
}

/* The first site of a generation. */
static void begin_generation(uint32_t first_site)
{
	struct hl_site *site = hl_table_find(&hl_sites, first_site);

	site->node = HL_NODE_UNATTRIBUTED;
	site->kind = HL_KIND_MALLOC;
	__atomic_store_n(&hl_site_unattributed, first_site, __ATOMIC_RELEASE);
}

/* All below do not count. */
static void begin_sites(uint32_t first_site)
{
	begin_generation(first_site);
	__atomic_store_n(&hl_globals->first_site, first_site, __ATOMIC_RELEASE);
	__atomic_store_n(&hl_site_first, first_site, __ATOMIC_RELEASE);
}

static int new_generation(void (*begin)(uint32_t first_site))
{
	uint32_t id = (uint32_t)hl_table_next(&hl_globals->nr_sites, &hl_sites, HL_MAX_SITES);

	if (id == 0 || !hl_counters_make(NULL, id))
		return -ENOSPC;
	begin(id);
	return 0;
}

int hl_sites_clear(void)
{
	return new_generation(begin_sites);
}

int hl_sites_mark(void)
{
	return new_generation(begin_generation);
}

int hl_sites_open(uint32_t first_site)
{
	if (!hl_table_make(&hl_sites, first_site) || !hl_counters_make(NULL, first_site))
		return -ENOMEM;
	hl_globals->nr_sites = first_site + 1;
	hl_site_inherited = first_site;
	begin_sites(first_site);
	return 0;
}

void hl_sites_abandon(void)
{
	hl_table_reset(&hl_sites);
}
