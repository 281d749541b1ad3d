# SPDX-License-Identifier: GPL-2.0
# Flags that make an object announce its accesses: see points.c. With the line
# numbers (-g1), traces can say where each is; the code is the same without.
ilv-cflags := -g1 -fsanitize=thread \
	      --param tsan-distinguish-volatile=1 \
	      --param tsan-instrument-func-entry-exit=0 \
	      -fno-optimize-sibling-calls \
	      -include $(srctree)/mm/tests/interleave/instrument.h

# An object has one sanitizer: with KASAN on, these do without it.
define ilv-instrument
CFLAGS_$(1) += $(ilv-cflags)
KASAN_SANITIZE_$(1) := n
endef

# An object whose critical sections begin at a point, and that is as it was else.
define ilv-locks
CFLAGS_$(1) += -include $(srctree)/mm/tests/interleave/locks.h
endef
