/*
 * json_shape.h - whether a JSON text may be what muxbench writes, before it is parsed.
 *
 * A parser takes memory for every value: "{}," is 3 bytes of text and 240 of memory, so a
 * file of 16 MiB can ask for more than a GiB, and is refused only when all of it has been
 * made. This looks at the bytes alone, as they are read, in constant memory: how deep
 * they nest, how long lists and strings are, and what jansson would need for them. What
 * it lets pass is still to be parsed; what it refuses no result and no line of the
 * protocol is.
 */
#ifndef COMMON_JSON_SHAPE_H
#define COMMON_JSON_SHAPE_H

#include "common/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	JSON_SHAPE_DEPTH_MAX = 16,        /* a bucket of a histogram is the seventh */
	JSON_SHAPE_LIST_MAX = 100 * 1000, /* of records, or buckets */
	JSON_SHAPE_SCALARS_MAX = 4096,    /* in a list without lists or objects in it */
	JSON_SHAPE_INNER_LIST_MAX = 8,    /* a list within a list: a bucket */
	JSON_SHAPE_MEMBERS_MAX = 4096,    /* of an object */
	JSON_SHAPE_MEMORY_PER_BYTE = 20,  /* of text; histograms, the densest, need 14 */
};

/* Set the two limits, and all else to 0. */
struct json_shape {
	size_t memory_max; /* what all of it may need; 0: only in proportion to the text
			    */
	size_t string_max; /* bytes in a string; 0: no limit */
	size_t bytes;      /* seen */
	size_t memory;     /* that the parser needs for them, about */
	size_t depth;
	size_t string_bytes;
	bool in_string, escaped, in_number;
	struct json_shape_level {
		bool is_list, inner, scalars_only;
		size_t commas;
	} levels[JSON_SHAPE_DEPTH_MAX];
};

/* Looks at the next bytes. 0, or -EBADMSG with problem. */
int json_shape_take(struct json_shape *shape, const char *bytes, size_t count,
	struct problem *problem);

#endif
