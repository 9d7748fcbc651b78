/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for compiler extensions that the kernel uses, and linker sets.
 *
 * A linker set is an array that the linker assembles from single entries in many files, such as
 * self-test suites and prompt commands. Adding an entry is adding a file; there is no list to edit.
 */
#ifndef KERNEL_LIB_COMPILER_H
#define KERNEL_LIB_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The smaller and the larger of two values. Each is evaluated once, since it may be changing. */
#define MIN(a, b)                 CHOOSE(a, b, <, __COUNTER__)
#define MAX(a, b)                 CHOOSE(a, b, >, __COUNTER__)
#define CHOOSE(a, b, relation, n) CHOOSE_AS(a, b, relation, n)
#define CHOOSE_AS(a, b, relation, n)                                \
	({                                                          \
		__typeof__(1 ? (a) : (b)) left_##n = (a);           \
		__typeof__(1 ? (a) : (b)) right_##n = (b);          \
		left_##n relation right_##n ? left_##n : right_##n; \
	})

/* Rounds up or down to a multiple of "to", a power of two. */
#define ROUND_DOWN(value, to) ((value) & ~(((__typeof__(value))(to)) - 1))
#define ROUND_UP(value, to)   ROUND_DOWN(((value) + (to)) - 1, to)

#define container_of(pointer, type, member) \
	((type *)(void *)(((char *)(pointer)) - offsetof(type, member)))

#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define NORETURN                 __attribute__((noreturn))
#define NOINLINE                 __attribute__((noinline))
#define ALWAYS_INLINE            inline __attribute__((always_inline))

/* Branch hints for paths that are counted in instructions. */
#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* Orders memory accesses for the compiler, not for the processor. */
#define barrier() __asm__ volatile("" ::: "memory")

/*
 * Puts one "const struct type" into the linker set of that type. The section's name is a C
 * identifier, so the linker itself defines __start_ and __stop_ symbols for it.
 */
#define LINKER_SET(type, name)        \
	static const struct type name \
		__attribute__((used, section("set_" #type), aligned(__alignof__(struct type))))

/* Declares the bounds of the set. Used once, in the file that iterates over it. */
#define LINKER_SET_BOUNDS(type)                                              \
	extern const struct type __start_set_##type[] __attribute__((weak)); \
	extern const struct type __stop_set_##type[] __attribute__((weak))

#define linker_set_for_each(entry, type) \
	for (const struct type *entry = __start_set_##type; entry < __stop_set_##type; entry++)

#endif
