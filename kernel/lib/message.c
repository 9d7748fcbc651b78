// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is wrong with what a loader handed over, in words.
 */
#include <kernel/lib/message.h>
#include <kernel/lib/printf.h>

const char *boot_message(const char *format, ...)
{
	static char message[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return message;
}
