# SPDX-License-Identifier: GPL-2.0
# Included by the Makefiles of fs/, kernel/sched/ and lib/, and by instrument.mk: objects
# that are not instrumented, and take locks on behalf of the code under test. Their
# critical sections begin at a point, as those of instrumented objects do. Nothing else
# of them is: why that will do is in uninstrumented.toml. With the suite configured off,
# none of this has an effect.

# kernel/sched/wait.c is part of build_utility.o since v5.17.
ilv-lock-objects := fs-writeback.o xarray.o wait.o build_utility.o page_alloc.o

ifdef CONFIG_INTERLEAVE
include $(srctree)/mm/tests/interleave/cflags.mk
$(foreach o,$(ilv-lock-objects),$(eval $(call ilv-locks,$(o))))
endif
