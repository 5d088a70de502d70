/* SPDX-License-Identifier: MIT */
/* Statements that keep memory through glib, each in a line of its own. */
#include <glib.h>
#include <stdlib.h>

#include "origins-count.h"

static GList *list;
static GString *string;
static GHashTable *table;
static GPtrArray *array;
static GArray *numbers;
static char *text, *joined;
static char **words;
static GTree *tree;
static GQueue *queue;

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int main(int argc, char **argv)
{
	int n = 300 + argc;

	(void)argv;
	KEEP(for (int i = 0; i < n; i++) list = g_list_prepend(list, GINT_TO_POINTER(i)));
	KEEP(string = g_string_new(NULL); for (int i = 0; i < n; i++) g_string_append_printf(string, "%d ", i));
	KEEP(table = g_hash_table_new(g_direct_hash, g_direct_equal));
	KEEP(for (int i = 0; i < n; i++) g_hash_table_insert(table, GINT_TO_POINTER(i), list));
	KEEP(array = g_ptr_array_new(); for (int i = 0; i < n; i++) g_ptr_array_add(array, list));
	KEEP(numbers = g_array_new(FALSE, FALSE, sizeof(int)); g_array_append_vals(numbers, &n, 1));
	KEEP(text = g_strdup_printf("%s and %d", string->str, n));
	KEEP(words = g_strsplit(text, " ", -1));
	KEEP(joined = g_strjoinv("-", words));
	KEEP(tree = g_tree_new(compare); for (char **w = words; *w; w++) g_tree_insert(tree, *w, *w));
	KEEP(queue = g_queue_new(); for (int i = 0; i < n; i++) g_queue_push_tail(queue, text));
	print_account();
	fflush(stdout);
	quick_exit(0);
}
