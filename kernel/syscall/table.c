// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of system calls: number, function, and what of the registers each takes. A number that
 * is not in it is ENOSYS, which libraries know how to live with.
 */
#include <kernel/lib/errno.h>
#include <kernel/process/clock.h>
#include <kernel/process/exec.h>
#include <kernel/process/futex.h>
#include <kernel/process/oom.h>
#include <kernel/syscall/table.h>
#include <mm/user/map.h>

#define HERE AT_WORKING_DIRECTORY

/* rt_sigreturn(): its result is whatever was in the register, and no error of its own. */
#define SIGRETURN 15

/* Numbers of arch/x86/entry/syscalls/syscall_64.tbl. */
static long call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
		 uint64_t f)
{
	struct process *process = process_current();

	switch (number) {
	/* Files, by descriptor. */
	case 0:
		return sys_read(a, b, c);
	case 1:
		return sys_write(a, b, c);
	case 3:
		return sys_close(a);
	case 5:
		return sys_fstat(a, b);
	case 7:
		return sys_poll(a, (uint32_t)b, (int32_t)c);
	case 8:
		return sys_lseek(a, (int64_t)b, (uint32_t)c);
	case 16:
		return sys_ioctl(a, (uint32_t)b, c);
	case 17:
		return sys_pread(a, b, c, (int64_t)d);
	case 18:
		return sys_pwrite(a, b, c, (int64_t)d);
	case 19:
		return sys_readv(a, b, c);
	case 20:
		return sys_writev(a, b, c);
	case 22:
		return sys_pipe2(a, 0);
	case 23:
		return sys_select((int32_t)a, (uintptr_t[]){b, c, d}, e, true, 0);
	case 32:
		return sys_dup(a);
	case 33:
		return sys_dup3(a, b, 0, true);
	case 72:
		return sys_fcntl(a, (uint32_t)b, c);
	case 74: /* fsync */
	case 75: /* fdatasync */
		return file_at(process_current()->files, a) ? 0 : -EBADF;
	case 77:
		return sys_ftruncate(a, (int64_t)b);
	case 81:
		return sys_fchdir(a);
	case 91:
		return sys_fchmod(a, (uint32_t)b);
	case 93:
		return sys_fchown(a, (uint32_t)b, (uint32_t)c);
	case 217:
		return sys_getdents64(a, b, c);
	case 270:
		return sys_select((int32_t)a, (uintptr_t[]){b, c, d}, e, false, f);
	case 271:
		return sys_ppoll(a, (uint32_t)b, c, d);
	case 292:
		return sys_dup3(a, b, (uint32_t)c, false);
	case 293:
		return sys_pipe2(a, (uint32_t)b);

	/* Files, by path. */
	case 2:
		return sys_open(HERE, a, (uint32_t)b, (uint32_t)c);
	case 4:
		return sys_stat(HERE, a, b, 0);
	case 6:
		return sys_stat(HERE, a, b, AT_NOFOLLOW);
	case 21:
		return sys_access(HERE, a, (uint32_t)b);
	case 76:
		return sys_truncate(a, (int64_t)b);
	case 79:
		return sys_getcwd(a, b);
	case 80:
		return sys_chdir(a);
	case 82:
		return sys_rename(HERE, a, HERE, b, 0);
	case 83:
		return sys_mkdir(HERE, a, (uint32_t)b);
	case 84:
		return sys_unlink(HERE, a, AT_DIRECTORY);
	case 85:
		return sys_open(HERE, a, O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)b);
	case 86:
		return sys_link(HERE, a, HERE, b, 0);
	case 87:
		return sys_unlink(HERE, a, 0);
	case 88:
		return sys_symlink(a, HERE, b);
	case 89:
		return sys_readlink(HERE, a, b, c);
	case 90:
		return sys_chmod(HERE, a, (uint32_t)b);
	case 92: /* chown */
	case 94: /* lchown */
		return sys_chown(HERE, a, (uint32_t)b, (uint32_t)c);
	case 95:
		return sys_umask((uint32_t)a);
	case 133:
		return sys_mknod(HERE, a, (uint32_t)b);
	case 137:
		return sys_statfs(a, b);
	case 138:
		return sys_fstatfs(a, b);
	case 235:
		return sys_utimes(a, b);
	case 257:
		return sys_open(a, b, (uint32_t)c, (uint32_t)d);
	case 258:
		return sys_mkdir(a, b, (uint32_t)c);
	case 259:
		return sys_mknod(a, b, (uint32_t)c);
	case 260:
		return sys_chown(a, b, (uint32_t)c, (uint32_t)d);
	case 262:
		return sys_stat(a, b, c, (uint32_t)d);
	case 263:
		return sys_unlink(a, b, (uint32_t)c);
	case 264:
		return sys_rename(a, b, c, d, 0);
	case 265:
		return sys_link(a, b, c, d, (uint32_t)e);
	case 266:
		return sys_symlink(a, b, c);
	case 267:
		return sys_readlink(a, b, c, d);
	case 268:
		return sys_chmod(a, b, (uint32_t)c);
	case 269:
		return sys_access(a, b, (uint32_t)c);
	case 280:
		return sys_utimens(a, b, c, (uint32_t)d);
	case 316:
		return sys_rename(a, b, c, d, (uint32_t)e);

	/* Memory. */
	case 9:
		return sys_mmap(a, b, (uint32_t)c, (uint32_t)d, e, f);
	case 10:
		return map_protect(process->space, a, b, (uint32_t)c);
	case 11:
		return map_remove(process->space, a, b);
	case 12:
		return sys_brk(a);
	case 25:
		return sys_mremap(a, b, c, (uint32_t)d, e);
	case 26:
		return sys_msync(a, b, (uint32_t)c);
	case 27:
		return sys_mincore(a, b, c);
	case 28:
		return sys_madvise(a, b, (uint32_t)c);

	/* Processes and threads. */
	case 24: /* sched_yield */
		task_yield();
		return 0;
	case 39: /* getpid */
		return process->pid;
	case 56:
		return sys_clone(a, b, c, d, e);
	case 57: /* fork */
		return sys_clone(SIGCHLD, 0, 0, 0, 0);
	case 58: /* vfork */
		return sys_clone(CLONE_FOR_VFORK | SIGCHLD, 0, 0, 0, 0);
	case 59:
		return sys_execve(a, b, c);
	case 60:
		thread_exit((int)a & 0xff);
	case 61:
		return sys_wait4((int32_t)a, b, (uint32_t)c, d);
	case 109:
		return sys_setpgid((int32_t)a, (int32_t)b);
	case 110: /* getppid */
		return process->parent->pid;
	case 111: /* getpgrp */
		return process->group;
	case 112:
		return sys_setsid();
	case 121:
		return sys_getpgid((int32_t)a);
	case 124:
		return sys_getsid((int32_t)a);
	case 158:
		return sys_arch_prctl((uint32_t)a, b);
	case 186: /* gettid */
		return thread_current()->tid;
	case 202:
		return sys_futex(a, (uint32_t)b, (uint32_t)c, d, e, (uint32_t)f);
	case 218: /* set_tid_address */
		thread_current()->cleared_word = a;
		return thread_current()->tid;
	case 231:
		return sys_exit_group((int)a);
	case 247:
		return sys_waitid((uint32_t)a, (int32_t)b, c, (uint32_t)d, e);

	/* Signals. */
	case 13:
		return sys_rt_sigaction((uint32_t)a, b, c, d);
	case 14:
		return sys_rt_sigprocmask((uint32_t)a, b, c, d);
	case SIGRETURN:
		return sys_rt_sigreturn();
	case 34:
		return sys_pause();
	case 62:
		return sys_kill((int32_t)a, (uint32_t)b);
	case 127:
		return sys_rt_sigpending(a, b);
	case 128:
		return sys_rt_sigtimedwait(a, b, c, d);
	case 130:
		return sys_rt_sigsuspend(a, b);
	case 131:
		return sys_sigaltstack(a, b);
	case 200: /* tkill */
		return sys_tgkill(-1, (int32_t)a, (uint32_t)b);
	case 234:
		return (int32_t)a > 0 ? sys_tgkill((int32_t)a, (int32_t)b, (uint32_t)c) : -EINVAL;

	/* Time. */
	case 35:
		return sys_nanosleep(CLOCK_MONOTONIC, false, a, b);
	case 96:
		return sys_gettimeofday(a);
	case 100:
		return sys_times(a);
	case 201:
		return sys_time(a);
	case 228:
		return sys_clock_gettime((uint32_t)a, b);
	case 229:
		return sys_clock_getres((uint32_t)a, b);
	case 230:
		return sys_nanosleep((uint32_t)a, b & 1, c, d);

	/* The system. Everybody is root. */
	case 63:
		return sys_uname(a);
	case 97:
		return sys_getrlimit((uint32_t)a, 0, b);
	case 98:
		return sys_getrusage(b);
	case 99:
		return sys_sysinfo(a);
	case 102: /* getuid */
	case 104: /* getgid */
	case 107: /* geteuid */
	case 108: /* getegid */
	case 115: /* getgroups: none */
		return 0;
	case 105: /* setuid */
	case 106: /* setgid */
		return a ? -EPERM : 0;
	case 157:
		return sys_prctl((uint32_t)a, b);
	case 160:
		return sys_getrlimit((uint32_t)a, b, 0);
	case 162: /* sync */
		return 0;
	case 169:
		return sys_reboot((uint32_t)c);
	case 204:
		return sys_sched_getaffinity(b, c);
	case 302: /* prlimit64 */
		return a && a != process->pid ? -ESRCH : sys_getrlimit((uint32_t)b, c, d);
	case 318:
		return sys_getrandom(a, b);
	default:
		return -ENOSYS;
	}
}

/* Makes a call, and makes it again where another process gave way for it. */
static long call_with_room(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			   uint64_t e, uint64_t f)
{
	long result;

	do
		result = call(number, a, b, c, d, e, f);
	while (unlikely(result == -ENOMEM) && number != SIGRETURN && oom_try_again());
	return result;
}

static void answer(struct thread *thread, struct regs *regs, uint64_t number, long result)
{
	regs->rax = (uint64_t)result;
	thread->call = -1;
	if (likely(result != -ERESTART && result != -ERESTART_UNLESS_HANDLED))
		thread->sleep_until = 0;
	else
		thread->call = (int64_t)number;
}

void syscall(struct thread *thread, struct regs *regs)
{
	uint64_t number = regs->rax;
	long result = call_with_room(number, regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8,
				     regs->r9);

	answer(thread, regs, number, result);
	if (unlikely(number == SIGRETURN))
		thread->call = -1;
}

/* From the numbers of arch/x86/entry/syscalls/syscall_32.tbl; 0: not one of these (or read). */
static const uint16_t number_of_32[] = {
	[1] = 60,    /* exit */
	[4] = 1,     /* write */
	[5] = 2,     /* open */
	[6] = 3,     /* close */
	[10] = 87,   /* unlink */
	[12] = 80,   /* chdir */
	[20] = 39,   /* getpid */
	[29] = 34,   /* pause */
	[33] = 21,   /* access */
	[37] = 62,   /* kill */
	[38] = 82,   /* rename */
	[39] = 83,   /* mkdir */
	[40] = 84,   /* rmdir */
	[41] = 32,   /* dup */
	[42] = 22,   /* pipe */
	[60] = 95,   /* umask */
	[63] = 33,   /* dup2 */
	[64] = 110,  /* getppid */
	[91] = 11,   /* munmap */
	[125] = 10,  /* mprotect */
	[158] = 24,  /* sched_yield */
	[168] = 7,   /* poll */
	[183] = 79,  /* getcwd */
	[224] = 186, /* gettid */
	[252] = 231, /* exit_group */
};

void syscall_32(struct thread *thread, struct regs *regs)
{
	const uint64_t read = 3;
	uint64_t number = (uint32_t)regs->rax, same = 0;
	long result = -ENOSYS;

	if (number < ARRAY_SIZE(number_of_32))
		same = number_of_32[number];
	if (same || number == read)
		result = call_with_room(same, (uint32_t)regs->rbx, (uint32_t)regs->rcx,
					(uint32_t)regs->rdx, (uint32_t)regs->rsi,
					(uint32_t)regs->rdi, (uint32_t)regs->rbp);
	answer(thread, regs, number, result);
}
