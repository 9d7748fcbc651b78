/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random numbers for programs (getrandom(2), AT_RANDOM). Their only source is the clocks, so they
 * are no secrets to anybody who knows this machine's.
 */
#ifndef KERNEL_PROCESS_RANDOM_H
#define KERNEL_PROCESS_RANDOM_H

#include <kernel/lib/compiler.h>

/* Fills the bytes with what cannot be guessed without knowing the clocks; not for secrets. */
void random_bytes(unsigned char *bytes, uint64_t count);

#endif
