/* SPDX-License-Identifier: MIT */
/*
 * The HEAPLEDGER_* variables and the name of the ledger.
 */
#include "base/options.h"

#include <errno.h>
#include <string.h>

#include "base/exe.h"
#include "base/os.h"
#include "common/ledger.h"

struct hl_options hl_options = {
	.out = "heapledger.%e.%p.hl",
	.depth = 256,
	.max_bytes = 1ull << 30,
	.follow_fork = true,
	.follow_exec = true,
};

static char **environment;
/* Where the program began: a child's ledger goes there, too, wherever the child has gone. */
static char start_directory[HL_PATH_BYTES];
/* What the standard error was when the program began: hl_log() writes to nothing else. */
#define LOG_FD 2
static uint64_t log_device, log_inode;

static const char *variable(const char *name, size_t length)
{
	for (char **entry = environment; entry && *entry; entry++)
		if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
			return *entry + length + 1;
	return NULL;
}

static const char *option(const char *name)
{
	return variable(name, strlen(name));
}

static uint64_t number(const char *s, unsigned int base, uint64_t fallback)
{
	uint64_t n = 0;

	if (!s || !*s)
		return fallback;
	for (; *s; s++) {
		unsigned int digit = *s >= '0' && *s <= '9' ? (unsigned)(*s - '0') :
			*s >= 'a' && *s <= 'f'              ? (unsigned)(*s - 'a') + 10 :
							      base;

		if (digit >= base || n > (UINT64_MAX - digit) / base)
			return fallback;
		n = n * base + digit;
	}
	return n;
}

static bool is(const char *s, const char *word)
{
	return s && strcmp(s, word) == 0;
}

/* Removes our entry from LD_PRELOAD (and the variable when nothing else is in it). */
static void unload_from(char **envp)
{
	char **to = envp;

	for (char **from = envp; *from; from++) {
		if (strncmp(*from, "LD_PRELOAD=", 11) != 0) {
			*to++ = *from;
			continue;
		}
		char *list = *from + 11, *kept = list;

		while (*list) {
			size_t n = strcspn(list, ": "), gap = strspn(list + n, ": ");
			char *end = list + n;
			char stop = *end;

			*end = '\0';
			if (!strstr(list, "libheapledger_preload.so")) {
				if (kept != *from + 11)
					*kept++ = ':';
				memmove(kept, list, n);
				kept += n;
			} else {
				*end = stop;
			}
			list += n + gap;
		}
		*kept = '\0';
		if (kept != *from + 11)
			*to++ = *from;
	}
	*to = NULL;
}

void hl_options_read(char **envp)
{
	const char *follow, *out;

	environment = envp;
	if (hl_os_cwd(start_directory, sizeof(start_directory)) <= 0)
		start_directory[0] = '\0';
	out = option("HEAPLEDGER_OUT");
	if (out && *out && strlen(out) < sizeof(hl_options.out))
		memcpy(hl_options.out, out, strlen(out) + 1);
	hl_options.depth = (uint32_t)number(option("HEAPLEDGER_DEPTH"), 10, hl_options.depth);
	if (hl_options.depth < 1)
		hl_options.depth = 1;
	if (hl_options.depth > HL_DEPTH_MAX)
		hl_options.depth = HL_DEPTH_MAX;
	hl_options.max_bytes = number(option("HEAPLEDGER_MAX_SIZE"), 10, hl_options.max_bytes);
	hl_options.max_memory = number(option("HEAPLEDGER_MAX_MEMORY"), 10, 0);
	hl_options.sample_bytes = number(option("HEAPLEDGER_SAMPLE"), 10, 0);
	hl_options.session = number(option("HEAPLEDGER_SESSION"), 16, 0);
	hl_options.first_pid = (uint32_t)number(option("HEAPLEDGER_FIRST"), 10, 0);
	hl_options.unwind = is(option("HEAPLEDGER_UNWIND"), "cfi") ? HL_UNWIND_CFI :
		is(option("HEAPLEDGER_UNWIND"), "fp")              ? HL_UNWIND_FP :
								     HL_UNWIND_AUTO;
	hl_options.mmap = is(option("HEAPLEDGER_MMAP"), "1");
	hl_options.threads = is(option("HEAPLEDGER_THREADS"), "1");
	hl_options.paused = is(option("HEAPLEDGER_PAUSED"), "1");
	hl_options.deepbind = !is(option("HEAPLEDGER_DEEPBIND"), "no");
	hl_options.log = option("HEAPLEDGER_LOG") != NULL && hl_os_identify(LOG_FD, &log_device, &log_inode) == 0;
	follow = option("HEAPLEDGER_FOLLOW");
	hl_options.follow_fork = !is(follow, "no") && !is(follow, "exec");
	hl_options.follow_exec = !is(follow, "no") && !is(follow, "fork");
	if (!hl_options.follow_exec)
		unload_from(envp);
}

void hl_options_withhold(char **envp)
{
	char **to = envp;

	for (char **from = envp; *from; from++)
		if (strncmp(*from, "HEAPLEDGER_", 11) != 0)
			*to++ = *from;
	*to = NULL;
}

/* A string being put together in a buffer of fixed size; too long makes it invalid. */
struct text {
	char *to;
	size_t left;
};

static void put(struct text *text, const char *s, size_t length)
{
	if (length >= text->left)
		text->left = 0;
	if (text->left == 0)
		return;
	memcpy(text->to, s, length);
	text->to += length;
	text->left -= length;
	*text->to = '\0';
}

static void put_string(struct text *text, const char *s)
{
	put(text, s, strlen(s));
}

static void put_number(struct text *text, uint64_t n)
{
	char digits[20];
	size_t i = sizeof(digits);

	do
		digits[--i] = (char)('0' + n % 10);
	while (n /= 10);
	put(text, digits + i, sizeof(digits) - i);
}

/* Is the last part of the path of dots only, or still empty? */
static bool ends_in_dots(const struct text *text)
{
	const char *last = text->to - 1;

	while (*last == '.')
		last--;
	return *last == '/';
}

/* A value must not add folders to the path, nor lead out of one; and it makes no hidden file. */
static void put_name(struct text *text, const char *s)
{
	for (; *s; s++)
		put(text, *s == '/' || (*s == '.' && ends_in_dots(text)) ? "_" : s, 1);
}

static void put_exe(struct text *text)
{
	size_t bytes;
	const char *slash = strrchr(hl_exe_path(&bytes), '/');

	put_name(text, slash ? slash + 1 : "program");
}

static void put_host(struct text *text)
{
	struct utsname names;

	put_name(text, hl_os_names(&names) == 0 ? names.nodename : "host");
}

/* %q{NAME}; @p is behind the q.  Returns what follows. */
static const char *put_variable(struct text *text, const char *p)
{
	const char *end = *p == '{' ? strchr(p, '}') : NULL;
	const char *value;

	if (!end)
		return p;
	value = variable(p + 1, (size_t)(end - p - 1));
	put_name(text, value ? value : "");
	return end + 1;
}

/*
 * Expands %p pid, %e program, %h host, %t start time in seconds, %n first free number, %q{VAR},
 * %% into @text; returns the letters that were met, 'p' as 1 and 'n' as 2.
 */
static unsigned int expand(struct text *text, const char *pattern, uint64_t nr)
{
	unsigned int met = 0;

	for (const char *p = pattern; *p; p++) {
		if (*p != '%' || !p[1]) {
			put(text, p, 1);
			continue;
		}
		switch (*++p) {
		case 'p':
			put_number(text, hl_os_pid());
			met |= 1;
			break;
		case 'n':
			put_number(text, nr);
			met |= 2;
			break;
		case 'e':
			put_exe(text);
			break;
		case 'h':
			put_host(text);
			break;
		case 't':
			put_number(text, hl_os_realtime_ns() / 1000000000u);
			break;
		case 'q':
			p = put_variable(text, p + 1) - 1;
			break;
		default:
			put(text, p, 1);
		}
	}
	return met;
}

/* Whoever has taken so many names may have all: then it is numbers that nobody can foresee, for some more attempts. */
#define MAX_IN_TURN 1000u
#define MAX_RANDOM 8u

static uint64_t number_of(uint32_t attempt)
{
	return attempt < MAX_IN_TURN ? attempt : hl_os_random();
}

int hl_options_path(uint32_t attempt, bool forked, char out[HL_PATH_BYTES])
{
	struct text text = { out, HL_PATH_BYTES };
	bool first = !forked && (hl_options.first_pid == 0 || hl_options.first_pid == hl_os_pid());
	bool suffix = strlen(hl_options.out) > 3 &&
		strcmp(hl_options.out + strlen(hl_options.out) - 3, ".hl") == 0;
	uint64_t nr = number_of(attempt);
	unsigned int met;

	if (attempt >= MAX_IN_TURN + MAX_RANDOM)
		return -EEXIST;
	out[0] = '\0';
	if (hl_options.out[0] != '/') {
		if (!start_directory[0])
			return -ENOENT;
		put_string(&text, start_directory);
		put(&text, "/", 1);
	}
	met = expand(&text, hl_options.out, nr);
	if (suffix && text.left != 0) {
		text.to -= 3;
		text.left += 3;
	}
	/*
	 * One name, several processes: all but the one that the user started append their pid (before
	 * a final .hl); and who runs twice under one pid (exec) appends a number as well.
	 */
	if (!(met & 1) && !(met & 2) && (!first || attempt > 0)) {
		put_string(&text, ".");
		put_number(&text, hl_os_pid());
	}
	if (!(met & 2) && attempt > (met & 1 || !first ? 0 : 1)) {
		put_string(&text, ".");
		put_number(&text, nr + (met & 1 || !first));
	}
	if (suffix)
		put_string(&text, ".hl");
	return text.left != 0 ? 0 : -ENAMETOOLONG;
}

const char *hl_options_advice(int error)
{
	switch (-error) {
	case ENOENT:
	case ENOTDIR:
		return ": the folder does not exist; make it, or set HEAPLEDGER_OUT";
	case EACCES:
	case EPERM:
	case EROFS:
		return ": no file may be made there; set HEAPLEDGER_OUT to another folder";
	case EEXIST:
	case ELOOP:
		return ": the name is taken; remove what has it, or set HEAPLEDGER_OUT";
	case ENOTSUP:
		return ": the name is a device's, a pipe's or a socket's; set HEAPLEDGER_OUT to that of a new file";
	case ENOSPC:
	case EDQUOT:
	case EFAULT:
		return ": no space is left there; make room, or set HEAPLEDGER_OUT to another disk";
	case EFBIG:
	case E2BIG:
		return ": too large for RLIMIT_FSIZE (ulimit -f) or HEAPLEDGER_MAX_SIZE; raise it";
	case EMFILE:
	case ENFILE:
		return ": no descriptor is left (ulimit -n); raise it";
	case ENOMEM:
		return ": no memory is left (ulimit -v, HEAPLEDGER_MAX_MEMORY); raise it";
	case ENAMETOOLONG:
		return ": the name is too long; set HEAPLEDGER_OUT to a shorter one";
	default:
		return "";
	}
}

/* Bytes of a name that are shown, and room that it leaves for the rest of the line. */
#define LOG_NAME_BYTES 300
#define LOG_REST_BYTES 64

/*
 * A name for a terminal or a log: somebody else may have chosen it. What is no printable ASCII is shown as \xNN, and so
 * is the second '#' of "##[", which CI systems take for a command.
 */
static void put_shown(struct text *text, const char *name)
{
	static const char hex[] = "0123456789abcdef";
	char before = '\0';

	for (size_t i = 0; name[i] && i < LOG_NAME_BYTES && text->left > LOG_REST_BYTES; before = name[i++]) {
		unsigned char c = (unsigned char)name[i];
		char shown[] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

		if (c < ' ' || c > '~' || (c == '#' && before == '#'))
			put(text, shown, sizeof(shown));
		else
			put(text, name + i, 1);
	}
}

void hl_log(const char *what, const char *which, int error)
{
	char line[768];
	struct text text = { line, sizeof(line) };

	/* The program may have put a file or a connection of its own under this number. */
	if (!hl_options.log || !hl_os_fd_is(LOG_FD, log_device, log_inode))
		return;
	put_string(&text, "heapledger: ");
	put_number(&text, hl_os_pid());
	put_string(&text, ": ");
	put_string(&text, what);
	put_shown(&text, which);
	if (error < 0) {
		put_string(&text, ": errno ");
		put_number(&text, (uint64_t)-error);
	}
	put_string(&text, "\n");
	hl_os_write(LOG_FD, line, (size_t)(text.to - line));
}
