// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first C code after the PVH entry: bare hardware, or a PVH guest of Xen.
 *
 * It does what a domain builder does for a PV guest: it takes frames for page tables after the
 * kernel, maps everything from frame 0 to the end of those tables at KERNEL_VIRT_BASE, page by
 * page, and loads them; with five levels if the processor has them and the command line does not
 * object. The code that follows finds the same state as under Xen, and is the same.
 */
#include <arch/acpi.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/native.h>
#include <arch/segments.h>
#include <arch/tlb.h>
#include <boot/pvh_info.h>
#include <drivers/console.h>
#include <drivers/serial.h>
#include <kernel/cmdline.h>
#include <kernel/lib/panic.h>
#include <kernel/lib/printf.h>
#include <kernel/lib/string.h>
#include <kernel/main.h>
#include <mm/frame/translate.h>
#include <mm/kernel/fixed.h>
#include <mm/kernel/image.h>
#include <mm/kernel/memory.h>
#include <mm/table/find.h>
#include <mm/table/ops.h>
#include <mm/table/run.h>
#include <mm/xen/batch.h>

#define CPUID_1_GIB_PAGES (1u << 26)
#define CPUID_LA57        (1u << 16)

/* The memory that head.S maps at its physical address. */
#define IDENTITY_BYTES (1ull << 32)

extern pt_entry_t boot_pgd[PT_ENTRIES];

static struct cpu boot_cpu;
static struct native_cpu boot_part;
static struct batch boot_batch; /* stays empty: there is no hypervisor to batch requests for */
static struct boot_info boot;

/* ---- the bare machine ---- */

static void describe(char *buffer, size_t size)
{
	snprintf(buffer, size, "on bare hardware");
}

static const struct machine bare = {
	.describe = describe,
	.event_vector = true,
	.system_time = native_system_time,
	.wall_time = native_wall_time,
	.count_cpus = native_count_cpus,
	.start_cpu = native_start_cpu,
	.ready_cpu = native_ready_cpu,
	.stop_cpu = native_stop_cpu,
	.send_ipi = native_send_ipi,
	.send_nmi = native_send_nmi,
	.cpu_part_bytes = sizeof(struct native_cpu),
	.set_timer = native_set_timer,
	.user_code = USER_CODE_SEGMENT,
	.user_stack = USER_STACK_SEGMENT,
	.enter_user = native_enter_user,
	.set_kernel_stack = native_set_kernel_stack,
	.set_thread_pointer = native_set_thread_pointer,
	.load_gs = native_load_gs,
	.block = native_block,
	.fault_address = native_fault_address,
	.shutdown = native_shutdown,
};

/* ---- page tables ---- */

static const void *physical(uint64_t address, uint64_t bytes)
{
	if (address >= IDENTITY_BYTES || bytes > IDENTITY_BYTES - address)
		return NULL;
	return (const void *)address;
}

static uint64_t physical_of(const void *symbol)
{
	return (uintptr_t)symbol - KERNEL_VIRT_BASE;
}

static struct pfn_range image_range(void)
{
	pfn_t first = pfn(physical_of(image_start) >> PAGE_SHIFT);

	return (struct pfn_range){first, (physical_of(image_end) >> PAGE_SHIFT) - first.pfn};
}

static void choose_geometry(unsigned int wanted)
{
	bool la57 = cpuid(0).eax >= 7 && (cpuid(7).ecx & CPUID_LA57);

	pt_geometry = pt_geometry_make(la57 && wanted != 4 ? 5 : 4, PT_LEVEL_BITS);
	pt_geometry.large_levels = 1u << PT_PMD;
	if (cpuid(0x80000001).edx & CPUID_1_GIB_PAGES)
		pt_geometry.large_levels |= 1u << PT_PUD;
}

static void no_word(const char *word, size_t length, const char *what)
{
	(void)word, (void)length, (void)what; /* kernel_main() will report it */
}

static unsigned int wanted_levels(void)
{
	static struct cmdline cmdline;

	cmdline_parse(boot.cmdline, &cmdline, no_word);
	return cmdline.levels;
}

/* The tables below the root: they map the image and themselves, from frame 0 on. */
static struct pt_run run;

/* Takes frames for the root and those tables, which grow with what they map: themselves too. */
static struct pfn_range take_tables(void)
{
	static struct boot_memory memory;
	const struct pfn_range slots = {
		pfn(physical_of(fixed_slots_start) >> PAGE_SHIFT),
		(uint64_t)(fixed_slots_end - fixed_slots_start) >> PAGE_SHIFT,
	};
	uint64_t end = physical_of(image_end) >> PAGE_SHIFT;
	pfn_t first;
	const char *error;

	do {
		run = pt_run_plan(KERNEL_VIRT_BASE, ROUND_UP(end, PT_ENTRIES));
		memory_reserve(&memory, &boot);
		/*
		 * The tables are accessed at KERNEL_VIRT_BASE + pfn, so they cannot be where a
		 * fixed slot is.
		 */
		error = boot_memory_reserve(&memory, slots, FRAME_DATA);
		if (error)
			fatal("%s", error);
		first = boot_memory_take(&memory, 1 + run.total, FRAME_TABLE);
		if (!pfn_valid(first) || first.pfn + 1 + run.total > PT_ENTRIES * PT_ENTRIES)
			fatal("no %lu free frames for page tables in the first GiB of memory",
			      1 + run.total);
		end = MAX(end, first.pfn + 1 + run.total);
	} while (end > run.pages);
	pt_run_place(&run, pfn(first.pfn + 1));
	return (struct pfn_range){first, 1 + run.total};
}

static pt_entry_t *at_physical_address(pfn_t table)
{
	return (pt_entry_t *)(table.pfn << PAGE_SHIFT);
}

static void fill_leaves(pt_entry_t *entries, enum pt_level level, int64_t page, void *argument)
{
	(void)argument;
	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		entries[i] = level == PT_PTE ? pt_entry_from_mfn(mfn((uint64_t)page + i),
								 PT_KERNEL_RX | PT_RW | PT_DIRTY)
					     : pt_entry_none();
}

static void fill_tables(pfn_t root)
{
	static const struct pt_filler filler = {.open = at_physical_address, .leaves = fill_leaves};

	memset(at_physical_address(root), 0, PAGE_SIZE);
	pt_run_fill(&run, &filler, NULL);
	pt_run_link(&run, at_physical_address(root), PT_TABLE);
}

static void enter_tables(struct pfn_range tables)
{
	pt_entry_t *root = (pt_entry_t *)(KERNEL_VIRT_BASE + (tables.start.pfn << PAGE_SHIFT));
	paddr_t address = pfn_to_paddr(tables.start);

	if (pt_geometry.levels == 4) {
		native_load_root(address);
		return;
	}
	/* While paging is off the code runs at its physical address, so that is mapped too. */
	((pt_entry_t *)address.pa)[0] = (pt_entry_t){physical_of(boot_pgd) | PT_TABLE};
	native_enter_five_levels(address);
	root[0] = pt_entry_none();
	native_load_root(address);
}

static void make_tables(void)
{
	choose_geometry(wanted_levels());
	boot.page_tables = take_tables();
	fill_tables(boot.page_tables.start);
	enter_tables(boot.page_tables);
	boot.initial_map = (struct pfn_range){pfn(0), run.pages};
	pt_set_root(boot.page_tables.start);
	direct_map_set_initial(boot.initial_map);
}

/* ---- devices ---- */

/* Maps the page of the register at a physical address, uncached. Returns its virtual address. */
static char *map_registers(char *slot, uint64_t address)
{
	fixed_set(slot, mfn(address >> PAGE_SHIFT), PT_KERNEL_RW | PT_PCD | PT_PWT);
	return slot + address % PAGE_SIZE;
}

static void map_power(struct acpi_power *power)
{
	struct acpi_write *const writes[FIXED_POWER] = {&power->off[0], &power->off[1],
							&power->reset};

	for (unsigned int i = 0; i < FIXED_POWER; i++) {
		if (writes[i]->where == ACPI_MEMORY)
			writes[i]->mapped = (volatile uint8_t *)map_registers(fixed_power[i],
									      writes[i]->address);
	}
}

static void start_devices(struct acpi_power *power, const struct acpi_cpus *found)
{
	uint64_t local_apic = native_apic_find();

	native_apic_init(map_registers(fixed_local_apic, local_apic),
			 map_registers(fixed_io_apic, NATIVE_IO_APIC));
	native_clock_init();
	map_power(power);
	native_power_init(power);
	native_cpus_init(found, boot.low_frame, pfn_to_paddr(boot.page_tables.start));
}

/* Maps the shared info page in place of a frame that nothing else uses. */
static void start_xen(void)
{
	boot.shared_info.ma = physical_of(fixed_window);
	xen_pvh_share_info(pfn(boot.shared_info.ma >> PAGE_SHIFT));
	fixed_map(fixed_shared_info, maddr_to_mfn(boot.shared_info), true);
	xen_pvh_init((struct shared_info *)(void *)fixed_shared_info,
		     pfn_to_paddr(boot.page_tables.start));
}

void native_start(uint64_t start_info) NORETURN;
void native_start(uint64_t start_info)
{
	bool xen = xen_pvh_find();
	struct pvh_context context = {
		.image = image_range(),
		.at = physical,
		.memory_map = xen ? xen_pvh_memory_map : NULL,
	};
	struct acpi_power power = {0};
	struct acpi_cpus found = {0};
	const char *error;

	machine = xen ? &xen_pvh : &bare;
	boot_cpu.machine_part = &boot_part;
	cpu_init(&boot_cpu, 0, (uintptr_t)boot_stack);
	msr_write(MSR_GS_BASE, (uint64_t)&boot_cpu);
	batch_init(&boot_batch);
	if (!xen) {
		console_use(&serial_console);
		serial_init();
	}
	native_descriptors_init(&boot_part);
	error = boot_info_from_pvh(start_info, &context, &boot);
	if (error)
		fatal("%s", error);
	if (xen && !boot.dom0)
		fatal("as a PVH guest of Xen this kernel can only be dom0");
	paravirt = paravirt_native;
	p2m_use_identity(boot.pages, boot.absent, boot.absent_runs);
	if (!xen) {
		power = acpi_find_power(boot.acpi, physical);
		found = acpi_find_cpus(boot.acpi, native_apic_id(), physical);
	}
	make_tables();
	if (xen)
		start_xen();
	else
		start_devices(&power, &found);
	kernel_main(&boot);
}
