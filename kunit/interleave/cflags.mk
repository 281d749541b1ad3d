# SPDX-License-Identifier: GPL-2.0
# Flags that make an object announce its accesses: see points.c.
ilv-cflags := -fsanitize=thread \
	      --param tsan-distinguish-volatile=1 \
	      --param tsan-instrument-func-entry-exit=0 \
	      -fno-optimize-sibling-calls \
	      -include $(srctree)/mm/tests/interleave/instrument.h
