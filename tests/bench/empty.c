/* SPDX-License-Identifier: MIT */
/* Preloading this costs what preloading anything costs: the start-up of the shim is compared to it. */
extern int bench_empty;
int bench_empty;
