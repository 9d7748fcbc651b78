/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The message of a check that has failed: what is wrong, and where.
 *
 * A function that checks something (what a loader handed over, the frame database, a program's
 * regions) returns NULL if all is well, or a message that says what is wrong and where. One message
 * at a time is enough, because after the first the checks end.
 */
#ifndef KERNEL_LIB_MESSAGE_H
#define KERNEL_LIB_MESSAGE_H

#include <kernel/lib/compiler.h>

/*
 * Returns the text that printf would print, cut at 239 bytes. It is valid until the next call, of
 * which it must not be an argument.
 */
const char *message_make(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
