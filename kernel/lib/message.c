// SPDX-License-Identifier: GPL-2.0-or-later
/* The buffer for the message of a check that has failed, and formatting it. */
#include <kernel/lib/message.h>
#include <kernel/lib/printf.h>

const char *message_make(const char *format, ...)
{
	static char message[240];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return message;
}
