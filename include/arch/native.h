/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A processor of our own: descriptor tables, interrupt controllers, clocks, the switch to five
 * levels. Used by the PVH entry, on bare hardware and as a PVH guest of Xen. Everything here is
 * called once, at boot, on the boot CPU; what struct machine uses, at any time.
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
#define VECTOR_XEN      0xf3 /* event channels of a PVH guest */
#define VECTOR_SPURIOUS 0xff

/* Loads the kernel's own GDT, TSS and IDT. From then on exceptions arrive in trap_dispatch(). */
void native_descriptors_init(void);

/*
 * Turns five-level paging on (CR4.LA57) with the root at that physical address, which is below
 * 4 GiB and maps the kernel and, at its physical address, itself. Paging is off for a moment: Intel
 * SDM volume 3, "Enabling 5-level paging". Interrupts are off.
 */
void native_enter_five_levels(paddr_t root);

/* What struct machine needs of the processor: arch/machine.h. */
void native_enter_user(struct regs *regs);
void native_set_kernel_stack(uintptr_t top);
void native_set_thread_pointer(uintptr_t address);
void native_load_gs(uint16_t selector);
void native_block(void);
uintptr_t native_fault_address(void);

/*
 * Finds a clock: KVM's, if this is its guest; else the TSC, whose rate cpuid tells or the PC's
 * 1.19 MHz timer. And the rate of the APIC's timer. A machine that has none of these is fatal().
 */
void native_clock_init(void);

/* Measures both rates by the PC's timer, 5 ms at a time. Returns false if there is no such timer.
 */
bool native_rates_from_pit(struct rates *rates);

/* The hypervisor's cpuid leaves with that signature of 12 characters start there; 0: none does. */
uint32_t native_find_hypervisor(const char *signature);
uint64_t native_system_time(void);
uint64_t native_wall_time(void);

/* The physical address of every PC's I/O APIC. */
#define NATIVE_IO_APIC 0xfec00000

/*
 * Silences the old interrupt controllers and enables the local APIC. Returns the physical address
 * of its page of registers. A processor without an APIC is fatal().
 */
uint64_t native_apic_find(void);

/*
 * Sets up the local APIC. Both pages of registers are mapped uncached, for good; the local APIC's
 * is not touched in x2APIC mode.
 */
void native_apic_init(volatile void *local_apic, volatile void *io_apic);

/* The APIC's timer counts every so many of its ticks. */
#define APIC_DIVISOR 16

/* Counts of the APIC's timer since it was set to count down from its maximum. */
void native_apic_count_down(void);
uint32_t native_apic_counted(void);
void native_apic_set_frequency(uint64_t hz); /* of its ticks, not divided */
void native_start_timer(void);
void native_set_timer(uint64_t deadline);

/*
 * Keeps the registers that end the machine, those in memory with "mapped" set; native_shutdown() is
 * struct machine's.
 */
struct acpi_power;
void native_power_init(const struct acpi_power *power);
void native_shutdown(enum shutdown_reason reason);

/* Routes an interrupt line of the I/O APIC to a vector of this CPU. */
void native_route_interrupt(unsigned int line, uint8_t vector);

/* To the local APIC: the interrupt that is being handled has been. In a handler. */
void native_end_of_interrupt(void);

/* Xen under a PVH guest: see arch/x86/xen/pvh.c. */
bool xen_pvh_find(void);
unsigned int xen_pvh_memory_map(struct hvm_memmap_table_entry *map, unsigned int max);

/* Has Xen put the page that it shares in place of that frame, after a look at Xen's features. */
void xen_pvh_share_info(pfn_t frame);

/* Takes that page into use, and lets events come. */
struct shared_info;
void xen_pvh_init(struct shared_info *page);
extern const struct machine xen_pvh;

#endif
