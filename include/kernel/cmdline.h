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
	bool bench;                     /* run the measurements and end */
	bool selftest;                  /* run the suites and end */
	char suites[BOOT_CMDLINE_SIZE]; /* "a,b", or empty: all of them */
	char init[BOOT_CMDLINE_SIZE];   /* the path of the first program; empty: the prompt */
	const char *arguments;          /* the text behind "--", for it */
	int loglevel;                   /* an enum printk_level, or -1: as it is */
	enum p2m_relocation p2m;        /* how the P2M is moved to its window */
	unsigned int levels;            /* of page tables: 4 or 5; 0: as many as there can be */
};

/*
 * Reads "text" (0-terminated, of any length) into *result; of a word given twice the last counts.
 * Calls problem(word, length, what) for each word that is wrong; "what" says how. Pure function.
 */
void cmdline_parse(const char *text, struct cmdline *result,
		   void (*problem)(const char *word, size_t length, const char *what));

#endif
