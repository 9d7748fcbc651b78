// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * printk: formats a message, keeps it in a ring, and writes it to the console.
 *
 * The ring holds the last messages of every level, so that "dmesg" can show them again and a panic
 * can show what came before it. The lock "printk" guards the ring and the order on the console.
 */
#include <arch/cpu.h>
#include <arch/lock.h>
#include <arch/time.h>
#include <drivers/console.h>
#include <kernel/lib/log.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/printk.h>
#include <kernel/lib/string.h>

static struct spinlock lock = SPINLOCK(LOCK_PRINTK);
static bool locks_broken;       /* a panic is printing its report */
static uint64_t panic_position; /* in the ring, where that report starts */
static struct log ring;
static enum printk_level console_level = PRINTK_INFO;

static bool take_lock(void)
{
	return locks_broken ? events_mask() : spin_lock(&lock);
}

static void drop_lock(bool events)
{
	if (locks_broken)
		events_restore(events);
	else
		spin_unlock(&lock, events);
}

void printk_begin_panic(void)
{
	locks_broken = true;
	panic_position = ring.end;
}

void printk_set_level(enum printk_level level)
{
	console_level = level;
}

static void emit(enum printk_level level, const char *text, size_t length)
{
	log_append(&ring, level, text, length);
	if (level <= console_level)
		console_write(text, length);
}

/* Writes the time since boot, in seconds: "[    1.234567] ". */
static void emit_time(enum printk_level level)
{
	uint64_t now = time_system();
	char text[32];
	int length = snprintf(text, sizeof(text), "[%5lu.%06lu] ", now / NS_PER_S,
			      now % NS_PER_S / 1000);

	emit(level, text, (size_t)length);
}

void vprintk(enum printk_level level, const char *format, va_list arguments)
{
	char text[512];
	int length = vsnprintf(text, sizeof(text), format, arguments);
	bool events = take_lock();

	if (level != PRINTK_OUTPUT && !ring.inside_line)
		emit_time(level);
	emit(level, text, MIN((size_t)length, sizeof(text) - 1));
	drop_lock(events);
}

void printk(enum printk_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintk(level, format, arguments);
	va_end(arguments);
}

/* Writes a line of the ring to the console only: showing the ring must not add to it. */
static void show_line(const char *text, void *indent)
{
	console_write(indent, strlen(indent));
	console_write(text, strlen(text));
	console_write("\n", 1);
}

static void show_lines(const struct log_filter *filter, const char *indent)
{
	bool events = take_lock();

	log_for_each(&ring, filter, show_line, (void *)indent);
	drop_lock(events);
}

void printk_replay(void)
{
	show_lines(&(struct log_filter){PRINTK_ERROR, PRINTK_DEBUG, UINT64_MAX, UINT64_MAX}, "");
}

void printk_last_lines(unsigned int count)
{
	show_lines(&(struct log_filter){PRINTK_OUTPUT, PRINTK_DEBUG, panic_position, count},
		   "    ");
}
