#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A checkout may lie where the path has a space and a comma, which make, QEMU and Xen each take for
# something else: it builds there, and runs in every way. (All tests in such a place: make check-fresh.)

. "$(dirname "$0")/lib.sh"

unset RAMDISK MEMORY CPUS CMDLINE XEN
copy="$work/a path, with a space"
export TMPDIR="$work/another, for what is temporary"
mkdir -p "$copy/$build_name" "$TMPDIR"
(cd "$top" && find . -path ./build -prune -o -path ./.git -prune -o -type f -print0 |
	xargs -0 cp -p --parents -t "$copy")
# What was built comes along, so that only some of each kind is built there.
# (Not by tar, which cuts times to seconds: what was built in the second of its source would be older.)
cp -a "$build"/{.flags,arch,boot,drivers,include,kernel,mm,tests,user} "$copy/$build_name/"
touch "$copy"/{kernel/main.c,arch/x86/stack.S,boot/pinwheel.lds.S,tests/user/hello.c,kernel/lib/string.c}

# there COMMAND TEXT: in the copy, with nobody at the keyboard.
there() {
	log=$copy/$build_name/console.log
	(cd "$copy" && timeout 200 bash -c "$1" </dev/null >"$work/output" 2>&1)
	check "\"$1\" ends with exit status 0" [ $? = 0 ]
	check "\"$1\" says \"$2\"" grep -qaF -- "$2" "$work/output"
}

there "make" "CC      kernel/main.c"
check "nothing else was built again" [ "$(grep -c '^  CC' "$work/output")" = 2 ]
there "make $build_name/host/kernel/lib/string.c.o" "HOSTCC"
there "make run CMDLINE=selftest=frames" " passed, 0 failed"
there "make run-native" " passed, 0 failed"
there "scripts/run --domu --log 'a log, with a space' -- selftest=frames" " passed, 0 failed"
cp "$copy/$build_name/initramfs.gz" "$copy/an archive, a file"
cp "$copy/$build_name/pinwheel" "$copy/a kernel, a file"
there "scripts/run --kernel 'a kernel, a file' --ramdisk 'an archive, a file' -- init=/bin/seq -- 3 3" \
	"init: exit status 0"
