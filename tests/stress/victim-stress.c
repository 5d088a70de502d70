/* SPDX-License-Identifier: MIT */
/*
 * Everything at once: 64 threads that free and resize each other's blocks, threads that come and go, some by
 * raw exit, plugins, forks, callbacks of dl_iterate_phdr(), timers; all of it counted (tracker.h).
 *
 * Usage: victim-stress SECONDS ANYWHERE LOCKED PLUGIN...
 *   ANYWHERE  1: handlers that allocate come at any instruction (the allocator beneath must bear it),
 *             0: between two calls of the allocator only
 *   LOCKED    1: one lock around each call of the allocator, 0: none
 * Prints KEY=VALUE lines at the end.  No memory of its own comes from the allocator: tables are mapped.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tracker.h"

#define NR_SLOTS 32768u
#define ALTERNATE (64ul << 10)
#define NR_MAPS 32

/* Whoever sets busy owns the slot; who finds it set goes elsewhere, also in a handler. */
struct slot {
	int busy;
	uint32_t bytes;
	void *block;
};
static struct slot *slots;

static double began, seconds;
static int anywhere;
static volatile int stop;
static int nr_plugins;
static char **plugins;
/* Held while the loader's lists change, so that a child that runs exit handlers finds them whole. */
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static sigset_t timers;
static uint64_t nr_handlers, nr_children, nr_short, nr_raw, nr_loads, nr_callbacks;
static uint64_t maps, map_bytes, unmaps, unmap_bytes;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	(void)!write(2, what, strlen(what));
	(void)!write(2, "\n", 1);
	_exit(3);
}

static void count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void *map_table(size_t bytes)
{
	void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (table == MAP_FAILED)
		fail("mmap");
	return table;
}

static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Two waves; the second is higher, so that the peak lies in the third quarter of the time. */
static int quarter(void)
{
	int q = (int)((now() - began) * 4 / seconds);

	return q > 3 ? 3 : q;
}

static size_t pick_size(uint32_t r, int q)
{
	static const uint32_t limits[10] = { 40, 40, 100, 100, 100, 300, 300, 4000, 4000, 12000 };
	size_t size = 1 + r / 16 % limits[r % 10];

	return q == 2 ? size + size / 4 : size;
}

static void *make(uint32_t r, size_t bytes)
{
	void *block;

	if (r % 8 == 0)
		block = track_calloc(bytes);
	else if (r % 8 == 1)
		block = track_aligned(64, bytes);
	else
		block = track_malloc(bytes);
	if (!block)
		fail("no memory");
	memset(block, 1, bytes < 64 ? bytes : 64);
	return block;
}

/* Fill an empty slot, or free or resize what lies there. */
static void change(struct slot *slot, uint32_t r, int q)
{
	int grow = q == 0 || q == 2;
	size_t bytes = pick_size(r, q);

	if (!slot->block) {
		if (r % 100 < (grow ? 90u : 15u)) {
			slot->block = make(r >> 8, bytes);
			slot->bytes = (uint32_t)bytes;
		}
	} else if (r % 100 < (grow ? 8u : 40u)) {
		track_free(slot->block, slot->bytes);
		slot->block = NULL;
	} else if (r % 100 < 70u) {
		slot->block = track_realloc(slot->block, slot->bytes, bytes);
		slot->bytes = (uint32_t)bytes;
		if (!slot->block)
			fail("no memory");
	}
}

static void step(uint32_t r, int q)
{
	struct slot *slot = &slots[r / 7 % NR_SLOTS];

	if (__atomic_exchange_n(&slot->busy, 1, __ATOMIC_ACQUIRE))
		return;
	change(slot, r, q);
	__atomic_store_n(&slot->busy, 0, __ATOMIC_RELEASE);
}

static void left(uint32_t path, int depth, uint32_t r, int q);

static void right(uint32_t path, int depth, uint32_t r, int q)
{
	volatile char frame[200];

	frame[0] = (char)depth;
	if (depth == 0)
		step(r, q);
	else if (path & 1)
		left(path >> 1, depth - 1, r, q);
	else
		right(path >> 1, depth - 1, r, q);
	frame[1] = frame[0];
}

static void left(uint32_t path, int depth, uint32_t r, int q)
{
	if (depth == 0)
		step(r, q);
	else if (path & 1)
		left(path >> 1, depth - 1, r, q);
	else
		right(path >> 1, depth - 1, r, q);
	__asm__ volatile("" ::: "memory");
}

static void steps(uint32_t *seed, int n, int q)
{
	for (int i = 0; i < n; i++)
		left(next(seed) & 63, (int)(next(seed) % 7), next(seed), q);
}

static void on_timer(int signal)
{
	static uint32_t turn;
	int saved_errno = errno;
	uint32_t seed = __atomic_add_fetch(&turn, 1, __ATOMIC_RELAXED) * 2654435761u | 1;

	(void)signal;
	count(&nr_handlers);
	steps(&seed, 3, quarter());
	errno = saved_errno;
}

/* Where handlers may not come anywhere, they come here. */
static void window(void)
{
	if (anywhere)
		return;
	pthread_sigmask(SIG_UNBLOCK, &timers, NULL);
	pthread_sigmask(SIG_BLOCK, &timers, NULL);
}

static void *work(void *arg)
{
	uint32_t seed = (uint32_t)(uintptr_t)arg * 2654435761u | 1;
	stack_t alternate = { .ss_sp = map_table(ALTERNATE), .ss_size = ALTERNATE };

	if (seed & 2)
		sigaltstack(&alternate, NULL);
	while (!stop) {
		steps(&seed, 64, quarter());
		window();
		/* The other kinds of thread are to have their turn. */
		usleep(3000);
	}
	return NULL;
}

static int in_callback(struct dl_phdr_info *info, size_t bytes, void *seed)
{
	(void)info, (void)bytes;
	count(&nr_callbacks);
	steps(seed, 2, quarter());
	return 0;
}

static void *iterate(void *arg)
{
	uint32_t seed = (uint32_t)(uintptr_t)arg * 40503u | 1;

	while (!stop) {
		dl_iterate_phdr(in_callback, &seed);
		window();
		usleep(200);
	}
	return NULL;
}

static void *load(void *arg)
{
	const char *path = plugins[(uintptr_t)arg % (uintptr_t)nr_plugins];
	void (*plugin_work)(unsigned int);

	for (unsigned int i = 0; !stop; i++) {
		void *plugin;

		pthread_mutex_lock(&loading);
		plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		pthread_mutex_unlock(&loading);
		if (!plugin)
			fail(dlerror());
		*(void **)&plugin_work = dlsym(plugin, "plugin_work");
		plugin_work(i);
		pthread_mutex_lock(&loading);
		dlclose(plugin);
		pthread_mutex_unlock(&loading);
		count(&nr_loads);
		usleep(500);
	}
	return NULL;
}

/* A thread's last calls. */
static pthread_key_t key;
static void at_thread_end(void *arg)
{
	track_free(track_malloc(77), 77);
	track_free(arg, 33);
}

static void *live_short(void *arg)
{
	uint32_t seed = (uint32_t)(uintptr_t)arg * 2246822519u | 1;

	steps(&seed, 20, quarter());
	if ((uintptr_t)arg % 4 == 0) {
		count(&nr_raw);
		syscall(SYS_exit, 0);
	}
	pthread_setspecific(key, track_malloc(33));
	steps(&seed, 20, quarter());
	return NULL;
}

static void *spawn(void *arg)
{
	pthread_t thread[4];

	for (uintptr_t i = (uintptr_t)arg << 20; !stop; i += 4) {
		for (uintptr_t k = 0; k < 4; k++)
			if (pthread_create(&thread[k], NULL, live_short, (void *)(i + k)) != 0)
				fail("pthread_create");
		for (uintptr_t k = 0; k < 4; k++)
			pthread_join(thread[k], NULL);
		__atomic_fetch_add(&nr_short, 4, __ATOMIC_RELAXED);
		usleep(1000);
	}
	return NULL;
}

/* 20 blocks of 50 bytes, 10 of them freed; not counted, as the child's account is another one. */
void child_work(void)
{
	for (int i = 0; i < 20; i++) {
		void *block = malloc(50);

		if (i % 2)
			free(block);
	}
}

static void be_child(int how, char *self)
{
	char *argv[] = { self, (char *)"child", NULL };

	/* Another thread of the parent may have had the lock; the plugins' ends are not counted here. */
	tracker.locked = 0;
	child_work();
	if (how == 0)
		_exit(0);
	if (how == 1)
		execv("/proc/self/exe", argv);
	else
		exit(0);
	_exit(9);
}

static void *fork_often(void *self)
{
	int status;

	for (int i = 0; !stop; i++) {
		pid_t pid;

		if (i % 3 == 2)
			pthread_mutex_lock(&loading);
		pid = fork();
		if (pid == 0)
			be_child(i % 3, self);
		if (i % 3 == 2)
			pthread_mutex_unlock(&loading);
		while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (pid < 0 || status != 0)
			fail("a child failed");
		count(&nr_children);
		usleep(50000);
	}
	return NULL;
}

/* Anonymous mappings, for --mmap; nothing else of this program is in this function. */
void *map_often(void *arg)
{
	size_t sizes[NR_MAPS] = { 0 };
	void *held[NR_MAPS] = { NULL };
	uint32_t seed = 12345;

	while (!stop) {
		uint32_t i = next(&seed) % NR_MAPS;

		if (held[i] && munmap(held[i], sizes[i]) == 0) {
			unmaps++;
			unmap_bytes += sizes[i];
		}
		sizes[i] = 4096ul * (1 + next(&seed) % 16);
		held[i] = mmap(NULL, sizes[i], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (held[i] == MAP_FAILED)
			fail("mmap");
		maps++;
		map_bytes += sizes[i];
		usleep(100);
	}
	return arg;
}

static void start_timers(timer_t *timer)
{
	struct sigaction action = { .sa_handler = on_timer, .sa_flags = SA_RESTART | SA_ONSTACK };
	struct itimerval every = { { 0, 1000 }, { 0, 1000 } };
	struct itimerspec other = { { 0, 1300000 }, { 0, 1300000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };

	/* A handler allocates: where the allocator does not bear it, the other one may not come meanwhile. */
	if (!anywhere)
		action.sa_mask = timers;
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGRTMIN, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, timer) != 0 || timer_settime(*timer, 0, &other, NULL) != 0 ||
		setitimer(ITIMER_REAL, &every, NULL) != 0)
		fail("timers");
}

static void stop_timers(timer_t timer)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct timespec moment = { 0, 0 };

	pthread_sigmask(SIG_BLOCK, &timers, NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	timer_delete(timer);
	while (sigtimedwait(&timers, NULL, &moment) > 0)
		;
}

static const struct {
	void *(*run)(void *);
	int nr;
} crews[] = { { work, 50 }, { iterate, 4 }, { load, 4 }, { spawn, 4 }, { fork_often, 1 }, { map_often, 1 } };

static void run_crews(char *self)
{
	static pthread_t thread[64];
	uintptr_t n = 0;
	timer_t timer;

	for (size_t c = 0; c < sizeof(crews) / sizeof(crews[0]); c++)
		for (int i = 0; i < crews[c].nr; i++, n++) {
			void *arg = crews[c].run == fork_often ? (void *)self : (void *)(n + 1);

			if (pthread_create(&thread[n], NULL, crews[c].run, arg) != 0)
				fail("pthread_create");
		}
	start_timers(&timer);
	while (now() - began < seconds)
		usleep(10000);
	stop = 1;
	while (n > 0)
		pthread_join(thread[--n], NULL);
	stop_timers(timer);
}

static void print_tally(void)
{
	const struct {
		const char *key;
		uint64_t value;
	} lines[] = {
		{ "made", tracker.made }, { "made_bytes", tracker.made_bytes }, { "freed", tracker.freed },
		{ "freed_bytes", tracker.freed_bytes }, { "peak", (uint64_t)tracker.live_peak },
		{ "most", (uint64_t)tracker.most_peak }, { "handlers", nr_handlers }, { "children", nr_children },
		{ "short", nr_short }, { "raw", nr_raw }, { "loads", nr_loads }, { "callbacks", nr_callbacks },
		{ "maps", maps }, { "map_bytes", map_bytes }, { "unmaps", unmaps }, { "unmap_bytes", unmap_bytes },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		printf("%s=%llu\n", lines[i].key, (unsigned long long)lines[i].value);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "child") == 0) {
		child_work();
		return 0;
	}
	if (argc < 5)
		return 2;
	seconds = atof(argv[1]);
	anywhere = atoi(argv[2]);
	tracker.locked = atoi(argv[3]);
	plugins = argv + 4;
	nr_plugins = argc - 4;
	slots = map_table(NR_SLOTS * sizeof(*slots));
	pthread_key_create(&key, at_thread_end);
	sigemptyset(&timers);
	sigaddset(&timers, SIGALRM);
	sigaddset(&timers, SIGRTMIN);
	if (!anywhere)
		pthread_sigmask(SIG_BLOCK, &timers, NULL);
	began = now();
	run_crews(argv[0]);
	print_tally();
	return 0;
}
