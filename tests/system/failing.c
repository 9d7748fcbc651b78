// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A suite whose tests fail in every way there is; not part of the kernel, see xen-failures.sh.
 */
#include <arch/evtchn.h>
#include <arch/hypercall.h>
#include <arch/kernel_lock.h>
#include <arch/time.h>
#include <arch/wait.h>
#include <kernel/lib/panic.h>
#include <kernel/selftest/selftest.h>
#include <kernel/task/task.h>
#include <mm/frame/frames.h>
#include <mm/user/copy.h>
#include <mm/user/map.h>
#include <mm/user/object.h>
#include <mm/user/space.h>
#include <xen/event_channel.h>

SUITE(failing, "fails on purpose");

TEST(failing, an_assertion)
{
	volatile int one = 1, three = 3;

	EXPECT_EQ(one + one, three);
}

static NOINLINE void write_to_page_zero(void)
{
	volatile int *volatile nowhere = NULL;

	*nowhere = 1;
}

TEST(failing, a_fault)
{
	write_to_page_zero();
}

TEST(failing, an_invalid_instruction)
{
	__asm__ volatile("ud2");
}

TEST(failing, the_next_test_runs)
{
	EXPECT(true);
}

/* In a suite of its own, since it ends in a panic: an event whose handler raises it again. */
SUITE_THAT(NEEDS_XEN, storm, "never ends");

static evtchn_t endless;

static void raise_again(void *unused)
{
	(void)unused;
	evtchn_notify(endless);
}

TEST(storm, an_event_that_brings_about_itself)
{
	struct evtchn_bind_ipi bind = {.vcpu = 0};

	REQUIRE_EQ(hypercall_event_channel_op(EVTCHNOP_bind_ipi, &bind), 0);
	endless = bind.port;
	evtchn_bind(endless, "storm", raise_again, NULL);
	evtchn_notify(endless);
}

/* The same: a kernel that follows a pointer of a program's. */
SUITE_THAT(NEEDS_OWN_TABLES, touching, "touches what is a program's");

TEST(touching, a_page_of_a_program)
{
	struct mapping mapping = {.address = 0x400000,
				  .length = PAGE_SIZE,
				  .rights = SPACE_READ | SPACE_WRITE,
				  .fixed = true};
	struct space *space = space_create();

	REQUIRE(space && map_add(space, &mapping) == 0x400000);
	REQUIRE(copy_to_space(space, 0x400000, "secret", 6) == 6);
	mm_activate(&space->mm);
	mm_load(&space->mm);
	this_cpu()->on_fault = NULL; /* nobody expects it */
	EXPECT_NE(*(volatile char *)0x400000, 0);
}

/* For a kernel that checks its locks: a page is looked up while the allocator's lock is held. */
SUITE(disorder, "takes locks out of order");

TEST(disorder, frames_before_an_object)
{
	struct spinlock frames = SPINLOCK(LOCK_FRAMES);
	struct object *object = object_create(PAGE_SIZE);
	bool events;

	REQUIRE(object);
	events = spin_lock(&frames);
	object_find(object, 0);
	spin_unlock(&frames, events);
	object_put(object);
}

/* One CPU panics while another spins with its events masked, and answers nothing but an NMI. */
SUITE_THAT(NEEDS_SEVERAL_CPUS, elsewhere, "panics on another CPU");

static void panic_here(void *unused)
{
	(void)unused;
	panic("on another CPU");
}

static NOINLINE void be_deaf(void)
{
	for (;;)
		cpu_relax();
}

TEST(elsewhere, while_this_one_is_deaf)
{
	REQUIRE(task_create_on(cpus[1], panic_here, NULL));
	kernel_leave();
	be_deaf();
}

/* A lock that is held for too long. */
SUITE_THAT(NEEDS_SEVERAL_CPUS, stuck, "waits for a lock that another CPU keeps");

static struct spinlock kept = SPINLOCK(LOCK_STACKS);
static bool is_kept;
static WAIT_QUEUE(nobody);

/* Keeps it for twice the time after which a CPU that waits complains. */
static NOINLINE void keep_it(void)
{
	bool events = spin_lock(&kept);
	uint64_t until = time_system() + 2 * wait_too_long;

	__atomic_store_n(&is_kept, true, __ATOMIC_RELEASE);
	while (time_system() < until)
		cpu_relax();
	spin_unlock(&kept, events);
}

static void keep(void *unused)
{
	(void)unused;
	kernel_leave();
	keep_it();
	kernel_enter();
	task_end(&nobody);
}

TEST(stuck, a_lock)
{
	bool events;

	wait_too_long = NS_PER_S;
	REQUIRE(task_create_on(cpus[1], keep, NULL));
	kernel_leave();
	while (!__atomic_load_n(&is_kept, __ATOMIC_ACQUIRE))
		cpu_relax();
	events = spin_lock(&kept);
	spin_unlock(&kept, events);
	kernel_enter();
}
