// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stand-ins: printing goes to a buffer, and a panic ends the process. The CPUs are in cpus.c.
 */
#include "host.h"

#include <arch/time.h>
#include <arch/traps.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/symbols.h>
#include <sys/wait.h>
#include <unistd.h>

#define PANIC_STATUS 42

static char output[1 << 16];
static size_t length;

const char *host_output(void)
{
	return output;
}

void host_clear_output(void)
{
	length = 0;
	output[0] = '\0';
}

void vprintk(enum printk_level level, const char *format, va_list arguments)
{
	(void)level;
	length += (size_t)vsnprintf(output + length, sizeof(output) - length, format, arguments);
	assert_true(length < sizeof(output));
}

void printk(enum printk_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintk(level, format, arguments);
	va_end(arguments);
}

void (*host_dying)(void);

static void die(const char *format, va_list arguments) NORETURN;
static void die(const char *format, va_list arguments)
{
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n%s", output); /* what was said before */
	if (host_dying)
		host_dying();
	fflush(stderr);
	_exit(PANIC_STATUS);
}

void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	die(format, arguments);
}

void fatal(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	die(format, arguments);
}

/* Runs the function in a child, which must panic, and returns all it said. */
static const char *last_words(void (*function)(void))
{
	static char message[2 * sizeof(output)];
	size_t length_read = 0;
	int pipe_ends[2], status;
	ssize_t got;
	pid_t child;

	assert_int_equal(pipe(pipe_ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(pipe_ends[1], STDERR_FILENO);
		function();
		_exit(0);
	}
	close(pipe_ends[1]);
	while ((got = read(pipe_ends[0], message + length_read,
			   sizeof(message) - 1 - length_read)) > 0)
		length_read += (size_t)got;
	close(pipe_ends[0]);
	message[length_read] = '\0';
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), PANIC_STATUS);
	return message;
}

void host_expect_panic(void (*function)(void), const char *text)
{
	const char *message = last_words(function);

	if (!strstr(message, text))
		fail_msg("the panic says \"%s\", not \"%s\"", message, text);
}

static char wanted[sizeof(output)];
static size_t wanted_length;

void host_wanted(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	wanted_length += (size_t)vsnprintf(wanted + wanted_length, sizeof(wanted) - wanted_length,
					   format, arguments);
	va_end(arguments);
	assert_true(wanted_length < sizeof(wanted));
}

static void forget_wanted(void)
{
	wanted[0] = '\0';
	wanted_length = 0;
}

void host_expect_output(void)
{
	assert_string_equal(output, wanted);
	host_clear_output();
	forget_wanted();
}

void host_expect_words(void (*function)(void), const char *format, ...)
{
	static char all[2 * sizeof(output)];
	va_list arguments;
	size_t used;

	va_start(arguments, format);
	used = (size_t)vsnprintf(all, sizeof(all), format, arguments);
	va_end(arguments);
	snprintf(all + used, sizeof(all) - used, "\n%s", wanted);
	assert_string_equal(last_words(function), all);
	forget_wanted();
}

const char *trap_name(uint64_t vector)
{
	return vector == TRAP_PAGE_FAULT ? "page fault" : "trap";
}

/* A CPU that waits for that long would wait for ever: nothing here takes any time. */
void report_wait(const char *for_what, uint64_t seconds)
{
	panic("a CPU has waited for %s for %lu seconds", for_what, seconds);
}

uint64_t time_system(void)
{
	return 0;
}

/* Small numbers are callers that a test has made up: those are told apart. */
char *symbol_text(uintptr_t address, char *buffer, size_t size)
{
	snprintf(buffer, size, "somewhere+0x%lx", address <= UINT16_MAX ? address : 1);
	return buffer;
}

/* The kernel's own notes: none here. */
const unsigned char notes_start[1], notes_end[1];

static uint64_t state = 1;

void host_seed(uint64_t seed)
{
	state = seed * 2 + 1;
}

uint64_t host_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

uint64_t host_random_below(uint64_t limit)
{
	return host_random() % limit;
}
