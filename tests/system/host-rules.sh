#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rules that scripts check in the sources themselves: each finds what is against it, by file and
# line, and leaves the rest alone.

. "$(dirname "$0")/lib.sh"

cat >"$work/bad.h" <<'END'
/* SPDX */
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
cat >"$work/bad.c" <<'END'
// SPDX
/*
 * The costs; see the header.
 */

/* Whether it costs anything. */
static bool costs(void)
END
cat >"$work/headless.c" <<'END'
// SPDX
#include "bad.h"
END
cat >"$work/bad.md" <<'END'
# A title

A paragraph
that lets go of a thing.
END
cat >"$work/good.h" <<'END'
/* SPDX */
/* Whether there is one: a member, not a function. */
#define THERE 1

struct thing {
	bool there; /* whether there is one */
	/* What it costs. */
	unsigned int (*cost)(void);
};

/* Returns "whoever", behind its back; is out of memory when there is none; see the header. */
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
bad.c:2: the head of a file points at its header
bad.c:6: the comment of a function begins with "Whether"
bad.h:2: "whoever"
bad.h:4: the comment of a function begins with "What"
bad.h:7: a lone */
bad.h:7: the comment of a function begins with "Whether"
bad.h:11: the comment of a function begins with "The reverse"
bad.h:13: "so many"
bad.md:3: "lets go of"
headless.c:2: a file begins with its licence, then with a comment
END
"$top/scripts/lint-prose" bad.h bad.c good.h headless.c bad.md good.md >found
status=$?
sed 's/" in "\.\.\..*/"/; s/ ends a comment.*//; s/ instead of.*//; s/ that says.*//' found | sort -t: -k1,1 -k2,2n >shown
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

# was_right STATUS FILE: was it 0? Shows the file otherwise.
was_right() {
	[ "$1" = 0 ] || { cat "$2"; return 1; }
}

# The contents page, and what depends on it: the rooms' sizes on the page of mm/.
cd "$top" || exit 1
scripts/reading >"$work/reading.md"
check "docs/reading.md is what scripts/reading prints (to renew it: scripts/reading renew)" \
	diff docs/reading.md "$work/reading.md"
grep '^| \[.*|  |$' "$work/reading.md" >"$work/untitled"
check "every file begins with a comment that says what it is" diff /dev/null "$work/untitled"
grep '^| `mm/[a-z]*` | .* min |$' "$work/reading.md" >"$work/rooms"
grep '^| `mm/[a-z]*` | .* min |$' mm/README.md >"$work/shown"
check "mm/README.md has the lines of docs/reading.md about mm/ (scripts/reading renew)" diff "$work/shown" "$work/rooms"

# The README shows the sizes, and a list of what to read in an hour. Both hold as long as they are
# about right: lines within a twentieth, and the hour within ten minutes.
scripts/reading $(sed -n 's/^    \$ scripts\/reading //p' README.md) >"$work/sizes"
sed -n '/^    \$ scripts\/reading/,/^$/s/^    \([a-z].* lines .*\)/\1/p' README.md |
	paste -d ' ' - "$work/sizes" | awk '
		{ print }
		$1 != $8 || $2 < $9 * 0.95 || $2 > $9 * 1.05 { wrong++ }
		END { exit wrong > 0 || NR < 2 }' >"$work/compared"
status=$?
check "the sizes in README.md (left) are about right (right; scripts/reading renew)" was_right "$status" "$work/compared"
hour=$(sed -n '/^In about an hour/,/^The rule/p' README.md | awk -F'|' '$2 ~ /`/ { gsub(/[`,]/, "", $2); print $2 }')
scripts/reading $hour >"$work/hour"
awk '$1 == "together" { minutes = $4 * 60 + $6 } END { exit minutes < 50 || minutes > 70 }' "$work/hour"
status=$?
check "what README.md says takes an hour takes about an hour" was_right "$status" "$work/hour"

# names FILE...: what a page sets as code, or links to, and is not in the tree: files, directories, and
# functions. A file may be named without the first of its directories.
# A few names are Xen's.
names() {
	find . -path ./build -prune -o -type f -print | sed 's|^\./||' >"$work/files"
	grep -rhvE '^[[:space:]]*(/?\*|//|#.*[^(]$)' arch boot drivers include kernel mm tests --include='*.[chS]' \
		--include='*.def' | grep -oE '[A-Za-z_0-9]+\(' | sort -u >"$work/functions"
	awk -v files="$work/files" -v functions="$work/functions" '
		function complain(what) {
			print FILENAME ":" FNR ": " what
		}

		# Turns a pattern of the shell into one of awk, and looks for a file that matches.
		function exists(path,    pattern, file) {
			sub(/\/$/, "", path)
			if (path in known)
				return 1
			if (path !~ /\*/)
				return 0
			pattern = path
			gsub(/[.]/, "[.]", pattern)
			gsub(/\*/, "[^/]*", pattern)
			for (file in known)
				if (file ~ "^" pattern "$")
					return 1
			return 0
		}

		BEGIN {
			while ((getline line < files) > 0) {
				known[line] = 1
				name = line
				while (sub(/^[^\/]*\//, "", name))
					known[name] = 1
				while (sub(/\/[^\/]*$/, "", line))
					known[line] = 1
			}
			while ((getline line < functions) > 0)
				defined[line] = 1
			count = split("_get_page_type promote_l3_table promote_l4_table relinquish_memory ASSERT_UNREACHABLE " \
				"setup_cpu_root_pgt", xen, " ")
			for (i = 1; i <= count; i++)
				defined[xen[i] "("] = 1
		}

		/^(    |\t)/ { next }

		{
			text = $0
			while (match(text, /\]\([^)]*\)/)) {
				target = substr(text, RSTART + 2, RLENGTH - 3)
				text = substr(text, RSTART + RLENGTH)
				if (target ~ /^[a-z]+:/)
					continue
				directory = FILENAME
				if (!sub(/\/[^\/]*$/, "/", directory))
					directory = ""
				target = directory target
				while (sub(/[^\/.]+\/\.\.\//, "", target))
					;
				if (!exists(target))
					complain("there is no " target)
			}
			text = $0
			while (match(text, /`[^`]*`/)) {
				code = substr(text, RSTART + 1, RLENGTH - 2)
				text = substr(text, RSTART + RLENGTH)
				count = split(code, word, /[^A-Za-z0-9_.\/*()-]+/)
				for (i = 1; i <= count; i++) {
					if (word[i] ~ /^[A-Za-z_0-9]+\(\)$/) {
						if (!(substr(word[i], 1, length(word[i]) - 1) in defined))
							complain("there is no function " word[i])
					} else if (word[i] ~ /^(arch|boot|docs|drivers|include|kernel|mm|scripts|tests)\// ||
						   word[i] ~ /^[^\/].*\.([chS]|def|inc|md|sh)$/) {
						if (!exists(word[i]) && word[i] !~ /^(xen|public)\//)
							complain("there is no " word[i])
					}
				}
			}
		}' "$@"
}

cat >"$work/bad.md" <<'END'
See `kernel/no_such_file.c`, `kernel/main.c`, `scripts/run --no-such-option` and `scripts/walk`.
`kernel_main()` calls `no_such_function()`, in `include/kernel`; `kernel/lib/string.h`, `main.h`.
[A page](docs/../nothing.md), [another](https://xenproject.org), `tests/host/test_*.c`, `mm/*/nothing.c`.
END
cat >"$work/expected" <<'END'
1: there is no kernel/no_such_file.c
1: there is no scripts/walk
2: there is no function no_such_function()
3: there is no nothing.md
3: there is no mm/*/nothing.c
END
names "$work/bad.md" | sed "s|^[^:]*:||; s|$work/||" >"$work/found"
check "a page that names what is not in the tree is found" diff "$work/expected" "$work/found"
names README.md docs/*.md mm/README.md >"$work/found"
check "the pages name only files and functions that are in the tree" diff /dev/null "$work/found"
