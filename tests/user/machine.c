// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a program may do to the machine under it, and what must come of it: deadlines beyond the end
 * of time, interrupts by instruction, segments.
 */
#define _GNU_SOURCE
#include "check.h"

#include "pinwheel.h"
#include <ucontext.h>

#include <linux/futex.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* ---- deadlines ---- */

enum call { SELECT, PSELECT, PPOLL, NANOSLEEP, CLOCK_NANOSLEEP, FUTEX, SIGTIMEDWAIT, CALLS };

/* Waits for nothing at all, until that time is over: the error, or 0. */
static int wait_for_nothing(enum call call, const long time[2])
{
	static int word;
	uint64_t set = 0;
	long result;

	errno = 0;
	switch (call) {
	case SELECT:
		result = syscall(SYS_select, 0, 0, 0, 0, time);
		break;
	case PSELECT:
		result = syscall(SYS_pselect6, 0, 0, 0, 0, time, 0);
		break;
	case PPOLL:
		result = syscall(SYS_ppoll, 0, 0, time, 0, 8);
		break;
	case NANOSLEEP:
		result = syscall(SYS_nanosleep, time, 0);
		break;
	case CLOCK_NANOSLEEP:
		result = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, time, 0);
		break;
	case FUTEX:
		result = syscall(SYS_futex, &word, FUTEX_WAIT, 0, time, 0, 0);
		break;
	default:
		result = syscall(SYS_rt_sigtimedwait, &set, 0, time, 8);
	}
	return result < 0 ? errno : 0;
}

/* A child waits for that long, and everybody else has the machine meanwhile. */
static void must_wait(enum call call, long seconds, long rest)
{
	const long time[2] = {seconds, rest};
	int pipes[2], status;
	char byte = 0;
	pid_t pid;

	CHECK_IS(pipe(pipes), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		CHECK_IS(write(pipes[1], &byte, 1), 1);
		_exit(wait_for_nothing(call, time) ?: 200);
	}
	CHECK_IS(read(pipes[0], &byte, 1), 1);
	nap(5);
	CHECK_IS(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGKILL);
	check_killed(pid, SIGKILL);
	close(pipes[0]);
	close(pipes[1]);
}

static void far_deadlines(void)
{
	/* Around 2^63 and 2^64 nanoseconds, and where the sum of both parts is beyond them. */
	static const long seconds[] = {
		1l << 32,    (1l << 33) - 1, 1l << 33,    9223372036l,
		9223372037l, 18446744073l,   18446744074, LONG_MAX,
	};

	for (enum call call = 0; call < CALLS; call++) {
		for (size_t i = 0; i < ARRAY_SIZE(seconds); i++)
			must_wait(call, seconds[i], call == SELECT ? 999999 : 999999999);
	}
	/* A select() may name more microseconds than a second has. */
	must_wait(SELECT, 0, LONG_MAX);
	must_wait(SELECT, 1, 9223372036854776l);
	must_wait(SELECT, 9223372036l, 854776);
}

static void impossible_deadlines(void)
{
	for (enum call call = 0; call < CALLS; call++) {
		CHECK_IS(wait_for_nothing(call, (long[]){-1, 0}), EINVAL);
		CHECK_IS(wait_for_nothing(call, (long[]){0, -1}), EINVAL);
		CHECK_IS(wait_for_nothing(call, (long[]){LONG_MIN, LONG_MIN}), EINVAL);
		if (call == SELECT)
			continue;
		CHECK_IS(wait_for_nothing(call, (long[]){0, 1000000000}), EINVAL);
		CHECK_IS(wait_for_nothing(call, (long[]){0, LONG_MAX}), EINVAL);
		CHECK_IS(wait_for_nothing(call, (long[]){0, LONG_MAX / 1000 * 1000}), EINVAL);
	}
	CHECK_IS(wait_for_nothing(SELECT, (long[]){LONG_MAX, LONG_MAX}), EINVAL);
	CHECK_IS(wait_for_nothing(SELECT, (long[]){0, 1000001}), 0);
}

/* ---- interrupts by instruction ---- */

static sigjmp_buf before;

static void jump_back(int number)
{
	siglongjmp(before, number);
}

/* The signal that an instruction brings; 0: none. */
#define SIGNAL_OF(instruction)                                      \
	({                                                          \
		int number_ = sigsetjmp(before, 1);                 \
		if (!number_)                                       \
			__asm__ volatile(instruction ::: "memory"); \
		number_;                                            \
	})

static void catch_mistakes(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], jump_back);
}

static void interrupts(void)
{
	int icebp;

	catch_mistakes();
	CHECK_IS(SIGNAL_OF("int $0x20"), SIGSEGV);
	CHECK_IS(SIGNAL_OF("int $0x30"), SIGSEGV);
	CHECK_IS(SIGNAL_OF("int $0x82"), SIGSEGV);
	CHECK_IS(SIGNAL_OF("int $0xff"), SIGSEGV);
	CHECK_IS(SIGNAL_OF("int3"), SIGTRAP);
	icebp = SIGNAL_OF(".byte 0xf1");
	CHECK(icebp == SIGTRAP || icebp == SIGILL); /* QEMU's emulation does not know it */
}

/* A system call of 32-bit Linux. -1 with a signal: a Linux that was built without. */
static long call_32(unsigned long number, unsigned long b, unsigned long c, unsigned long d)
{
	long result = (long)number;

	if (sigsetjmp(before, 1))
		return -1;
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(b), "c"(c), "d"(d)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static void calls_of_32_bits(void)
{
	static const char text[] = "a file";
	static char path[] = "/no/such/file", back[sizeof(text)];
	int pipes[2];

	catch_mistakes();
	if (!on_pinwheel() && call_32(20, 0, 0, 0) == -1)
		return;
	CHECK_IS(call_32(20, 0, 0, 0), getpid());
	CHECK_IS(call_32(0xffffffff00000014, 0, 0, 0), getpid()); /* the upper half is ignored */
	CHECK_IS(call_32(5, (uintptr_t)path, 0, 0), -ENOENT);
	CHECK_IS(pipe(pipes), 0);
	CHECK_IS(call_32(4, (unsigned)pipes[1], (uintptr_t)text, sizeof(text)), sizeof(text));
	CHECK_IS(call_32(3, (unsigned)pipes[0], (uintptr_t)back, sizeof(back)), sizeof(back));
	CHECK(!strcmp(text, back));
	CHECK_IS(call_32(4, (unsigned)pipes[1], 1ul << 32, 1), -EFAULT); /* address 0 */
	CHECK_IS(call_32(6, (unsigned)pipes[0], 0, 0), 0);
	CHECK_IS(call_32(6, (unsigned)pipes[0], 0, 0), -EBADF);
	CHECK_IS(call_32(3, (unsigned)pipes[0], 0, 1), -EBADF);
	CHECK_IS(call_32(5000, 0, 0, 0), -ENOSYS);
	CHECK_IS(call_32(223, 0, 0, 0), -ENOSYS);
	CHECK_IS(call_32(0xffffffff, 0, 0, 0), -ENOSYS);
}

/* One that is interrupted begins anew, with the number that it had. */
static int interrupt_parent(void)
{
	while (!kill(getppid(), SIGUSR1))
		nap(1);
	return 0;
}

static volatile sig_atomic_t signals_seen;
static int late[2];

static void see(int number)
{
	(void)number;
	if (++signals_seen == 2)
		signals_seen += write(late[1], "x", 1) != 1;
}

static void restarted_call_of_32_bits(void)
{
	static char byte;
	struct sigaction action = {.sa_handler = see, .sa_flags = SA_RESTART};
	pid_t pid;

	catch_mistakes();
	if (!on_pinwheel() && call_32(20, 0, 0, 0) == -1)
		return;
	CHECK_IS(pipe(late), 0);
	CHECK_IS(sigaction(SIGUSR1, &action, NULL), 0);
	pid = start_child(interrupt_parent);
	CHECK_IS(call_32(3, (unsigned)late[0], (uintptr_t)&byte, 1), 1);
	CHECK_IS(byte, 'x');
	CHECK(signals_seen >= 2);
	kill(pid, SIGKILL);
	check_killed(pid, SIGKILL);
}

/* As Linux sets it: protection, the coprocessor's, write protection, alignment, paging. */
static void machine_status_word(void)
{
	unsigned long word;

	__asm__ volatile("smsw %0" : "=r"(word));
	CHECK_IS(word, 0x80050033);
}

/* ---- segments ---- */

struct selectors {
	uint16_t ds, es, fs, gs;
};

static struct selectors read_selectors(void)
{
	struct selectors now;

	__asm__ volatile("movw %%ds, %0; movw %%es, %1; movw %%fs, %2; movw %%gs, %3"
			 : "=m"(now.ds), "=m"(now.es), "=m"(now.fs), "=m"(now.gs));
	return now;
}

static bool are_all(struct selectors now, uint16_t value)
{
	return now.ds == value && now.es == value && now.fs == value && now.gs == value;
}

/* A data segment that there is: the stack's. */
static uint16_t stack_segment(void)
{
	uint16_t ss;

	__asm__ volatile("movw %%ss, %0" : "=r"(ss));
	return ss;
}

static int there[2], back[2];

/* Without the C library, whose own data is found by way of fs. */
__attribute__((always_inline)) static inline long plain_call(long number, long a, void *b, long c)
{
	long result = number;

	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

/* Nor with a stack protector, whose value is there too: user.mk sees to that. */
__attribute__((noreturn)) static void use_segments(void)
{
	const uint16_t ss = stack_segment();
	bool good;
	char byte;

	__asm__ volatile("movw %0, %%ds; movw %0, %%es; movw %0, %%fs; movw %0, %%gs" ::"r"(ss));
	plain_call(SYS_write, there[1], &byte, 1);
	plain_call(SYS_read, back[0], &byte, 1); /* meanwhile others run */
	good = are_all(read_selectors(), ss);
	/* A child has the same. */
	if (plain_call(SYS_fork, 0, NULL, 0) == 0)
		plain_call(SYS_exit_group, are_all(read_selectors(), ss) ? 0 : 1, NULL, 0);
	plain_call(SYS_wait4, -1, NULL, 0);
	plain_call(SYS_exit_group, good ? 0 : 1, NULL, 0);
	__builtin_unreachable();
}

static void selectors_are_a_programs_own(void)
{
	char byte = 0;
	pid_t pid;

	CHECK(are_all(read_selectors(), 0));
	CHECK_IS(pipe(there), 0);
	CHECK_IS(pipe(back), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		use_segments();
	CHECK_IS(read(there[0], &byte, 1), 1);
	CHECK(are_all(read_selectors(), 0));
	CHECK_IS(write(back[1], &byte, 1), 1);
	check_exit(pid, 0);
	CHECK(are_all(read_selectors(), 0));
}

/* All but fs, without which nothing could be executed from C. */
static void a_new_program_has_none(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		__asm__ volatile(
			"movw %0, %%ds; movw %0, %%es; movw %0, %%gs" ::"r"(stack_segment()));
		execl(self_path(), "machine", "--selectors", NULL);
		_exit(9);
	}
	check_exit(pid, 0);
}

/* The segments of 32-bit code: Linux's, and Xen's. */
static const uint16_t segments[] = {0x23, 0xe023};

/* Asks the processor (Intel SDM volume 2A, "LAR"). */
static bool is_32_bit_code(uint16_t selector)
{
	const uint32_t code = 3u << 11, long_mode = 1u << 21, size = 1u << 22;
	uint32_t rights = 0;
	bool known;

	__asm__("larl %2, %0; setz %1"
		: "+r"(rights), "=qm"(known)
		: "r"((uint32_t)selector)
		: "cc");
	return known && (rights & (code | long_mode | size)) == (code | size);
}

static volatile uint16_t handler_code, handler_stack;

static void note_segments(int number)
{
	uint16_t cs;

	__asm__ volatile("movw %%cs, %0" : "=r"(cs));
	handler_code = cs;
	handler_stack = stack_segment();
	siglongjmp(before, number);
}

/* Runs an invalid instruction with another code segment; or fails to get there. */
static void fault_in_segment(uint64_t selector, unsigned char *code)
{
	struct {
		uint64_t offset, selector;
	} target = {(uintptr_t)code, selector};

	if (!sigsetjmp(before, 1))
		__asm__ volatile("pushq 8(%0); pushq (%0); lretq" ::"a"(&target) : "memory");
}

static void handlers_start_in_64_bit_mode(void)
{
	static char stack[65536];
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT;
	struct sigaction action = {.sa_handler = note_segments, .sa_flags = SA_ONSTACK};
	unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0);
	uint16_t cs;

	CHECK(code != MAP_FAILED);
	memcpy(code, "\x0f\x0b", 2); /* ud2 */
	CHECK_IS(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL), 0);
	CHECK_IS(sigaction(SIGILL, &action, NULL), 0);
	CHECK_IS(sigaction(SIGSEGV, &action, NULL), 0);
	__asm__ volatile("movw %%cs, %0" : "=r"(cs));
	for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
		handler_code = handler_stack = 0;
		fault_in_segment(segments[i], code);
		CHECK_IS(handler_code, cs);
		CHECK_IS(handler_stack, stack_segment());
	}
}

/* Where the second instruction of the 32-bit code goes to, in 64-bit mode. */
#define WAY_BACK 16

static unsigned char *mixed_code;
static volatile bool went_on_in_32_bits;

static void skip_instruction(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)info;
	if (number == SIGILL && registers[REG_RIP] == (greg_t)mixed_code) {
		registers[REG_RIP] += 2;
		return;
	}
	/* A far jump with its target in the instruction exists only in 32-bit mode. */
	went_on_in_32_bits = registers[REG_RIP] == (greg_t)mixed_code + WAY_BACK;
	siglongjmp(before, 1);
}

static void handlers_return_to_32_bit_mode(void)
{
	static char stack[65536];
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	struct sigaction action = {.sa_sigaction = skip_instruction,
				   .sa_flags = SA_ONSTACK | SA_SIGINFO};
	uint32_t target;
	uint16_t cs;

	__asm__ volatile("movw %%cs, %0" : "=r"(cs));
	/* Within reach of 32 bits. */
	mixed_code =
		mmap((void *)0x20000000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0);
	CHECK(mixed_code != MAP_FAILED);
	target = (uint32_t)(uintptr_t)mixed_code + WAY_BACK;
	memcpy(mixed_code, "\x0f\x0b\xea", 3); /* ud2; ljmp */
	memcpy(mixed_code + 3, &target, sizeof(target));
	memcpy(mixed_code + 7, &cs, sizeof(cs));
	memcpy(mixed_code + WAY_BACK, "\x0f\x0b", 2);
	CHECK_IS(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL), 0);
	CHECK_IS(sigaction(SIGILL, &action, NULL), 0);
	CHECK_IS(sigaction(SIGSEGV, &action, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
		if (!is_32_bit_code(segments[i]))
			continue;
		went_on_in_32_bits = false;
		fault_in_segment(segments[i], mixed_code);
		CHECK(went_on_in_32_bits);
	}
}

int main(int argc, char **argv)
{
	static const struct check_test tests[] = {
		CHECK_TEST(far_deadlines),
		CHECK_TEST(impossible_deadlines),
		CHECK_TEST(interrupts),
		CHECK_TEST(calls_of_32_bits),
		CHECK_TEST(restarted_call_of_32_bits),
		CHECK_TEST(machine_status_word),
		CHECK_TEST(selectors_are_a_programs_own),
		CHECK_TEST(a_new_program_has_none),
		CHECK_TEST(handlers_start_in_64_bit_mode),
		CHECK_TEST(handlers_return_to_32_bit_mode),
	};

	if (argc == 2 && !strcmp(argv[1], "--selectors"))
		return !are_all(read_selectors(), 0);
	self_path();

	return check_run("machine", tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
