# SPDX-License-Identifier: GPL-2.0
# Thin targets over tools/wbcheck, whose exit codes are the real ones
# (tools/wbcheck --help lists them; make turns every failure into 2).

WBCHECK := tools/wbcheck
VARIANT ?= unfixed
export V KSRC JOBS WB_BUILD

# wbcheck's options, where they are given.
options = $(if $(SCENARIO),--scenario '$(SCENARIO)') $(if $(BOUND),--bound '$(BOUND)') \
	  $(if $(JSON),--json '$(JSON)') $(if $(ARCH),--arch '$(ARCH)')

.PHONY: help kunit check check-tools mutants verify replay stage readme clean

help:
	@echo 'make kunit                 v5.10: the variants, against what is expected of them'
	@echo 'make check                 the tests of the project itself'
	@echo 'make check-tools           those of them that boot no kernel'
	@echo 'make mutants               breaks that the suite must catch [SHARD=I/N]'
	@echo 'make verify TREE=DIR       the verdict on a kernel tree of your own'
	@echo "make replay SCHEDULE='..'  one schedule step by step [VARIANT=$(VARIANT)] [TREE=DIR]"
	@echo 'make stage VARIANT=NAME    a staged tree, for use by hand'
	@echo 'make readme                put the results of a run into the README'
	@echo 'make clean                 remove the staged trees and results'
	@echo
	@echo 'SCENARIO=NAME, BOUND=N and JSON=FILE go with kunit and verify;'
	@echo 'KSRC=<v5.10.y tree or tarball> replaces the download, V=1 shows the'
	@echo "kernel's log, JOBS=N limits the build. Exit codes: tools/wbcheck --help"

kunit:
	@$(WBCHECK) kunit $(options)

verify:
	@$(if $(TREE),,echo 'usage: make verify TREE=<kernel tree>' >&2; exit 2;) \
	$(WBCHECK) verify $(options) '$(TREE)'

replay:
	@$(if $(SCHEDULE),,echo "usage: make replay SCHEDULE='v1:...' [VARIANT=...]" >&2; exit 2;) \
	$(WBCHECK) replay $(if $(TREE),--tree '$(TREE)',--variant '$(VARIANT)') '$(SCHEDULE)'

mutants:
	@$(WBCHECK) mutants $(if $(SHARD),--shard '$(SHARD)') $(if $(JSON),--json '$(JSON)')

stage:
	@$(WBCHECK) stage --variant '$(VARIANT)'

check:
	@tools/check

check-tools:
	@tools/check --tools

readme:
	@tools/check --readme

clean:
	rm -rf build
