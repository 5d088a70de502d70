/* SPDX-License-Identifier: MIT */
/* A plugin of victim-spaces; compiled as one that needs libc, and as one that says nothing of it. */
extern void *malloc(unsigned long bytes);
extern void free(void *block);
void *plugin_make(unsigned long bytes);
void plugin_drop(void *block);
void plugin_call(void (*function)(void));

void *plugin_make(unsigned long bytes)
{
	return malloc(bytes);
}

void plugin_drop(void *block)
{
	free(block);
}

void plugin_call(void (*function)(void))
{
	function();
}
