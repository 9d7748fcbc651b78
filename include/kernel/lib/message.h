/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the code that reads what a loader handed over (boot/start_info.c, boot/pvh_info.c).
 */
#ifndef KERNEL_LIB_MESSAGE_H
#define KERNEL_LIB_MESSAGE_H

#include <kernel/lib/compiler.h>

/* The text, as printf would make it, cut at 199 bytes; valid until the next call. */
const char *boot_message(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
