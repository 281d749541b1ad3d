# SPDX-License-Identifier: GPL-2.0
# Flags that make an object announce its accesses: see points.c. -O2 is what
# it would be built with but for CONFIG_CC_OPTIMIZE_FOR_SIZE.
ilv-cflags := -fsanitize=thread \
	      --param tsan-distinguish-volatile=1 \
	      --param tsan-instrument-func-entry-exit=0 \
	      -fno-optimize-sibling-calls -O2 \
	      -include $(srctree)/mm/tests/interleave/instrument.h
