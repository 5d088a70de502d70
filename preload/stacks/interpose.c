/* SPDX-License-Identifier: MIT */
/*
 * libc's functions led to the hooks, and what is not to be led there.  dlsym() in hl_interpose_open() only.
 */
#include "stacks/interpose.h"

#include <dlfcn.h>
#include <elf.h>
#include <string.h>
#include <sys/mman.h>

#include "base/options.h"
#include "base/real.h"
#include "stacks/object.h"

static const char *const watched[HL_NR_WATCHED] = { "malloc", "calloc", "realloc", "free", "posix_memalign",
	"aligned_alloc", "memalign" };

/* What a call of the program leads to: the hook, unless a program has one of its own. */
static struct {
	uint64_t hook;
	uint64_t first;
} targets[HL_NR_WATCHED];

/* ---- libc's symbol table ---- */

#define MAX_CHANGES 32u

struct search {
	const struct hl_stand_in *all;
	struct {
		ElfW(Sym) *symbol;
		uint64_t value;
	} changes[MAX_CHANGES];
	uint32_t nr_changes;
	uint64_t start;			/* of the pages with those */
	uint64_t end;
	bool refused;
};

static void note_change(struct search *search, const struct hl_dynamic *libc, uint64_t index,
	const struct hl_stand_in *function)
{
	uint64_t address = (uint64_t)&libc->symbols[index], bias = libc->info->dlpi_addr;
	ElfW(Sym) *symbol = (ElfW(Sym) *)address;

	if (search->nr_changes == MAX_CHANGES ||
		(function->real && (uint64_t)*function->real != bias + symbol->st_value)) {
		search->refused = true;
		return;
	}
	search->changes[search->nr_changes].symbol = symbol;
	search->changes[search->nr_changes++].value = (uint64_t)function->hook - bias;
	if (address < search->start)
		search->start = address;
	if (address + sizeof(*symbol) > search->end)
		search->end = address + sizeof(*symbol);
}

static bool holds(const struct dl_phdr_info *info, uint64_t address, uint32_t *flags)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		*flags = segment->p_flags;
		if (segment->p_type == PT_LOAD && address - info->dlpi_addr - segment->p_vaddr < segment->p_memsz)
			return true;
	}
	return false;
}

/* With code in its segment the table cannot be written to without taking the code away for a moment. */
static int find_changes(struct dl_phdr_info *info, size_t bytes, void *data)
{
	struct search *search = data;
	struct hl_dynamic libc;
	uint32_t flags;

	(void)bytes;
	if (!holds(info, (uint64_t)hl_real.malloc, &flags))
		return 0;
	if (!hl_object_read_dynamic(info, &libc) || !holds(info, (uint64_t)libc.symbols, &flags) ||
		flags & (PF_X | PF_W)) {
		search->refused = true;
		return 1;
	}
	for (const struct hl_stand_in *function = search->all; function->name; function++) {
		uint64_t index = 0;
		uint32_t before = search->nr_changes;

		if (function->mapping && !hl_options.mmap)
			continue;
		while ((index = hl_object_function(&libc, function->name, index)) != 0)
			note_change(search, &libc, index, function);
		/* All or none: who allocates past the hooks must not free through them.  An IFUNC is not found. */
		if (function->real && *function->real && search->nr_changes == before)
			search->refused = true;
	}
	return 1;
}

static void say_unseen(void)
{
	hl_log("calls of libraries with RTLD_DEEPBIND are not seen", "", 0);
}

static void change(struct search *search)
{
	search->start &= ~(HL_PAGE - 1);
	search->end = (search->end + HL_PAGE - 1) & ~(HL_PAGE - 1);
	if (hl_os_protect((void *)search->start, search->end - search->start, PROT_READ | PROT_WRITE) != 0) {
		say_unseen();
		return;
	}
	/* One store each: nobody finds half an address. */
	for (uint32_t i = 0; i < search->nr_changes; i++)
		__atomic_store_n(&search->changes[i].symbol->st_value, search->changes[i].value, __ATOMIC_RELAXED);
	hl_os_protect((void *)search->start, search->end - search->start, PROT_READ);
}

static void find_targets(const struct hl_stand_in *all)
{
	for (uint32_t i = 0; i < HL_NR_WATCHED; i++) {
		while (strcmp(all->name, watched[i]) != 0)
			all++;
		targets[i].hook = (uint64_t)all->hook;
		targets[i].first = (uint64_t)dlsym(RTLD_DEFAULT, watched[i]);
	}
}

void hl_interpose_open(const struct hl_stand_in *all)
{
	struct search search = { .all = all, .start = UINT64_MAX };

	find_targets(all);
	if (!hl_options.deepbind || hl_real.foreign || hl_real.layered)
		return;
	dl_iterate_phdr(find_changes, &search);
	if (search.refused || search.nr_changes == 0)
		say_unseen();
	else
		change(&search);
}

/* ---- What objects call ---- */

/* Of each kind; beyond it an object is not looked through. */
#define MAX_RELOCATIONS 65536u

static uint32_t number_of(const char *name)
{
	uint32_t i = 0;

	while (i < HL_NR_WATCHED && (*name != *watched[i] || strcmp(name, watched[i]) != 0))
		i++;
	return i;
}

/* The address that a slot holds now: of what the program calls, of something in the object, or of another's. */
static bool is_elsewhere(uint64_t start, uint64_t end, struct hl_slots *slots, uint32_t i, uint64_t value)
{
	bool own = slots->of[i].own != 0 && value == start + slots->of[i].own;

	/* Before it is bound: nothing, or the object's own code that binds it, relative while it is being loaded. */
	if (!own && (value < end - start || value - start < end - start)) {
		slots->of[i].before = (uint32_t)value;
		return false;
	}
	slots->of[i].at = 0;
	return value != targets[i].hook && value != targets[i].first;
}

static void find_slots(const struct hl_dynamic *object, uint64_t start, uint64_t end, const ElfW(Rela) *relocation,
	uint64_t nr, struct hl_slots *slots)
{
	for (nr = nr < MAX_RELOCATIONS ? nr : MAX_RELOCATIONS; nr > 0; nr--, relocation++) {
		uint64_t symbol = ELF64_R_SYM(relocation->r_info), type = ELF64_R_TYPE(relocation->r_info);
		uint64_t at = object->info->dlpi_addr + relocation->r_offset - start;
		uint32_t i, flags;

		if ((type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) || at % sizeof(at) != 0 ||
			at >= end - start || at > UINT32_MAX || !holds(object->info, start + at, &flags))
			continue;
		i = number_of(hl_object_name_of(object, symbol));
		if (i < HL_NR_WATCHED)
			slots->of[i].at = (uint32_t)at;
	}
}

bool hl_interpose_look_again(uint64_t start, uint64_t end, struct hl_slots *slots)
{
	bool elsewhere = false;

	slots->any = false;
	for (uint32_t i = 0; i < HL_NR_WATCHED; i++) {
		const uint64_t *slot = (const uint64_t *)(start + slots->of[i].at);

		if (slots->of[i].at == 0)
			continue;
		elsewhere |= is_elsewhere(start, end, slots, i, __atomic_load_n(slot, __ATOMIC_RELAXED));
		slots->any |= slots->of[i].at != 0;
	}
	return elsewhere;
}

/* By the lower halves: a hook, the program's function and an object are not 4 GiB from each other to the byte. */
bool hl_interpose_look_last(uint64_t start, const struct hl_slots *slots)
{
	for (uint32_t i = 0; i < HL_NR_WATCHED; i++) {
		const void *slot = (const void *)(start + slots->of[i].at);
		uint32_t before = slots->of[i].before;

		if (slots->of[i].at == 0)
			continue;
		/* It was seen while the object was being loaded, or after that. */
		if (hl_os_differs(slot, before) && hl_os_differs(slot, (uint32_t)start + before) &&
			hl_os_differs(slot, (uint32_t)targets[i].hook) &&
			hl_os_differs(slot, (uint32_t)targets[i].first))
			return true;
	}
	return false;
}

/* An object with a malloc that nobody finds by name: what is in it was linked to it. */
static bool keeps_to_itself(const struct hl_slots *slots)
{
	return slots->of[0].own != 0 && slots->of[0].at == 0;
}

bool hl_interpose_look(const struct dl_phdr_info *info, struct hl_slots *slots)
{
	struct hl_dynamic object;
	struct hl_module place;
	bool alone;

	memset(slots, 0, sizeof(*slots));
	hl_object_describe(info, &place);
	if (!hl_object_read_dynamic(info, &object))
		return false;
	for (uint32_t i = 0; i < HL_NR_WATCHED; i++) {
		uint64_t index = hl_object_function(&object, watched[i], 0);
		uint64_t own = index != 0 ? place.bias + object.symbols[index].st_value - place.start : 0;

		slots->of[i].own = own <= UINT32_MAX ? (uint32_t)own : 0;
	}
	find_slots(&object, place.start, place.end, object.calls, object.nr_calls, slots);
	find_slots(&object, place.start, place.end, object.data, object.nr_data, slots);
	alone = keeps_to_itself(slots);
	return hl_interpose_look_again(place.start, place.end, slots) || alone;
}
