// SPDX-License-Identifier: GPL-2.0-or-later
/* The paravirt operations in use, and the empty hooks of a backend that tracks no tables. */
#include <mm/table/ops.h>

struct paravirt_ops paravirt;

void paravirt_no_alloc_table(struct mm *mm, pfn_t table, enum pt_level level)
{
	(void)mm, (void)table, (void)level;
}

void paravirt_no_adopt_table(struct mm *mm, pfn_t table, enum pt_level level)
{
	(void)mm, (void)table, (void)level;
}

void paravirt_no_release_table(pfn_t table, enum pt_level level)
{
	(void)table, (void)level;
}

void paravirt_no_clone_root(struct mm *mm, const struct mm *from, unsigned int start,
			    unsigned int count)
{
	(void)mm, (void)from, (void)start, (void)count;
}
