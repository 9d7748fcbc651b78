// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Spin locks, and what their checks find (LOCK_CHECKS): every other hosted test relies on these to
 * notice a lock that is forgotten or taken out of order.
 */
#include "host.h"

#include <arch/cpu.h>
#include <arch/kernel_lock.h>
#include <arch/lock.h>
#include <kernel/lib/panic.h>

/* Locks of each way to take one. */
static struct spinlock object = SPINLOCK(LOCK_OBJECT), frames = SPINLOCK(LOCK_FRAMES);
static struct spinlock mm = SPINLOCK(LOCK_MM), other_mm = SPINLOCK(LOCK_MM);
static struct spinlock space = SPINLOCK(LOCK_SPACE), list = SPINLOCK(LOCK_MM_LIST);

static void events_are_masked_while_a_lock_is_held(void **state)
{
	bool outer, inner;

	(void)state;
	outer = spin_lock(&object);
	assert_true(object.held);
	assert_false(events_enabled());
	inner = spin_lock(&frames);
	spin_unlock(&frames, inner);
	assert_false(frames.held);
	assert_false(events_enabled());
	spin_unlock(&object, outer);
	assert_false(object.held);
	assert_true(events_enabled());
	spin_acquire(&mm);
	assert_true(mm.held && events_enabled());
	spin_release(&mm);
	assert_false(mm.held);
}

/* mm_pin_all() locks one address space after the other, and each takes what it needs. */
static void the_order_allows_what_the_kernel_does(void **state)
{
	bool events, inner;

	(void)state;
	events = spin_lock(&list);
	for (unsigned int i = 0; i < 2; i++) {
		spin_acquire(i ? &other_mm : &mm);
		inner = spin_lock(&frames);
		spin_unlock(&frames, inner);
		spin_release(i ? &other_mm : &mm);
	}
	spin_unlock(&list, events);
	lock_expect_none("go on");
}

/* Unless that would unmask events while a lock is held that handlers take. */
static void locks_are_released_in_any_order(void **state)
{
	bool outer, inner;

	(void)state;
	spin_acquire(&space);
	spin_acquire(&mm);
	spin_release(&space);
	outer = spin_lock(&frames);
	spin_release(&mm);
	spin_unlock(&frames, outer);
	/* With events masked beforehand, unlocking unmasks nothing. */
	outer = events_mask();
	inner = spin_lock(&object);
	assert_false(spin_lock(&frames));
	spin_unlock(&object, inner);
	spin_unlock(&frames, inner);
	events_restore(outer);
	assert_true(events_enabled());
}

/* What one CPU holds is no matter of another's. */
static void each_cpu_has_a_record_of_its_own(void **state)
{
	bool events;

	(void)state;
	events = spin_lock(&frames);
	events_restore(events);
	host_use_cpu(1);
	spin_acquire(&mm);
	spin_release(&mm);
	lock_expect_none("go on");
	host_use_cpu(0);
	events_mask();
	spin_unlock(&frames, events);
}

static void take_the_inner_one_first(void)
{
	spin_lock(&frames);
	spin_lock(&object);
}

static void take_two_address_spaces(void)
{
	spin_acquire(&mm);
	spin_acquire(&other_mm);
}

static void take_one_without_a_rank(void)
{
	static struct spinlock forgotten;

	spin_lock(&forgotten);
}

static void the_order_is_enforced(void **state)
{
	(void)state;
	host_expect_panic(take_the_inner_one_first,
			  "lock order: CPU 0 takes \"object\" in somewhere+0x1 and holds "
			  "\"frames\", taken in somewhere+0x1. \"object\" comes first in enum "
			  "lock_rank: take it first, or release \"frames\" before");
	host_expect_panic(take_two_address_spaces, "CPU 0 takes a second lock \"mm\"");
	host_expect_panic(take_one_without_a_rank, "a lock without a rank is taken");
}

static void take_twice(void)
{
	spin_lock(&frames);
	spin_lock(&frames);
}

static void take_what_another_cpu_holds(void)
{
	spin_acquire(&mm);
	host_use_cpu(1);
	spin_acquire(&mm);
}

static void release_what_is_free(void)
{
	spin_release(&mm);
}

static void unlock_twice(void)
{
	bool events = spin_lock(&frames);

	spin_unlock(&frames, events);
	spin_unlock(&frames, events);
}

static void release_what_another_cpu_holds(void)
{
	spin_acquire(&mm);
	host_use_cpu(1);
	spin_release(&mm);
}

static void block_with_a_lock(void)
{
	spin_lock(&frames);
	lock_expect_none("block");
}

static void a_lock_has_one_holder(void **state)
{
	(void)state;
	host_expect_panic(take_twice, "CPU 0 takes the lock \"frames\" twice");
	host_expect_panic(take_what_another_cpu_holds, "CPU 1 would wait for ever");
	host_expect_panic(release_what_is_free, "releases the lock \"mm\" in somewhere+0x1, which "
						"is not held");
	host_expect_panic(unlock_twice, "releases the lock \"frames\"");
	host_expect_panic(release_what_another_cpu_holds, "which another CPU holds");
	host_expect_panic(block_with_a_lock, "CPU 0 is about to block and holds the lock "
					     "\"frames\"");
}

static void lock_what_handlers_never_take(void)
{
	spin_lock(&mm);
}

static void acquire_what_handlers_take(void)
{
	spin_acquire(&frames);
}

static void acquire_in_a_handler(void)
{
	this_cpu()->event_depth = 1;
	spin_acquire(&mm);
}

static void unmask_events_too_early(void)
{
	bool events = spin_lock(&object);

	spin_lock(&frames);
	spin_unlock(&object, events);
}

static void a_handler_never_waits_for_what_it_interrupted(void **state)
{
	(void)state;
	host_expect_panic(lock_what_handlers_never_take, "use spin_acquire()");
	host_expect_panic(acquire_what_handlers_take, "use spin_lock()");
	host_expect_panic(acquire_in_a_handler, "an event handler takes the lock \"mm\"");
	host_expect_panic(unmask_events_too_early, "CPU 0 unlocks \"object\" in somewhere+0x1, "
						   "which unmasks events, and holds \"frames\"");
}

static void lock_with_events_enabled(void)
{
	this_cpu()->holds_kernel = false;
	spin_acquire(&mm);
}

static void take_the_kernel_lock_last(void)
{
	this_cpu()->holds_kernel = false;
	events_mask();
	spin_acquire(&mm);
	kernel_lock();
}

/* With events enabled it would be interrupted by a handler that waits for the kernel lock. */
static void without_the_kernel_lock_events_are_masked(void **state)
{
	struct kernel_lock_counters before = kernel_lock_counters();

	(void)state;
	host_expect_panic(lock_with_events_enabled, "without the kernel lock and with events");
	host_expect_panic(take_the_kernel_lock_last, "CPU 0 takes \"kernel\" in somewhere");
	this_cpu()->holds_kernel = false;
	events_mask();
	spin_acquire(&mm);
	spin_release(&mm);
	kernel_enter();
	assert_true(this_cpu()->holds_kernel);
	assert_true(events_enabled());
	/* A handler has it then, and takes it only where its CPU has not. */
	assert_false(kernel_lock_event());
	kernel_leave();
	assert_false(this_cpu()->holds_kernel);
	this_cpu()->event_depth = 1;
	assert_true(kernel_lock_event());
	kernel_unlock_event(true);
	this_cpu()->event_depth = 0;
	assert_int_equal(kernel_lock_counters().taken, before.taken + 2);
	assert_int_equal(kernel_lock_counters().waited, before.waited);
	this_cpu()->holds_kernel = true;
	events_restore(true);
}

static void take_everything_wrongly(void)
{
	lock_checks_end();
	spin_lock(&frames);
	spin_lock(&mm);
	spin_acquire(&object);
	spin_release(&space);
	panic("nothing of that was checked");
}

/* The report of a panic is not stopped by a second one. */
static void a_dying_kernel_is_not_checked(void **state)
{
	(void)state;
	host_expect_panic(take_everything_wrongly, "nothing of that was checked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_masked_while_a_lock_is_held),
		cmocka_unit_test(the_order_allows_what_the_kernel_does),
		cmocka_unit_test(locks_are_released_in_any_order),
		cmocka_unit_test(each_cpu_has_a_record_of_its_own),
		cmocka_unit_test(the_order_is_enforced),
		cmocka_unit_test(a_lock_has_one_holder),
		cmocka_unit_test(a_handler_never_waits_for_what_it_interrupted),
		cmocka_unit_test(without_the_kernel_lock_events_are_masked),
		cmocka_unit_test(a_dying_kernel_is_not_checked),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
