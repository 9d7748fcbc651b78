/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot sequence that all ways in share.
 */
#ifndef KERNEL_MAIN_H
#define KERNEL_MAIN_H

#include <kernel/lib/boot_info.h>
#include <kernel/lib/compiler.h>

/*
 * Initializes the kernel, then runs self-tests, measurements, a program or the prompt. Events are
 * masked on entry.
 */
void kernel_main(const struct boot_info *boot) NORETURN;

#endif
