/* json_shape.c - whether a JSON text may be what muxbench writes. */
#include "common/json_shape.h"

#include <ctype.h>
#include <errno.h>

/* What jansson 2.14 takes from malloc() of glibc on 64 bits, and for the place in a list.
 */
enum {
	PLACE_BYTES = 16,
	OBJECT_BYTES = 224,
	LIST_BYTES = 128,
	MEMBER_BYTES = 96, /* beside the key */
	STRING_BYTES = 64, /* beside its text */
	NUMBER_BYTES = 32,
	FREE_BYTES = 4 << 20, /* before the proportion counts */
};

static int refuse(struct problem *problem, const char *what, size_t most)
{
	return problem_set(problem, -EBADMSG, "%s (the most is %zu)", what, most);
}

static struct json_shape_level *level_of(struct json_shape *shape)
{
	return shape->depth > 0 ? &shape->levels[shape->depth - 1] : NULL;
}

static int open_level(struct json_shape *shape, bool is_list, struct problem *problem)
{
	struct json_shape_level *outer = level_of(shape);
	bool inner = is_list && outer && outer->is_list;

	if (shape->depth == JSON_SHAPE_DEPTH_MAX)
		return refuse(problem, "too great a depth", JSON_SHAPE_DEPTH_MAX);
	if (inner && outer->inner)
		return problem_set(problem, -EBADMSG, "lists within lists within lists");
	if (outer)
		outer->scalars_only = false;
	shape->levels[shape->depth++] = (struct json_shape_level){
		.is_list = is_list, .inner = inner, .scalars_only = true};
	shape->memory += (size_t)(is_list ? LIST_BYTES : OBJECT_BYTES) + PLACE_BYTES;
	return 0;
}

/* A comma: one value more where it stands. */
static int count_value(struct json_shape *shape, struct problem *problem)
{
	struct json_shape_level *level = level_of(shape);

	if (!level)
		return 0; /* the parser will complain */
	size_t values = ++level->commas + 1;

	if (!level->is_list)
		return values > JSON_SHAPE_MEMBERS_MAX
			       ? refuse(problem, "too many members in an object",
					 JSON_SHAPE_MEMBERS_MAX)
			       : 0;
	if (level->inner && values > JSON_SHAPE_INNER_LIST_MAX)
		return refuse(problem, "too long a list within a list",
			JSON_SHAPE_INNER_LIST_MAX);
	if (level->scalars_only && values > JSON_SHAPE_SCALARS_MAX)
		return refuse(problem, "too long a list of plain values",
			JSON_SHAPE_SCALARS_MAX);
	if (values > JSON_SHAPE_LIST_MAX)
		return refuse(problem, "too long a list", JSON_SHAPE_LIST_MAX);
	return 0;
}

/* A byte inside a string, and its closing quote. */
static int take_in_string(struct json_shape *shape, char byte, struct problem *problem)
{
	if (!shape->escaped && byte == '"') {
		shape->in_string = false;
		shape->memory += STRING_BYTES + shape->string_bytes;
		return 0;
	}
	shape->escaped = !shape->escaped && byte == '\\';
	shape->string_bytes++;
	if (shape->string_max > 0 && shape->string_bytes > shape->string_max)
		return refuse(problem, "too long a string", shape->string_max);
	return 0;
}

static int take_structure(struct json_shape *shape, char byte, struct problem *problem)
{
	bool digit = isdigit((unsigned char)byte);

	if (digit && !shape->in_number)
		shape->memory += NUMBER_BYTES + PLACE_BYTES;
	shape->in_number = digit || (shape->in_number &&
					    (byte == '.' || byte == 'e' || byte == 'E' ||
						    byte == '+' || byte == '-'));
	switch (byte) {
	case '"':
		shape->in_string = true;
		shape->escaped = false;
		shape->string_bytes = 0;
		return 0;
	case '{':
	case '[':
		return open_level(shape, byte == '[', problem);
	case '}':
	case ']':
		shape->depth -= shape->depth > 0;
		return 0;
	case ':':
		shape->memory += MEMBER_BYTES - STRING_BYTES; /* the key was a string */
		return 0;
	case ',':
		return count_value(shape, problem);
	default:
		return 0;
	}
}

static int check_memory(const struct json_shape *shape, struct problem *problem)
{
	if (shape->memory > FREE_BYTES + shape->bytes * JSON_SHAPE_MEMORY_PER_BYTE)
		return problem_set(problem, -EBADMSG,
			"far more values than text: they would take %zu MiB so far",
			shape->memory >> 20);
	if (shape->memory_max > 0 && shape->memory > shape->memory_max)
		return problem_set(problem, -EBADMSG,
			"would take more than %zu MiB of memory",
			shape->memory_max >> 20);
	return 0;
}

int json_shape_take(struct json_shape *shape, const char *bytes, size_t count,
	struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++) {
		shape->bytes++;
		error = shape->in_string ? take_in_string(shape, bytes[i], problem)
					 : take_structure(shape, bytes[i], problem);
	}
	return error == 0 ? check_memory(shape, problem) : error;
}
