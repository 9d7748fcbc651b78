#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs as dom0 of real Xen: processes, files, threads with two C libraries, the shell.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.inc"

program processes -- processes
program files -- files
program threads -- threads
program threads-musl -- threads-musl
program signals -- signals
program cpus --cpus 4 -- cpus 10
program signals-4-cpus --cpus 4 -- signals

# One that runs at any address, in a small domain.
boot pie --memory 40 --ramdisk "$programs" -- init=/bin/hello-pie -- 0 two words
expect 'hello: "/bin/hello-pie" "0" "two" "words"'
ends 0

boot status --ramdisk "$programs" -- init=/bin/hello -- 3
expect "init: exit status 3"
ends 1
boot signal --ramdisk "$programs" -- init=/bin/hello -- fault
expect "init: killed by signal 4"
ends 1
# As on Linux, number 1 takes only what it has a handler for.
boot first --ramdisk "$programs" -- init=/bin/sh -- -c 'kill${IFS}-9${IFS}$$;kill${IFS}1;sh${IFS}-c${IFS}"kill${IFS}-STOP${IFS}1";echo${IFS}alive'
expect "alive"
expect "init: exit status 0"
ends 0
boot absent -- init=/bin/nothing
expect "init: /bin/nothing cannot be run (error 2); is it in the initramfs?"
ends 1
boot no-program --ramdisk "$programs" -- init=/etc/passwd
expect "init: /etc/passwd cannot be run (error 13)"
ends 1

# What busybox computes must be what the workstation's tools compute.
busybox=$("$top/scripts/fetch" busybox)
sum=$(seq 1 100000 | sha256sum | cut -d' ' -f1)
busybox_sum=$(sha256sum <"$busybox" | cut -d' ' -f1)
shell shell
sh 'echo a b c | tr a-z A-Z | rev' "C B A"
sh 'i=0; while [ $i -lt 100 ]; do i=$((i+1)); done; echo $((i * 7))' "700"
sh 'seq 1 100000 >/tmp/numbers; sha256sum </tmp/numbers' "$sum"
sh 'sha256sum </bin/busybox' "$busybox_sum"
sh 'wc /tmp/numbers' "100000    100000    588895 /tmp/numbers"
sh "awk '{ s += \$1 } END { print s }' /tmp/numbers" "5000050000"
sh 'sort -rn /tmp/numbers | head -n 2 | xargs' "100000 99999"
sh 'find / -name "p?sswd" -o -name "gr??p" | sort' "/etc/group" "/etc/passwd"
sh 'mkdir -p /tmp/a/b && cp /bin/busybox /tmp/a/b/ && cmp /bin/busybox /tmp/a/b/busybox && echo same' \
	"same"
sh 'gzip -c /tmp/numbers | gunzip | tail -n 1' "100000"
sh 'tar -cf /tmp/x.tar -C /tmp a && tar -tf /tmp/x.tar | sort | xargs' "a/ a/b/ a/b/busybox"
sh 'rm -r /tmp/a /tmp/x.tar /tmp/numbers; ls /tmp | wc -l' "0"
sh 'grep -c rwxp /proc/self/maps; grep heap /proc/self/maps' "0" "[heap]"
sh 'sh -c "exit 5"; echo $?' "5"
sh 'cat /nothing; echo $?' "No such file" "1"
sh '/etc/passwd; echo $?' "Permission denied" "126"
sh 'hello 3 | cat; true | false; echo $?' "1"
# Jobs: in the background, stopped and gone on with, interrupted.
sh 'sleep 100 & sleep 200 & jobs' "[2]" "sleep 200" "[1]" "sleep 100"
sh 'kill %1 %2; wait; echo all gone' "all gone"
# (The shell edits its line in raw mode: what is typed too early is not for the command.)
send 'echo sta""rted; sleep 1000\r'
wait_for "started"
send '\x03'
check "Ctrl-C ends what is in the foreground" wait_for "ready: "
sh 'echo $?' "130"
send 'echo sta""rted; while :; do :; done\r'
wait_for "started"
send '\x03'
check "Ctrl-C ends a loop of the shell itself" wait_for "ready: "
send 'echo sta""rted; cat\r'
wait_for "started"
send 'typed \x7f\x7fd ahead\x17behind\r'
check "a line is edited before it is read" wait_for "typed behind"
send '\x1a'
check "Ctrl-Z stops" wait_for "Stopped"
wait_for "ready: "
sh 'jobs' "Stopped" "cat"
send 'fg\r'
wait_for "cat"
send 'once more\r'
wait_for "once more"
check "and fg goes on" wait_for "once more"
send '\x04'
check "Ctrl-D is the end of the file" wait_for "ready: "
send 'exit\r'
wait_for "pinwheel> "
type "ps" "pid  parent"
send 'poweroff\r'
ends 0
