#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rules that scripts check in the sources themselves: each finds what is against it, by file and
# line, and leaves the rest alone.

. "$(dirname "$0")/lib.sh"

cat >"$work/bad.h" <<'END'
/* Says whoever is asked for. */

/* What it costs. */
unsigned int cost(void);

/* Whether it costs anything: the value that the function, when it was called last, has returned.
 */
bool costs(void);

/* The reverse. */
static inline unsigned int earns(void)
/*
 * Takes so
 * many.
 */
END
cat >"$work/bad.md" <<'END'
# A title

A paragraph
that lets go of a thing.
END
cat >"$work/good.h" <<'END'
/* Whether there is one: a member, not a function. */
#define THERE 1

struct thing {
	bool there; /* whether there is one */
	/* What it costs. */
	unsigned int (*cost)(void);
};

/* Returns "whoever"; is out of memory when there is none. */
const char *text = "/* so many"; /* Whether */

/*
 * Finds the ends of a pipe that was left behind, by `so many`.
 */
int ends(void);
END
cat >"$work/good.md" <<'END'
    so many: this is a picture of a console

Text with `so many` and "what waits" in it.

```
nobody's
```
END

cd "$work" || exit 1
cat >expected <<'END'
bad.h:1: "whoever"
bad.h:3: the comment of a function begins with "What"
bad.h:6: a lone */
bad.h:6: the comment of a function begins with "Whether"
bad.h:10: the comment of a function begins with "The reverse"
bad.h:12: "so many"
bad.md:3: "lets go of"
END
"$top/scripts/lint-prose" bad.h good.h bad.md good.md >found
status=$?
sed 's/" in "\.\.\..*/"/; s/ ends a comment.*//' found | sort -t: -k1,1 -k2,2n >shown
check "words and forms that are not for comments are found" diff expected shown
check "and make the check fail" test $status = 1
check "what is quoted, code or a member is left alone" "$top/scripts/lint-prose" good.h good.md

mkdir -p tree/scripts tree/arch tree/boot tree/drivers tree/include/kernel/report tree/kernel tree/mm/xen
cp "$top/scripts/layers" tree/scripts/
printf '#include <kernel/lib/list.h>\n#include <kernel/report/report.h>\n' >tree/mm/xen/batch.c
printf '#include <mm/xen/batch.h>\n' >tree/include/kernel/report/report.h
tree/scripts/layers >found
status=$?
echo "mm/xen/batch.c:2: <kernel/report/report.h> points up, from mm/xen to kernel/report" >expected
check "an include that points up is found, and only that" diff expected found
check "and makes the check fail" test $status = 1
