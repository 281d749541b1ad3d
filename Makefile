# SPDX-License-Identifier: GPL-2.0
# Thin targets over tools/wbcheck, whose exit codes are the real ones
# (tools/wbcheck --help lists them; make turns every failure into 2).

WBCHECK := tools/wbcheck
EXPORTED := V KSRC JOBS WB_BUILD SMP ACCEL
LINE ?= v5.10
export $(EXPORTED)

# In the shell's quotes.
q = '$(subst ','\'',$(1))'
# wbcheck's options, where they are given.
option = $(if $($(1)),$(2) $(call q,$($(1))))
line = $(call option,LINE,--line)
arch = $(call option,ARCH,--arch) $(call option,DEBUG,--debug)
json = $(call option,JSON,--json)
run = $(call option,SCENARIO,--scenario) $(call option,BOUND,--bound) $(call option,COVER,--cover) \
      $(call option,COMPARE,--compare) $(call option,TIMEOUT,--timeout) $(json) $(arch)
variant = $(call option,VARIANT,--variant)
variants = $(foreach v,$(VARIANT) $(VARIANTS),--variant $(call q,$(v)))
allowed = $(foreach c,$(ALLOW_CALLER),--allow-caller $(call q,$(c)))
forced = $(if $(filter-out file,$(origin LINE)),$(line))

RUN := SCENARIO BOUND COVER COMPARE TIMEOUT JSON ARCH DEBUG
KNOWN := $(RUN) LINE VARIANT VARIANTS ACTORS SHARD TREE FIX STRICT ALLOW_CALLER SCHEDULE SVG

# A variable that nobody reads is a typing error: without a word, the whole job would run.
unknown := $(firstword $(foreach given,$(filter-out $(KNOWN) $(EXPORTED) SHELL,$(.VARIABLES)),\
	$(if $(findstring command,$(origin $(given))),$(given))))
$(if $(unknown),$(error $(shell python3 tools/wb/nearest.py $(call q,$(unknown)=) $(KNOWN) $(EXPORTED))))

# What a target has no use for is no use given to it.
takes = $(foreach v,$(filter-out $(1),$(KNOWN)),$(if $(findstring command,$(origin $(v))),\
	$(error $(v)= has no effect on make $@)))

.PHONY: help kunit matrix programs witness stress cost mutants check check-tools verify replay stage readme clean

help:
	@echo 'make kunit [LINE=v5.10]    the variants of a line, against what is expected of them'
	@echo 'make matrix [LINE=all]     all variants on all architectures: one table a line'
	@echo 'make programs              every program of the catalogue [ACTORS=2,3,4] [SHARD=I/N]'
	@echo 'make witness               the crashes of the reports [ARCH=x86_64,arm64]'
	@echo 'make stress                free-running threads, to compare the explorer with'
	@echo "make cost VARIANTS='..'     instructions that an end of writeback takes [LINE=v7.2]"
	@echo 'make check                 the tests of the project itself'
	@echo 'make check-tools           those of them that boot no kernel'
	@echo 'make mutants               breaks that the suite must catch [SHARD=I/N]'
	@echo 'make verify TREE=DIR       the verdict on a kernel tree of your own [FIX=1]'
	@echo '                           STRICT=1: known defects of the line count, too'
	@echo "                           ALLOW_CALLER='NAME ..' callers that were looked at"
	@echo "make replay SCHEDULE='..'  one schedule step by step [VARIANT=NAME] [TREE=DIR]"
	@echo '                           SVG=FILE draws a timeline of it'
	@echo 'make stage VARIANT=NAME    a staged tree, for use by hand'
	@echo 'make readme                put the results of a run into the README'
	@echo 'make clean                 remove the staged trees and results'
	@echo
	@echo 'ARCH=um,um-smp,x86_64,arm64 (default um; matrix: all), DEBUG=lockdep,kasan,...,'
	@echo 'SCENARIO=NAME, BOUND=N, TIMEOUT=SECONDS for each kernel and JSON=FILE go with kunit,'
	@echo 'matrix and verify, and so does COVER=N: scenarios of up to N actors in all their'
	@echo 'interleavings (User-Mode Linux);'
	@echo 'LINE=v5.10 (or v6.1, v6.12, v7.2) goes with all; verify sees what the tree is'
	@echo "without it. VARIANTS='unfixed seed' goes with kunit, matrix, programs, stress and"
	@echo 'cost; SMP=N CPUs (default 2) and ACCEL=kvm|tcg are for QEMU;'
	@echo 'KSRC=<tree or tarball of the line> replaces the download, V=1 shows the'
	@echo "kernel's log, JOBS=N limits the build. Exit codes: tools/wbcheck --help"

kunit:
	@$(call takes,LINE VARIANT VARIANTS $(RUN))$(WBCHECK) kunit $(line) $(run) $(variants)

matrix:
	@$(call takes,LINE VARIANT VARIANTS $(RUN))$(WBCHECK) matrix $(line) $(run) $(variants)

programs:
	@$(call takes,LINE VARIANT VARIANTS ACTORS SHARD BOUND JSON ARCH DEBUG)$(WBCHECK) programs $(line) \
	$(call option,ACTORS,--actors) $(call option,SHARD,--shard) $(call option,BOUND,--bound) \
	$(json) $(arch) $(variants)

witness:
	@$(call takes,LINE JSON ARCH DEBUG)$(WBCHECK) witness $(line) $(arch) $(json)

stress:
	@$(call takes,LINE VARIANT VARIANTS JSON ARCH DEBUG)$(WBCHECK) stress $(line) $(arch) $(json) $(variants)

cost:
	@$(call takes,LINE VARIANT VARIANTS JSON ARCH DEBUG)$(if $(VARIANT)$(VARIANTS),,\
	echo "usage: make cost VARIANTS='stock proposal' LINE=v7.2" >&2; exit 2;) \
	$(WBCHECK) cost $(line) $(arch) $(json) $(variants)

verify:
	@$(call takes,LINE TREE FIX STRICT ALLOW_CALLER $(RUN))$(if $(TREE),,\
	echo 'usage: make verify TREE=<kernel tree>' >&2; exit 2;) \
	$(WBCHECK) verify $(forced) $(if $(FIX),--fix) $(if $(STRICT),--strict) $(run) $(allowed) $(call q,$(TREE))

replay:
	@$(call takes,LINE VARIANT TREE SCHEDULE SVG ARCH DEBUG)$(if $(SCHEDULE),,\
	echo "usage: make replay SCHEDULE='v1:...' [VARIANT=...]" >&2; exit 2;) \
	$(WBCHECK) replay $(if $(TREE),$(forced) --tree $(call q,$(TREE)),$(line) $(variant)) \
	$(call option,SVG,--svg) $(arch) $(call q,$(SCHEDULE))

mutants:
	@$(call takes,LINE SHARD JSON)$(WBCHECK) mutants $(line) $(call option,SHARD,--shard) $(json)

stage:
	@$(call takes,LINE VARIANT ARCH DEBUG)$(WBCHECK) stage $(line) $(variant) $(arch)

check:
	@$(takes)tools/check

check-tools:
	@$(takes)tools/check --tools

readme:
	@$(takes)tools/check --readme

clean:
	@$(takes)$(if $(WB_BUILD),echo 'WB_BUILD is yours: please remove it yourself' >&2; exit 2;) $(WBCHECK) clean
