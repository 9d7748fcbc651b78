/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For programs that would do harm to a workstation: are we on Pinwheel? It calls itself Linux, as
 * programs expect; only the version of the kernel tells.
 */
#ifndef TESTS_USER_PINWHEEL_H
#define TESTS_USER_PINWHEEL_H

#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>

static inline bool on_pinwheel(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "Pinwheel");
}

#endif
