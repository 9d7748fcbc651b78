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
#include <kernel/lib/types.h>

struct hvm_memmap_table_entry;
struct rates;

/* Interrupt vectors, above those of exceptions. */
#define VECTOR_SERIAL   0x24
#define VECTOR_TIMER    0xef
#define VECTOR_IPI      0xf2 /* ipi_received(), arch/ipi.h */
#define VECTOR_XEN      0xf3 /* event channels of a PVH guest */
#define VECTOR_SPURIOUS 0xff

/* Loads the kernel's own GDT, TSS and IDT. After it exceptions arrive in trap_dispatch(). */
void native_descriptors_init(void);

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
void native_start_timer(void);
void native_set_timer(uint64_t deadline);

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

/* Starts to use the shared info page, which is mapped there, and enables event channels. */
struct shared_info;
void xen_pvh_init(struct shared_info *page);
extern const struct machine xen_pvh;

#endif
