# SPDX-License-Identifier: GPL-2.0-or-later
#
# The programs that run on Pinwheel: each tests/user/NAME.c becomes a static Linux executable,
# $(BUILD)/user/NAME, from the compiler and the C library of the workstation. A few are linked in
# other ways as well: with musl in place of glibc (NAME-musl), and to run at any address (NAME-pie).
# With busybox they make up the initramfs that scripts/run boots with.

USER_SOURCES := $(sort $(wildcard tests/user/*.c))
MUSL_PROGRAMS := $(notdir $(basename $(wildcard $(addprefix tests/user/,threads.c))))
PIE_PROGRAMS := $(notdir $(basename $(wildcard $(addprefix tests/user/,hello.c))))
USER_PROGRAMS := $(USER_SOURCES:tests/user/%.c=$(BUILD)/user/%) \
	$(MUSL_PROGRAMS:%=$(BUILD)/user/%-musl) $(PIE_PROGRAMS:%=$(BUILD)/user/%-pie)

MUSL_CC = musl-gcc
USER_CFLAGS := -std=gnu11 -O2 -g0 -pthread -fno-stack-protector -Wall -Wextra -Werror
USER_NEEDS := $(wildcard tests/user/*.h) tests/user/user.mk $(BUILD)/.flags

$(BUILD)/user/%: tests/user/%.c $(USER_NEEDS)
	@mkdir -p $(@D)
	@echo "  USERCC  $@"
	@$(CC) $(USER_CFLAGS) -static -o $@ $<

$(BUILD)/user/%-pie: tests/user/%.c $(USER_NEEDS)
	@mkdir -p $(@D)
	@echo "  USERCC  $@"
	@$(CC) $(USER_CFLAGS) -fPIE -static-pie -o $@ $<

$(BUILD)/user/%-musl: tests/user/%.c $(USER_NEEDS)
	@mkdir -p $(@D)
	@echo "  USERCC  $@"
	@$(MUSL_CC) $(USER_CFLAGS) -static -o $@ $<

$(BUILD)/initramfs.gz: $(USER_PROGRAMS) scripts/programs
	@echo "  CPIO    $@"
	@scripts/programs $@ $(USER_PROGRAMS)
