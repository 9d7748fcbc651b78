// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "hostile SECONDS SEED [xpti]": system calls of every number with the worst arguments that there
 * are, and direct attempts at what belongs to the kernel.
 *
 * Children make the calls, some hundred each; that they die is to be expected, and one that waits
 * for ever is killed. What must hold: the kernel goes on; a killed child ends; the parent's memory
 * is as it was; and in every other batch, in which no call may change mappings, the kernel wrote
 * nowhere but into the buffers that it was given, forwards from their beginning. Children have no
 * terminal and no descriptor but /dev/null and what they make in a directory of their own.
 *
 * Runs on Pinwheel only, or where HOSTILE_ANYWHERE is set, and there not as root.
 */
#define _GNU_SOURCE
#include "check.h"
#include "pinwheel.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE     4096ul
#define BATCH    300
#define PATIENCE 500  /* milliseconds for a batch, which takes a few */
#define DEATH    5000 /* and for a killed one to be gone */
#define DAMAGED  101
#define OWN      (4ul << 20)
#define FLAGS    0x44400ul /* direction, nested task, alignment: to enter the kernel with */

/* ---- random numbers ---- */

static uint64_t state;

static uint64_t random64(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull;
}

static uint64_t below(uint64_t limit)
{
	return (random64() >> 16) % limit;
}

/* ---- the rules: which calls need care ---- */

enum rule {
	FREE,
	NEVER,   /* reaches other processes, or ends the machine */
	OWN_PID, /* the first argument names a process: only this one */
	ITSELF,  /* the same, where 0 means the caller; also an exit status */
	RARELY,  /* waits for ever, or ends the batch */
	MAPPING, /* may rightly change memory anywhere, now or later */
};

static const struct {
	int number;
	enum rule rule;
} rules[] = {
	{SYS_reboot, NEVER},
	{SYS_ptrace, NEVER},
	{SYS_process_vm_writev, NEVER},
	{SYS_setpriority, NEVER},
	{SYS_ioprio_set, NEVER},
	{424, NEVER}, /* pidfd_send_signal */
	{524, NEVER}, /* rt_sigqueueinfo and rt_tgsigqueueinfo of x32 */
	{536, NEVER},
	{SYS_kill, OWN_PID},
	{SYS_tkill, OWN_PID},
	{SYS_tgkill, OWN_PID},
	{SYS_rt_sigqueueinfo, OWN_PID},
	{SYS_rt_tgsigqueueinfo, OWN_PID},
	{SYS_exit, ITSELF},
	{SYS_exit_group, ITSELF},
	{SYS_prlimit64, ITSELF},
	{SYS_sched_setparam, ITSELF},
	{SYS_sched_setscheduler, ITSELF},
	{SYS_sched_setaffinity, ITSELF},
	{SYS_sched_setattr, ITSELF},
	{SYS_migrate_pages, ITSELF},
	{SYS_move_pages, ITSELF},
	{SYS_read, RARELY},
	{SYS_readv, RARELY},
	{SYS_poll, RARELY},
	{SYS_ppoll, RARELY},
	{SYS_select, RARELY},
	{SYS_pselect6, RARELY},
	{SYS_pause, RARELY},
	{SYS_nanosleep, RARELY},
	{SYS_clock_nanosleep, RARELY},
	{SYS_futex, RARELY},
	{SYS_flock, RARELY},
	{SYS_rt_sigsuspend, RARELY},
	{SYS_rt_sigtimedwait, RARELY},
	{SYS_rt_sigreturn, RARELY},
	{SYS_execve, RARELY},
	{SYS_execveat, RARELY},
	{SYS_seccomp, RARELY},
	{SYS_mmap, MAPPING},
	{SYS_munmap, MAPPING},
	{SYS_mprotect, MAPPING},
	{SYS_mremap, MAPPING},
	{SYS_madvise, MAPPING},
	{SYS_brk, MAPPING},
	{SYS_remap_file_pages, MAPPING},
	{SYS_pkey_mprotect, MAPPING},
	{SYS_shmat, MAPPING},
	{SYS_shmdt, MAPPING},
	{SYS_clone, MAPPING},
	{SYS_fork, MAPPING},
	{SYS_vfork, MAPPING},
	{435, MAPPING}, /* clone3 */
	{SYS_arch_prctl, MAPPING},
	{SYS_prctl, MAPPING},
	{SYS_set_tid_address, MAPPING},
	{SYS_set_robust_list, MAPPING},
	{334, MAPPING}, /* rseq */
	{SYS_rt_sigaction, MAPPING},
	{SYS_sigaltstack, MAPPING},
	{SYS_userfaultfd, MAPPING},
	{SYS_io_setup, MAPPING},
	{SYS_io_submit, MAPPING},
	{425, MAPPING}, /* io_uring_setup */
	{426, MAPPING},
	{427, MAPPING},
	{440, MAPPING}, /* process_madvise */
	{453, MAPPING}, /* map_shadow_stack */
};

/* Without the bit of the x32 calls, and as 32 bits: a kernel may look at no more. */
static enum rule rule_of(uint64_t number)
{
	int low = (int)(number & 0x3fffffff);

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].number == low)
			return rules[i].rule;
	return FREE;
}

static uint64_t pick_number(void)
{
	static const uint64_t wild[] = {
		~0ull,      1ull << 31,         1ull << 63,   0x7fffffff,   0x40000000,
		0x40000001, 0x40000208,         1ull << 32,   601,          1023,
		4096,       0xffffffff00000027, 0x8000000000, 0xfffff00000,
	};

	return below(20) ? below(601) : wild[below(ARRAY_SIZE(wild))];
}

/* ---- the arguments ---- */

/* In the child: sentinels, the buffer, nothing, sentinels again; and pages of other kinds. */
static unsigned char *arena, *read_only;

#define BUFFER    (arena + PAGE)
#define SENTINEL  0xa5
#define PATH_SIZE 64

static const char *const paths[] = {"file", "directory", ".", "link", "no/such/thing", "", "new"};
static char path_pool[ARRAY_SIZE(paths)][PATH_SIZE], long_path[5000];

static void make_arena(void)
{
	arena = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	read_only = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(arena != MAP_FAILED && read_only != MAP_FAILED);
	memset(arena, SENTINEL, 4 * PAGE);
	memset(read_only, SENTINEL, PAGE);
	CHECK_IS(mprotect(read_only, PAGE, PROT_READ), 0);
	CHECK_IS(mprotect(BUFFER + PAGE, PAGE, PROT_NONE), 0);
	memset(long_path, 'p', sizeof(long_path) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		strcpy(path_pool[i], paths[i]);
}

static bool all_sentinels(const unsigned char *page)
{
	for (size_t i = 0; i < PAGE; i++)
		if (page[i] != SENTINEL)
			return false;
	return true;
}

static uint64_t pick_argument(void)
{
	static const uint64_t wild[] = {
		0xffff888000000000,
		0xffff800000000000,
		0xffffffff80100000,
		0xffffffffff600000,
		0xffff87fffffff000,
		0xffffffffffffffff,
		0xfffffffffffff000,
		0x7ffffffff000,
		0x7fffffffeff8,
		0x7fffffffefff,
		0x800000000000,
		0x8000000000000000,
		0x7fffffffffffffff,
		0xdead000000000000,
		0x100000000,
		0x80000000,
		0x7fffffff,
		0xffffffff,
		0x40000000,
		4097,
		1,
		7,
	};

	switch (below(8)) {
	case 0:
		return wild[below(ARRAY_SIZE(wild))];
	case 1:
		return (uintptr_t)BUFFER + below(2) * below(64);
	case 2:
		return (uintptr_t)BUFFER + PAGE - below(64); /* to the very end, and over it */
	case 3:
		return (uintptr_t)path_pool[below(ARRAY_SIZE(paths))];
	case 4:
		return below(12); /* descriptors, flags, small sizes */
	case 5:
		return below(4) ? 1ull << below(64) : random64();
	case 6:
		switch (below(4)) {
		case 0:
			return (uintptr_t)read_only + below(PAGE);
		case 1:
			return (uintptr_t)&pick_argument;
		case 2:
			return (uintptr_t)long_path;
		}
		return 0;
	default:
		return below(2) ? 0 : -below(4096);
	}
}

/* Structures made of the same: pointers to pointers, times, sizes. Or nothing, or noise. */
static void fill_buffer(void)
{
	uint64_t *words = (uint64_t *)BUFFER, kind = below(3);

	for (size_t i = 0; i < PAGE / sizeof(*words); i++) {
		if (i < 16 || i >= PAGE / sizeof(*words) - 16)
			words[i] = kind == 0 ? 0 : kind == 1 ? pick_argument() : random64();
	}
	BUFFER[0] |= kind == 2 ? 0x80 : 0; /* noise is no absolute path */
}

/* ---- the calls ---- */

__attribute__((always_inline)) static inline long call(uint64_t number, const uint64_t *arguments,
						       uint64_t flags)
{
	register uint64_t r10 __asm__("r10") = arguments[3];
	register uint64_t r8 __asm__("r8") = arguments[4];
	register uint64_t r9 __asm__("r9") = arguments[5];
	long result = (long)number;

	/* The flags go to the stack below what the compiler may keep there. */
	__asm__ volatile("lea -256(%%rsp), %%rsp; pushfq; orq %[flags], (%%rsp); popfq; syscall;"
			 "pushq $0x202; popfq; lea 256(%%rsp), %%rsp"
			 : "+a"(result)
			 : "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(r10),
			   "r"(r8), "r"(r9), [flags] "b"(flags)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

/* A process that one of the calls made has nothing to do here. */
__attribute__((always_inline)) static inline void end_if_not(long pid)
{
	static const uint64_t none[6];

	if (call(SYS_getpid, none, 0) != pid)
		call(SYS_exit_group, none, 0);
}

static void one_call(bool mapping, long pid)
{
	uint64_t number = pick_number(), arguments[6], flags = below(4) ? 0 : random64() & FLAGS;
	enum rule rule = rule_of(number);

	for (int i = 0; i < 6; i++)
		arguments[i] = pick_argument();
	if (rule == NEVER || (rule == MAPPING && !mapping) ||
	    (rule >= OWN_PID && rule != MAPPING && below(30)))
		return;
	if (rule == OWN_PID)
		arguments[0] = (uint64_t)pid;
	if (rule == ITSELF)
		arguments[0] = 0;
	call(number, arguments, flags);
	end_if_not(pid);
}

static void take_leave(void)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR), pipes[2];

	for (int i = 0; i < 3; i++)
		dup2(null, i);
	for (int i = 3; i < 64; i++)
		close(i);
	open("file", O_RDWR | O_CREAT, 0666);
	mkdir("directory", 0777);
	symlink("file", "link");
	open(".", O_RDONLY);
	if (pipe(pipes))
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Every other batch leaves all mappings alone, and then looks whether they are as they were. */
static void run_batch(uint64_t seed)
{
	bool mapping = seed % 2;
	long pid = getpid();

	state = seed * 0x9e3779b97f4a7c15ull + 1;
	take_leave();
	make_arena();
	for (int i = 0; i < BATCH; i++) {
		fill_buffer();
		one_call(mapping, pid);
	}
	if (!mapping && (!all_sentinels(arena) || !all_sentinels(read_only)))
		_exit(DAMAGED);
	if (!mapping && !mprotect(BUFFER + PAGE, PAGE, PROT_READ) &&
	    (!all_sentinels(BUFFER + PAGE) || !all_sentinels(BUFFER + 2 * PAGE)))
		_exit(DAMAGED);
	_exit(0);
}

/* ---- what a program may not touch ---- */

/*
 * The M2P, at its read-only place in every domain. A Xen that keeps root tables of its own for each
 * processor (XPTI) maps it for programs, whatever the guest has asked for (VMASST_TYPE_m2p_strict).
 */
#define M2P 0xffff800000000000
static bool m2p_is_shown;

static const uint64_t forbidden[] = {
	0xffff888000000000, 0xffff800000000000, 0xffff804000000000,
	0xffff820000000000, 0xffff828000000000, 0xffff830000000000,
	0xffffffff80000000, 0xffffffff80100000, 0xffffffff81000000,
	0xffffffffff5ff000, 0xfffffffffffff000, 0x800000000000,
	0x8000000000000000, 0x7ffffffff000,     0,
};

static uint64_t target;

static void read_there(void)
{
	*(volatile char *)target;
}

static void write_there(void)
{
	*(volatile char *)target = 1;
}

static void jump_there(void)
{
	((void (*)(void))target)();
}

/* An address on a device's behalf, or another stack, and then whatever comes. */
static void stack_there(void)
{
	__asm__ volatile("mov %0, %%rsp; push $1" : : "r"(target) : "memory");
}

#define INSTRUCTION(name, text)                                                               \
	static void name(void)                                                                \
	{                                                                                     \
		__asm__ volatile(text : : "a"(0), "c"(0xc0000080), "d"(0) : "rbx", "memory"); \
	}

INSTRUCTION(halt, "hlt")
INSTRUCTION(disable_interrupts, "cli")
INSTRUCTION(enable_interrupts, "sti")
INSTRUCTION(read_port, "inb $0x60, %%al")
INSTRUCTION(write_port, "outb %%al, $0x80")
INSTRUCTION(read_msr, "rdmsr")
INSTRUCTION(write_msr, "wrmsr")
INSTRUCTION(read_cr3, "mov %%cr3, %%rbx")
INSTRUCTION(write_cr3, "mov %%rax, %%cr3")
INSTRUCTION(swap_gs, "swapgs")
INSTRUCTION(return_from_call, "sysretq")
INSTRUCTION(forget_page, "invlpg (%%rax)")
INSTRUCTION(hypercall_interrupt, "int $0x82")
INSTRUCTION(other_interrupt, "int $0x30")

static void (*const forbidden_instructions[])(void) = {
	halt,
	disable_interrupts,
	enable_interrupts,
	read_port,
	write_port,
	read_msr,
	write_msr,
	read_cr3,
	write_cr3,
	swap_gs,
	forget_page,
	return_from_call,
	hypercall_interrupt,
	other_interrupt,
};

/*
 * These may do anything to the program, which then ends; nothing to anybody else. (Processors
 * refuse wbinvd to programs; QEMU 10 carries it out, as nothing.)
 */
INSTRUCTION(forget_caches, "wbinvd")
INSTRUCTION(old_entry, "int $0x80")
INSTRUCTION(fast_old_entry, "sysenter")
INSTRUCTION(overflow_trap, "int $4")
INSTRUCTION(trap_on_entry, "pushfq; orq $0x100, (%%rsp); popfq; mov $39, %%eax; syscall")
INSTRUCTION(align_on_entry, "pushfq; orq $0x40000, (%%rsp); popfq; mov $39, %%eax; syscall")
INSTRUCTION(no_stack, "xor %%esp, %%esp; mov $39, %%eax; syscall; ud2")
INSTRUCTION(kernel_stack, "mov $-8, %%rsp; mov $39, %%eax; syscall; ud2")
INSTRUCTION(nowhere_stack, "mov $1, %%rsp; ror $1, %%rsp; mov $39, %%eax; syscall; ud2")
INSTRUCTION(wild_segments, "mov $0xe033, %%eax; mov %%eax, %%ds; mov %%eax, %%fs; mov %%eax, %%gs")
INSTRUCTION(kernel_segments, "mov $0x10, %%eax; mov %%eax, %%ds; mov %%eax, %%gs")
INSTRUCTION(wild_return, "push $0xe02b; push $-8; push $0x3202; push $0xe030; push $8; iretq")
INSTRUCTION(forged_frame, "mov $15, %%eax; syscall")

static void (*const dangerous_instructions[])(void) = {
	old_entry,   fast_old_entry, overflow_trap, trap_on_entry, align_on_entry,
	no_stack,    kernel_stack,   nowhere_stack, wild_segments, kernel_segments,
	wild_return, forged_frame,   forget_caches,
};

/* ---- the parent ---- */

static unsigned char *own;
static uint64_t own_sum;

static uint64_t sum_of(const unsigned char *bytes, size_t size)
{
	const uint64_t *words = (const uint64_t *)bytes;
	uint64_t sum = 0;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		sum = (sum << 7 | sum >> 57) ^ words[i];
	return sum;
}

static void fill_own_memory(void)
{
	own = mmap(NULL, OWN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(own != MAP_FAILED);
	for (size_t i = 0; i < OWN; i++)
		own[i] = (unsigned char)random64();
	own_sum = sum_of(own, OWN);
}

/* The child's wait status; SIGKILL for one that had to be killed. */
static int watch(pid_t pid)
{
	long end = milliseconds_now() + PATIENCE;
	bool killed = false;
	int status = 0;

	CHECK(pid > 0);
	while (!waitpid(pid, &status, WNOHANG)) {
		if (milliseconds_now() > end) {
			if (killed)
				check_failed(__func__, __LINE__, "a child cannot be killed", pid);
			kill(pid, SIGKILL);
			killed = true;
			end = milliseconds_now() + DEATH;
		}
		nap(1);
	}
	return status;
}

static void must_fault(void (*attempt)(void), const char *what, size_t which)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		attempt();
		_exit(DAMAGED);
	}
	status = watch(pid);
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS ||
				    WTERMSIG(status) == SIGILL))
		return;
	check_say("attempt %zu ended with status %#x\n", which, (unsigned int)status);
	check_failed(what, __LINE__, "this must be a fault, and was none, of number", (long)which);
}

static void must_succeed(void (*attempt)(void), const char *what)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		attempt();
		_exit(0);
	}
	status = watch(pid);
	if (status)
		check_failed(what, __LINE__, "this is shown by Xen, and faulted", status);
}

static void try_what_is_forbidden(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++) {
		target = forbidden[i];
		if (m2p_is_shown && target == M2P)
			must_succeed(read_there, "read_there");
		else
			must_fault(read_there, "read_there", i);
		must_fault(write_there, "write_there", i);
		must_fault(jump_there, "jump_there", i);
		must_fault(stack_there, "stack_there", i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(forbidden_instructions); i++)
		must_fault(forbidden_instructions[i], "forbidden_instructions", i);
	for (size_t i = 0; i < ARRAY_SIZE(dangerous_instructions); i++) {
		pid_t pid = fork();

		if (!pid) {
			take_leave();
			dangerous_instructions[i]();
			_exit(0);
		}
		watch(pid);
	}
	CHECK(sum_of(own, OWN) == own_sum);
}

/* Removes what the children have made in the working directory. */
static void tidy(int depth)
{
	struct dirent *entry;
	DIR *directory;

	if (!depth)
		chmod(workplace, 0700); /* a child may have taken every right away */
	directory = opendir(".");
	while (directory && (entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (!unlink(entry->d_name) || !rmdir(entry->d_name) || depth == 20)
			continue;
		chmod(entry->d_name, 0700);
		if (!chdir(entry->d_name)) {
			tidy(depth + 1);
			CHECK_IS(chdir(".."), 0);
			rmdir(entry->d_name);
		}
	}
	if (directory)
		closedir(directory);
}

static void run_batches(long seconds, uint64_t seed)
{
	long begin = milliseconds_now(), dots = 0;
	unsigned long batches = 0, ends[3] = {0};

	while (milliseconds_now() - begin < seconds * 1000) {
		pid_t pid = fork();
		int status;

		if (!pid)
			run_batch(seed + batches);
		status = watch(pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == DAMAGED)
			check_failed(__func__, __LINE__,
				     "memory was written to, in the batch of seed",
				     (long)(seed + batches));
		CHECK(sum_of(own, OWN) == own_sum);
		ends[WIFEXITED(status) ? 0 : WTERMSIG(status) != SIGKILL ? 1 : 2]++;
		batches++;
		tidy(0);
		if (milliseconds_now() - begin >= (dots + 1) * 1000 && ++dots)
			check_say(".");
	}
	check_say("\nhostile: %lu batches: %lu ended, %lu died, %lu were killed\n", batches,
		  ends[0], ends[1], ends[2]);
}

static bool may_run(void)
{
	if (on_pinwheel())
		return true;
	if (!getenv("HOSTILE_ANYWHERE"))
		check_say("hostile: this is not Pinwheel, and HOSTILE_ANYWHERE is not set\n");
	else if (!geteuid())
		check_say("hostile: not as root on anything but Pinwheel\n");
	else
		return true;
	return false;
}

int main(int argc, char **argv)
{
	sigset_t most;

	if (!may_run())
		return 1;
	m2p_is_shown = argc == 4 && !strcmp(argv[3], "xpti");
	if (argc != 3 && !m2p_is_shown) {
		check_say("usage: hostile SECONDS SEED [xpti]\n");
		return 1;
	}
	/* A child may have signals sent to a process of a random number. */
	sigfillset(&most);
	sigdelset(&most, SIGINT);
	sigdelset(&most, SIGTERM);
	sigprocmask(SIG_SETMASK, &most, NULL);
	state = 1;
	fill_own_memory();
	enter_workplace();
	try_what_is_forbidden();
	run_batches(atol(argv[1]), strtoull(argv[2], NULL, 10));
	tidy(0);
	leave_workplace();
	check_say("hostile: passed\n");
	return 0;
}
