/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Futexes (futex(2); Franke, Russell, Kirkwood, "Fuss, Futexes and Furwocks", 2002): a thread
 * sleeps until another thread, having changed a word in shared memory, wakes it.
 */
#ifndef KERNEL_PROCESS_FUTEX_H
#define KERNEL_PROCESS_FUTEX_H

#include <kernel/process/process.h>

/* Wakes all waiters for the word at an address of the running process. */
void futex_wake_word(uintptr_t address);

/*
 * FUTEX_WAIT and FUTEX_WAKE, with and without BITSET, and FUTEX_REQUEUE, which wakes the waiters
 * that it should move.
 */
long sys_futex(uintptr_t address, uint32_t operation, uint32_t value, uint64_t timeout,
	       uintptr_t other, uint32_t third);

#endif
