/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What belongs to one virtual CPU, and how it masks events.
 *
 * In kernel mode the GS base points at the running CPU's struct cpu (public/arch-x86/xen-x86_64.h,
 * SEGBASE_GS_KERNEL). An *event* is what a PV guest has instead of an interrupt, and the word for
 * both here; what holds events back is a byte in memory shared with Xen, so that masking costs a
 * store, or else the processor's interrupt flag.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch/lock_rank.h>
#include <kernel/lib/compiler.h>

struct vcpu_info;
struct recovery;
struct batch;
struct mm;

struct cpu {
	/* These four at the start: entry code finds them by their offsets (arch/x86/regs.inc). */
	struct cpu *self;       /* read through %gs:0 */
	uintptr_t user_stack;   /* a program's rsp, for a moment, on its way in by "syscall" */
	uintptr_t kernel_stack; /* where the processor's frame goes on the way in from a program */
	uintptr_t run_stack;    /* the kernel's rsp in user_run(), while a program runs */

	unsigned int number;          /* virtual CPU number, from 0 */
	unsigned int event_depth;     /* how many event upcalls are being handled: 0 or 1 */
	struct vcpu_info *vcpu;       /* shared with Xen; NULL without Xen */
	volatile uint8_t *event_mask; /* what holds events back; NULL: the interrupt flag */
	struct recovery *on_fault;    /* where a fault of the code under test resumes; or NULL */
	uintptr_t stack;              /* lowest address of the kernel stack in use */
	struct batch *batch;          /* its queue of hypercalls (mm/xen/batch.h) */
	struct mm *mm;                /* the address space it runs in ... */
	struct mm *loaded_mm;         /* ... and the one whose roots Xen was last told to load */
	bool keeps_reserve;  /* it works for a program: see frames_reserve (mm/frame/frames.h) */
	bool memory_refused; /* frames_alloc() had none; whoever asks about it clears it */
#ifdef LOCK_CHECKS
	/* Of each rank, how many locks it holds, and the return address of who took the last. */
	struct held_locks {
		unsigned int count;
		uintptr_t caller;
	} locks[LOCK_RANKS];
#endif
};

/*
 * The CPUs that there are, by number; NULL for one that is not. Written at boot only.
 */
#define CPU_MAX 32
extern struct cpu *cpus[CPU_MAX];

/*
 * Runs the function on that CPU, with its events masked, and returns when it has returned. On the
 * running CPU this is a call; reaching another one is the business of the code that starts them.
 */
void cpu_run_on(struct cpu *cpu, void (*function)(void *argument), void *argument);

/* Fills in a CPU that the GS base is about to point at: what is not given stays as it is. */
void cpu_init(struct cpu *cpu, unsigned int number, uintptr_t stack);

/* Holds events back; returns whether they were being delivered before. Nests by that value. */
bool events_mask(void);

/* Lets events through again if "were_enabled"; those that came meanwhile are delivered at once. */
void events_restore(bool were_enabled);

/* Whether events are delivered now. */
bool events_enabled(void);

/* The running CPU. Valid from the first line of C on; stable while events are masked. */
#if __STDC_HOSTED__
struct cpu *this_cpu(void); /* on a workstation the tests provide one */
#else
static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}
#endif

/* Processor time-stamp counter, in ticks (under icount: instructions). Serialized by lfence. */
static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#endif
