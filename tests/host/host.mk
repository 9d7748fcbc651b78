# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tests that run on the workstation: modules of the kernel that need no machine, each with a
# cmocka program in tests/host/, built with the address and undefined-behaviour sanitizers. A test
# is a file test_NAME.c; it is linked with those of the modules below that it calls.

# Whole rooms but for what only machines run, and of the other rooms the files that are named.
HOST_MODULES := $(filter-out kernel/lib/string.c mm/kernel/memory.c mm/kernel/image.c, \
	$(sort $(shell find kernel/lib mm tests/model -name '*.c'))) \
	$(addprefix arch/x86/,ipi.c kernel_lock.c lock.c pvclock.c recovery.S native/acpi.c native/rates.c wait.c xen/features.c xen/traps.c) \
	$(addprefix boot/,notes.c pvh_info.c start_info.c) \
	$(addprefix kernel/,cmdline.c report/batches.c report/explain.c report/frame.c report/walk.c selftest/selftest.c) \
	$(addprefix kernel/file/,directory.c discipline.c fs.c inode.c lineedit.c names.c path.c unpack.c) \
	$(addprefix kernel/process/,elf.c exception.c pids.c program.c) kernel/syscall/text.c
HOST_STUBS := tests/host/cpus.c tests/host/stubs.c
HOST_TESTS := $(patsubst tests/host/%.c,$(BUILD)/host/%,$(sort $(wildcard tests/host/test_*.c)))
HOST_OBJECTS := $(patsubst %,$(BUILD)/host/%.o,$(HOST_MODULES) kernel/lib/string.c $(HOST_STUBS))

# The formatter has the library's names in the kernel; here both must be at hand.
HOST_RENAME := -Dsnprintf=kernel_snprintf -Dvsnprintf=kernel_vsnprintf
HOST_RENAME_STRING := $(foreach f,memcpy memmove memset memcmp strlen strnlen strcmp strncmp strchr,-D$f=kernel_$f)
HOST_WERROR = -Werror
HOST_CFLAGS = -std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -Wall -Wextra $(HOST_WERROR) -Wshadow -Wno-missing-field-initializers \
	-DLOCK_CHECKS -Iinclude -isystem $(BUILD)/include -D__XEN_INTERFACE_VERSION__=0x00040e00

$(BUILD)/host/kernel/lib/string.c.o: HOST_EXTRA = $(HOST_RENAME_STRING) -fno-sanitize=all -fno-builtin
$(BUILD)/host/tests/host/%.c.o: HOST_EXTRA =
$(BUILD)/host/%.o: HOST_EXTRA = $(HOST_RENAME)

$(BUILD)/host/%.o: % $(BUILD)/.flags | $(XEN_HEADERS)
	@mkdir -p $(@D)
	@echo "  HOSTCC  $<"
	@$(CC) $(HOST_CFLAGS) $(HOST_EXTRA) -MMD -MP -c -o $@ $<

# (The list of modules is in this file: a change to it makes the library anew.)
$(BUILD)/host/modules.a: $(HOST_OBJECTS) tests/host/host.mk
	@rm -f $@ && ar rcs $@ $(HOST_OBJECTS)

$(BUILD)/host/test_%: $(BUILD)/host/tests/host/test_%.c.o $(BUILD)/host/modules.a
	@$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

# Plays on the model what the prompt's "sequence" plays on Xen.
$(BUILD)/host/sequence: $(BUILD)/host/tests/host/sequence.c.o $(BUILD)/host/modules.a
	@$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

# Fuzz targets, twice: to replay the corpus, and to search with clang's libFuzzer.
FUZZ_TARGETS := walker relocator batch
$(BUILD)/host/fuzz-%: $(BUILD)/host/tests/fuzz/%.c.o $(BUILD)/host/tests/fuzz/replay.c.o $(BUILD)/host/modules.a
	@$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

FUZZ_SECONDS = 900
FUZZ_SOURCES := $(filter %.c,$(HOST_MODULES)) $(HOST_STUBS)
$(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_SOURCES) $(shell find include tests/model -name '*.h') | $(XEN_HEADERS)
	@mkdir -p $(@D)
	@command -v clang >/dev/null || \
		{ echo "make fuzz needs clang and its libFuzzer: apt-get install clang libclang-rt-dev"; exit 1; }
	@echo "  FUZZ    $@"
	@clang $(HOST_CFLAGS) -fsanitize=fuzzer $(HOST_RENAME) -Wno-unused-command-line-argument -o $@ \
		$< $(FUZZ_SOURCES) arch/x86/recovery.S -lcmocka

.PHONY: fuzz
fuzz: $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)
	@scripts/fuzz $(FUZZ_SECONDS) $^

.PHONY: host-tests
.SECONDARY:
host-tests: $(HOST_TESTS) $(BUILD)/host/sequence $(FUZZ_TARGETS:%=$(BUILD)/host/fuzz-%)

-include $(HOST_OBJECTS:.o=.d) $(wildcard $(BUILD)/host/tests/*/*.d)
