/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot sequence proper, the same for every way in.
 */
#ifndef KERNEL_MAIN_H
#define KERNEL_MAIN_H

#include <kernel/lib/boot_info.h>
#include <kernel/lib/compiler.h>

/* Brings everything up, then runs the self-tests or the prompt. Events are masked on entry. */
void kernel_main(const struct boot_info *boot) NORETURN;

#endif
