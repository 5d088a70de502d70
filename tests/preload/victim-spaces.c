/* SPDX-License-Identifier: MIT */
/*
 * Loads a plugin into three namespaces of the loader, each with a libc of its own, and goes there and
 * back, with threads and children.  Usage: victim-spaces [PLUGIN]; without one it does nothing.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *(*make)(unsigned long);
static void (*drop)(void *);
static void (*call)(void (*)(void));

static void mine(void)
{
	for (int i = 0; i < 10; i++)
		free(malloc(10));
}

static void *run(void *arg)
{
	for (int i = 0; i < 1000; i++)
		drop(make(100));
	mine();
	return arg;
}

static int run_child(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		call(mine);
		drop(make(7));
		_exit(0);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

static int use_plugin(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 1000; i++)
		drop(make(50));
	for (int i = 0; i < 100; i++)
		call(mine);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, run, NULL) != 0)
			return 1;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return run_child();
}

int main(int argc, char **argv)
{
	for (int round = 0; round < 3 && argc > 1; round++) {
		void *plugin = dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW);

		if (!plugin)
			return 3;
		*(void **)&make = dlsym(plugin, "plugin_make");
		*(void **)&drop = dlsym(plugin, "plugin_drop");
		*(void **)&call = dlsym(plugin, "plugin_call");
		if (use_plugin() != 0)
			return 4;
		if (round == 1)
			dlclose(plugin);
		mine();
	}
	return 0;
}
