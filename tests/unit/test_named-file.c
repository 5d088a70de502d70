/* SPDX-License-Identifier: MIT */
/* Which paths out of files are opened, and which folders can be those of sources. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <check.h>

#include "fixture.h"
#include "snapshot/named-file.h"
#include "snapshot/open-inside.h"

static char buffer[1200];

static int open_and_close(const char *path, enum hl_named_use use, const struct hl_named_folders *folders)
{
	struct stat st = { .st_size = -1 };
	int fd = hl_named_open(path, use, folders, &st);

	if (fd < 0) {
		ck_assert_msg(st.st_size == -1, "%s: @st is touched by a failure", path);
		return fd;
	}
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & (O_ACCMODE | O_PATH), O_RDONLY);
	ck_assert_int_gt(st.st_size, 0);
	close(fd);
	return 0;
}

START_TEST(objects_are_regular_files_that_hold_something)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	write_file("file", "text");
	write_file("empty", "");
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	must_run("truncate -s 1T huge && ln -s file link && ln -s fifo fifo-link && ln -s /etc/passwd passwd-link && "
		 "ln -s /proc/self/status proc-link && ln -s round round");
	ck_assert_int_eq(open_and_close("file", HL_NAMED_OBJECT, NULL), 0);
	ck_assert_int_eq(open_and_close("link", HL_NAMED_OBJECT, NULL), 0);
	ck_assert_int_eq(open_and_close("empty", HL_NAMED_OBJECT, NULL), -EINVAL);
	ck_assert_int_eq(open_and_close(".", HL_NAMED_OBJECT, NULL), -EINVAL);
	ck_assert_int_eq(open_and_close("fifo", HL_NAMED_OBJECT, NULL), -EINVAL);
	ck_assert_int_eq(open_and_close("fifo-link", HL_NAMED_OBJECT, NULL), -EINVAL);
	ck_assert_int_eq(open_and_close("socket", HL_NAMED_OBJECT, NULL), -EINVAL);
	ck_assert_int_eq(open_and_close("huge", HL_NAMED_OBJECT, NULL), -EFBIG);
	ck_assert_int_eq(open_and_close("passwd-link", HL_NAMED_OBJECT, NULL), -EPERM);
	ck_assert_int_eq(open_and_close("proc-link", HL_NAMED_OBJECT, NULL), -EINVAL);
	ck_assert_int_eq(open_and_close("round", HL_NAMED_OBJECT, NULL), -ELOOP);
	ck_assert_int_eq(open_and_close("nothing", HL_NAMED_OBJECT, NULL), -ENOENT);
	ck_assert_int_eq(open_and_close("/etc/passwd", HL_NAMED_OBJECT, NULL), -EPERM);
	ck_assert_int_eq(open_and_close("/proc/kmsg", HL_NAMED_OBJECT, NULL), -EPERM);
	ck_assert_int_eq(open_and_close("/dev/null", HL_NAMED_OBJECT, NULL), -EPERM);
}
END_TEST

static int inside(int root, const char *path)
{
	int fd = hl_named_open_in(root, path, NULL);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* The kernel's way and ours must be one: the file that both meet, or the error. */
static void meets(int root, const char *path, const char *file)
{
	int (*const ways[])(int, const char *) = { hl_open_inside, hl_open_inside_by_parts };
	struct stat met, wanted;

	if (file)
		ck_assert_int_eq(stat(file, &wanted), 0);
	for (int i = 0; i < 2; i++) {
		int fd = ways[i](root, path);

		ck_assert_msg((fd >= 0) == (file != NULL), "%s, way %d: %d", path, i, fd);
		if (fd < 0)
			continue;
		ck_assert_int_eq(fstat(fd, &met), 0);
		ck_assert_msg(met.st_ino == wanted.st_ino, "%s, way %d: another file", path, i);
		close(fd);
	}
}

START_TEST(links_do_not_lead_out_of_a_root)
{
	char *absolute = strdup(in_fixture("out"));
	int root;

	must_run("mkdir -p root/bin root/usr/lib && echo x >root/bin/x && echo out >out && mkdir -p root%s && "
		 "ln -s ../../../out root/bin/up && ln -s %s root/bin/out && ln -s /bin/x root/usr/lib/x && "
		 "ln -s ../../.. root/usr/top && ln -s loop root/loop && ln -s usr/lib root/lib",
		in_fixture(""), absolute);
	root = open("root", O_PATH | O_DIRECTORY);
	ck_assert_int_ge(root, 0);
	meets(root, "/bin/x", "root/bin/x");
	meets(root, "bin//./x", "root/bin/x");
	meets(root, "/../../bin/x", "root/bin/x");
	meets(root, "/usr/lib/x", "root/bin/x");
	meets(root, "/lib/x", "root/bin/x");
	meets(root, "/lib/../lib/../../bin/x", "root/bin/x");
	meets(root, "/usr/top/bin/x", "root/bin/x");
	meets(root, "/usr/top/..", "root");
	meets(root, "/bin/up", NULL);
	meets(root, "/bin/out", NULL);
	meets(root, "/loop", NULL);
	meets(root, "/bin/x/y", NULL);
	meets(root, "/nothing/../bin/x", NULL);
	/* with a file of that name inside, the link leads there */
	must_run("echo in >root%s && echo in >root/out", absolute);
	meets(root, "/bin/out", (snprintf(buffer, sizeof(buffer), "root%s", absolute), buffer));
	meets(root, "/bin/up", "root/out");
	free(absolute);
	close(root);
}
END_TEST

START_TEST(in_a_root_only_what_may_be_an_object_is_opened)
{
	int root;

	must_run("mkdir -p root/etc root/proc root/dev/shm root/bin && echo x >root/etc/x && echo x >root/proc/x && "
		 "echo x >root/dev/x && echo x >root/dev/shm/x && echo x >root/bin/x && mkfifo root/bin/fifo && "
		 "ln -s /etc/x root/bin/etc && : >root/bin/empty");
	root = open("root", O_PATH | O_DIRECTORY);
	ck_assert_int_ge(root, 0);
	ck_assert_int_eq(inside(root, "/bin/x"), 0);
	ck_assert_int_eq(inside(root, "/dev/shm/x"), 0);
	ck_assert_int_eq(inside(root, "/etc/x"), -EPERM);
	ck_assert_int_eq(inside(root, "/bin/etc"), -EPERM);
	ck_assert_int_eq(inside(root, "/bin/../etc/x"), -EPERM);
	ck_assert_int_eq(inside(root, "/proc/x"), -EPERM);
	ck_assert_int_eq(inside(root, "/dev/x"), -EPERM);
	ck_assert_int_eq(inside(root, "/bin/fifo"), -EINVAL);
	ck_assert_int_eq(inside(root, "/bin/empty"), -EINVAL);
	ck_assert_int_eq(inside(root, "/bin/none"), -ENOENT);
	close(root);
	/* what is made up stays so where it is mounted */
	root = open("/proc", O_PATH | O_DIRECTORY);
	ck_assert_int_lt(inside(root, "/self/status"), 0);
	ck_assert_int_lt(inside(root, "/self/exe"), 0);
	close(root);
}
END_TEST

START_TEST(sources_need_somebody_who_vouches)
{
	struct hl_named_folders folders = { 0 };

	must_run("mkdir -p a/b && echo x >a/b/x.c && ln -s ../out.c a/link.c && echo x >out.c && echo x >a/x");
	ck_assert_int_eq(open_and_close("a/b/x.c", HL_NAMED_SOURCE, NULL), -EPERM);
	ck_assert_int_eq(open_and_close(in_fixture("a/b/x.c"), HL_NAMED_SOURCE, &folders), -EPERM);
	ck_assert_int_eq(hl_named_folders_add(&folders, in_fixture("a"), HL_VOUCHER_USER, 0), 0);
	ck_assert_int_eq(open_and_close(in_fixture("a/b/x.c"), HL_NAMED_SOURCE, &folders), 0);
	ck_assert_int_eq(open_and_close(in_fixture("a/./b/../b//x.c"), HL_NAMED_SOURCE, &folders), 0);
	ck_assert_int_eq(open_and_close(in_fixture("a/../out.c"), HL_NAMED_SOURCE, &folders), -EPERM);
	ck_assert_int_eq(open_and_close(in_fixture("a/link.c"), HL_NAMED_SOURCE, &folders), -EPERM);
	ck_assert_int_eq(open_and_close(in_fixture("a/x"), HL_NAMED_SOURCE, &folders), -EPERM);
	ck_assert_int_eq(open_and_close(in_fixture("ab/x.c"), HL_NAMED_SOURCE, &folders), -EPERM);
	/* without a working directory a relative name is none */
	ck_assert_int_eq(open_and_close("a/b/x.c", HL_NAMED_SOURCE, &folders), -ENOENT);
	ck_assert_int_eq(hl_named_folders_add_here(&folders), 0);
	ck_assert_int_eq(open_and_close("a/b/x.c", HL_NAMED_SOURCE, &folders), 0);
	ck_assert_int_eq(open_and_close("out.c", HL_NAMED_SOURCE, &folders), 0);
	hl_named_folders_release(&folders);
	/* the one file that the user names may be called and lie as it likes, but not in /proc */
	ck_assert_int_eq(hl_named_folders_add_file(&folders, in_fixture("a/x")), 0);
	ck_assert_int_eq(open_and_close(in_fixture("a/x"), HL_NAMED_SOURCE, &folders), 0);
	ck_assert_int_eq(open_and_close(in_fixture("out.c"), HL_NAMED_SOURCE, &folders), -EPERM);
	ck_assert_int_eq(hl_named_folders_add_file(&folders, "/proc/self/status"), 0);
	ck_assert_int_eq(open_and_close("/proc/self/status", HL_NAMED_SOURCE, &folders), -EPERM);
	hl_named_folders_release(&folders);
}
END_TEST

START_TEST(folders_that_no_program_was_built_in)
{
	static const char *const no[] = { "/", "/usr", "/etc", "/etc/x/y", "/proc/self/cwd", "/sys/x",
		"/dev/shm/x", "/tmp", "/home", "/home/u", "/root", "/var/lib", "/run/secrets/x", "/boot/x",
		"/srv/me", "/srv/me/here", "/a/.ssh/b", "/home/u/.config/x" };
	static const char *const yes[] = { "/app", "/src", "/home/u/x", "/usr/src", "/usr/src/x", "/tmp/x",
		"/var/lib/x", "/root/x", "/opt/x", "/srv/me/here/x", "/srv/me/hereafter",
		"/home/u/.cargo/registry/x", "/procedures/x" };

	setenv("HOME", "/srv/me/here", 1);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(!hl_named_folder_is_plausible(no[i]), "%s", no[i]);
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ck_assert_msg(hl_named_folder_is_plausible(yes[i]), "%s", yes[i]);
}
END_TEST

START_TEST(a_program_vouches_for_its_own_folder_and_owner)
{
	struct hl_named_folders folders = { 0 };
	char source[300];

	must_run("mkdir -p p/src p/build && echo x >p/src/x.c && echo x >p/build/y.c && chmod 644 p/src/x.c");
	hl_named_folders_add_unit(&folders, in_fixture("p/build"), NULL, geteuid() + 1);
	ck_assert_int_eq(open_and_close(in_fixture("p/build/y.c"), HL_NAMED_SOURCE, &folders), -EPERM);
	hl_named_folders_add_unit(&folders, in_fixture("p/build"), NULL, geteuid());
	ck_assert_int_eq(open_and_close(in_fixture("p/build/y.c"), HL_NAMED_SOURCE, &folders), 0);
	ck_assert_int_eq(open_and_close(in_fixture("p/src/x.c"), HL_NAMED_SOURCE, &folders), -EPERM);
	must_run("touch p/configure");
	snprintf(source, sizeof(source), "%s", in_fixture("p/src/x.c"));
	hl_named_folders_add_unit(&folders, in_fixture("p/build"), source, geteuid());
	ck_assert_int_eq(open_and_close(in_fixture("p/src/x.c"), HL_NAMED_SOURCE, &folders), 0);
	hl_named_folders_release(&folders);
	/* a hostile program has a million of them */
	for (int i = 0; i < 1030; i++) {
		char name[64];

		snprintf(name, sizeof(name), "p/%d", i);
		ck_assert_int_eq(mkdir(name, 0700), 0);
		ck_assert_int_eq(hl_named_folders_add(&folders, in_fixture(name), HL_VOUCHER_PROGRAM, 0),
			i < 1024 ? 0 : -ENOSPC);
	}
	hl_named_folders_release(&folders);
}
END_TEST

Suite *make_suite(void)
{
	Suite *suite = suite_create("named-file");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(core, fixture_enter, fixture_leave);
	tcase_add_test(core, objects_are_regular_files_that_hold_something);
	tcase_add_test(core, links_do_not_lead_out_of_a_root);
	tcase_add_test(core, in_a_root_only_what_may_be_an_object_is_opened);
	tcase_add_test(core, sources_need_somebody_who_vouches);
	tcase_add_test(core, folders_that_no_program_was_built_in);
	tcase_add_test(core, a_program_vouches_for_its_own_folder_and_owner);
	suite_add_tcase(suite, core);
	return suite;
}
