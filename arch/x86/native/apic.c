// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The local APIC, for its timer and for messages to other CPUs, and the I/O APIC, for the serial
 * port's interrupt (Intel SDM volume 3, "Advanced programmable interrupt controller"; 82093AA data
 * sheet). The way in maps their registers, uncached. If firmware has left the local APIC in x2APIC
 * mode, its registers are model-specific registers; it stays so, since not every processor can
 * leave that mode. The old interrupt controllers (8259) are masked.
 */
#include <arch/io.h>
#include <arch/native.h>
#include <arch/time.h>
#include <arch/traps.h>
#include <kernel/lib/panic.h>

#define CPUID_APIC (1u << 9)

#define MSR_APIC_BASE 0x1b
#define BASE_X2APIC   (1u << 10)
#define BASE_ENABLE   (1u << 11)
#define BASE_ADDRESS  0x000ffffffffff000ull
#define MSR_X2APIC    0x800

enum {
	APIC_NUMBER = 0x020,
	APIC_EOI = 0x0b0,
	APIC_SPURIOUS = 0x0f0,
	APIC_COMMAND = 0x300,
	APIC_DESTINATION = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_INITIAL_COUNT = 0x380,
	APIC_CURRENT_COUNT = 0x390,
	APIC_DIVIDE = 0x3e0,
};

#define APIC_ENABLE    0x100
#define APIC_MASKED    0x10000
#define APIC_PENDING   0x1000 /* the last message has not been accepted yet */
#define APIC_BY_16     3      /* APIC_DIVISOR */
#define FIRST_REDIRECT 0x10

#define MOST_LOOKS 1000000 /* at a message that is pending */

#define CPUID_TOPOLOGY 0xb

static uint64_t frequency; /* counts of the timer per second */

static bool x2apic;
static volatile char *local_registers, *io_registers;

static volatile uint32_t *local(unsigned int offset)
{
	return (volatile uint32_t *)(volatile void *)(local_registers + offset);
}

static void write_local(unsigned int offset, uint32_t value)
{
	if (x2apic)
		msr_write(MSR_X2APIC + (offset >> 4), value);
	else
		*local(offset) = value;
}

static uint32_t read_local(unsigned int offset)
{
	return x2apic ? (uint32_t)msr_read(MSR_X2APIC + (offset >> 4)) : *local(offset);
}

static void nothing(void)
{
}

uint64_t native_apic_find(void)
{
	uint64_t base;

	if (!(cpuid(1).edx & CPUID_APIC))
		fatal("this processor has no APIC, and so no timer that the kernel can use");
	port_write8(0x21, 0xff);
	port_write8(0xa1, 0xff);
	base = msr_read(MSR_APIC_BASE);
	x2apic = base & BASE_X2APIC;
	if (!(base & BASE_ENABLE))
		msr_write(MSR_APIC_BASE, base | BASE_ENABLE);
	return base & BASE_ADDRESS;
}

static void enable(void)
{
	write_local(APIC_SPURIOUS, APIC_ENABLE | VECTOR_SPURIOUS);
	write_local(APIC_DIVIDE, APIC_BY_16);
	native_apic_enable_timer(false);
}

void native_apic_init(volatile void *local_apic, volatile void *io_apic)
{
	local_registers = local_apic;
	io_registers = io_apic;
	trap_set_handler(VECTOR_SPURIOUS, nothing);
	enable();
}

void native_apic_enable_timer(bool on)
{
	write_local(APIC_LVT_TIMER, VECTOR_TIMER | (on ? 0 : APIC_MASKED));
}

void native_apic_count_down(void)
{
	write_local(APIC_INITIAL_COUNT, UINT32_MAX);
}

uint32_t native_apic_counted(void)
{
	return UINT32_MAX - read_local(APIC_CURRENT_COUNT);
}

void native_apic_set_frequency(uint64_t hz)
{
	frequency = hz / APIC_DIVISOR;
}

void native_end_of_interrupt(void)
{
	write_local(APIC_EOI, 0);
}

static void timer_interrupt(void)
{
	native_end_of_interrupt();
	timer_expired();
}

void native_apic_begin(void)
{
	uint64_t base = msr_read(MSR_APIC_BASE) | BASE_ENABLE;

	msr_write(MSR_APIC_BASE, x2apic ? base | BASE_X2APIC : base);
	enable();
	trap_set_handler(VECTOR_TIMER, timer_interrupt);
	native_apic_enable_timer(true);
}

/*
 * The timer is set for a second at most: timer_expired() then finds nothing due, and sets it again.
 */
void native_set_timer(uint64_t deadline)
{
	uint64_t now = native_system_time();
	uint64_t wait = deadline > now ? MIN(deadline - now, NS_PER_S) : 0;

	write_local(APIC_INITIAL_COUNT, (uint32_t)(wait * frequency / NS_PER_S) + 1);
}

uint32_t native_apic_id(void)
{
	struct cpuid topology = {0};

	if (cpuid(0).eax >= CPUID_TOPOLOGY)
		topology = cpuid(CPUID_TOPOLOGY);
	return topology.ebx ? topology.edx : cpuid(1).ebx >> 24;
}

bool native_apic_reaches(uint32_t id)
{
	return x2apic ? id != UINT32_MAX : id < UINT8_MAX;
}

/* Waits until the last message was accepted. An APIC that does not say so is sent the next one. */
static void wait_accepted(void)
{
	for (unsigned int i = 0; i < MOST_LOOKS && (read_local(APIC_COMMAND) & APIC_PENDING); i++)
		cpu_relax();
}

void native_apic_send(uint32_t id, uint32_t message)
{
	bool events = events_mask(); /* a handler may send one too, between the two writes */

	if (x2apic) {
		/* Unlike a store to the registers, this write may overtake earlier stores. */
		__asm__ volatile("mfence; lfence" ::: "memory");
		msr_write(MSR_X2APIC + (APIC_COMMAND >> 4), (uint64_t)id << 32 | message);
	} else {
		wait_accepted();
		write_local(APIC_DESTINATION, id << 24);
		write_local(APIC_COMMAND, message);
	}
	events_restore(events);
}

static uint32_t apic_number(void)
{
	return x2apic ? read_local(APIC_NUMBER) : read_local(APIC_NUMBER) >> 24;
}

void native_route_interrupt(unsigned int line, uint8_t vector)
{
	volatile uint32_t *select = (volatile uint32_t *)(volatile void *)io_registers;
	volatile uint32_t *window = (volatile uint32_t *)(volatile void *)(io_registers + 0x10);

	*select = FIRST_REDIRECT + 2 * line + 1;
	*window = apic_number() << 24; /* to this CPU */
	*select = FIRST_REDIRECT + 2 * line;
	*window = vector; /* edge triggered, not masked */
}
