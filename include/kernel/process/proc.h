/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev and /proc: what in the file system is not a file.
 */
#ifndef KERNEL_PROCESS_PROC_H
#define KERNEL_PROCESS_PROC_H

#include <mm/user/space.h>

/* Makes /dev and /proc, in place of what the initramfs has there. False: that cannot be. */
bool proc_init(void);

/* Lines as in Linux's /proc/PID/maps (proc(5)), each given to print() with that argument. */
void proc_print_maps(struct space *space, void (*print)(void *argument, const char *text),
		     void *argument);

#endif
