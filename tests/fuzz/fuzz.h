/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target is a file fuzz_NAME.c with one function, fuzz_one(), which hands bytes that
 * nobody vouches for to a parser as the programs do, and then uses what was accepted. It
 * is linked with the real objects, built a second time with libFuzzer's eyes,
 * AddressSanitizer and UndefinedBehaviorSanitizer (rules.mk).
 *
 * A crash is not the only thing that is wrong: fuzz.c also ends the process when an input
 * took more than FUZZ_CPU_NS_MAX or more than FUZZ_HEAP_BYTES_MAX at once, and the
 * targets do when a refusal comes without its one line or an output is not what its form
 * demands.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "common/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FUZZ_CPU_NS_MAX     1000000000ULL /* instrumented: several times slower */
#define FUZZ_HEAP_BYTES_MAX ((size_t)64 << 20)

/* The target. What it leaves allocated is a leak, and told as one. */
void fuzz_one(const uint8_t *data, size_t size);

/* Once, before the first input: what a target needs around it. Only some have it. */
void fuzz_set_up(void) __attribute__((weak));

/* Ends the process, saying what, unless it is so. */
void fuzz_check(bool so, const char *what);

/* That a function which gave error left one line, printable, and only if it is one. */
void fuzz_check_problem(int error, const struct problem *problem);

/* A file that holds the bytes: its path, the same each time. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* A descriptor of such a file, at its begin; the caller closes it. */
int fuzz_open(const uint8_t *data, size_t size);

/* The bytes as a string, cut at a NUL; the caller frees it. */
char *fuzz_string(const uint8_t *data, size_t size);

/* An empty folder of the process's own, which is then where it is. */
void fuzz_enter_empty_folder(void);

/* stdout goes nowhere from here on: what a program would say to another. */
void fuzz_silence_stdout(void);

#endif
