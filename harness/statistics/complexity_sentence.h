/*
 * complexity_sentence.h - the verdict as a sentence, and the bounds of the rule that it
 * and the rule share. Internal to the verdict.
 */
#ifndef HARNESS_STATISTICS_COMPLEXITY_SENTENCE_H
#define HARNESS_STATISTICS_COMPLEXITY_SENTENCE_H

#include "harness/statistics/complexity.h"

#define LINEAR_SHARE_MIN 0.75
#define LINEAR_P_MIN     0.90
#define FLAT_TAIL_MAX    0.25
#define FLAT_GROWTH_MAX  1.5
#define GROWS_TAIL_MIN   0.0
#define GROWS_GROWTH_MIN 1.1

/* Each fills result->sentence from the rest of it. */
void sentence_verdict(struct complexity *result);
void sentence_invalid(struct complexity *result);
void sentence_points_too_few(struct complexity *result, double decades);
void sentence_blocks_too_few(struct complexity *result, size_t needed);

#endif
