# SPDX-License-Identifier: GPL-2.0
# Thin targets over tools/wbcheck, whose exit codes are the real ones
# (tools/wbcheck --help lists them; make turns every failure into 2).

WBCHECK := tools/wbcheck
LINE ?= v5.10
export V KSRC JOBS WB_BUILD SMP ACCEL

# wbcheck's options, where they are given.
options = $(if $(SCENARIO),--scenario '$(SCENARIO)') $(if $(BOUND),--bound '$(BOUND)') \
	  $(if $(COVER),--cover '$(COVER)') $(if $(COMPARE),--compare '$(COMPARE)') \
	  $(if $(TIMEOUT),--timeout '$(TIMEOUT)') $(if $(JSON),--json '$(JSON)') $(arch)
line = --line '$(LINE)'
variant = $(if $(VARIANT),--variant '$(VARIANT)')
variants = $(foreach v,$(VARIANT) $(VARIANTS),--variant '$(v)')
forced = $(if $(filter-out file,$(origin LINE)),$(line))
arch = $(if $(ARCH),--arch '$(ARCH)') $(if $(DEBUG),--debug '$(DEBUG)')

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
	@echo "make replay SCHEDULE='..'  one schedule step by step [VARIANT=NAME] [TREE=DIR]"
	@echo '                           SVG=FILE draws a timeline of it'
	@echo 'make stage VARIANT=NAME    a staged tree, for use by hand'
	@echo 'make readme                put the results of a run into the README'
	@echo 'make clean                 remove the staged trees and results'
	@echo
	@echo 'ARCH=um,um-smp,x86_64,arm64 (default um; matrix: all), DEBUG=lockdep,kasan,...,'
	@echo 'SCENARIO=NAME, BOUND=N and JSON=FILE go with kunit, matrix and verify, and so does'
	@echo 'COVER=N: scenarios of up to N actors in all their interleavings (User-Mode Linux);'
	@echo 'LINE=v5.10 (or v6.1, v6.12, v7.2) goes with all; verify sees what the tree is'
	@echo "without it. VARIANTS='unfixed seed' goes with kunit, matrix, programs, stress and"
	@echo 'cost; TIMEOUT=SECONDS is for a run of each kernel;'
	@echo 'SMP=N CPUs (default 2) and ACCEL=kvm|tcg are for QEMU;'
	@echo 'KSRC=<tree or tarball of the line> replaces the download, V=1 shows the'
	@echo "kernel's log, JOBS=N limits the build. Exit codes: tools/wbcheck --help"

kunit:
	@$(WBCHECK) kunit $(line) $(options) $(variants)

matrix:
	@$(WBCHECK) matrix $(line) $(options) $(variants)

programs:
	@$(WBCHECK) programs $(line) $(if $(ACTORS),--actors '$(ACTORS)') $(if $(SHARD),--shard '$(SHARD)') \
	$(if $(BOUND),--bound '$(BOUND)') $(if $(JSON),--json '$(JSON)') $(arch) \
	$(variants)

witness:
	@$(WBCHECK) witness $(line) $(arch) $(if $(JSON),--json '$(JSON)')

stress:
	@$(WBCHECK) stress $(line) $(arch) $(if $(JSON),--json '$(JSON)') $(variants)

cost:
	@$(if $(VARIANT)$(VARIANTS),,echo "usage: make cost VARIANTS='stock proposal' LINE=v7.2" >&2; exit 2;) \
	$(WBCHECK) cost $(line) $(arch) $(if $(JSON),--json '$(JSON)') $(variants)

verify:
	@$(if $(TREE),,echo 'usage: make verify TREE=<kernel tree>' >&2; exit 2;) \
	$(WBCHECK) verify $(forced) $(if $(FIX),--fix) $(options) '$(TREE)'

replay:
	@$(if $(SCHEDULE),,echo "usage: make replay SCHEDULE='v1:...' [VARIANT=...]" >&2; exit 2;) \
	$(WBCHECK) replay $(if $(TREE),$(forced) --tree '$(TREE)',$(line) $(variant)) \
	$(if $(SVG),--svg '$(SVG)') $(arch) '$(SCHEDULE)'

mutants:
	@$(WBCHECK) mutants $(line) $(if $(SHARD),--shard '$(SHARD)') $(if $(JSON),--json '$(JSON)')

stage:
	@$(WBCHECK) stage $(line) $(variant) $(arch)

check:
	@tools/check

check-tools:
	@tools/check --tools

readme:
	@tools/check --readme

clean:
	rm -rf build
