// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls in words, for every line of calls.def: a trace that misnames a call or miscounts its
 * arguments misleads its reader.
 */
#include "host.h"

#include <kernel/file/user_memory.h>
#include <kernel/lib/errno.h>
#include <kernel/syscall/table.h>
#include <kernel/syscall/text.h>

#define CALL(number, name, expression, ...)               [number] = {#name, NULL, {__VA_ARGS__}},
#define CALL_32(number, number_32, name, expression, ...) [number] = {#name, NULL, {__VA_ARGS__}},
static const struct syscall calls[] = {
#include <kernel/syscall/calls.def>
};

const struct syscall *syscall_find(uint64_t number)
{
	return number < ARRAY_SIZE(calls) && calls[number].name ? &calls[number] : NULL;
}

/* The program's memory is this process's own; the first page cannot be read. */
long user_read_string(uintptr_t from, char *to, uint64_t size)
{
	const char *text = (const char *)from;
	size_t length;

	if (from < 4096)
		return -EFAULT;
	length = strnlen(text, size);
	memcpy(to, text, length);
	return length < size ? (long)length : -ENAMETOOLONG;
}

static void expect(const struct regs *regs, const char *wanted)
{
	char text[SYSCALL_TEXT];

	syscall_text(text, sizeof(text), regs);
	assert_string_equal(text, wanted);
}

static void expect_result(uint64_t number, long result, const char *wanted)
{
	char text[SYSCALL_RESULT];

	syscall_text_result(text, sizeof(text), number, result);
	assert_string_equal(text, wanted);
}

static void arguments_by_kind(void **state)
{
	const struct regs protect = {
		.rax = SYS_mprotect, .rdi = 0x5e2000, .rsi = 4096, .rdx = 1, .r10 = 99};
	const struct regs map = {
		.rax = SYS_mmap, .rsi = 8192, .rdx = 7, .r10 = 0x22, .r8 = 0xffffffff, .r9 = 0};

	(void)state;
	expect(&protect, "mprotect(0x5e2000, 4096, r--)");
	expect(&map, "mmap(0, 8192, rwx, 0x22, -1, 0)");
	expect(&(struct regs){.rax = SYS_mprotect, .rdx = 0x1000000}, "mprotect(0, 0, 0x1000000)");
	expect(&(struct regs){.rax = SYS_lseek, .rdi = 3, .rsi = (uint64_t)-5, .rdx = 2},
	       "lseek(3, -5, 2)");
	expect(&(struct regs){.rax = SYS_read, .rdi = 3, .rsi = 0x1000, .rdx = UINT64_MAX},
	       "read(3, 0x1000, 18446744073709551615)");
	expect(&(struct regs){.rax = SYS_getpid, .rdi = 7}, "getpid()");
	expect(&(struct regs){.rax = SYS_kill, .rdi = 0xfffffffe, .rsi = 9}, "kill(-2, 9)");
	expect(&(struct regs){.rax = 9999, .rdi = 7}, "call 9999");
	expect(&(struct regs){.rax = UINT64_MAX}, "call -1");
}

static void paths(void **state)
{
	struct regs regs = {.rax = SYS_openat, .rdi = 0xffffff9c, .rdx = 0x80000, .r10 = 0644};

	(void)state;
	regs.rsi = (uintptr_t) "/etc/motd";
	expect(&regs, "openat(AT_FDCWD, \"/etc/motd\", 0x80000, 0644)");
	regs.rdi = 5;
	regs.rsi = (uintptr_t) "12345678901234567890123456789012";
	expect(&regs, "openat(5, \"12345678901234567890123456789012\"..., 0x80000, 0644)");
	regs.rsi = (uintptr_t) "\033[2J\n\xff";
	expect(&regs, "openat(5, \"?[2J??\", 0x80000, 0644)");
	regs.rsi = 0x10;
	expect(&regs, "openat(5, 0x10, 0x80000, 0644)");
}

static void results(void **state)
{
	(void)state;
	expect_result(SYS_read, 17, "17");
	expect_result(SYS_write, 3000000000, "3000000000");
	expect_result(SYS_openat, -ENOENT, "-ENOENT");
	expect_result(SYS_mmap, 0x7fff00001000, "0x7fff00001000");
	expect_result(SYS_mmap, -ENOMEM, "-ENOMEM");
	expect_result(SYS_umask, 022, "022");
	expect_result(SYS_umask, 0, "0");
	expect_result(9999, -ENOSYS, "-ENOSYS");
	expect_result(SYS_read, -999, "-999");
	expect_result(SYS_rt_sigreturn, INT64_MIN, "-9223372036854775808");
}

static void errors_have_names(void **state)
{
	const int some[] = {EPERM, EINTR, EAGAIN,    EFAULT,  EINVAL,
			    EPIPE, ELOOP, ETIMEDOUT, ERESTART};
	char text[SYSCALL_RESULT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		syscall_text_result(text, sizeof(text), SYS_read, -some[i]);
		assert_true(text[0] == '-' && text[1] == 'E');
	}
}

/* The longest values that each call can have fit: nothing is cut, and all arguments are there. */
static void every_call_fits(void **state)
{
	const uint64_t path = (uintptr_t) "a path that is longer than what is printed of it";
	char text[SYSCALL_TEXT];
	unsigned int count = 0;

	(void)state;
	for (uint64_t number = 0; number < ARRAY_SIZE(calls); number++) {
		const struct syscall *call = syscall_find(number);
		uint64_t values[SYSCALL_ARGUMENTS];
		unsigned int arguments = 0, commas = 0;

		if (!call)
			continue;
		for (unsigned int i = 0; i < SYSCALL_ARGUMENTS; i++) {
			values[i] = call->values[1 + i] == AS_PATH ? path : UINT64_MAX / 2 + 1;
			arguments += call->values[1 + i] != AS_NOTHING;
		}
		syscall_text(text, sizeof(text),
			     &(struct regs){.rax = number,
					    .rdi = values[0],
					    .rsi = values[1],
					    .rdx = values[2],
					    .r10 = values[3],
					    .r8 = values[4],
					    .r9 = values[5]});
		for (const char *at = text; *at; at++)
			commas += *at == ',';
		assert_int_equal(strncmp(text, call->name, strlen(call->name)), 0);
		assert_int_equal(text[strlen(text) - 1], ')');
		assert_int_equal(commas, arguments ? arguments - 1 : 0);
		assert_int_not_equal(call->values[0], AS_NOTHING);
		count++;
	}
	assert_true(count > 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_by_kind), cmocka_unit_test(paths),
		cmocka_unit_test(results),           cmocka_unit_test(errors_have_names),
		cmocka_unit_test(every_call_fits),
	};

	return cmocka_run_group_tests_name("syscall_text", tests, NULL, NULL);
}
