/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev and /proc: the entries of the file system that are not files.
 */
#ifndef KERNEL_PROCESS_PROC_H
#define KERNEL_PROCESS_PROC_H

#include <mm/user/space.h>

/*
 * Makes /dev and /proc, and replaces files of the initramfs that are in the way. Returns false if
 * one of them cannot be made.
 */
bool proc_init(void);

/*
 * Prints the regions of a space as Linux's /proc/PID/maps does (proc(5)): calls print(argument,
 * line) for each.
 */
void proc_print_maps(struct space *space, void (*print)(void *argument, const char *text),
		     void *argument);

#endif
