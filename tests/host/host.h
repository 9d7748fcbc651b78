/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hosted tests share: cmocka, a stand-in for the parts of the kernel that a module calls
 * and that need a machine, and repeatable random numbers.
 */
#ifndef TESTS_HOST_H
#define TESTS_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <kernel/lib/compiler.h>

/*
 * Fails the test that has ended if it leaves something open: a lock that is held, masked events, a
 * CPU in an event handler or in lazy mode, or a batch that was not issued. Every test ends with it.
 */
int host_teardown(void **state);
#undef cmocka_unit_test
#define cmocka_unit_test(function) cmocka_unit_test_teardown(function, host_teardown)

/* Everything that the kernel has printed since host_clear_output(), 0-terminated. */
const char *host_output(void);
void host_clear_output(void);

/*
 * Runs the function in a child process, which must end in a panic; its message, or what was printed
 * before, must contain the text. (A panic leaves locks held, so it cannot be in this process.)
 */
void host_expect_panic(void (*function)(void), const char *text);

/* Called when a panic ends the process, to say what was tried; NULL: nothing. */
extern void (*host_dying)(void);

/*
 * Whole texts: host_wanted() appends to what is expected. host_expect_output() fails the test
 * unless exactly that was printed since host_clear_output(), and starts anew; host_expect_words()
 * unless the function ends in a panic with exactly this message, after that output.
 */
void host_wanted(const char *format, ...) PRINTF_LIKE(1, 2);
void host_expect_output(void);
void host_expect_words(void (*function)(void), const char *format, ...) PRINTF_LIKE(2, 3);

/* There are four CPUs; this makes one of them the running one. At first it is number 0. */
#define HOST_CPUS 4
void host_use_cpu(unsigned int number);

/* Interrupts a CPU: it answers the requests of others, as ipi_received() does. */
void host_interrupt(unsigned int number);

/* Returns true if a CPU has its events masked. */
bool host_masks_events(unsigned int number);

/*
 * What runs the CPUs by turns, while a test needs that (tests/model/schedule.c); NULL: nothing. It
 * is told of each moment at which another CPU may come in between. yield() is called before a lock
 * is taken, a TLB flushed, a CPU interrupted, or a hypercall made; look() within a hypercall, where
 * the others only look at what there is; relax() in a loop that waits; unmasked() when events are
 * enabled again; and interrupt() when a CPU is interrupted.
 */
struct host_scheduler {
	void (*yield)(const char *where);
	void (*look)(void);
	void (*relax)(void);
	void (*unmasked)(void);
	void (*interrupt)(unsigned int number);
};
extern const struct host_scheduler *host_scheduler;

/* Another CPU may come in between here, or only look at what there is now. */
void host_yield(const char *where);
void host_look(void);

/*
 * What another CPU does in the middle of an operation of the kernel's: the function runs once, when
 * events are masked for the n-th time from now on (which every spin_lock() does first). Moments at
 * which they are masked already do not count, nor those at which "unless" is held: the other CPU
 * would have to wait. The locks that this CPU holds do not bind the function in the order of its
 * own. host_interfered() tells whether it has run.
 */
struct spinlock;
void host_interfere(unsigned int nth, void (*function)(void), const struct spinlock *unless);
bool host_interfered(void);

/* Makes the function run once, as another CPU does it, just before this lock is taken next. */
void host_interfere_before(const struct spinlock *lock, void (*function)(void));

/* What the native backend would have done to the processor. */
extern struct host_tlb {
	uint64_t addresses, all; /* flushes of one address, of everything */
	uint64_t address, root;  /* the last one flushed, the last root loaded */
} host_tlb;

/* What is told of these instructions, with the CPU that executes them running; NULL: nothing. */
struct host_processor {
	void (*flush_address)(uint64_t address);
	void (*flush_all)(void);
	void (*load_root)(uint64_t root);
};
extern const struct host_processor *host_processor;

/* A repeatable sequence (xorshift); seed it for each test. */
void host_seed(uint64_t seed);
uint64_t host_random(void);
uint64_t host_random_below(uint64_t limit);

#endif
