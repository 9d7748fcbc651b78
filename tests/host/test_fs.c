// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file system against the workstation's own: random operations on paths, with everything that
 * paths can have in them, must give the same errors and leave the same tree.
 */
#define _GNU_SOURCE /* nftw() */
#include "../model/world.h"
#include "host.h"

#include <kernel/file/fs.h>
#include <kernel/lib/errno.h>
#include <mm/frame/frames.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t free_before;

static void start(void)
{
	world_start(4, 4096);
	free_before = frames_free_count();
	assert_true(fs_init());
}

static void stop(void)
{
	fs_clear();
	assert_int_equal(frames_free_count(), free_before);
	world_stop();
}

static long make(const char *path, uint32_t mode)
{
	return name_create(fs_root(), path, mode, NULL, NULL);
}

/* ---- one thing at a time ---- */

static void names_and_paths(void **state)
{
	char long_name[FS_NAME_MAX + 2], long_path[FS_PATH_MAX + 1];
	struct inode *inode, *other;

	(void)state;
	start();
	assert_int_equal(make("/etc", FS_DIRECTORY | 0755), 0);
	assert_int_equal(make("etc/motd", FS_FILE | 0644), 0);
	assert_int_equal(make("/etc", FS_DIRECTORY | 0755), -EEXIST);
	assert_int_equal(make("/no/motd", FS_FILE), -ENOENT);
	assert_int_equal(make("/etc/motd/x", FS_FILE), -ENOTDIR);
	assert_int_equal(make("", FS_FILE), -ENOENT);
	assert_int_equal(path_lookup(fs_root(), "/etc/../etc/./motd", true, &inode), 0);
	assert_int_equal(path_lookup(fs_root(), "//etc///motd", true, &other), 0);
	assert_ptr_equal(inode, other);
	assert_int_equal(inode->references, 3);
	inode_put(other);
	inode_put(inode);
	assert_int_equal(path_lookup(fs_root(), "/etc/motd/", true, &inode), -ENOTDIR);
	assert_int_equal(path_lookup(fs_root(), "/../..", true, &inode), 0);
	assert_ptr_equal(inode, fs_root());
	inode_put(inode);
	memset(long_name, 'n', sizeof(long_name));
	long_name[FS_NAME_MAX + 1] = '\0';
	assert_int_equal(make(long_name, FS_FILE), -ENAMETOOLONG);
	long_name[FS_NAME_MAX] = '\0';
	assert_int_equal(make(long_name, FS_FILE), 0);
	memset(long_path, '/', sizeof(long_path));
	long_path[FS_PATH_MAX] = '\0';
	assert_int_equal(path_lookup(fs_root(), long_path, true, &inode), -ENAMETOOLONG);
	stop();
}

static void links_that_go_round(void **state)
{
	struct inode *inode;
	char buffer[8];

	(void)state;
	start();
	assert_int_equal(name_create(fs_root(), "a", FS_SYMLINK | 0777, "b", NULL), 0);
	assert_int_equal(name_create(fs_root(), "b", FS_SYMLINK | 0777, "/a", NULL), 0);
	assert_int_equal(path_lookup(fs_root(), "a", true, &inode), -ELOOP);
	assert_int_equal(path_lookup(fs_root(), "a", false, &inode), 0);
	assert_int_equal(inode_read_link(inode, buffer, sizeof(buffer)), 1);
	inode_put(inode);
	assert_int_equal(path_lookup(fs_root(), "a/", false, &inode), -ELOOP);
	/* A target that is longer than what is left of a path. */
	assert_int_equal(make("d", FS_DIRECTORY), 0);
	assert_int_equal(make("d/f", FS_FILE), 0);
	assert_int_equal(name_create(fs_root(), "l", FS_SYMLINK | 0777, "d/../d/./../d", NULL), 0);
	assert_int_equal(path_lookup(fs_root(), "l/f", false, &inode), 0);
	inode_put(inode);
	stop();
}

static void what_is_open_stays(void **state)
{
	struct inode *file, *directory;
	char text[6] = "";

	(void)state;
	start();
	assert_int_equal(name_create(fs_root(), "f", FS_FILE | 0644, NULL, &file), 0);
	object_write(file->data, 0, "hello", 5);
	assert_int_equal(name_unlink(fs_root(), "f", false), 0);
	assert_int_equal(file->links, 0);
	assert_int_equal(object_read(file->data, 0, text, 5), 5);
	assert_string_equal(text, "hello");
	inode_put(file);
	/* A directory that is gone holds nothing and takes nothing. */
	assert_int_equal(name_create(fs_root(), "d", FS_DIRECTORY | 0755, NULL, &directory), 0);
	assert_int_equal(name_unlink(fs_root(), "d", true), 0);
	assert_int_equal(name_create(directory, "x", FS_FILE, NULL, NULL), -ENOENT);
	assert_false(path_of_directory(directory, text, sizeof(text)));
	assert_int_equal(name_create(fs_root(), "f", FS_FILE, NULL, &file), 0);
	assert_int_equal(name_link(directory, file, "x"), -ENOENT);
	assert_int_equal(file->references, 2);
	inode_put(file);
	inode_put(directory);
	assert_int_equal(name_create(fs_root(), "abc", FS_DIRECTORY, NULL, &directory), 0);
	assert_true(path_of_directory(directory, text, 5));
	assert_string_equal(text, "/abc");
	assert_false(path_of_directory(directory, text, 4));
	inode_put(directory);
	assert_int_equal(name_unlink(fs_root(), "/", true), -EBUSY);
	stop();
}

static bool collect(const char *name, struct inode *inode, uint64_t next, void *argument)
{
	char *text = argument;

	(void)inode, (void)next;
	if (strlen(text) > 20)
		return false; /* the buffer is full: go on later */
	strcat(text, name);
	strcat(text, " ");
	return true;
}

static void directories_are_listed_in_pieces(void **state)
{
	char text[64] = "", path[32];
	struct inode *directory;
	uint64_t cursor = 0;

	(void)state;
	start();
	assert_int_equal(name_create(fs_root(), "dir", FS_DIRECTORY | 0755, NULL, &directory), 0);
	for (char c = 'a'; c < 'm'; c++) {
		snprintf(path, sizeof(path), "dir/f%c", c);
		assert_int_equal(make(path, FS_FILE), 0);
	}
	assert_int_equal(fs_list(directory, &cursor, collect, text), 0);
	assert_string_equal(text, ". .. fa fb fc fd fe ff ");
	/* What was removed meanwhile is not seen, what is new is; nothing is seen twice. */
	assert_int_equal(name_unlink(fs_root(), "dir/fa", false), 0);
	assert_int_equal(name_unlink(fs_root(), "dir/fh", false), 0);
	assert_int_equal(make("dir/new", FS_FILE), 0);
	*text = '\0';
	assert_int_equal(fs_list(directory, &cursor, collect, text), 0);
	assert_string_equal(text, "fg fi fj fk fl new ");
	inode_put(directory);
	stop();
}

#define NAMES 3000

/* What a listing in pieces has shown so far. */
static struct {
	uint64_t cursor;
	unsigned int left;
	unsigned char seen[NAMES];
} piece;

static bool see(const char *name, struct inode *inode, uint64_t next, void *argument)
{
	(void)inode, (void)next, (void)argument;
	if (!piece.left)
		return false;
	piece.left--;
	if (name[0] != '.')
		piece.seen[atoi(name + 1)]++;
	return true;
}

static void sound(const struct inode *directory, unsigned int count)
{
	const char *error = tree_check(&directory->names);

	if (!error)
		error = tree_check(&directory->positions);
	if (error)
		fail_msg("%s", error);
	/* 1.45 log2(n + 2), for up to 3000. */
	assert_true(!count || (directory->names.root->height <= 16 &&
			       directory->positions.root->height <= 16));
}

/* Names come and go and change: each is found exactly while it is there, by all ways to look. */
static void large_directories(void **state)
{
	static bool there[NAMES];
	static unsigned char through[NAMES]; /* since the listing began */
	struct inode *directory, *found;
	unsigned int count = 0;
	char path[64], other[64];

	(void)state;
	start();
	host_seed(11);
	memset(there, 0, sizeof(there));
	assert_int_equal(name_create(fs_root(), "dir", FS_DIRECTORY | 0755, NULL, &directory), 0);
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int i = (unsigned int)host_random_below(NAMES);
		unsigned int j = (unsigned int)host_random_below(NAMES);

		snprintf(path, sizeof(path), "dir/n%u", i);
		snprintf(other, sizeof(other), "dir/n%u", j);
		if (host_random_below(8) == 0) {
			assert_int_equal(name_rename(fs_root(), path, fs_root(), other),
					 there[i] ? 0 : -ENOENT);
			count -= there[i] && i != j && there[j];
			through[i] &= i == j;
			through[j] &= i == j || !there[i];
			there[j] |= there[i];
			there[i] &= i == j;
		} else if (host_random_below(step < 8000 ? 4 : 2)) {
			assert_int_equal(make(path, FS_FILE), there[i] ? -EEXIST : 0);
			count += !there[i];
			there[i] = true;
		} else {
			assert_int_equal(name_unlink(fs_root(), path, false),
					 there[i] ? 0 : -ENOENT);
			count -= there[i];
			there[i] = false;
			through[i] = false;
		}
		assert_int_equal(path_lookup(fs_root(), other, true, &found),
				 there[j] ? 0 : -ENOENT);
		if (there[j])
			inode_put(found);
		if (step % 100 == 0)
			sound(directory, count);

		/* A listing goes on, a few names at a time. */
		piece.left = (unsigned int)host_random_below(8);
		fs_list(directory, &piece.cursor, see, NULL);
		if (!piece.left)
			continue;
		for (i = 0; i < NAMES && step > 100; i++) {
			if (through[i] && piece.seen[i] != 1)
				fail_msg("n%u was there throughout and shown %u times", i,
					 piece.seen[i]);
		}
		memset(&piece, 0, sizeof(piece));
		for (i = 0; i < NAMES; i++)
			through[i] = there[i];
	}
	inode_put(directory);
	stop();
}

static bool remove_it(const char *name, struct inode *inode, uint64_t next, void *argument)
{
	char path[64];

	(void)inode, (void)next;
	if (name[0] == '.')
		return true;
	snprintf(path, sizeof(path), "dir/%s", name);
	assert_int_equal(name_unlink(fs_root(), path, false), 0);
	++*(unsigned int *)argument;
	return true;
}

/* Whoever is shown an entry may do anything with it: no lock is held, no event held back. */
static void a_listing_holds_no_lock(void **state)
{
	unsigned int removed = 0;
	struct inode *directory;
	uint64_t cursor = 0;
	char path[64];

	(void)state;
	start();
	assert_int_equal(name_create(fs_root(), "dir", FS_DIRECTORY | 0755, NULL, &directory), 0);
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "dir/f%u", i);
		assert_int_equal(make(path, FS_FILE), 0);
	}
	alarm(20); /* a lock that is held would be waited for until then */
	assert_int_equal(fs_list(directory, &cursor, remove_it, &removed), 0);
	alarm(0);
	assert_int_equal(removed, 100);
	assert_int_equal(name_unlink(fs_root(), "dir", true), 0);
	inode_put(directory);
	stop();
}

/* ---- against the workstation ---- */

/*
 * Both sides start in a directory far below their roots: paths and links may lead upwards, and must
 * not lead out.
 */
#define DEPTH 40

static char outermost[64], top[64 + 2 * DEPTH + 1];
static struct inode *base;

static void make_place(void)
{
	strcpy(outermost, "/tmp/pinwheel-fs-XXXXXX");
	assert_non_null(mkdtemp(outermost));
	strcpy(top, outermost);
	base = inode_get(fs_root());
	for (unsigned int i = 0; i < DEPTH; i++) {
		struct inode *below;

		strcat(top, "/u");
		assert_int_equal(mkdir(top, 0755), 0);
		assert_int_equal(name_create(base, "u", FS_DIRECTORY | 0755, NULL, &below), 0);
		inode_put(base);
		base = below;
	}
}

static const char *random_path(char *buffer)
{
	static const char *const names[] = {"a", "b", "c", "d", ".", "a/..", "b//c", "l"};
	unsigned int parts = 1 + (unsigned int)host_random_below(3);

	*buffer = '\0';
	for (unsigned int i = 0; i < parts; i++) {
		strcat(buffer, names[host_random_below(ARRAY_SIZE(names))]);
		if (i + 1 < parts || host_random_below(6) == 0)
			strcat(buffer, "/");
	}
	return buffer;
}

static const char *real(char *buffer, const char *path)
{
	sprintf(buffer, "%s/%s", top, path);
	return buffer;
}

static long result_of(int result)
{
	return result < 0 ? -errno : 0;
}

static void same(const char *what, const char *path, const char *other, long ours, long theirs)
{
	if (ours != theirs)
		fail_msg("%s \"%s\" \"%s\": %ld here, %ld on the workstation", what, path, other,
			 ours, theirs);
}

static void compare_stat(const char *path, bool follow)
{
	char there[400];
	struct inode *inode;
	struct stat st;
	long theirs =
		result_of(follow ? stat(real(there, path), &st) : lstat(real(there, path), &st));
	long ours = path_lookup(base, path, follow, &inode);

	same(follow ? "stat" : "lstat", path, "", ours, theirs);
	if (ours)
		return;
	assert_int_equal(inode->mode & FS_TYPE_MASK, st.st_mode & S_IFMT);
	/* Some file systems do not count the links of directories. */
	if (!S_ISDIR(st.st_mode))
		assert_int_equal(inode->links, st.st_nlink);
	if (S_ISLNK(st.st_mode)) {
		char mine[200] = "", yours[200] = "";

		inode_read_link(inode, mine, sizeof(mine) - 1);
		assert_true(readlink(real(there, path), yours, sizeof(yours) - 1) > 0);
		assert_string_equal(mine, yours);
	}
	inode_put(inode);
}

/* The names of a directory, collected while the file system's lock is held. */
struct listing {
	unsigned int count;
	char name[16][8];
	struct inode *inode[16];
};

static bool note_name(const char *name, struct inode *inode, uint64_t next, void *argument)
{
	struct listing *listing = argument;

	(void)next;
	if (name[0] == '.')
		return true;
	snprintf(listing->name[listing->count], sizeof(listing->name[0]), "%s", name);
	listing->inode[listing->count++] = inode;
	return listing->count < ARRAY_SIZE(listing->name);
}

/* Every name that one side has, the other has too. */
static void compare_directory(struct inode *directory, const char *path)
{
	struct listing listing = {.count = 0};
	unsigned int there = 0;
	struct dirent *entry;
	uint64_t cursor = 0;
	DIR *open = opendir(path);

	assert_non_null(open);
	while ((entry = readdir(open)))
		there += entry->d_name[0] != '.';
	closedir(open);
	fs_list(directory, &cursor, note_name, &listing);
	for (unsigned int i = 0; i < listing.count; i++) {
		char child[400];
		struct stat st;

		snprintf(child, sizeof(child), "%s/%s", path, listing.name[i]);
		if (lstat(child, &st))
			fail_msg("%s is not on the workstation", child);
		assert_int_equal(listing.inode[i]->mode & FS_TYPE_MASK, st.st_mode & S_IFMT);
		if (S_ISDIR(st.st_mode))
			compare_directory(listing.inode[i], child);
	}
	assert_int_equal(listing.count, there);
}

static long link_here(const char *from, const char *to)
{
	struct inode *inode;
	long error = path_lookup(base, from, false, &inode);

	if (!error) {
		error = name_link(base, inode, to);
		inode_put(inode);
	}
	return error;
}

static void random_operation(void)
{
	char path[100], other[100], there[400], there_too[400];

	random_path(path);
	random_path(other);
	switch (host_random_below(9)) {
	case 0:
		same("mkdir", path, "", name_create(base, path, FS_DIRECTORY | 0755, NULL, NULL),
		     result_of(mkdir(real(there, path), 0755)));
		break;
	case 1:
		same("mknod", path, "", name_create(base, path, FS_FILE | 0644, NULL, NULL),
		     result_of(mknod(real(there, path), S_IFREG | 0644, 0)));
		break;
	case 2:
		same("symlink", path, other,
		     name_create(base, path, FS_SYMLINK | 0777, other, NULL),
		     result_of(symlink(other, real(there, path))));
		break;
	case 3:
		same("unlink", path, "", name_unlink(base, path, false),
		     result_of(unlink(real(there, path))));
		break;
	case 4:
		same("rmdir", path, "", name_unlink(base, path, true),
		     result_of(rmdir(real(there, path))));
		break;
	case 5:
		same("rename", path, other, name_rename(base, path, base, other),
		     result_of(rename(real(there, path), real(there_too, other))));
		break;
	case 6:
		same("link", path, other, link_here(path, other),
		     result_of(link(real(there, path), real(there_too, other))));
		break;
	default:
		compare_stat(path, host_random_below(2));
	}
}

static int remove_any(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void as_on_the_workstation(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 20; seed++) {
		host_seed(seed * 7919);
		start();
		make_place();
		for (unsigned int step = 0; step < 600; step++) {
			random_operation();
			compare_directory(fs_root(), outermost);
		}
		inode_put(base);
		stop();
		nftw(outermost, remove_any, 16, FTW_DEPTH | FTW_PHYS);
	}
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static uint64_t contents(const char *path, char *buffer, uint64_t size)
{
	struct inode *inode;
	uint64_t length;

	assert_int_equal(path_lookup(fs_root(), path, true, &inode), 0);
	length = object_read(inode->data, 0, buffer, size - 1);
	buffer[length] = '\0';
	inode_put(inode);
	return length;
}

/* Of names of one file cpio(1) gives the last the data; an older archive may give them the first.
 */
static void hard_links_are_unpacked(void **state)
{
	static char archive[1 << 16];
	char buffer[64], path[300], command[500];
	struct cpio_reader reader;
	struct inode *a, *c;
	FILE *pipe;

	(void)state;
	start();
	make_place();
	write_file(real(path, "a"), "the data");
	assert_int_equal(link(real(path, "a"), real(command, "b")), 0);
	assert_int_equal(mkdir(real(path, "d"), 0755), 0);
	assert_int_equal(link(real(path, "a"), real(command, "d/c")), 0);
	write_file(real(path, "other"), "else");
	real(path, "");
	snprintf(command, sizeof(command), "cd %s && find . | sort | cpio --quiet -o -H newc",
		 path);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	cpio_open(&reader, archive, fread(archive, 1, sizeof(archive), pipe));
	assert_int_equal(pclose(pipe), 0);
	/* Into a directory of its own: the place is there already. */
	inode_put(base);
	fs_clear();
	assert_true(fs_init());
	assert_null(unpack_archive(&reader));
	assert_int_equal(contents("a", buffer, sizeof(buffer)), 8);
	assert_string_equal(buffer, "the data");
	assert_int_equal(contents("d/c", buffer, sizeof(buffer)), 8);
	assert_int_equal(contents("other", buffer, sizeof(buffer)), 4);
	assert_int_equal(path_lookup(fs_root(), "a", true, &a), 0);
	assert_int_equal(path_lookup(fs_root(), "d/c", true, &c), 0);
	assert_ptr_equal(a, c);
	assert_int_equal(a->links, 3);
	inode_put(a);
	inode_put(c);
	stop();
	nftw(outermost, remove_any, 16, FTW_DEPTH | FTW_PHYS);
}

/* One entry in the new ASCII format, at the end of an archive. */
static uint64_t add_entry(char *archive, uint64_t at, const char *name, unsigned int mode,
			  unsigned int number, unsigned int links, const char *data)
{
	at += (uint64_t)sprintf(
		archive + at, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x",
		number, mode, 0, 0, links, 0, strlen(data), 0, 0, 0, 0, strlen(name) + 1, 0);
	memcpy(archive + at, name, strlen(name) + 1);
	at = ROUND_UP(at + strlen(name) + 1, 4);
	memcpy(archive + at, data, strlen(data));
	return ROUND_UP(at + strlen(data), 4);
}

/*
 * Many names of each of a few files, in directories that the archive does not mention; then a
 * second archive, whose numbers say nothing about the first one's files.
 */
static void many_names_of_one_file(void **state)
{
	static char archive[1 << 20];
	char name[64], buffer[64];
	struct cpio_reader reader;
	struct inode *file;
	uint64_t size = 0;

	(void)state;
	start();
	memset(archive, 0, sizeof(archive));
	for (unsigned int i = 0; i < 4000; i++) {
		snprintf(name, sizeof(name), "d%u/e/n%u", i % 10, i);
		/* The data of one comes with its first name, of the others with the last. */
		snprintf(buffer, sizeof(buffer), "file %u", i % 4);
		size = add_entry(archive, size, name, FS_FILE | 0644, 100 + i % 4, 1000,
				 (i % 4 ? i >= 3996 : i < 4) ? buffer : "");
	}
	size = add_entry(archive, size, "TRAILER!!!", 0, 0, 1, "");
	size = add_entry(archive, size, "other", FS_FILE | 0644, 101, 2, "else");
	size = add_entry(archive, size, "TRAILER!!!", 0, 0, 1, "");
	cpio_open(&reader, archive, size);
	assert_null(unpack_archive(&reader));
	for (unsigned int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "d%u/e/n%u", (3000 + i) % 10, 3000 + i);
		contents(name, buffer, sizeof(buffer));
		snprintf(name, sizeof(name), "file %u", i);
		assert_string_equal(buffer, name);
		snprintf(name, sizeof(name), "d%u/e/n%u", i, i);
		assert_int_equal(path_lookup(fs_root(), name, true, &file), 0);
		assert_int_equal(file->links, 1000);
		inode_put(file);
	}
	contents("other", buffer, sizeof(buffer));
	assert_string_equal(buffer, "else");
	stop();
}

/* Names as cpio may write them; and in a later archive names that are there already. */
static void later_names_count(void **state)
{
	static char archive[1 << 16];
	struct cpio_reader reader;
	char buffer[64];
	uint64_t size = 0;

	(void)state;
	start();
	memset(archive, 0, sizeof(archive));
	size = add_entry(archive, size, ".//d/.//file", FS_FILE | 0644, 1, 1, "one");
	size = add_entry(archive, size, "./second", FS_FILE | 0644, 2, 1, "two");
	size = add_entry(archive, size, "TRAILER!!!", 0, 0, 1, "");
	size = add_entry(archive, size, "new", FS_FILE | 0644, 1, 2, "");
	size = add_entry(archive, size, "second", FS_FILE | 0644, 1, 2, "later");
	size = add_entry(archive, size, "TRAILER!!!", 0, 0, 1, "");
	cpio_open(&reader, archive, size);
	assert_null(unpack_archive(&reader));
	contents("d/file", buffer, sizeof(buffer));
	assert_string_equal(buffer, "one");
	contents("second", buffer, sizeof(buffer));
	assert_string_equal(buffer, "later");
	contents("new", buffer, sizeof(buffer));
	assert_string_equal(buffer, "later");
	stop();
}

static struct object *answer;

static struct object *answer_for(uint32_t device)
{
	return device == 7 ? object_get(answer) : NULL;
}

/* Opening or making; real paths; a link whose target is made up when it is followed. */
static void making_and_finding(void **state)
{
	struct inode *inode, *same_inode;
	char path[64];

	(void)state;
	start();
	base = inode_get(fs_root());
	assert_int_equal(name_create(base, "/d", FS_DIRECTORY | 0755, NULL, NULL), 0);
	assert_int_equal(name_create(base, "/dangling", FS_SYMLINK | 0777, "d/new", NULL), 0);
	assert_int_equal(name_make_file(base, "dangling", FS_FILE | 0644, true, &inode), -EEXIST);
	assert_int_equal(name_make_file(base, "dangling", FS_FILE | 0644, false, &inode), 0);
	assert_int_equal(name_make_file(base, "d/new", FS_FILE | 0644, false, &same_inode), 0);
	assert_ptr_equal(inode, same_inode);
	assert_int_equal(name_make_file(base, "d/new", FS_FILE | 0644, true, &same_inode), -EEXIST);
	assert_int_equal(name_make_file(base, "d/new/", FS_FILE | 0644, false, &same_inode),
			 -ENOTDIR);
	inode_put(inode);
	inode_put(inode);
	assert_true(path_resolve(base, "dangling", path, sizeof(path)));
	assert_string_equal(path, "/d/new");
	assert_true(path_resolve(base, "d/..", path, sizeof(path)));
	assert_string_equal(path, "/");
	assert_true(path_resolve(base, "d", path, sizeof(path)));
	assert_string_equal(path, "/d");
	assert_false(path_resolve(base, "d/new", path, 6));
	assert_true(path_resolve(base, "d/new", path, 7));

	assert_int_equal(name_create(base, "/magic", FS_SYMLINK | 0777, NULL, &inode), 0);
	inode->device = 7;
	inode_contents = answer_for;
	answer = object_create(0);
	assert_int_equal(path_lookup(base, "magic", true, &same_inode), -ENOENT);
	object_write(answer, 0, "/d/new", 6);
	assert_int_equal(inode_read_link(inode, path, sizeof(path)), 6);
	assert_true(path_resolve(base, "magic", path, sizeof(path)));
	assert_string_equal(path, "/d/new");
	inode->device = 8;
	assert_int_equal(path_lookup(base, "magic", true, &same_inode), -ENOENT);
	assert_int_equal(inode_read_link(inode, path, sizeof(path)), -ENOENT);
	inode_put(inode);
	object_put(answer);
	inode_put(base);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hard_links_are_unpacked),
		cmocka_unit_test(later_names_count),
		cmocka_unit_test(making_and_finding),
		cmocka_unit_test(names_and_paths),
		cmocka_unit_test(links_that_go_round),
		cmocka_unit_test(what_is_open_stays),
		cmocka_unit_test(directories_are_listed_in_pieces),
		cmocka_unit_test(large_directories),
		cmocka_unit_test(a_listing_holds_no_lock),
		cmocka_unit_test(many_names_of_one_file),
		cmocka_unit_test(as_on_the_workstation),
	};

	return cmocka_run_group_tests_name("fs", tests, NULL, NULL);
}
