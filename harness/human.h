/* human.h - numbers as people read them. All write into text, cut to text_size. */
#ifndef HARNESS_HUMAN_H
#define HARNESS_HUMAN_H

#include <stddef.h>
#include <stdint.h>

enum { HUMAN_BYTES = 32 }; /* is enough for any of them */

/* Three digits and a unit: "853 ns", "2.41 us", "12.8 ms". */
void human_ns(double ns, char *text, size_t text_size);

/* Thousands apart: "10,000". */
void human_count(uint64_t count, char *text, size_t text_size);

/* How many times: "1.02", "35.1", "812", "4,210". */
void human_ratio(double ratio, char *text, size_t text_size);

#endif
