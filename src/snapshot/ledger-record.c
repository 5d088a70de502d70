/* SPDX-License-Identifier: MIT */
/* Reading records that are being written, and waiting for their writers. */
#include "snapshot/ledger-record.h"

#include <string.h>
#include <time.h>

/* A thread writes its records every 100 ns or so; a reading takes about as long. */
#define MAX_TRIES 20000u
#define MAX_SPINS 200u
#define SLEEP_NS 100000

uint64_t hl_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Word by word: each is written as a whole, and the seqlock is what ties them together. */
static void copy_words(void *to, const void *from, size_t bytes)
{
	const uint64_t *words = from;

	for (size_t i = 0; i < bytes / sizeof(*words); i++) {
		uint64_t word = __atomic_load_n(&words[i], __ATOMIC_RELAXED);

		memcpy((uint8_t *)to + i * sizeof(word), &word, sizeof(word));
	}
}

void hl_record_copy(const struct hl_record_place *from, struct hl_record *to)
{
	copy_words(&to->counters, from->counters, sizeof(to->counters));
	if (from->peak)
		copy_words(&to->peak, from->peak, sizeof(to->peak));
	else
		to->peak = (struct hl_peak){
			.bytes = to->counters.peak_bytes,
			.count = to->counters.peak_count,
		};
}

/* Shard 0 has many writers and no seqlock: two equal readings are the best there is. */
static void read_shared(const struct hl_record_place *from, struct hl_record *to)
{
	struct hl_record again;

	hl_record_copy(from, to);
	for (int i = 0; i < 100; i++) {
		/* acquire: the second reading must not be merged with the first */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		hl_record_copy(from, &again);
		if (!memcmp(to, &again, sizeof(again)))
			return;
		*to = again;
	}
}

/* Until a writer that is stuck goes on. */
static void wait_for(const struct hl_writer *w, unsigned int *nr_sleeps)
{
	const struct timespec pause = {.tv_nsec = SLEEP_NS};

	for (; *nr_sleeps && __atomic_load_n(&w->shard->seq, __ATOMIC_RELAXED) == w->stuck_seq; --*nr_sleeps)
		nanosleep(&pause, NULL);
}

/* The seq of a quiet moment; odd: the writer does not come to one. */
static uint64_t quiet_seq(struct hl_writer *w, struct hl_patience *p, bool is_waiting)
{
	uint64_t seq;
	uint64_t last = 0;
	unsigned int nr_spins = 0;

	for (;;) {
		/* acquire: the record is read after it */
		seq = __atomic_load_n(&w->shard->seq, __ATOMIC_ACQUIRE);
		if (!(seq & 1) || !p->nr_tries)
			return seq;
		nr_spins = seq == last ? nr_spins + 1 : 0;
		last = seq;
		if (nr_spins > MAX_SPINS)
			w->stuck_seq = seq;
		if (seq == w->stuck_seq) {
			if (!is_waiting || !p->nr_sleeps)
				return seq;
			wait_for(w, &p->nr_sleeps);
		}
		p->nr_tries--;
		__builtin_ia32_pause();
	}
}

bool hl_record_read(struct hl_writer *w, const struct hl_record_place *from, struct hl_patience *patience,
		bool is_waiting, struct hl_record *to)
{
	uint64_t seq;

	if (!w->shard) {
		hl_record_copy(from, to);
		return true;
	}
	if (w->is_shared) {
		read_shared(from, to);
		return true;
	}
	for (unsigned int i = 0; i < MAX_TRIES; i++) {
		/* Fetch the line before the seq, so that little time passes between the two. */
		(void)__atomic_load_n(&from->counters->alloc_count, __ATOMIC_RELAXED);
		seq = quiet_seq(w, patience, is_waiting);
		hl_record_copy(from, to);
		/* acquire: the record was read before the seq is read again */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&w->shard->seq, __ATOMIC_RELAXED) == seq)
			return !(seq & 1);
		if (!patience->nr_tries)
			return false;
		patience->nr_tries--;
	}
	return false;
}
