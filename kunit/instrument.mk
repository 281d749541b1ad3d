# SPDX-License-Identifier: GPL-2.0
# Included by mm/Makefile: the suite, and the instrumentation of the unmodified
# objects under test. With the suite configured off, none of this has an effect.

obj-$(CONFIG_INTERLEAVE)			+= tests/interleave/
obj-$(CONFIG_PAGE_WRITEBACK_KUNIT_TEST)	+= tests/page_writeback/

# Where the code under test lives. An object added here gains points.
ilv-objects := filemap.o page-writeback.o truncate.o swap.o util.o
# Where other contexts get at the page, and where SMP and memory cgroups count.
ilv-objects += migrate.o swap_state.o swapfile.o shmem.o huge_memory.o
ilv-objects += memcontrol.o vmstat.o vmscan.o

# These have a prefix of their own for messages, which must be known before the
# headers that come with the instrumentation are read.
ilv-prefixed := huge_memory.o vmscan.o

ifdef CONFIG_INTERLEAVE
include $(srctree)/mm/tests/interleave/cflags.mk
$(foreach o,$(ilv-prefixed),$(eval CFLAGS_$(o) += '-Dpr_fmt(fmt)=KBUILD_MODNAME ": " fmt'))
$(foreach o,$(ilv-objects),$(eval $(call ilv-instrument,$(o))))

include $(srctree)/mm/tests/locks.mk

# What the page flags' own checks find goes to the suite.
ifdef CONFIG_PAGE_WRITEBACK_KUNIT_TEST
pwb-checks := -include $(srctree)/mm/tests/page_writeback/page_checks.h
$(foreach o,$(ilv-objects),$(eval CFLAGS_$(o) += $(pwb-checks)))
endif
endif
