/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A processor that the kernel owns: descriptor tables, interrupt controllers, clocks, the switch to
 * five levels, other processors. Used by the PVH entry, on bare hardware and as a PVH guest of Xen.
 * Everything here is called once, at boot, on the boot CPU, except for the functions that struct
 * machine points to.
 */
#ifndef ARCH_NATIVE_H
#define ARCH_NATIVE_H

#include <arch/machine.h>
#include <arch/segments.h>
#include <kernel/lib/types.h>

struct hvm_memmap_table_entry;
struct rates;
struct acpi_cpus;

/* Interrupt vectors, above those of exceptions. */
#define VECTOR_SERIAL   0x24
#define VECTOR_TIMER    0xef
#define VECTOR_IPI      0xf2 /* ipi_received(), arch/ipi.h */
#define VECTOR_XEN      0xf3 /* event channels of a PVH guest */
#define VECTOR_SPURIOUS 0xff

struct native_tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct native_tss) == 104, "64-bit TSS");

/* The stacks of double faults and of NMIs. */
#define NATIVE_STACKS     2
#define NATIVE_STACK_SIZE 4096

/* The machine_part of a CPU (arch/cpu.h) that the kernel owns. Zero at first. */
struct native_cpu {
	_Alignas(16) char stacks[NATIVE_STACKS][NATIVE_STACK_SIZE];
	uint64_t gdt[SEGMENTS];
	struct native_tss tss;

	/* Written by the CPU itself when it has started and when it stops, and by the one that
	 * starts it again; atomically. */
	enum native_state { NATIVE_NEVER_RAN, NATIVE_RUNS, NATIVE_STOPPED } state;
};

/*
 * Makes the IDT, and loads it with the boot CPU's GDT and TSS. After it exceptions arrive in
 * trap_dispatch().
 */
void native_descriptors_init(struct native_cpu *native);

/*
 * Loads the running CPU's GDT and TSS, and the IDT, and sets what else programs need. this_cpu()
 * need not be set yet.
 */
void native_load_descriptors(struct native_cpu *native);

/*
 * Turns on five-level paging (CR4.LA57) with the root at that physical address, below 4 GiB. The
 * root must map the kernel, and the kernel's physical memory at its physical address: paging is off
 * for a moment (Intel SDM volume 3, "Enabling 5-level paging"). Interrupts must be off.
 */
void native_enter_five_levels(paddr_t root);

/* Members of struct machine, described in arch/machine.h. */
void native_enter_user(struct regs *regs);
void native_set_kernel_stack(uintptr_t top);
void native_set_thread_pointer(uintptr_t address);
void native_load_gs(uint16_t selector);
void native_block(void);
uintptr_t native_fault_address(void);
unsigned int native_count_cpus(void);
bool native_start_cpu(struct cpu *cpu, uintptr_t stack_top, void (*entry)(void));
void native_ready_cpu(void);
void native_stop_cpu(void);
void native_send_ipi(cpu_set_t set);
void native_send_nmi(cpu_set_t set);

/*
 * Keeps what native_start_cpu() needs: the CPUs that ACPI names, the frame below 1 MiB in which
 * others begin (pfn 0: there is none), and the kernel's root. The frame is mapped at
 * KERNEL_VIRT_BASE now; it must stay unused.
 */
void native_cpus_init(const struct acpi_cpus *found, pfn_t low_frame, paddr_t root);

/*
 * The first C code of every CPU but the boot CPU, on its own stack, with the kernel's root loaded:
 * makes it able to handle exceptions, sets this_cpu(), and calls entry().
 */
void native_cpu_begin(struct cpu *cpu, void (*entry)(void)) NORETURN;

/* Returns the APIC id of the running CPU, as cpuid tells it. */
uint32_t native_apic_id(void);

/*
 * Finds a clock: KVM's, if there is one; else the TSC, at the rate that cpuid tells or that the
 * PC's 1.19 MHz timer measures. Finds the rate of the APIC's timer too. A machine without any of
 * these is fatal().
 */
void native_clock_init(void);

/* Measures both rates by the PC's timer, 5 ms at a time. Returns false if there is none. */
bool native_rates_from_pit(struct rates *rates);

/*
 * Returns the first cpuid leaf of the hypervisor with that signature of 12 characters; 0: there is
 * none.
 */
uint32_t native_find_hypervisor(const char *signature);
uint64_t native_system_time(void);
uint64_t native_wall_time(void);

/* Makes the clock readable on the running CPU. The boot CPU's is, after native_clock_init(). */
void native_clock_begin(void);

/* The physical address of every PC's I/O APIC. */
#define NATIVE_IO_APIC 0xfec00000

/*
 * Masks the old interrupt controllers (8259) and enables the local APIC. Returns the physical
 * address of its page of registers. A processor without an APIC is fatal().
 */
uint64_t native_apic_find(void);

/*
 * Sets up the local APIC. Both pages of registers must stay mapped, uncached; that of the local
 * APIC is not accessed in x2APIC mode.
 */
void native_apic_init(volatile void *local_apic, volatile void *io_apic);

/* The APIC's timer counts once in this many of its ticks. */
#define APIC_DIVISOR 16

/* Starts counting down from the timer's maximum; and returns how far it has counted since. */
void native_apic_count_down(void);
uint32_t native_apic_counted(void);
void native_apic_set_frequency(uint64_t hz); /* of its ticks, not divided */
void native_set_timer(uint64_t deadline);

/* Enables the local APIC of the running CPU, in the same mode as the boot CPU's, and its timer. */
void native_apic_begin(void);

/* Lets the running CPU's timer interrupt it, or not. */
void native_apic_enable_timer(bool enable);

/* Messages to another CPU: a vector, or one of these. */
#define APIC_NMI        0x400u
#define APIC_INIT       0x4500u
#define APIC_STARTUP(n) (0x4600u | (n)) /* n: the page, below 256, at which it begins */

/* Sends a message to the CPU with that APIC id, after all earlier stores. No lock. */
void native_apic_send(uint32_t id, uint32_t message);

/* Returns true if messages reach that APIC id: in xAPIC mode there are 255. */
bool native_apic_reaches(uint32_t id);

/*
 * Keeps a copy of the registers that end the machine, for native_shutdown(). Those in memory have
 * "mapped" set.
 */
struct acpi_power;
void native_power_init(const struct acpi_power *power);
void native_shutdown(enum shutdown_reason reason);

/* Routes an interrupt line of the I/O APIC to a vector of this CPU. */
void native_route_interrupt(unsigned int line, uint8_t vector);

/* Tells the local APIC that the current interrupt has been handled. Called in its handler. */
void native_end_of_interrupt(void);

/* Xen under a PVH guest: arch/x86/xen/pvh.c. */
bool xen_pvh_find(void);
unsigned int xen_pvh_memory_map(struct hvm_memmap_table_entry *map, unsigned int max);

/*
 * Checks Xen's features and has Xen map the shared info page in place of that frame. A refusal is
 * fatal().
 */
void xen_pvh_share_info(pfn_t frame);

/*
 * Starts to use the shared info page, which is mapped there, and enables event channels. Keeps the
 * kernel's root, with which other CPUs start.
 */
struct shared_info;
void xen_pvh_init(struct shared_info *page, paddr_t root);
extern const struct machine xen_pvh;

#endif
