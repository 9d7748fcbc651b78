// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes from the inside: programs of a few instructions, made here, so that the test sees what
 * they leave allocated and what their page tables show of the kernel. They also run with every page
 * of memory missing in turn.
 */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/time.h>
#include <kernel/file/tty.h>
#include <kernel/lib/errno.h>
#include <kernel/lib/string.h>
#include <kernel/process/process.h>
#include <kernel/selftest/selftest.h>
#include <mm/frame/frames.h>
#include <mm/frame/translate.h>
#include <mm/table/mm.h>
#include <mm/table/walk.h>
#include <mm/user/entries.h>

SUITE(processes, "processes: what they leave behind, without memory, isolation");

#define CODE 0x400000ul

/* An ELF file around a few instructions, which may write to the page after theirs. */
struct image {
	unsigned char identity[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, headers, sections;
	uint32_t flags;
	uint16_t size, header_size, header_count, section_size, section_count, names;
	struct {
		uint32_t type, flags;
		uint64_t offset, address, physical, in_file, in_memory, alignment;
	} segment[2];
	unsigned char code[512];
};

#define PROGRAM(name, instructions)                                               \
	extern const char name##_code[], name##_end[];                            \
	__asm__(".pushsection .rodata\n" #name "_code:\n" instructions "\n" #name \
		"_end:\n.popsection\n")

static void install(const char *path, const char *code, const char *end)
{
	static struct image image;
	struct inode *inode;

	image = (struct image){
		.identity = {0x7f, 'E', 'L', 'F', 2, 1, 1},
		.type = 2,
		.machine = 62,
		.version = 1,
		.entry = CODE + offsetof(struct image, code),
		.headers = offsetof(struct image, segment),
		.size = 64,
		.header_size = 56,
		.header_count = 2,
		.segment = {{1, 5, 0, CODE, CODE, sizeof(image), sizeof(image), PAGE_SIZE},
			    {1, 6, 0, CODE + PAGE_SIZE, 0, 0, 64 * PAGE_SIZE, PAGE_SIZE}},
	};
	REQUIRE((size_t)(end - code) <= sizeof(image.code));
	memcpy(image.code, code, (size_t)(end - code));
	name_unlink(fs_root(), path, false);
	REQUIRE(name_create(fs_root(), path, FS_FILE | 0755, NULL, &inode) == 0);
	REQUIRE(object_write(inode->data, 0, &image, sizeof(image)) == sizeof(image));
	inode_put(inode);
}

#define INSTALL(path, name) install(path, name##_code, name##_end)

/* Programs in the background, which stop for as long as this suite runs. */
static struct list_node background = {&background, &background};
static struct process *stopped[64]; /* those that were not before */
static unsigned int stopped_count;

static void move_processes(struct list_node *from, struct list_node *to)
{
	while (!list_empty(from)) {
		struct list_node *oldest = from->next;

		list_remove(oldest);
		list_add(to->previous, oldest);
	}
}

/*
 * Takes processes off the list. Then they are not counted, and none of them is ended to make room
 * for others. Does nothing if they are more than the array holds.
 */
static void set_aside(void)
{
	unsigned int running = 0;

	for_each_process(process) running += !process->stopped;
	if (running > ARRAY_SIZE(stopped))
		return;
	for_each_process(process)
	{
		if (!process->stopped)
			stopped[stopped_count++] = process;
		process->stopped = true;
	}
	move_processes(&process_list, &background);
}

static void bring_back(void)
{
	move_processes(&background, &process_list);
	while (stopped_count) {
		struct process *process = stopped[--stopped_count];

		process->stopped = false;
		for_each_thread(thread, process) task_wake(thread->task);
	}
}

/* Waits until those that are about to end have done so. */
static void await_ends(void)
{
	bool ending = true;

	for (unsigned int i = 0; ending && i < 1000; i++) {
		ending = false;
		for_each_process(process) ending |=
			process->dying && !list_empty(&process->threads);
		if (ending)
			task_yield();
	}
}

TEST(processes, the_background_stands_aside)
{
	await_ends();
	set_aside();
	if (!list_empty(&process_list))
		SKIP("too many programs are running");
}

/* Starts it; its status, or the error that it could not be started with. */
static long run(const char *path)
{
	const struct strings words = {1, path, strlen(path) + 1};
	struct process *process;
	long error = process_start(path, &words, false, &process);

	if (error)
		return error;
	error = process_wait_for(process);
	tty_take();
	return error;
}

/* Lets orphans end, which may be on other CPUs still: a second is more than enough. */
static void let_all_end(void)
{
	uint64_t deadline = time_system() + NS_PER_S;

	while (!list_empty(&process_list) && time_system() < deadline)
		task_yield();
}

static struct counts {
	uint64_t free, tables;
	uint64_t processes;
} count(void)
{
	struct counts counts;

	let_all_end();
	counts = (struct counts){.free = frames_free_count()};
	for (uint64_t n = 0; n < frame_count; n++)
		counts.tables += frame_of(pfn(n))->flags != 0;
	for_each_process(process) counts.processes++;
	return counts;
}

static void expect_same(struct counts before)
{
	struct counts now = count();

	EXPECT_EQ(now.free, before.free);
	EXPECT_EQ(now.tables, before.tables);
	EXPECT_EQ(now.processes, before.processes);
	EXPECT(!frames_check());
}

PROGRAM(exits, "movl $231, %eax; movl $7, %edi; syscall");

TEST(processes, one_comes_and_goes)
{
	struct counts before;

	INSTALL("/exits", exits);
	EXPECT_EQ(run("/exits"), 7 << 8); /* the tables of the stacks' window stay */
	before = count();
	for (unsigned int i = 0; i < 10; i++)
		EXPECT_EQ(run("/exits"), 7 << 8);
	expect_same(before);
}

PROGRAM(segfaults, "movl $0x7000000, %eax; movl (%rax), %eax");
PROGRAM(kernel_reader, "movq $0xffff888000000000, %rax; movl (%rax), %eax");
PROGRAM(illegal, "ud2");
PROGRAM(privileged, "cli");
PROGRAM(divides, "xorl %ecx, %ecx; movl %ecx, %edx; divl %ecx");

TEST(processes, mistakes_end_them)
{
	struct counts before;

	INSTALL("/p", exits);
	run("/p");
	before = count();
	INSTALL("/p", segfaults);
	EXPECT_EQ(run("/p"), SIGSEGV);
	INSTALL("/p", kernel_reader);
	EXPECT_EQ(run("/p"), SIGSEGV);
	INSTALL("/p", illegal);
	EXPECT_EQ(run("/p"), SIGILL);
	INSTALL("/p", privileged);
	EXPECT_EQ(run("/p"), SIGSEGV);
	INSTALL("/p", divides);
	EXPECT_EQ(run("/p"), SIGFPE);
	expect_same(before);
}

/*
 * Writes to 32 pages, forks; the child writes to them again and becomes /exits; the parent waits,
 * and checks what it wrote. Status 0: all well, 1: fork had no memory, 2: the child was killed or
 * could not become the other, 3: the parent's memory is not what it was.
 */
PROGRAM(family,
	"movl $0x401000, %ebx; movl $32, %r12d\n"
	"1: movl %r12d, (%rbx); addq $4096, %rbx; decl %r12d; jnz 1b\n"
	"movl $57, %eax; syscall; testl %eax, %eax; js 7f; jz 5f\n"
	"movl $61, %eax; movq $-1, %rdi; movl $0x402800, %esi; xorl %edx, %edx; xorl %r10d, %r10d\n"
	"syscall; testl %eax, %eax; js 8f; cmpl $0x700, 0x402800; jne 8f\n"
	"movl $0x401000, %ebx; movl $32, %r12d\n"
	"2: cmpl %r12d, (%rbx); jne 9f; addq $4096, %rbx; decl %r12d; jnz 2b\n"
	"xorl %edi, %edi; jmp 6f\n"
	"5: movl $0x401000, %ebx; movl $32, %r12d\n"
	"3: movl $99, (%rbx); addq $4096, %rbx; decl %r12d; jnz 3b\n"
	"movl $59, %eax; leaq 4f(%rip), %rdi; xorl %esi, %esi; xorl %edx, %edx; syscall\n"
	"movl $5, %edi; jmp 6f\n"
	"4: .asciz \"/exits\"\n"
	"7: movl $1, %edi; jmp 6f\n"
	"8: movl $2, %edi; jmp 6f\n"
	"9: movl $3, %edi\n"
	"6: movl $231, %eax; syscall");

TEST(processes, fork_exec_wait)
{
	struct counts before;

	INSTALL("/exits", exits);
	INSTALL("/family", family);
	EXPECT_EQ(run("/family"), 0);
	before = count();
	EXPECT_EQ(run("/family"), 0);
	expect_same(before);
}

/* Takes all memory but "leave" pages; the list of the pages taken begins in *first. */
static void take_memory(uint64_t leave, pfn_t *first)
{
	*first = INVALID_PFN;
	for (unsigned int order = FRAMES_MAX_ORDER; order != UINT32_MAX; order--) {
		while (frames_free_count() >= leave + (1ull << order)) {
			pfn_t block = frames_alloc(order);

			if (!pfn_valid(block))
				break;
			frame_of(block)->private = first->pfn;
			*first = block;
		}
	}
}

static void give_memory(pfn_t first)
{
	while (pfn_valid(first)) {
		pfn_t next = pfn(frame_of(first)->private);

		frames_free(first);
		first = next;
	}
}

/*
 * With 0 free pages, with 1, ... until all goes well: every allocation fails once, whatever it is
 * for. Nothing may leak, the parent lives unless it was chosen to make room, and its memory is what
 * it was.
 */
TEST(processes, every_page_missing_in_turn)
{
	struct counts before;
	const uint64_t reserve = frames_reserve;
	uint64_t leave = 0, refused = 0, forks_failed = 0, ended = 0;
	long status = -1;

	if (!list_empty(&process_list))
		SKIP("a program in the background might be ended to make room");
	INSTALL("/exits", exits);
	INSTALL("/family", family);
	REQUIRE(run("/family") == 0);
	before = count();
	frames_reserve = 0;
	for (; leave < 400 && status; leave++) {
		pfn_t taken;

		take_memory(leave, &taken);
		status = run("/family");
		give_memory(taken);
		/* If the parent was ended, its child is left, and ends by itself. */
		for (unsigned int i = 0; i < 1000 && !list_empty(&process_list); i++)
			task_yield();
		refused += status == -ENOMEM;
		forks_failed += status == 1 << 8;
		ended += status == SIGKILL || status == 2 << 8;
		EXPECT(status == -ENOMEM || status == 0 || status == 1 << 8 || status == 2 << 8 ||
		       status == SIGKILL || status == SIGSEGV);
		EXPECT_NE(status, 3 << 8);
		expect_same(before);
	}
	frames_reserve = reserve;
	EXPECT_EQ(status, 0);
	/* It was tried at all these places. */
	EXPECT_GE(refused, 5);
	EXPECT_GE(forks_failed, 5);
	EXPECT_GE(ended, 5);
}

/* Sleeps for ever. */
PROGRAM(pauses, "1: movl $34, %eax; syscall; jmp 1b");

/* Counts leaves of the kernel's half that a program could use. */
static bool count_open(const struct pt_leaf *leaf, void *argument)
{
	uint64_t *open = argument;

	*open += leaf->address > pt_user_limit() && (leaf->rights & PT_USER);
	return true;
}

TEST(processes, user_roots_show_nothing_of_the_kernel)
{
	const struct strings words = {1, "/pauses", 8};
	const struct signal_info info = {0};
	struct process *process;
	const pt_entry_t *entries;
	struct counts before;

	INSTALL("/pauses", pauses);
	before = count();
	REQUIRE(process_start("/pauses", &words, false, &process) == 0);
	task_yield(); /* it has run: its root was loaded */
	if (pfn_valid(process->space->mm.user_root)) {
		entries = pfn_to_virt(process->space->mm.user_root);
		for (unsigned int i = pt_entries() / 2; i < pt_entries(); i++)
			EXPECT(pt_slot_reserved(i) || !pt_entry_present(entries[i]));
	} else {
		/* Both share a root: it is the right of the pages that keeps programs out. */
		uint64_t open = 0;

		EXPECT(!machine->xen_tables);
		pt_for_each_leaf(count_open, &open);
		EXPECT_EQ(open, 0);
	}
	signal_send(process, NULL, SIGKILL, &info);
	EXPECT_EQ(process_wait_for(process), SIGKILL);
	tty_take();
	expect_same(before);
}

TEST(processes, a_tidy_end)
{
	bring_back();
	EXPECT_EQ(name_unlink(fs_root(), "/exits", false), 0);
	EXPECT_EQ(name_unlink(fs_root(), "/family", false), 0);
	EXPECT_EQ(name_unlink(fs_root(), "/pauses", false), 0);
	EXPECT_EQ(name_unlink(fs_root(), "/p", false), 0);
}
