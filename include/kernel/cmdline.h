/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: words separated by blanks.
 *
 *   init=/path               run that program from the initramfs; its end is the end of the domain
 *   selftest, selftest=a,b   run all suites, or those; then end the domain
 *   bench                    run the measurements; then end the domain
 *   quiet                    only warnings and errors on the console
 *   loglevel=N               0 (only what is asked for) .. 4 (everything)
 *   la57, nola57             five levels of page tables, or four, where there is a choice
 *   p2m=remap, p2m=copy      the P2M keeps its frames when it is moved, or does not (without the
 *                            word: it does, unless they are wanted for something else)
 *
 * What follows the word "--" are the arguments of init's program, as they are. A word that is not
 * understood is reported and ignored.
 */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include <kernel/lib/boot_info.h>
#include <kernel/lib/compiler.h>
#include <mm/xen/relocate.h>

struct cmdline {
	bool bench;                     /* run the measurements, then end the domain */
	bool selftest;                  /* run the suites, then end the domain */
	char suites[BOOT_CMDLINE_SIZE]; /* "a,b", or empty: all of them */
	char init[BOOT_CMDLINE_SIZE];   /* the path of the first program; empty: the prompt */
	const char *arguments;          /* the text after "--": its arguments */
	int loglevel;                   /* an enum printk_level; -1: unchanged */
	enum p2m_relocation p2m;        /* how the P2M is moved to its window of addresses */
	unsigned int levels; /* levels of page tables, 4 or 5; 0: as many as the machine has */
};

/*
 * Parses a NUL-terminated text of any length into *result. If a word is given twice, the last one
 * counts. Calls problem(word, length, what) for each word that is wrong. Pure function.
 */
void cmdline_parse(const char *text, struct cmdline *result,
		   void (*problem)(const char *word, size_t length, const char *what));

#endif
