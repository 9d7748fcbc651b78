// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A fork bomb: every process makes more until there is no room for any, and then goes on trying.
 * It never ends by itself; the kernel must keep its head, and a kill of all must end it. Runs
 * nowhere but on Pinwheel.
 */
#include "pinwheel.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	if (!on_pinwheel()) {
		printf("bomb: this is not Pinwheel, and the bomb goes off nowhere else\n");
		return 1;
	}
	printf("bomb: lit\n");
	fflush(stdout);
	for (;;) {
		if (fork() >= 0)
			continue;
		/* Full. Half of them keep the processor busy, half sleep a while and try again. */
		if (getpid() % 2)
			sched_yield();
		else
			usleep(10000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}
