/* SPDX-License-Identifier: MIT */
/*
 * make check-hostile-ledgers: ledgers that keep the form and lie about everything else.
 *
 * A fuzzer of bytes hardly ever gets beyond the directory.  Here a ledger is a set of tables in memory; mutations
 * change what is in them, and how they are cut into sections, and only then is the file written.  So it is known what
 * was written: the model adds it up in 128 bits, without any code of the library, and whoever accepts the file has to
 * come to the same numbers.
 *
 *	ledgers.c		the driver: seeds, processes, the summary
 *	ledgers-make.c		tables of a plausible ledger
 *	ledgers-mutate.c	what is done to them
 *	ledgers-write.c		tables to sections, sections to a file
 *	ledgers-model.c		what the file adds up to
 *	ledgers-run.c		each command with one file, and the library with the model
 */
#ifndef HL_TESTS_LEDGERS_H
#define HL_TESTS_LEDGERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ledger.h"

#define MAX_NODES 200000u
#define MAX_SITES 4000u
#define MAX_SHARDS 64u
#define MAX_SECTIONS 700u
#define MAX_STRINGS 65536u
#define MAX_SMALL 64u			/* modules, generations, frames, marks, threads */
#define MAX_NOTES 16u

/* A reproducible source of numbers. */
struct random {
	uint64_t state;
};
uint64_t random_number(struct random *r);
uint64_t random_below(struct random *r, uint64_t n);
bool random_chance(struct random *r, unsigned int percent);
/* One that is at the end of something: 0, 1, 2^31, 2^32, 2^62, 2^63, 2^64 and what lies beside it; or any. */
uint64_t random_extreme(struct random *r);

struct section {
	struct hl_section entry;	/* offset is set when it is written, unless it is forced */
	const void *data;		/* nr_records of own_bytes each; NULL: a hole */
	uint32_t nr_data;		/* so many are there */
	uint32_t own_bytes;		/* of a record in memory; the file may have more */
	bool is_forced;			/* offset is where the mutation says */
};

struct tables {
	struct hl_ledger_header header;
	struct hl_globals globals;
	struct hl_node *nodes;
	struct hl_site *sites;
	struct hl_counters *counters;	/* [shard][MAX_SITES] */
	struct hl_peak *peaks;		/* the same */
	struct hl_sized_shard shards[MAX_SHARDS];
	struct hl_module modules[MAX_SMALL];
	struct hl_generation generations[MAX_SMALL];
	struct hl_source_frame frames[MAX_SMALL];
	struct hl_ledger_mark marks[MAX_SMALL];
	struct hl_ledger_thread threads[MAX_SMALL];
	char strings[MAX_STRINGS];
	uint32_t nr_nodes, nr_sites, nr_shards, nr_modules, nr_generations, nr_frames, nr_marks, nr_threads;
	uint32_t string_bytes;
	bool has_peaks;

	struct section sections[MAX_SECTIONS];
	size_t nr_sections;
	uint32_t chunk_records;		/* 0: one section for each table */
	uint64_t loop_to;		/* where the last block of the directory leads; 0: nowhere */
	uint64_t hole_bytes;		/* behind everything */
	uint64_t cut_bytes;		/* taken off the end */
	uint32_t nr_flips;		/* bits that are changed in the file */

	bool must_refuse;		/* nobody may accept it, for the sake of its sections */
	bool must_accept;		/* nothing is wrong with it */
	bool is_unknown;		/* the model does not cover what was done */
	const char *notes[MAX_NOTES];	/* what was done */
	size_t nr_notes;
};

/* What all sites of a domain have together. */
struct sums {
	__int128 alloc_count, alloc_bytes, free_count, free_bytes, temp_count, move_count;
};

struct model {
	struct sums domains[HL_NR_DOMAINS];
	struct sums all;
	__int128 events, partial_events;
	bool is_wrong;			/* something was freed more often than allocated, or goes beyond 63 bits */
};

/* Room for all tables, used again for each file. */
struct tables *tables_new(void);

/* A ledger that everybody accepts. */
void make_ledger(struct tables *t, struct random *r);
uint32_t put_string(struct tables *t, const char *text, size_t length, struct hl_string *out);
uint32_t add_node(struct tables *t, uint32_t parent, uint64_t ip);
uint32_t add_site(struct tables *t, uint32_t node, unsigned int domain);
struct hl_counters *counters_of(struct tables *t, uint32_t shard, uint32_t site);

void note(struct tables *t, const char *what);
void mutate_tables(struct tables *t, struct random *r);
void mutate_sections(struct tables *t, struct random *r);

/* The sections of a time line and of moments of call sites. */
void add_course(struct tables *t, struct random *r);

/* Cut the tables into sections. */
void make_sections(struct tables *t, struct random *r);
/* Write the file; exits on failure. */
void write_ledger(const struct tables *t, struct random *r, const char *path);

void model_of(const struct tables *t, struct model *model);
/* Whether something in the tables is impossible, so that nobody may accept them. */
bool is_impossible(const struct tables *t);
/* Whether a reader may wait for a writer, as if the program were still there. */
bool is_stuck(const struct tables *t);

/* A traces text instead, with its sum; one that is too deep cannot be written as a ledger. */
void write_traces(struct random *r, const char *path, struct model *model, bool *is_deep);

/* What one file is, for who runs the commands. */
struct subject {
	const char *path;
	const struct model *model;	/* NULL: nothing is known of it */
	bool must_refuse;
	bool must_accept;
	bool is_stuck;
	bool is_deep;			/* there are no copies of it */
};

/* What the child tells its parent, in memory of both. */
struct report {
	char command[160];		/* that is running */
	char fault[400];		/* what is wrong; empty: nothing */
	bool is_accepted;
	bool is_done;
	unsigned int nr_commands;
};

/* In a process of its own: the library and all commands with a file; files are made in the current folder. */
void run_all(const struct subject *subject, struct report *report);
/* All of these, a line each; F: the file, B: a good one, O: what is made, S: suppressions. Returns 0. */
int tell_commands(void);
/* The command's main(), under another name. */
int heapledger_main(int argc, char **argv);

#endif
