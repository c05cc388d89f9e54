/* diagnosis.h - what a wrong byte is, as well as can be told: lost, doubled, foreign. */
#ifndef HARNESS_CONFORM_DIAGNOSIS_H
#define HARNESS_CONFORM_DIAGNOSIS_H

#include "harness/conform/client.h"

#include <stddef.h>
#include <stdint.h>

/*
 * "byte 65,537 of 1,048,576 was 0x3f, expected 0x41: ...". bytes[0..length) came where
 * byte client->received + 1 was due; the first of them is wrong, or one too many.
 */
void diagnose(const struct client *client, const uint8_t *bytes, size_t length,
	char *text, size_t text_size);

#endif
