// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Printing a system call in words: its name, its arguments and its result.
 *
 * calls.def says of what kind each argument is; this file prints each kind.
 */
#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <kernel/syscall/table.h>
#include <kernel/syscall/text.h>
#include <mm/user/space.h>

/* The most characters of a path that are printed. */
#define PATH_PRINTED 32

/* Returns the name of the error that a result stands for, NULL if it stands for none. */
static const char *error_name(long result)
{
#define NAME(error) [error] = #error
	static const char *const names[] = {
		NAME(EPERM),     NAME(ENOENT),    NAME(ESRCH),
		NAME(EINTR),     NAME(EIO),       NAME(E2BIG),
		NAME(ENOEXEC),   NAME(EBADF),     NAME(ECHILD),
		NAME(EAGAIN),    NAME(ENOMEM),    NAME(EACCES),
		NAME(EFAULT),    NAME(EBUSY),     NAME(EEXIST),
		NAME(ENODEV),    NAME(ENOTDIR),   NAME(EISDIR),
		NAME(EINVAL),    NAME(EMFILE),    NAME(ENOTTY),
		NAME(EFBIG),     NAME(ENOSPC),    NAME(ESPIPE),
		NAME(EPIPE),     NAME(ERANGE),    NAME(ENAMETOOLONG),
		NAME(ENOSYS),    NAME(ENOTEMPTY), NAME(ELOOP),
		NAME(ETIMEDOUT), NAME(ERESTART),  NAME(ERESTART_UNLESS_HANDLED),
	};

	const uint64_t error = -(uint64_t)result;

	return error < ARRAY_SIZE(names) ? names[error] : NULL;
}

static void print_path(char *text, size_t size, uintptr_t address)
{
	char path[PATH_PRINTED + 1];
	long length = user_read_string(address, path, PATH_PRINTED);
	bool cut = length == -ENAMETOOLONG;

	if (length < 0 && !cut) {
		snprintf(text, size, "%#lx", address);
		return;
	}
	path[cut ? PATH_PRINTED : length] = '\0';
	/* A path may contain escape sequences, which the console would obey. */
	for (char *at = path; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
	snprintf(text, size, "\"%s\"%s", path, cut ? "..." : "");
}

static void print_rights(char *text, size_t size, uint64_t rights)
{
	if (rights & ~(uint64_t)SPACE_RIGHTS)
		snprintf(text, size, "%#lx", rights);
	else
		snprintf(text, size, "%c%c%c", rights & SPACE_READ ? 'r' : '-',
			 rights & SPACE_WRITE ? 'w' : '-', rights & SPACE_EXECUTE ? 'x' : '-');
}

static void print(char *text, size_t size, enum syscall_value as, uint64_t value)
{
	switch (as) {
	case AS_NOTHING:
		break;
	case AS_INT:
		snprintf(text, size, "%d", (int)value);
		break;
	case AS_OFFSET:
		snprintf(text, size, "%ld", (long)value);
		break;
	case AS_SIZE:
		snprintf(text, size, "%lu", value);
		break;
	case AS_POINTER:
	case AS_FLAGS:
		snprintf(text, size, "%#lx", value);
		break;
	case AS_MODE:
		snprintf(text, size, "%s%o", (uint32_t)value ? "0" : "", (uint32_t)value);
		break;
	case AS_RIGHTS:
		print_rights(text, size, value);
		break;
	case AS_FD:
		if ((int)value == (int)AT_WORKING_DIRECTORY)
			snprintf(text, size, "AT_FDCWD");
		else
			snprintf(text, size, "%d", (int)value);
		break;
	case AS_PATH:
		print_path(text, size, value);
		break;
	}
}

void syscall_text(char *text, size_t size, const struct regs *regs)
{
	const uint64_t arguments[SYSCALL_ARGUMENTS] = {regs->rdi, regs->rsi, regs->rdx,
						       regs->r10, regs->r8,  regs->r9};
	const struct syscall *call = syscall_find(regs->rax);
	size_t used;

	if (!call) {
		snprintf(text, size, "call %ld", (long)regs->rax);
		return;
	}
	snprintf(text, size, "%s(", call->name);
	for (unsigned int i = 0; i < SYSCALL_ARGUMENTS && call->values[1 + i]; i++) {
		used = strlen(text);
		snprintf(text + used, size - used, "%s", i ? ", " : "");
		used = strlen(text);
		print(text + used, size - used, call->values[1 + i], arguments[i]);
	}
	used = strlen(text);
	snprintf(text + used, size - used, ")");
}

void syscall_text_result(char *text, size_t size, uint64_t number, long result)
{
	const struct syscall *call = syscall_find(number);
	const char *name = error_name(result);

	if (name)
		snprintf(text, size, "-%s", name);
	else if (call && call->values[0] != AS_INT)
		print(text, size, call->values[0], (uint64_t)result);
	else
		snprintf(text, size, "%ld", result);
}
