// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * execve(2): finding the program or its interpreter, loading it, and moving the process to it.
 *
 * Everything that can fail is done in a new address space while the old one is intact; then the
 * process moves to the new one and frees the old one.
 */
#include "create.h"

#include <arch/switch.h>
#include <arch/user.h>
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <kernel/process/exec.h>
#include <kernel/process/pids.h>
#include <kernel/process/random.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>

/* The bytes of a script's first line that are read, as on Linux. */
#define SCRIPT_LINE 256

/* The deepest nesting of scripts whose interpreter is a script. */
#define SCRIPTS_MOST 4

/* ---- strings ---- */

/* Allocates memory for strings from the frame allocator. Returns false if there is none. */
static bool strings_alloc(struct strings *strings, uint64_t bytes)
{
	unsigned int order = 0;
	pfn_t block;

	while (((uint64_t)PAGE_SIZE << order) < bytes)
		order++;
	block = frames_alloc(order);
	*strings = (struct strings){.text = pfn_valid(block) ? pfn_to_virt(block) : NULL};
	return pfn_valid(block);
}

static void strings_free(const struct strings *strings)
{
	if (strings->text)
		frames_free(virt_to_pfn(strings->text));
}

/*
 * Reads a vector of pointers to strings from the program's memory, or only measures them if "text"
 * is NULL. Another thread may change them between the two passes, so "most" bounds both.
 */
static long read_vector(uintptr_t vector, char *text, uint64_t most, struct strings *result)
{
	static char measured[PAGE_SIZE]; /* written only */

	*result = (struct strings){.text = text};
	for (;; vector += sizeof(uintptr_t), result->count++) {
		uintptr_t string;
		long length = 0;

		if (user_read(vector, &string, sizeof(string)))
			return -EFAULT;
		if (!string)
			return 0;
		/* A string that is only measured is read in pieces. */
		if (text) {
			length = user_read_string(string, text + result->bytes,
						  most - result->bytes);
		} else {
			long part;

			while ((part = user_read_string(string + (uintptr_t)length, measured,
							sizeof(measured))) == -ENAMETOOLONG &&
			       (uint64_t)length < most)
				length += sizeof(measured);
			length = part < 0 ? part : length + part;
		}
		if (length == -ENAMETOOLONG)
			return -E2BIG;
		if (length < 0)
			return length;
		result->bytes += (uint64_t)length + 1;
		if (result->bytes > most || result->count > PROGRAM_STRINGS_MOST / 8)
			return -E2BIG;
	}
}

static long read_strings(uintptr_t vector, struct strings *strings)
{
	struct strings measure;
	long error;

	*strings = (struct strings){0};
	if (!vector)
		return 0;
	error = read_vector(vector, NULL, PROGRAM_STRINGS_MOST, &measure);
	if (error)
		return error;
	if (!strings_alloc(strings, measure.bytes))
		return -ENOMEM;
	return read_vector(vector, (char *)strings->text, measure.bytes, strings);
}

/* ---- scripts ---- */

/*
 * Returns the first word from *line on, NUL-terminated, and moves *line past it. Returns NULL if
 * there is none.
 */
static char *next_word(char **line)
{
	char *word = *line, *end;

	while (*word == ' ' || *word == '\t')
		word++;
	end = word;
	while (*end && *end != ' ' && *end != '\t')
		end++;
	*line = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

/*
 * Returns the rest of the line without blanks around it, as one argument. Returns NULL if it is
 * empty.
 */
static char *rest_of_line(char *line)
{
	size_t length;

	while (*line == ' ' || *line == '\t')
		line++;
	length = strlen(line);
	while (length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		line[--length] = '\0';
	return length ? line : NULL;
}

static void append(struct strings *strings, const char *text, uint64_t bytes)
{
	memcpy((char *)strings->text + strings->bytes, text, bytes);
	strings->bytes += bytes;
}

static void append_word(struct strings *strings, const char *word)
{
	append(strings, word, strlen(word) + 1);
	strings->count++;
}

/*
 * Makes the arguments of an interpreter: "INTERPRETER [ARGUMENT] PATH" and the words except the
 * first. Returns false if out of memory.
 */
static bool script_words(const char *interpreter, const char *argument, const char *path,
			 const struct strings *old, struct strings *new)
{
	uint64_t first = old->count ? strlen(old->text) + 1 : 0;

	if (!strings_alloc(new, old->bytes + SCRIPT_LINE + 2 + strlen(path) + 1))
		return false;
	append_word(new, interpreter);
	if (argument)
		append_word(new, argument);
	append_word(new, path);
	append(new, old->text + first, old->bytes - first);
	new->count += old->count ? old->count - 1 : 0;
	return true;
}

/* ---- programs ---- */

/* Finds the file to run, and takes a reference to it. Returns 0 or an error. */
static long find_program(struct process *process, const char *path, struct inode **result)
{
	long error = path_lookup(process->directory, path, true, result);

	if (error)
		return error;
	if (inode_is(*result, FS_FILE) && ((*result)->mode & 0111) && !(*result)->device)
		return 0;
	inode_put(*result);
	return -EACCES;
}

static long load(const struct process *process, struct object *file, const char *path,
		 const struct strings *arguments, const struct strings *environment,
		 struct exec_image *image)
{
	struct program program = {
		.name = path, .arguments = *arguments, .environment = *environment};

	random_bytes(program.random, sizeof(program.random));
	image->space = space_create();
	if (!image->space)
		return -ENOMEM;
	if (process->space)
		image->space->limit = process->space->limit;
	return program_load(file, &program, image->space, &image->start);
}

/* Sets the name and the path that the process will have. Returns 0 or ENOMEM. */
static long name_image(const struct process *process, const char *path, struct exec_image *image)
{
	char *name = NULL;
	struct object *object = object_create(0);
	pfn_t page = object ? frames_alloc(0) : INVALID_PFN;
	uint64_t length;

	if (pfn_valid(page)) {
		name = pfn_to_virt(page);
		if (!path_resolve(process->directory, path, name, PAGE_SIZE))
			name[0] = '\0';
		length = strlen(name);
		if (object_write(object, 0, name, length) < length)
			name = NULL;
		frames_free(page);
	}
	if (!name) {
		if (object)
			object_put(object);
		return -ENOMEM;
	}
	image->path = object;
	for (const char *at = path; *at; at++) {
		if (*at == '/' && at[1])
			path = at + 1;
	}
	snprintf(image->name, sizeof(image->name), "%s", path);
	return 0;
}

void exec_name_process(struct process *process, const struct exec_image *image)
{
	if (process->executable)
		object_put(process->executable);
	process->executable = image->path;
	memcpy(process->name, image->name, sizeof(process->name));
}

void exec_discard(struct exec_image *image)
{
	if (image->space)
		space_put(image->space);
	if (image->path)
		object_put(image->path);
	*image = (struct exec_image){0};
}

/*
 * Loads a program, or the interpreter that the first line of a script names. Returns 0 or an error.
 */
static long prepare(struct process *process, const char *path, const struct strings *arguments,
		    const struct strings *environment, unsigned int depth, struct exec_image *image)
{
	char line[SCRIPT_LINE + 1] = "", *at = line + 2, *interpreter;
	struct strings words;
	struct inode *inode;
	long error = find_program(process, path, &inode);

	if (error)
		return error;
	line[object_read(inode->data, 0, line, SCRIPT_LINE)] = '\0';
	if (line[0] != '#' || line[1] != '!') {
		error = load(process, inode->data, path, arguments, environment, image);
		inode_put(inode);
		return error ? error : name_image(process, path, image);
	}
	inode_put(inode);
	if (strchr(line, '\n'))
		*strchr(line, '\n') = '\0';
	interpreter = next_word(&at);
	if (!interpreter || depth == SCRIPTS_MOST)
		return interpreter ? -ELOOP : -ENOEXEC;
	if (!script_words(interpreter, rest_of_line(at), path, arguments, &words))
		return -ENOMEM;
	error = prepare(process, interpreter, &words, environment, depth + 1, image);
	strings_free(&words);
	return error;
}

long exec_prepare(struct process *process, const char *path, const struct strings *arguments,
		  const struct strings *environment, struct exec_image *image)
{
	long error;

	*image = (struct exec_image){0};
	error = prepare(process, path, arguments, environment, 0, image);
	if (error)
		exec_discard(image);
	return error;
}

/*
 * Ends the other threads of the process and waits for that. Returns false if the whole process must
 * end instead.
 */
static bool be_alone(struct process *process)
{
	bool events;

	if (process->alone)
		return false;
	process->alone = thread_current();
	for_each_thread(thread, process)
	{
		if (thread != process->alone)
			task_wake(thread->task);
	}
	events = events_mask();
	while (process->threads.next->next != &process->threads && !process->dying)
		task_sleep(&process->changed);
	events_restore(events);
	process->alone = NULL;
	return !process->dying;
}

/* Replaces the address space and the registers. Nothing from here on can fail. */
static void move_over(struct process *process, const struct exec_image *image)
{
	struct thread *thread = thread_current();
	struct space *old = process->space;

	mm_activate(&image->space->mm);
	process->space = image->space;
	task_set_space(image->space, 0);
	process_put_space(old);
	exec_name_process(process, image);
	process_stop_borrowing(process);
	files_exec(process->files);
	signal_reset(process);
	pids_renumber_thread(thread, process->pid);
	thread->clear_child_tid = 0;
	thread->stack = (struct signal_stack){0};
	thread->call = -1;
	user_init(task_regs(thread->task), image->start.entry, image->start.stack);
	fresh_fpu(thread->task->fpu);
	task_restore_fpu();
}

static long exec(const char *path, const struct strings *arguments,
		 const struct strings *environment)
{
	/* Programs expect argv[0] to exist. */
	static const struct strings nameless = {1, "", 1};
	struct process *process = process_current();
	struct exec_image image;
	long error;

	if (!arguments->count)
		arguments = &nameless;
	error = exec_prepare(process, path, arguments, environment, &image);
	if (error)
		return error;
	if (!be_alone(process)) {
		exec_discard(&image);
		return -EINTR;
	}
	move_over(process, &image);
	return 0;
}

long sys_execve(uintptr_t path_address, uintptr_t arguments, uintptr_t environment)
{
	struct strings words = {0}, variables = {0};
	char *path;
	long error = user_read_path(path_address, &path);

	if (error)
		return error;
	error = read_strings(arguments, &words);
	if (!error)
		error = read_strings(environment, &variables);
	if (!error)
		error = exec(path, &words, &variables);
	strings_free(&words);
	strings_free(&variables);
	user_free_path(path);
	return error;
}
