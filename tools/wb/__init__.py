# SPDX-License-Identifier: GPL-2.0
"""Stage, build, boot and judge kernels with the page writeback suite."""
