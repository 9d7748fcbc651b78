/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls: the subset of Linux's x86-64 interface (syscalls(2)) that ordinary static programs
 * need.
 *
 * Each is a function sys_NAME(), which takes the program's arguments and returns a result or a
 * negative error number (kernel/lib/errno.h). Addresses are not trusted: they are accessed only by
 * kernel/file/user_memory.h.
 */
#ifndef KERNEL_SYSCALL_TABLE_H
#define KERNEL_SYSCALL_TABLE_H

#include <kernel/process/process.h>

/* The numbers: SYS_read, SYS_write and so on. */
enum {
#define CALL(number, name, ...)               SYS_##name = number,
#define CALL_32(number, number_32, name, ...) SYS_##name = number,
#include <kernel/syscall/calls.def>
};

/* How a result or an argument is printed. */
enum syscall_value {
	AS_NOTHING, /* no such argument */
	AS_INT,     /* int; a result is printed in 64 bits */
	AS_OFFSET,  /* signed, 64 bits */
	AS_SIZE,    /* unsigned, 64 bits */
	AS_POINTER,
	AS_FLAGS,  /* hexadecimal */
	AS_MODE,   /* octal */
	AS_RIGHTS, /* r-x */
	AS_FD,     /* a descriptor, or AT_FDCWD */
	AS_PATH,   /* the address of a path in the program's memory */
};

#define SYSCALL_ARGUMENTS 6

struct syscall {
	const char *name;
	long (*make)(const struct regs
			     *regs); /* with arguments in the registers of the 64-bit interface */
	uint8_t values[1 + SYSCALL_ARGUMENTS]; /* enum syscall_value: result, arguments */
};

/* Returns the call of that number, NULL if there is none. */
const struct syscall *syscall_find(uint64_t number);

/* Makes the system call that a program's registers ask for, and sets the result in them. */
void syscall_make(struct thread *thread, struct regs *regs);

/*
 * Makes a call by "int $0x80", with the numbers and registers of 32-bit Linux: some programs that
 * are older than "syscall" use it in 64-bit mode. The arguments are cut to 32 bits. A call that is
 * not CALL_32 in calls.def is ENOSYS.
 */
void syscall_make_32(struct thread *thread, struct regs *regs);

/*
 * Converts the number and arguments of a call by "int $0x80" to the registers of the 64-bit
 * interface: rax, rdi, rsi, rdx, r10, r8, r9. The other registers of *wide are not set.
 */
void syscall_widen(const struct regs *regs, struct regs *wide);

/* The flags of clone(2) for vfork(): CLONE_VM and CLONE_VFORK. */
#define CLONE_FOR_VFORK 0x4100

/* Sets or gets the thread pointer. */
long sys_arch_prctl(uint32_t what, uintptr_t argument);

/* kernel/syscall/transfer.c */
long sys_read(uint64_t descriptor, uintptr_t to, uint64_t bytes);
long sys_write(uint64_t descriptor, uintptr_t from, uint64_t bytes);
long sys_pread(uint64_t descriptor, uintptr_t to, uint64_t bytes, int64_t position);
long sys_pwrite(uint64_t descriptor, uintptr_t from, uint64_t bytes, int64_t position);
long sys_readv(uint64_t descriptor, uintptr_t pieces, uint64_t count);
long sys_writev(uint64_t descriptor, uintptr_t pieces, uint64_t count);
long sys_lseek(uint64_t descriptor, int64_t offset, uint32_t from);

/* kernel/syscall/files.c, by descriptor */
long sys_close(uint64_t descriptor);
long sys_dup(uint64_t descriptor);
long sys_dup3(uint64_t old, uint64_t new, uint32_t flags, bool same_is_fine);
long sys_fcntl(uint64_t descriptor, uint32_t command, uint64_t argument);
long sys_ioctl(uint64_t descriptor, uint32_t request, uintptr_t argument);
long sys_fstat(uint64_t descriptor, uintptr_t status);
long sys_ftruncate(uint64_t descriptor, int64_t bytes);
long sys_fchmod(uint64_t descriptor, uint32_t mode);
long sys_fchdir(uint64_t descriptor);
long sys_getdents64(uint64_t descriptor, uintptr_t to, uint64_t bytes);
long sys_fsync(uint64_t descriptor);
long sys_pipe2(uintptr_t descriptors, uint32_t flags);

/* kernel/syscall/poll.c */
long sys_poll(uintptr_t requests, uint64_t count, int64_t milliseconds);
long sys_ppoll(uintptr_t requests, uint64_t count, uintptr_t timeout, uintptr_t mask);
long sys_select(int32_t count, uintptr_t sets[3], uintptr_t timeout, bool timeval, uintptr_t mask);

/* kernel/syscall/paths.c, by path, starting from the directory of a descriptor */
#define AT_WORKING_DIRECTORY ((uint64_t)-100)
enum {
	AT_NOFOLLOW = 0x100,
	AT_DIRECTORY = 0x200, /* AT_REMOVEDIR */
	AT_FOLLOW = 0x400,
	AT_EMPTY_PATH = 0x1000,
};
long sys_open(uint64_t directory, uintptr_t path, uint32_t flags, uint32_t mode);
long sys_stat(uint64_t directory, uintptr_t path, uintptr_t status, uint32_t flags);
long sys_access(uint64_t directory, uintptr_t path, uint32_t wanted);
long sys_mkdir(uint64_t directory, uintptr_t path, uint32_t mode);
long sys_mknod(uint64_t directory, uintptr_t path, uint32_t mode);
long sys_unlink(uint64_t directory, uintptr_t path, uint32_t flags);
long sys_link(uint64_t directory, uintptr_t path, uint64_t new_directory, uintptr_t new_path,
	      uint32_t flags);
long sys_symlink(uintptr_t target, uint64_t directory, uintptr_t path);
long sys_readlink(uint64_t directory, uintptr_t path, uintptr_t to, uint64_t bytes);
long sys_rename(uint64_t directory, uintptr_t path, uint64_t new_directory, uintptr_t new_path,
		uint32_t flags);
long sys_chmod(uint64_t directory, uintptr_t path, uint32_t mode);
long sys_chown(uint64_t directory, uintptr_t path, uint32_t user, uint32_t group);
long sys_fchown(uint64_t descriptor, uint32_t user, uint32_t group);
long sys_truncate(uintptr_t path, int64_t bytes);
long sys_utimes(uintptr_t path, uintptr_t times);
long sys_utimens(uint64_t directory, uintptr_t path, uintptr_t times, uint32_t flags);
long sys_chdir(uintptr_t path);
long sys_getcwd(uintptr_t to, uint64_t bytes);
long sys_umask(uint32_t mask);
long sys_statfs(uintptr_t path, uintptr_t to);
long sys_fstatfs(uint64_t descriptor, uintptr_t to);

/* Writes the struct stat of an inode to the program's memory. Returns 0 or EFAULT. */
long files_write_status(const struct inode *inode, uintptr_t to);

/* kernel/syscall/memory.c */
long sys_mmap(uintptr_t address, uint64_t length, uint32_t rights, uint32_t flags,
	      uint64_t descriptor, uint64_t offset);
long sys_brk(uintptr_t wanted);
long sys_mremap(uintptr_t address, uint64_t length, uint64_t new_length, uint32_t flags,
		uintptr_t to);
long sys_madvise(uintptr_t address, uint64_t length, uint32_t advice);
long sys_msync(uintptr_t address, uint64_t length, uint32_t flags);
long sys_mincore(uintptr_t address, uint64_t length, uintptr_t to);

/* kernel/syscall/system.c */
long sys_set_tid_address(uintptr_t word);
long sys_uname(uintptr_t to);
long sys_sysinfo(uintptr_t to);
long sys_getrlimit(uint32_t resource, uintptr_t new_limit, uintptr_t old);
long sys_getrusage(uintptr_t to);
long sys_times(uintptr_t to);
long sys_getrandom(uintptr_t to, uint64_t bytes);
long sys_prctl(uint32_t what, uintptr_t argument);
long sys_sched_getaffinity(uint64_t size, uintptr_t to);
long sys_reboot(uint32_t command);

#endif
