/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one virtual CPU, and how it masks events.
 *
 * In kernel mode the GS base points at the running CPU's struct cpu (public/arch-x86/xen-x86_64.h,
 * SEGBASE_GS_KERNEL). An *event* is a PV guest's counterpart of an interrupt; here the word stands
 * for both. Under Xen PV, events are masked by a byte in memory shared with Xen, so that masking
 * costs one store; elsewhere by the processor's interrupt flag.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/lock_rank.h>
#include <kernel/lib/compiler.h>
#include <kernel/lib/tree.h>

struct vcpu_info;
struct recovery;
struct batch;
struct mm;
struct task;
struct timer;

/* A set of CPUs: bit n stands for CPU n. */
typedef uint64_t cpu_set_t;

#define CPU_MAX 64

/* A function that other CPUs run: include/arch/ipi.h. */
struct cpu_call {
	void (*function)(void *argument);
	void *argument;
	cpu_set_t pending; /* those that have not run it yet */
};

struct cpu {
	/* Entry code reaches these four by their offsets (arch/x86/regs.inc). */
	struct cpu *self;       /* read through %gs:0 */
	uintptr_t user_stack;   /* saves a program's rsp while its "syscall" switches stacks */
	uintptr_t kernel_stack; /* where the processor pushes its frame on entry from a program */
	uintptr_t run_stack;    /* the kernel's rsp in user_run(), while a program runs */

	unsigned int number;          /* virtual CPU number, from 0 */
	unsigned int event_depth;     /* how many events and requests of others it handles */
	struct vcpu_info *vcpu;       /* shared with Xen; NULL without Xen */
	volatile uint8_t *event_mask; /* the byte that masks events; NULL: the interrupt flag */
	struct recovery *on_fault;    /* where a fault of the code under test resumes; or NULL */
	uintptr_t stack;              /* lowest address of the kernel stack in use */
	struct batch *batch;          /* its queue of requests (mm/xen/batch.h) */
	struct mm *mm;                /* the address space it runs in ... */
	struct mm *loaded_mm;         /* ... and the one whose roots Xen was last told to load */
	void *machine_part;           /* what the machine keeps for it (arch/machine.h) */
	struct task *task;            /* the one that it runs */
	struct task *idle;            /* the one that it runs when there is nothing to do */
	struct tree timers;           /* armed on it, nearest first: arch/time.h */
	struct cpu_call call;         /* its request to others */
	cpu_set_t callers;            /* those whose requests wait for it */
	bool holds_kernel;            /* it holds the kernel lock: arch/kernel_lock.h */
	bool leaving;                 /* it shall go down: kernel/task/cpus.h */
	volatile bool due;            /* the scheduler has something to do: task_settle() */
	bool slice_is_over;           /* its task should let others run */
	bool keeps_reserve;  /* it runs a program's task: see frames_reserve (mm/frame/frames.h) */
	bool memory_refused; /* frames_alloc() has failed since this was last cleared */
#ifdef LOCK_CHECKS
	/* Of each rank, how many locks it holds, and the return address of who took the last. */
	struct held_locks {
		unsigned int count;
		uintptr_t caller;
	} locks[LOCK_RANKS];
#endif
};

/*
 * All CPUs by number, and how many there are: cpus[0] to cpus[cpu_count - 1]. One that did not
 * start has its place too. They are only ever added.
 */
extern struct cpu *cpus[CPU_MAX];
extern unsigned int cpu_count;

/* Those that run now: they answer requests (arch/ipi.h). Read at any time; written atomically. */
extern cpu_set_t cpus_online;

/*
 * Initializes a CPU's struct, before the GS base points at it, and adds it to cpus[]: in order of
 * their numbers, and again when its struct stays and it starts again. Leaves the other members
 * unchanged.
 */
void cpu_init(struct cpu *cpu, unsigned int number, uintptr_t stack);

/* Masks events. Returns whether they were enabled before, for events_restore(): so calls nest. */
bool events_mask(void);

/* Unmasks events if "were_enabled"; pending ones are delivered at once. */
void events_restore(bool were_enabled);

/* Returns true if events are enabled. */
bool events_enabled(void);

/* Returns the running CPU. Valid from the first line of C on; stable while events are masked. */
#if __STDC_HOSTED__
struct cpu *this_cpu(void); /* hosted tests provide one */
#else
static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}
#endif

/* Returns the set that has only that CPU. */
static inline cpu_set_t cpu_set_of(const struct cpu *cpu)
{
	return (cpu_set_t)1 << cpu->number;
}

/* Reads the time-stamp counter, in ticks (under icount: instructions). lfence serializes it. */
static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

#if __STDC_HOSTED__
void host_relax(void); /* lets the other CPUs of a hosted test run */
#endif

/* Tells the processor that this is a loop that waits for another CPU. */
static inline void cpu_relax(void)
{
#if __STDC_HOSTED__
	host_relax();
#else
	__asm__ volatile("pause" ::: "memory");
#endif
}

#endif
