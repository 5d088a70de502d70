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
	tcase_add_test(core, sources_need_somebody_who_vouches);
	tcase_add_test(core, folders_that_no_program_was_built_in);
	tcase_add_test(core, a_program_vouches_for_its_own_folder_and_owner);
	suite_add_tcase(suite, core);
	return suite;
}
