// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clocks of a PC: the time-stamp counter or KVM's clock for the time since boot; the
 * battery-backed clock (MC146818) for the date.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/native.h>
#include <arch/pvclock.h>
#include <arch/rates.h>
#include <arch/time.h>
#include <kernel/lib/date.h>
#include <kernel/lib/layout.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printk.h>

#define RTC_INDEX 0x70
#define RTC_DATA  0x71

static uint64_t date_at_boot; /* nanoseconds since 1970 */

/* ---- the time-stamp counter ---- */

static uint64_t first_tick;
static uint32_t multiplier;
static int8_t shift;

/* Computes the factor by which pvclock_scale() converts ticks of that frequency to nanoseconds. */
static void set_factor(uint64_t hz)
{
	while (hz <= NS_PER_S) {
		hz *= 2;
		shift++;
	}
	multiplier = (uint32_t)((NS_PER_S << 32) / hz);
}

/* ---- KVM's clock (Linux, Documentation/virt/kvm/x86/{cpuid,msr}.rst) ---- */

#define KVM_SIGNATURE    "KVMKVMKVM\0\0"
#define KVM_CLOCK        (1u << 3) /* leaf 1 of KVM's, eax: it has these two registers */
#define MSR_KVM_WALL     0x4b564d00
#define MSR_KVM_SYSTEM   0x4b564d01
#define KVM_CLOCK_ENABLE 1

/* Each CPU has one; none crosses a page boundary. */
static struct vcpu_time_info kvm_clocks[CPU_MAX]
	__attribute__((aligned(sizeof(struct vcpu_time_info))));
static struct {
	uint32_t version, seconds, nanoseconds;
} kvm_date __attribute__((aligned(64)));
static uint64_t kvm_first;

/* Returns the running CPU's clock. */
static struct vcpu_time_info *kvm_clock(void)
{
	return &kvm_clocks[this_cpu()->number];
}

/* Has KVM keep the running CPU's clock. */
static void start_kvm_clock(void)
{
	msr_write(MSR_KVM_SYSTEM, ((uintptr_t)kvm_clock() - KERNEL_VIRT_BASE) | KVM_CLOCK_ENABLE);
}

static bool use_kvm_clock(void)
{
	uint32_t leaves = native_find_hypervisor(KVM_SIGNATURE);

	if (!leaves || !(cpuid(leaves + 1).eax & KVM_CLOCK))
		return false;
	start_kvm_clock();
	if (!kvm_clock()->tsc_to_system_mul)
		return false;
	kvm_first = pvclock_read(kvm_clock());
	return true;
}

/* Returns the date at the zero of KVM's clock. */
static uint64_t read_kvm_date(void)
{
	msr_write(MSR_KVM_WALL, (uintptr_t)&kvm_date - KERNEL_VIRT_BASE);
	return kvm_date.seconds * NS_PER_S + kvm_date.nanoseconds;
}

/* ---- the battery-backed clock ---- */

static uint8_t rtc_read(uint8_t reg)
{
	port_write8(RTC_INDEX, reg);
	return port_read8(RTC_DATA);
}

static unsigned int rtc_value(uint8_t value, uint8_t mode)
{
	return mode & 4 ? value : (value >> 4) * 10u + (value & 15);
}

static unsigned int rtc_number(uint8_t reg)
{
	return rtc_value(rtc_read(reg), rtc_read(0x0b));
}

/* Reads the hour. In 12-hour mode the highest bit means "afternoon", and midnight is 12. */
static unsigned int rtc_hour(void)
{
	uint8_t mode = rtc_read(0x0b), hour = rtc_read(4);
	unsigned int number = rtc_value(hour & 0x7f, mode);

	if (mode & 2)
		return number;
	return number % 12 + (hour & 0x80 ? 12 : 0);
}

/* Reads the date until two readings agree, since the clock may be updating itself. */
static struct date rtc_date(void)
{
	struct date date, again = {0};

	do {
		date = again;
		again = (struct date){
			.year = 2000 + rtc_number(9),
			.month = rtc_number(8),
			.day = rtc_number(7),
			.hour = rtc_hour(),
			.minute = rtc_number(2),
			.second = rtc_number(0),
		};
	} while (date.second != again.second || date.minute != again.minute ||
		 date.hour != again.hour || date.day != again.day);
	return date;
}

/* ---- all of it ---- */

/* Measures the APIC's timer by the clock, which is read before and after the timer. */
static uint64_t measure_apic(void)
{
	uint64_t most = 0;

	for (unsigned int i = 0; i < 5; i++) {
		uint64_t start = native_system_time(), passed;
		uint32_t counted;

		native_apic_count_down();
		while (native_system_time() - start < 2 * NS_PER_MS)
			cpu_relax();
		counted = native_apic_counted();
		passed = native_system_time() - start;
		/* An interruption at either end makes the timer look slower. */
		most = MAX(most, counted * NS_PER_S / passed * APIC_DIVISOR);
	}
	return most;
}

static const char *find_clock(struct rates *rates)
{
	const char *source = NULL;

	*rates = (struct rates){0};
	if (use_kvm_clock())
		return "KVM";
	if (rates_from_cpuid(cpuid, rates))
		source = "the time-stamp counter, at the rate that cpuid tells";
	else if (native_rates_from_pit(rates))
		source = "the time-stamp counter, measured by the PC's timer";
	else
		fatal("no clock: neither KVM's, nor a rate of the time-stamp counter in cpuid, nor "
		      "a timer of the PC (i8254) to measure it by");
	set_factor(rates->tsc);
	first_tick = rdtsc();
	return source;
}

void native_clock_init(void)
{
	struct rates rates;
	const char *source = find_clock(&rates);

	if (!rates.apic)
		rates.apic = measure_apic();
	native_apic_set_frequency(rates.apic);
	if (kvm_first)
		date_at_boot = read_kvm_date() + kvm_first;
	else
		date_at_boot = date_to_seconds(rtc_date()) * NS_PER_S - native_system_time();
	printk(PRINTK_DEBUG, "clock: %s; timer: APIC, %lu kHz\n", source, rates.apic / 1000);
}

void native_clock_begin(void)
{
	if (kvm_first)
		start_kvm_clock();
}

uint64_t native_system_time(void)
{
	if (kvm_first)
		return pvclock_read(kvm_clock()) - kvm_first;
	return pvclock_scale(rdtsc() - first_tick, multiplier, shift);
}

uint64_t native_wall_time(void)
{
	return date_at_boot + native_system_time();
}
