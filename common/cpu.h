/* cpu.h - which cores this process may use, and staying on one of them (sched(7)). */
#ifndef COMMON_CPU_H
#define COMMON_CPU_H

#include <stddef.h>

#define CPUS_MAX 1024

/* The allowed cores in rising order into cpus, at most capacity; how many, or -errno. */
int cpu_allowed(int *cpus, size_t capacity);

/* Keeps the calling thread on one core. 0 or -errno. */
int cpu_pin_self(int cpu);

#endif
