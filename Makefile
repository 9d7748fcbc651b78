# SPDX-License-Identifier: GPL-2.0-or-later
#
# Building, running and testing Pinwheel. "make help" lists the targets.
#
# Everything that is made lies under build/; what is fetched lies in a cache of the user's, see
# scripts/fetch. Variables that a person may set: CC (gcc or clang), XEN, DOM0_KERNEL, TOOLS, BUSYBOX
# (files to use in place of the distribution's packages), MEMORY, CPUS, RAMDISK, CMDLINE,
# PINWHEEL_CACHE; DEBUG=1, for a kernel that checks its locks (include/arch/lock.h).

CC = gcc
LD = ld
NM = nm
BUILD = build
$(if $(word 2,$(BUILD)),$(error BUILD=$(BUILD): there can be no space in it (there can be in the checkout's path)))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

include tests/host/host.mk
include tests/user/user.mk

# Adding a source file, a suite or a command is adding a file. (The checks of locks are for DEBUG=1.)
SOURCES := $(filter-out $(if $(DEBUG),,arch/x86/lock.c),$(sort \
	$(shell find arch boot drivers kernel mm tests/guest -name '*.[cS]' ! -name '*.lds.S') \
	$(addprefix tests/model/,sequence.c leak.c histories.c regions.c recorder.c) $(EXTRA_SOURCES)))
# notes.c and notes.S share a name: objects keep the suffix.
OBJECTS := $(patsubst %,$(BUILD)/%.o,$(SOURCES))

# The public headers of Xen, and the compiler's own freestanding ones: nothing else from the system.
# (Asked of the compiler once, when the first recipe needs them: it may have to be installed first.)
XEN_HEADERS := $(BUILD)/include/xen
find_compiler_headers = $(or $(wildcard $(shell $(CC) -print-file-name=include)/stdarg.h), \
	$(error "$(CC)" is no compiler with headers of its own))
COMPILER_HEADERS = $(eval COMPILER_HEADERS := $(dir $(find_compiler_headers)))$(COMPILER_HEADERS)
CPPFLAGS = -nostdinc -isystem $(COMPILER_HEADERS) -Iinclude \
	-isystem $(BUILD)/include -D__XEN_INTERFACE_VERSION__=0x00040e00
# (gcc 10 finds fields missing in initializers that name theirs.)
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wpointer-arith -Wcast-align -Wwrite-strings -Wundef -Wno-missing-field-initializers
# Self-tests run in the order in which they are written; clang keeps it by itself.
KEEP_ORDER := $(if $(findstring clang,$(CC)),,-fno-toplevel-reorder)
CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-fno-stack-protector -fno-omit-frame-pointer -fno-optimize-sibling-calls \
	-fno-strict-aliasing $(KEEP_ORDER) -fno-common -fcf-protection=none -fno-asynchronous-unwind-tables \
	$(if $(DEBUG),-DLOCK_CHECKS) $(WARNINGS)
LDFLAGS := -nostdlib -static -z noexecstack -z max-page-size=4096 --build-id=none

.PHONY: all help run run-native debug check check-host check-xen check-domu check-native check-long \
	check-fresh check-matrix soak bench mutants clean format lint deps

all: $(BUILD)/pinwheel $(BUILD)/pinwheel.cfg $(BUILD)/initramfs.gz

help:
	@echo 'make             build the kernel, $(BUILD)/pinwheel, $(BUILD)/pinwheel.cfg for xl, and the'
	@echo '                 programs for it, $(BUILD)/initramfs.gz'
	@echo 'make DEBUG=1 BUILD=build/debug  build a kernel that checks the order of its locks'
	@echo 'make run         boot it on real Xen in QEMU; what is missing is fetched first'
	@echo 'make run-native  boot it without Xen; CMDLINE=nola57 for four levels of page tables'
	@echo 'make debug       the same, waiting for gdb'
	@echo 'make check       every test: check-host, check-native, check-xen, check-domu'
	@echo 'make check-matrix  the suites on some 30 machines that differ: scripts/matrix list'
	@echo 'make check-fresh the two commands of the README on a bare Debian 11, 12 and 13 (as root)'
	@echo 'make soak        what several CPUs do at once, again and again, for MINUTES (60)'
	@echo 'make check-long  make check, make check-matrix and make check-fresh'
	@echo 'make bench       measure'
	@echo 'make fuzz        libFuzzer on walker, relocator and batches, FUZZ_SECONDS=900 each'
	@echo 'make mutants     break mm/ in small ways and see whether the tests notice'
	@echo 'make deps        install the tools that are missing (or say how)'
	@echo 'make format      clang-format on everything;  make lint: formatting, includes, prose'
	@echo 'make clean       remove $(BUILD)/'

# A checkout can start from nothing: the tools come first, then the headers. Whether the tools are
# there is looked at every time, for they may go.
deps:
	@scripts/deps

$(XEN_HEADERS): | deps
	@mkdir -p $(BUILD)/include
	@headers=$$(scripts/fetch headers) && ln -sfn "$$headers" $@

$(BUILD)/%.c.o: %.c $(BUILD)/.flags | $(XEN_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.S.o: %.S $(BUILD)/.flags | $(XEN_HEADERS)
	@mkdir -p $(@D)
	@echo "  AS      $<"
	@$(CC) $(CPPFLAGS) -D__ASSEMBLY__ -g -MMD -MP -c -o $@ $<

$(BUILD)/pinwheel.lds: boot/pinwheel.lds.S include/kernel/lib/layout.h $(BUILD)/.flags
	@$(CC) $(CPPFLAGS) -E -P -x c -o $@ $<

# Objects of another compiler or other flags, and an image with a file less, are made anew.
.PHONY: FORCE
$(BUILD)/.flags: FORCE | deps
	@mkdir -p $(BUILD)
	@echo '$(CC) $(CFLAGS) $(CPPFLAGS) $(SOURCES)' | cmp -s - $@ || \
		echo '$(CC) $(CFLAGS) $(CPPFLAGS) $(SOURCES)' > $@

# Three links: see scripts/symbols.
define link
	@$(LD) $(LDFLAGS) -T $(BUILD)/pinwheel.lds -o $(1) $(OBJECTS) $(2)
endef

$(BUILD)/symbols%.o: $(BUILD)/symbols%.S
	@$(CC) -c -o $@ $<

$(BUILD)/symbols0.S: scripts/symbols | deps
	@mkdir -p $(BUILD)
	@scripts/symbols > $@
$(BUILD)/link1: $(OBJECTS) $(BUILD)/pinwheel.lds $(BUILD)/symbols0.o
	$(call link,$@,$(BUILD)/symbols0.o)
$(BUILD)/symbols1.S: $(BUILD)/link1 scripts/symbols
	@NM=$(NM) scripts/symbols $< > $@
$(BUILD)/link2: $(OBJECTS) $(BUILD)/pinwheel.lds $(BUILD)/symbols1.o
	$(call link,$@,$(BUILD)/symbols1.o)
$(BUILD)/symbols2.S: $(BUILD)/link2 scripts/symbols
	@NM=$(NM) scripts/symbols $< > $@
$(BUILD)/pinwheel: $(OBJECTS) $(BUILD)/pinwheel.lds $(BUILD)/symbols2.o
	@echo "  LD      $@"
	$(call link,$@,$(BUILD)/symbols2.o)

$(BUILD)/pinwheel.cfg: scripts/pinwheel.cfg.in | deps
	@mkdir -p $(BUILD)
	@sed 's|@KERNEL@|$(abspath $(BUILD)/pinwheel)|' $< > $@

-include $(OBJECTS:.o=.d)

# The scripts read MEMORY, CPUS, RAMDISK and CMDLINE from the environment.
export MEMORY CPUS RAMDISK CMDLINE XEN DOM0_KERNEL TOOLS BUSYBOX ACCEL PINWHEEL_CACHE

run: all
	@scripts/run

run-native: all
	@scripts/run --native

debug: all
	@scripts/run --gdb

check: all
	@scripts/check host native xen domu

soak: all
	@scripts/soak $(or $(MINUTES),60)

check-matrix: all
	@scripts/matrix

check-host check-xen check-domu check-native: all
	@scripts/check $(@:check-%=%)

check-fresh:
	@scripts/check-fresh

# What takes too long for every change.
check-long: check
	@scripts/matrix
	@scripts/check-fresh

bench: all
	@scripts/bench

mutants: | deps
	@scripts/mutants

CLANG_FORMAT ?= clang-format
C_FILES = $(shell git ls-files -co --exclude-standard '*.c' '*.h')

format: | deps
	@$(CLANG_FORMAT) -i $(C_FILES)

lint: | deps
	@$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
	@scripts/layers
	@scripts/lint-prose

clean:
	rm -rf $(BUILD)
