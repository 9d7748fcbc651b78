// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The smallest program: says what it was given, and ends with the status that the first argument
 * names (0 if there is none), or, if that is "fault", by a fault of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

int main(int argc, char **argv)
{
	int variables = 0;

	while (environ[variables])
		variables++;
	printf("hello:");
	for (int i = 0; i < argc; i++)
		printf(" \"%s\"", argv[i]);
	printf(", %d in the environment\n", variables);
	if (argc > 1 && !strcmp(argv[1], "fault"))
		__builtin_trap();
	return argc > 1 ? atoi(argv[1]) : 0;
}
