// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files, directories, links, descriptors and pipes: what they do, and how they refuse. Each test
 * works in a new directory, which it leaves empty.
 */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>

#define PAGE 4096ul

/* ---- helpers ---- */

static int open_new(const char *name)
{
	int file = open(name, O_RDWR | O_CREAT | O_EXCL, 0666);

	CHECK(file >= 0);
	return file;
}

static void write_text(int file, const char *text)
{
	CHECK_IS(write(file, text, strlen(text)), strlen(text));
}

static void make_file(const char *name, const char *text)
{
	int file = open_new(name);

	write_text(file, text);
	CHECK_IS(close(file), 0);
}

/* Are these all that can be read from here on? */
static bool reads(int file, const char *text)
{
	char buffer[256];
	ssize_t size = read(file, buffer, sizeof(buffer));

	return size == (ssize_t)strlen(text) && !memcmp(buffer, text, (size_t)size);
}

static bool contains(const char *name, const char *text)
{
	int file = open(name, O_RDONLY);
	bool same;

	CHECK(file >= 0);
	same = reads(file, text);
	CHECK_IS(close(file), 0);
	return same;
}

static struct stat status_of(const char *name)
{
	struct stat status;

	CHECK_IS(stat(name, &status), 0);
	return status;
}

/* ---- contents ---- */

static void reading_and_writing(void)
{
	char buffer[8] = "";
	int file = open_new("file");

	write_text(file, "hello, world");
	CHECK_IS(lseek(file, 0, SEEK_CUR), 12);
	CHECK(reads(file, ""));
	CHECK_IS(lseek(file, 7, SEEK_SET), 7);
	CHECK(reads(file, "world"));
	CHECK_IS(lseek(file, -5, SEEK_END), 7);
	write_text(file, "W");
	CHECK_IS(lseek(file, -1, SEEK_CUR), 7);
	CHECK_IS(read(file, buffer, 3), 3);
	CHECK(!strcmp(buffer, "Wor"));
	CHECK_IS(read(file, buffer, 0), 0);
	CHECK_ERROR(lseek(file, -1, SEEK_SET), EINVAL);
	CHECK_ERROR(lseek(file, 0, 99), EINVAL);
	CHECK_IS(close(file), 0);
	CHECK(contains("file", "hello, World"));
	unlink("file");
}

static void holes_and_truncation(void)
{
	static char zeros[2 * PAGE], buffer[2 * PAGE];
	int file = open_new("file");

	CHECK_IS(lseek(file, 2 * PAGE, SEEK_SET), 2 * PAGE);
	CHECK_IS(status_of("file").st_size, 0);
	write_text(file, "end");
	CHECK_IS(status_of("file").st_size, 2 * PAGE + 3);
	lseek(file, 0, SEEK_SET);
	CHECK_IS(read(file, buffer, sizeof(buffer)), sizeof(buffer));
	CHECK(!memcmp(buffer, zeros, sizeof(buffer)));
	CHECK(reads(file, "end"));

	CHECK_IS(ftruncate(file, 2 * PAGE + 1), 0);
	CHECK_IS(ftruncate(file, 2 * PAGE + 3), 0); /* what was cut off does not come back */
	CHECK_IS(lseek(file, 2 * PAGE, SEEK_SET), 2 * PAGE);
	CHECK_IS(read(file, buffer, 10), 3);
	CHECK(!memcmp(buffer, "e\0\0", 3));
	CHECK_ERROR(ftruncate(file, -1), EINVAL);
	CHECK_IS(close(file), 0);
	file = open("file", O_RDONLY);
	CHECK_ERROR(ftruncate(file, 0), EINVAL);
	close(file);
	unlink("file");
}

static void ways_to_open(void)
{
	int file, other;

	make_file("file", "text");
	CHECK_ERROR(open("file", O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
	CHECK_ERROR(open("missing", O_RDONLY), ENOENT);
	CHECK_ERROR(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_ERROR(open("file/", O_RDONLY), ENOTDIR);
	CHECK_ERROR(open(".", O_WRONLY), EISDIR);
	file = open("file", O_WRONLY | O_APPEND);
	other = open("file", O_WRONLY | O_APPEND);
	write_text(file, " one");
	write_text(other, " two");
	lseek(file, 0, SEEK_SET);
	write_text(file, " three");
	CHECK(contains("file", "text one two three"));
	CHECK_ERROR(read(file, &other, 1), EBADF);
	close(file);
	close(other);
	file = open("file", O_RDONLY);
	CHECK_ERROR(write(file, "x", 1), EBADF);
	close(file);
	file = open("file", O_WRONLY | O_TRUNC);
	CHECK_IS(status_of("file").st_size, 0);
	close(file);
	unlink("file");
}

static void big_files(void)
{
	static unsigned char buffer[10007];
	int file = open_new("file");
	unsigned long offset = 0;
	ssize_t size;

	for (int i = 0; i < 300; i++) {
		for (size_t j = 0; j < sizeof(buffer); j++, offset++)
			buffer[j] = (unsigned char)(offset * 31 >> 4);
		CHECK_IS(write(file, buffer, sizeof(buffer)), sizeof(buffer));
	}
	lseek(file, 0, SEEK_SET);
	offset = 0;
	while ((size = read(file, buffer, 7001)) > 0)
		for (ssize_t j = 0; j < size; j++, offset++)
			if (buffer[j] != (unsigned char)(offset * 31 >> 4))
				check_failed(__func__, __LINE__, "a wrong byte", (long)offset);
	CHECK_IS(size, 0);
	CHECK_IS(offset, 300 * sizeof(buffer));
	close(file);
	unlink("file");
}

static void vectors(void)
{
	char first[3], second[5];
	struct iovec out[] = {{"one ", 4}, {NULL, 0}, {"two ", 4}};
	struct iovec in[] = {{first, sizeof(first)}, {second, sizeof(second)}};
	struct iovec bad[] = {{first, (size_t)-1}};
	int file = open_new("file");

	CHECK_IS(writev(file, out, 3), 8);
	lseek(file, 0, SEEK_SET);
	CHECK_IS(readv(file, in, 2), 8);
	CHECK(!memcmp(first, "one", 3) && !memcmp(second, " two ", 5));
	CHECK_ERROR(readv(file, bad, 1), EINVAL);
	CHECK_ERROR(syscall(SYS_writev, file, out, -1), EINVAL);
	CHECK_ERROR(syscall(SYS_writev, file, out, 1025), EINVAL);
	CHECK_IS(writev(file, out, 0), 0);
	close(file);
	unlink("file");
}

static void devices(void)
{
	char buffer[100];
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);

	CHECK(null >= 0 && zero >= 0);
	CHECK(S_ISCHR(status_of("/dev/null").st_mode));
	CHECK_IS(write(null, buffer, 10), 10);
	CHECK_IS(read(null, buffer, sizeof(buffer)), 0);
	memset(buffer, 1, sizeof(buffer));
	CHECK_IS(read(zero, buffer, sizeof(buffer)), sizeof(buffer));
	for (size_t i = 0; i < sizeof(buffer); i++)
		CHECK_IS(buffer[i], 0);
	CHECK_IS(write(zero, "x", 1), 1);
	CHECK_ERROR(isatty(null) ? 0 : -1, ENOTTY);
}

/* ---- names ---- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names in the working directory, sorted, each with a space after it. */
static const char *names(void)
{
	static char list[8192];
	char *sorted[400];
	struct dirent *entry;
	DIR *directory = opendir(".");
	size_t count = 0;

	CHECK(directory);
	while ((entry = readdir(directory))) {
		CHECK(count < ARRAY_SIZE(sorted));
		sorted[count++] = strdup(entry->d_name);
	}
	closedir(directory);
	qsort(sorted, count, sizeof(*sorted), compare);
	list[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(strcat(list, sorted[i]), " ");
		free(sorted[i]);
	}
	return list;
}

static void directories(void)
{
	char expected[8192] = ". .. ", name[16];
	struct dirent *entry;
	DIR *directory;

	CHECK(!strcmp(names(), ". .. "));
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "name%03d", i);
		make_file(name, "");
		strcat(strcat(expected, name), " ");
	}
	CHECK(!strcmp(names(), expected));
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "name%03d", i);
		CHECK_IS(unlink(name), 0);
	}
	CHECK_IS(mkdir("sub", 0777), 0);
	CHECK_IS(mkdir("sub/deep", 0777), 0);
	CHECK_ERROR(mkdir("sub", 0777), EEXIST);
	CHECK_ERROR(mkdir("missing/x", 0777), ENOENT);
	CHECK_IS(status_of("sub").st_nlink, 3);
	CHECK_ERROR(rmdir("sub"), ENOTEMPTY);
	CHECK_ERROR(unlink("sub"), EISDIR);
	CHECK_ERROR(rmdir("sub/."), EINVAL);
	CHECK_IS(rmdir("sub/deep"), 0);
	directory = opendir(".");
	while ((entry = readdir(directory)))
		CHECK_IS(entry->d_type, DT_DIR);
	closedir(directory);
	CHECK_IS(rmdir("sub"), 0);
	make_file("file", "");
	CHECK_ERROR(rmdir("file"), ENOTDIR);
	CHECK_ERROR(mkdir("file/x", 0777), ENOTDIR);
	unlink("file");
}

static void renaming(void)
{
	make_file("a", "A");
	make_file("b", "B");
	mkdir("d", 0777);
	mkdir("e", 0777);
	CHECK_IS(rename("a", "c"), 0);
	CHECK_IS(rename("c", "b"), 0); /* over another */
	CHECK(contains("b", "A"));
	CHECK_IS(rename("b", "d/b"), 0);
	CHECK_ERROR(rename("missing", "x"), ENOENT);
	CHECK_ERROR(rename("e", "d"), ENOTEMPTY);
	CHECK_ERROR(rename("d", "d/inside"), EINVAL);
	CHECK_ERROR(rename("d/b", "e"), EISDIR);
	CHECK_ERROR(rename("e", "d/b"), ENOTDIR);
	CHECK_IS(rename("d", "e"), 0); /* over an empty one */
	CHECK(contains("e/b", "A"));
	CHECK(!strcmp(names(), ". .. e "));
	CHECK_IS(link("e/b", "same"), 0);
	CHECK_IS(rename("e/b", "same"), 0); /* one file: nothing happens */
	CHECK_IS(status_of("same").st_nlink, 2);
	unlink("same");
	unlink("e/b");
	rmdir("e");
}

static void links(void)
{
	make_file("a", "text");
	CHECK_IS(link("a", "b"), 0);
	CHECK_IS(status_of("a").st_nlink, 2);
	CHECK_IS(status_of("a").st_ino, status_of("b").st_ino);
	CHECK_ERROR(link("a", "b"), EEXIST);
	CHECK_ERROR(link("missing", "c"), ENOENT);
	CHECK_ERROR(link(".", "c"), EPERM);
	CHECK_IS(unlink("a"), 0);
	CHECK_IS(status_of("b").st_nlink, 1);
	CHECK(contains("b", "text"));
	unlink("b");
}

static void symbolic_links(void)
{
	char target[16], name[16];
	struct stat status;

	make_file("file", "text");
	CHECK_IS(symlink("file", "link"), 0);
	CHECK(contains("link", "text"));
	CHECK_IS(lstat("link", &status), 0);
	CHECK(S_ISLNK(status.st_mode));
	CHECK_IS(status.st_size, 4);
	CHECK_IS(readlink("link", target, sizeof(target)), 4);
	CHECK_IS(readlink("link", target, 2), 2);
	CHECK_ERROR(readlink("file", target, 2), EINVAL);
	CHECK_ERROR(symlink("x", "link"), EEXIST);
	CHECK_ERROR(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	unlink("file");
	CHECK_ERROR(open("link", O_RDONLY), ENOENT);
	CHECK_ERROR(open("link", O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
	close(open("link", O_RDWR | O_CREAT, 0666)); /* makes what it names */
	CHECK_IS(status_of("file").st_size, 0);
	unlink("link");

	symlink("file", "0");
	for (int i = 1; i <= 40; i++) {
		snprintf(target, sizeof(target), "%d", i - 1);
		snprintf(name, sizeof(name), "%d", i);
		CHECK_IS(symlink(target, name), 0);
	}
	CHECK_IS(stat("39", &status), 0);
	CHECK_ERROR(stat("40", &status), ELOOP);
	for (int i = 0; i <= 40; i++) {
		snprintf(name, sizeof(name), "%d", i);
		unlink(name);
	}
	symlink("y", "x");
	symlink("x", "y");
	CHECK_ERROR(open("x", O_RDONLY), ELOOP);
	unlink("x");
	unlink("y");
	unlink("file");
}

static void modes(void)
{
	umask(027);
	CHECK_IS(umask(022), 027);
	make_file("file", "123");
	CHECK_IS(status_of("file").st_mode, S_IFREG | 0644);
	CHECK_IS(status_of("file").st_size, 3);
	CHECK_IS(status_of("file").st_uid, getuid());
	CHECK_IS(mkdir("directory", 0777), 0);
	CHECK_IS(status_of("directory").st_mode, S_IFDIR | 0755);
	CHECK_IS(chmod("file", 0751), 0);
	CHECK_IS(status_of("file").st_mode, S_IFREG | 0751);
	CHECK_ERROR(chmod("missing", 0), ENOENT);
	unlink("file");
	rmdir("directory");
}

static void working_directory(void)
{
	char before[PATH_MAX], path[PATH_MAX];
	int directory, file;

	CHECK(getcwd(before, sizeof(before)));
	CHECK(!strcmp(before, workplace));
	mkdir("sub", 0777);
	CHECK_IS(chdir("sub"), 0);
	CHECK(getcwd(path, sizeof(path)));
	CHECK(!strncmp(path, before, strlen(before)) && !strcmp(path + strlen(before), "/sub"));
	CHECK_ERROR(getcwd(path, 3) ? 0 : -1, ERANGE);
	CHECK_ERROR(chdir("missing"), ENOENT);
	make_file("../file", "text");
	CHECK_ERROR(chdir("../file"), ENOTDIR);
	directory = open("..", O_RDONLY | O_DIRECTORY);
	file = openat(directory, "file", O_RDONLY);
	CHECK(reads(file, "text"));
	CHECK_ERROR(openat(file, "x", O_RDONLY), ENOTDIR);
	CHECK_ERROR(openat(99, "x", O_RDONLY), EBADF);
	CHECK_IS(rmdir("../sub"), 0);
	CHECK_ERROR(open("new", O_RDWR | O_CREAT, 0666), ENOENT); /* it is gone */
	CHECK_ERROR(getcwd(path, sizeof(path)) ? 0 : -1, ENOENT);
	CHECK_IS(fchdir(directory), 0);
	unlink("file");
}

static void unlinked_files(void)
{
	struct stat status;
	int file = open_new("file");

	CHECK_IS(unlink("file"), 0);
	CHECK_ERROR(open("file", O_RDONLY), ENOENT);
	write_text(file, "still here");
	lseek(file, 0, SEEK_SET);
	CHECK(reads(file, "still here"));
	CHECK_IS(fstat(file, &status), 0);
	CHECK_IS(status.st_nlink, 0);
	make_file("file", "another");
	CHECK(contains("file", "another"));
	unlink("file");
}

static void errors(void)
{
	static char name[300], path[5000];
	void *wild = (void *)8, *kernel = (void *)0xffff888000000000ul;
	struct stat status;
	int file = open_new("file"), directory = open(".", O_RDONLY), pipes[2];

	CHECK_ERROR(read(99, name, 1), EBADF);
	CHECK_ERROR(read(-1, name, 1), EBADF);
	CHECK_ERROR(close(99), EBADF);
	CHECK_ERROR(lseek(99, 0, SEEK_SET), EBADF);
	CHECK_ERROR(fstat(99, &status), EBADF);
	write_text(file, "text");
	lseek(file, 0, SEEK_SET);
	CHECK_ERROR(syscall(SYS_read, file, wild, 4), EFAULT);
	CHECK_ERROR(syscall(SYS_read, file, kernel, 4), EFAULT);
	CHECK_ERROR(syscall(SYS_write, file, wild, 4), EFAULT);
	CHECK_ERROR(syscall(SYS_write, file, kernel, 4), EFAULT);
	CHECK_ERROR(syscall(SYS_open, wild, O_RDONLY), EFAULT);
	CHECK_ERROR(syscall(SYS_open, kernel, O_RDONLY), EFAULT);
	CHECK_ERROR(syscall(SYS_pipe, wild), EFAULT);
	CHECK_ERROR(syscall(SYS_getcwd, wild, 100), EFAULT);
	CHECK_ERROR(read(directory, name, 1), EISDIR);
	CHECK_ERROR(open("file/x", O_RDONLY), ENOTDIR);
	CHECK_ERROR(open("", O_RDONLY), ENOENT);
	memset(name, 'n', 256);
	CHECK_ERROR(open(name, O_RDONLY), ENAMETOOLONG);
	name[255] = '\0';
	CHECK_ERROR(open(name, O_RDONLY), ENOENT);
	make_file(name, "");
	CHECK_IS(unlink(name), 0);
	memset(path, '/', sizeof(path) - 1);
	CHECK_ERROR(open(path, O_RDONLY), ENAMETOOLONG);
	path[4095] = '\0';
	CHECK_IS(stat(path, &status), 0); /* the root */
	CHECK_IS(pipe(pipes), 0);
	CHECK_ERROR(lseek(pipes[0], 0, SEEK_SET), ESPIPE);
	unlink("file");
}

/* ---- descriptors ---- */

static void duplicates(void)
{
	int file = open_new("file"), copy = dup(file);
	pid_t pid;

	write_text(file, "one");
	write_text(copy, "two"); /* one offset */
	CHECK(contains("file", "onetwo"));
	CHECK_IS(dup2(file, 50), 50);
	CHECK_IS(dup2(file, file), file);
	CHECK_ERROR(dup2(99, 51), EBADF);
	CHECK_ERROR(dup2(99, 99), EBADF);
	CHECK_ERROR(dup3(file, file, 0), EINVAL);
	CHECK_IS(fcntl(file, F_DUPFD, 40), 40);
	CHECK_IS(fcntl(file, F_DUPFD, 40), 41);
	CHECK_IS(close(file), 0);
	write_text(50, "!");
	CHECK_IS(dup(40), file); /* the lowest that is free */
	pid = fork();
	if (!pid) {
		write_text(41, "child");
		_exit(0);
	}
	check_exit(pid, 0);
	write_text(40, "parent");
	CHECK(contains("file", "onetwo!childparent"));
	unlink("file");
}

static void flags(void)
{
	int file = open("file", O_WRONLY | O_CREAT | O_APPEND, 0666);
	int copy = dup(file);

	CHECK_IS(fcntl(file, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_WRONLY | O_APPEND);
	CHECK_IS(fcntl(file, F_SETFL, O_NONBLOCK), 0);
	CHECK_IS(fcntl(copy, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_WRONLY | O_NONBLOCK);
	CHECK_IS(fcntl(file, F_SETFD, FD_CLOEXEC), 0);
	CHECK_IS(fcntl(file, F_GETFD), FD_CLOEXEC);
	CHECK_IS(fcntl(copy, F_GETFD), 0); /* this one is the descriptor's */
	CHECK_ERROR(fcntl(99, F_GETFL), EBADF);
	CHECK_ERROR(fcntl(file, 9999), EINVAL);
	unlink("file");
}

/* In a new program: 60 must be open, 61 to 63 not. */
static int look_at_descriptors(void)
{
	for (int i = 60; i < 64; i++)
		if ((fcntl(i, F_GETFD) >= 0) != (i == 60))
			return i;
	return 14;
}

static int execute_self(void)
{
	execl(self_path(), "files", "--descriptors", NULL);
	return 1;
}

static void close_on_exec(void)
{
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC), pipes[2];

	CHECK_IS(pipe2(pipes, O_CLOEXEC), 0);
	CHECK_IS(fcntl(pipes[1], F_GETFD), FD_CLOEXEC);
	CHECK_IS(fcntl(file, F_GETFD), FD_CLOEXEC);
	CHECK_IS(dup2(file, 60), 60); /* a copy is kept open */
	CHECK_IS(dup3(file, 61, O_CLOEXEC), 61);
	CHECK_IS(fcntl(file, F_DUPFD_CLOEXEC, 62), 62);
	check_exit(start_child(execute_self), 14);
	CHECK_IS(fcntl(62, F_GETFD), FD_CLOEXEC); /* the parent's are still there */
}

/* ---- pipes ---- */

static void pipe_basics(void)
{
	char buffer[8] = "";
	int pipes[2];

	CHECK_IS(pipe(pipes), 0);
	write_text(pipes[1], "abcdef");
	CHECK_IS(read(pipes[0], buffer, 4), 4);
	CHECK(!memcmp(buffer, "abcd", 4));
	CHECK(reads(pipes[0], "ef"));
	CHECK_ERROR(read(pipes[1], buffer, 1), EBADF);
	CHECK_ERROR(write(pipes[0], buffer, 1), EBADF);
	write_text(pipes[1], "rest");
	close(pipes[1]);
	CHECK(reads(pipes[0], "rest"));
	CHECK(reads(pipes[0], ""));
	close(pipes[0]);
	CHECK_ERROR(pipe2(pipes, 0xffff), EINVAL);
}

static void pipes_that_do_not_wait(void)
{
	static char page[PAGE];
	long filled = 0;
	int pipes[2];
	char byte;

	signal(SIGPIPE, SIG_IGN);
	CHECK_IS(pipe2(pipes, O_NONBLOCK), 0);
	CHECK_ERROR(read(pipes[0], &byte, 1), EAGAIN);
	while (write(pipes[1], page, PAGE) == PAGE)
		filled++;
	CHECK_IS(errno, EAGAIN);
	CHECK(filled >= 1);
	CHECK_IS(read(pipes[0], &byte, 1), 1);
	CHECK_ERROR(write(pipes[1], page, PIPE_BUF), EAGAIN); /* all of it or nothing */
	for (long left = filled * (long)PAGE - 1; left; left -= read(pipes[0], page, PAGE))
		;
	CHECK_ERROR(read(pipes[0], &byte, 1), EAGAIN);
	close(pipes[0]);
	CHECK_ERROR(write(pipes[1], page, 1), EPIPE);
}

#define WRITERS 4
#define RECORDS 200
#define RECORD  512

/* More than a pipe holds, from several writers: nothing is lost, no record is torn. */
static void atomic_records(void)
{
	char record[RECORD];
	unsigned int counts[WRITERS] = {0};
	int pipes[2];

	CHECK_IS(pipe(pipes), 0);
	for (int i = 0; i < WRITERS; i++) {
		if (fork())
			continue;
		memset(record, 'a' + i, RECORD);
		for (int j = 0; j < RECORDS; j++)
			CHECK_IS(write(pipes[1], record, RECORD), RECORD);
		_exit(0);
	}
	close(pipes[1]);
	for (;;) {
		ssize_t have = 0, size = 1;

		while (have < RECORD && size > 0) {
			size = read(pipes[0], record + have, (size_t)(RECORD - have));
			have += size;
		}
		if (!have)
			break;
		CHECK_IS(have, RECORD);
		for (int j = 1; j < RECORD; j++)
			CHECK_IS(record[j], record[0]);
		CHECK(record[0] >= 'a' && record[0] < 'a' + WRITERS);
		counts[record[0] - 'a']++;
	}
	for (int i = 0; i < WRITERS; i++)
		CHECK_IS(counts[i], RECORDS);
}

/* One write that is much more than the pipe holds waits for its reader. */
static void long_writes(void)
{
	static char big[300000], small[1000];
	ssize_t size, sum = 0;
	int pipes[2];
	pid_t pid;

	CHECK_IS(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		memset(big, 'z', sizeof(big));
		_exit(write(pipes[1], big, sizeof(big)) != sizeof(big));
	}
	close(pipes[1]);
	while ((size = read(pipes[0], small, sizeof(small))) > 0) {
		for (ssize_t i = 0; i < size; i++)
			CHECK_IS(small[i], 'z');
		sum += size;
	}
	CHECK_IS(sum, sizeof(big));
	check_exit(pid, 0);
}

static int poll_one(int file, int events)
{
	struct pollfd request = {.fd = file, .events = (short)events};
	int count = poll(&request, 1, 0);

	CHECK_IS(count, request.revents != 0);
	return request.revents;
}

static void polling(void)
{
	long begin = milliseconds_now();
	int pipes[2], file = open("/dev/null", O_RDWR);
	struct pollfd request;
	pid_t pid;

	CHECK_IS(pipe(pipes), 0);
	CHECK_IS(poll_one(pipes[0], POLLIN), 0);
	CHECK_IS(poll_one(pipes[1], POLLOUT), POLLOUT);
	CHECK_IS(poll_one(-1, POLLIN), 0);
	CHECK_IS(poll_one(99, POLLIN), POLLNVAL);
	CHECK_IS(poll_one(file, POLLIN | POLLOUT), POLLIN | POLLOUT);
	request = (struct pollfd){.fd = pipes[0], .events = POLLIN};
	CHECK_IS(poll(&request, 1, 50), 0);
	CHECK(milliseconds_now() - begin >= 49);
	pid = fork();
	if (!pid) {
		nap(20);
		write_text(pipes[1], "x");
		_exit(0);
	}
	CHECK_IS(poll(&request, 1, -1), 1); /* woken by the write */
	CHECK_IS(request.revents, POLLIN);
	check_exit(pid, 0);
	close(pipes[1]);
	CHECK_IS(poll_one(pipes[0], POLLIN), POLLIN | POLLHUP);
	CHECK(reads(pipes[0], "x"));
	CHECK_IS(poll_one(pipes[0], POLLIN), POLLHUP);
	close(pipes[0]);
	CHECK_IS(pipe(pipes), 0);
	close(pipes[0]);
	CHECK(poll_one(pipes[1], POLLOUT) & POLLERR);
}

static void selecting(void)
{
	struct timeval now = {0, 0};
	fd_set readers, writers;
	int pipes[2];

	CHECK_IS(pipe(pipes), 0);
	FD_ZERO(&readers);
	FD_ZERO(&writers);
	FD_SET(pipes[0], &readers);
	FD_SET(pipes[1], &writers);
	CHECK_IS(select(pipes[1] + 1, &readers, &writers, NULL, &now), 1);
	CHECK(!FD_ISSET(pipes[0], &readers) && FD_ISSET(pipes[1], &writers));
	write_text(pipes[1], "x");
	FD_SET(pipes[0], &readers);
	CHECK_IS(select(pipes[1] + 1, &readers, NULL, NULL, &now), 1);
	CHECK(FD_ISSET(pipes[0], &readers));
	close(pipes[0]);
	CHECK_ERROR(select(pipes[1] + 1, &readers, NULL, NULL, &now), EBADF);
}

/* ---- mappings and terminals ---- */

static sigjmp_buf escape;
static volatile int bus_code;

static void leave_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	bus_code = signal == SIGBUS ? info->si_code : -1;
	siglongjmp(escape, 1);
}

static void private_mappings(void)
{
	struct sigaction action = {.sa_sigaction = leave_fault, .sa_flags = SA_SIGINFO};
	int file = open_new("file"), writer = open("file", O_WRONLY);
	volatile char *pages;

	CHECK_IS(ftruncate(file, (off_t)PAGE), 0);
	lseek(file, 0, SEEK_END);
	write_text(file, "second page");
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED && errno == EBADF);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 1) == MAP_FAILED && errno == EINVAL);
	CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, file, 0) == MAP_FAILED && errno == EINVAL);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writer, 0) == MAP_FAILED && errno == EACCES);
	pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, (off_t)PAGE);
	CHECK(pages != MAP_FAILED);
	CHECK(!memcmp((char *)pages, "second page", 12)); /* and zeros behind it */
	CHECK_IS(pages[PAGE - 1], 0);
	memcpy((char *)pages, "SECOND", 6);
	CHECK_IS(lseek(file, (off_t)PAGE, SEEK_SET), PAGE);
	CHECK(reads(file, "second page")); /* the file is as it was */
	CHECK_IS(sigaction(SIGBUS, &action, NULL), 0);
	CHECK_IS(sigaction(SIGSEGV, &action, NULL), 0);
	if (!sigsetjmp(escape, 1))
		CHECK(!pages[PAGE]); /* no such page in the file */
	CHECK_IS(bus_code, BUS_ADRERR);
	close(file);
	close(writer);
	unlink("file");
	CHECK(!memcmp((char *)pages, "SECOND page", 12));
	CHECK_IS(munmap((void *)pages, 2 * PAGE), 0);
}

/* By the system call itself: newer libraries make another of it. */
static void times_of_files(void)
{
	struct timeval times[2] = {{1000, 5}, {2000, 6}}, wrong[2] = {{1, 0}, {1, 1000000}};
	struct stat status;

	CHECK_IS(close(open_new("file")), 0);
	CHECK_IS(syscall(SYS_utimes, "file", times), 0);
	CHECK_IS(stat("file", &status), 0);
	CHECK_IS(status.st_mtime, 2000);
	CHECK_ERROR(syscall(SYS_utimes, "file", wrong), EINVAL);
	CHECK_ERROR(syscall(SYS_utimes, "none", times), ENOENT);
	CHECK_ERROR(syscall(SYS_utimes, NULL, times), EFAULT);
	CHECK_IS(syscall(SYS_utimes, "file", NULL), 0);
	CHECK_IS(stat("file", &status), 0);
	CHECK(status.st_mtime > 2000);
	CHECK_IS(unlink("file"), 0);
}

/* A piece that cannot be is noticed before any is moved. */
static void impossible_pieces(void)
{
	int file = open_new("file");
	struct iovec pieces[3] = {{"one", 3}, {"two", 3}, {NULL, (size_t)-1}};

	CHECK_ERROR(writev(file, pieces, 3), EINVAL);
	CHECK_IS(lseek(file, 0, SEEK_END), 0);
	CHECK_IS(writev(file, pieces, 2), 6);
	CHECK_IS(lseek(file, 0, SEEK_SET), 0);
	CHECK_ERROR(readv(file, pieces, 3), EINVAL);
	CHECK_IS(lseek(file, 0, SEEK_CUR), 0);
	CHECK_IS(close(file), 0);
	CHECK_IS(unlink("file"), 0);
}

/* What grows down has no object behind it, whose pages would all be other ones then. */
static void mappings_that_cannot_be(void)
{
	const int validate = 3; /* MAP_SHARED_VALIDATE: of files only */

	CHECK_ERROR((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN,
			       -1, 0),
		    EINVAL);
	CHECK_ERROR((long)mmap(NULL, PAGE, PROT_READ, validate | MAP_ANONYMOUS, -1, 0), EINVAL);
}

static void no_terminals(void)
{
	struct termios settings;
	int file = open_new("file"), pipes[2];

	CHECK_IS(pipe(pipes), 0);
	CHECK_ERROR(isatty(file) ? 0 : -1, ENOTTY);
	CHECK_ERROR(isatty(pipes[0]) ? 0 : -1, ENOTTY);
	CHECK_ERROR(isatty(99) ? 0 : -1, EBADF);
	CHECK_ERROR(tcgetattr(file, &settings), ENOTTY);
	unlink("file");
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(reading_and_writing),
		CHECK_TEST(holes_and_truncation),
		CHECK_TEST(ways_to_open),
		CHECK_TEST(big_files),
		CHECK_TEST(vectors),
		CHECK_TEST(devices),
		CHECK_TEST(directories),
		CHECK_TEST(renaming),
		CHECK_TEST(links),
		CHECK_TEST(symbolic_links),
		CHECK_TEST(modes),
		CHECK_TEST(working_directory),
		CHECK_TEST(unlinked_files),
		CHECK_TEST(errors),
		CHECK_TEST(duplicates),
		CHECK_TEST(flags),
		CHECK_TEST(close_on_exec),
		CHECK_TEST(pipe_basics),
		CHECK_TEST(pipes_that_do_not_wait),
		CHECK_TEST(atomic_records),
		CHECK_TEST(long_writes),
		CHECK_TEST(polling),
		CHECK_TEST(selecting),
		CHECK_TEST(private_mappings),
		CHECK_TEST(times_of_files),
		CHECK_TEST(impossible_pieces),
		CHECK_TEST(mappings_that_cannot_be),
		CHECK_TEST(no_terminals),
	};

	if (argc > 1 && !strcmp(argv[1], "--descriptors"))
		return look_at_descriptors();
	check_before = enter_workplace;
	check_after = leave_workplace;
	return check_run("files", tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
