// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The local APIC, for its timer, and the I/O APIC, which brings the serial port's interrupt (Intel
 * SDM volume 3, "Advanced programmable interrupt controller"; 82093AA data sheet). The registers
 * are in the fixed slots, uncached. The old interrupt controllers are silenced.
 */
#include <arch/io.h>
#include <arch/native.h>
#include <arch/time.h>
#include <arch/traps.h>
#include <kernel/panic.h>
#include <mm/fixed.h>
#include <mm/pagetable.h>

#define CPUID_APIC (1u << 9)

#define LOCAL_APIC 0xfee00000
#define IO_APIC    0xfec00000

enum {
	APIC_EOI = 0x0b0,
	APIC_SPURIOUS = 0x0f0,
	APIC_LVT_TIMER = 0x320,
	APIC_INITIAL_COUNT = 0x380,
	APIC_CURRENT_COUNT = 0x390,
	APIC_DIVIDE = 0x3e0,
};

#define APIC_ENABLE    0x100
#define APIC_MASKED    0x10000
#define APIC_BY_16     3 /* APIC_DIVISOR */
#define FIRST_REDIRECT 0x10

static uint64_t frequency; /* counts of the timer in a second */

static volatile uint32_t *local(unsigned int offset)
{
	return (volatile uint32_t *)(void *)(fixed_local_apic + offset);
}

static void map(char *slot, uint64_t address)
{
	fixed_set(slot, mfn(address >> PAGE_SHIFT), PT_KERNEL_RW | PT_PCD | PT_PWT);
}

static void nothing(void)
{
}

void native_apic_init(void)
{
	if (!(cpuid(1).edx & CPUID_APIC))
		fatal("this processor has no APIC, and so no timer that the kernel can use");
	port_write8(0x21, 0xff);
	port_write8(0xa1, 0xff);
	map(fixed_local_apic, LOCAL_APIC);
	map(fixed_io_apic, IO_APIC);
	trap_set_handler(VECTOR_SPURIOUS, nothing);
	*local(APIC_SPURIOUS) = APIC_ENABLE | VECTOR_SPURIOUS;
	*local(APIC_DIVIDE) = APIC_BY_16;
	*local(APIC_LVT_TIMER) = APIC_MASKED;
}

void native_apic_count_down(void)
{
	*local(APIC_INITIAL_COUNT) = UINT32_MAX;
}

uint32_t native_apic_counted(void)
{
	return UINT32_MAX - *local(APIC_CURRENT_COUNT);
}

void native_apic_set_frequency(uint64_t hz)
{
	frequency = hz / APIC_DIVISOR;
}

void native_end_of_interrupt(void)
{
	*local(APIC_EOI) = 0;
}

static void timer_interrupt(void)
{
	native_end_of_interrupt();
	timer_expired();
}

void native_start_timer(void)
{
	trap_set_handler(VECTOR_TIMER, timer_interrupt);
	*local(APIC_LVT_TIMER) = VECTOR_TIMER;
}

/* A far deadline comes early: timer_expired() finds nothing due and sets it again. */
void native_set_timer(uint64_t deadline)
{
	uint64_t now = native_system_time();
	uint64_t wait = deadline > now ? MIN(deadline - now, NS_PER_S) : 0;

	*local(APIC_INITIAL_COUNT) = (uint32_t)(wait * frequency / NS_PER_S) + 1;
}

void native_route_interrupt(unsigned int line, uint8_t vector)
{
	volatile uint32_t *select = (volatile uint32_t *)(void *)fixed_io_apic;
	volatile uint32_t *window = (volatile uint32_t *)(void *)(fixed_io_apic + 0x10);

	*select = FIRST_REDIRECT + 2 * line + 1;
	*window = 0; /* to the APIC with number 0 */
	*select = FIRST_REDIRECT + 2 * line;
	*window = vector; /* edge triggered, not masked */
}
