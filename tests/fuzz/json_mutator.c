/*
 * json_mutator.c - changes a JSON text so that it stays one. Flipped bytes almost never
 * get past the parser, and behind it is what there is to find: so three of four times a
 * line of the input is parsed, one value in it is changed, and it is written again.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerCustomMutator(
	uint8_t *data, size_t size, size_t size_max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

enum { PLACES_MAX = 8192 };

/* Where a value stands: in an array or an object. */
struct place {
	json_t *container;
	const char *key; /* NULL: in an array */
	size_t index;
};

struct places {
	struct place list[PLACES_MAX];
	size_t count;
};

static uint64_t next_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15ULL; /* splitmix64 */
	uint64_t z = *state;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t bound)
{
	return (size_t)(next_random(state) % bound);
}

static void collect(struct places *places, json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach(value, key, member)
		{
			if (places->count < PLACES_MAX)
				places->list[places->count++] =
					(struct place){value, key, 0};
			collect(places, member);
		}
		return;
	}
	json_array_foreach(value, i, member)
	{
		if (places->count < PLACES_MAX)
			places->list[places->count++] = (struct place){value, NULL, i};
		collect(places, member);
	}
}

static json_t *at(const struct place *place)
{
	return place->key ? json_object_get(place->container, place->key)
			  : json_array_get(place->container, place->index);
}

static void put_new(const struct place *place, json_t *value)
{
	if (place->key)
		json_object_set_new(place->container, place->key, value);
	else
		json_array_set_new(place->container, place->index, value);
}

static json_t *number_near(const json_t *old, uint64_t *random)
{
	static const json_int_t edges[] = {0, 1, -1, 2, 63, 64, 65, 99, 100, 1000, 1023,
		2047, 2048, 65535, 65536, INT32_MAX, (json_int_t)INT32_MAX + 1,
		60000000000, 60000000001, ((json_int_t)1 << 53) - 1, (json_int_t)1 << 53,
		INT64_MAX, INT64_MIN, INT64_MAX / 10, 1000000000, 27648};
	json_int_t number = json_integer_value(old);

	switch (below(random, 5)) {
	case 0:
		return json_integer((json_int_t)((uint64_t)number + 1));
	case 1:
		return json_integer((json_int_t)((uint64_t)number - 1));
	case 2:
		return json_integer((json_int_t)((uint64_t)number * 2));
	case 3:
		return json_integer(
			(json_int_t)(next_random(random) >> below(random, 64)));
	default:
		return json_integer(edges[below(random, sizeof(edges) / sizeof(*edges))]);
	}
}

static json_t *any_value(const json_t *old, uint64_t *random)
{
	static const char *const texts[] = {"", "a", "../../x", "a,b", "16KiB", "300ms",
		"\"><script>alert(1)</script>", "'; system(\"id\") #", "\033[2J", "x\ny",
		"\xe2\x80\xae", "ok", "invalid", "skipped", "failed", "timed", "counted",
		"echo", "churn", "poisson", "constant", "spread", "cross-core", "fifo",
		"overload", "halves_differ", "latency_invalid", "epoll-lt", "./mine.so"};

	switch (below(random, 9)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(below(random, 2));
	case 2:
		return json_array();
	case 3:
		return json_object();
	case 4:
		return json_real(below(random, 2) ? 1e308 : 0.5);
	case 5:
	case 6:
		return json_string(texts[below(random, sizeof(texts) / sizeof(*texts))]);
	default:
		return number_near(old, random);
	}
}

/* One change. */
static void change(const struct places *places, uint64_t *random)
{
	const struct place *place = &places->list[below(random, places->count)];
	const struct place *other = &places->list[below(random, places->count)];

	switch (below(random, 8)) {
	case 0: /* leave it out */
		if (place->key)
			json_object_del(place->container, place->key);
		else
			json_array_remove(place->container, place->index);
		break;
	case 1: /* once more */
		if (place->key)
			json_object_set_new(
				place->container, "new", json_copy(at(place)));
		else
			json_array_insert_new(place->container, place->index,
				json_deep_copy(at(place)));
		break;
	case 2: /* what stands elsewhere */
		put_new(place, json_deep_copy(at(other)));
		break;
	case 3: /* under another key */
		if (place->key && other->key)
			json_object_set_new(
				place->container, other->key, json_deep_copy(at(place)));
		break;
	case 4:
	case 5:
		if (json_is_integer(at(place))) {
			put_new(place, number_near(at(place), random));
			break;
		}
		/* fall through */
	default:
		put_new(place, any_value(at(place), random));
	}
}

/* A line of the input, by chance. */
static void choose_line(
	const uint8_t *data, size_t size, uint64_t *random, size_t *begin, size_t *end)
{
	size_t at = below(random, size);

	for (*begin = at; *begin > 0 && data[*begin - 1] != '\n'; --*begin)
		;
	for (*end = at; *end < size && data[*end] != '\n'; ++*end)
		;
}

/* A new text of the line, changed, or NULL. */
static char *changed(const uint8_t *line, size_t size, uint64_t *random)
{
	static struct places places;
	json_t *root = json_loadb((const char *)line, size, 0, NULL);
	char *text = NULL;

	places.count = 0;
	collect(&places, root);
	if (places.count > 0) {
		change(&places, random);
		text = json_dumps(root, JSON_COMPACT);
	}
	json_decref(root);
	return text;
}

/* ---- one change in many places ---- */

/* "key":value, or the value alone where it has no key. A new text, or NULL. */
static char *member_text(const char *key, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY), *both = NULL;

	if (text && key && asprintf(&both, "\"%s\":%s", key, text) < 0)
		both = NULL;
	if (!key)
		return text;
	free(text);
	return both;
}

/* How often old stands in the input. */
static size_t occurrences(const uint8_t *data, size_t size, const char *old)
{
	const uint8_t *end = data + size, *at = data;
	size_t count = 0;

	while ((at = memmem(at, (size_t)(end - at), old, strlen(old)))) {
		at += strlen(old);
		count++;
	}
	return count;
}

/* Puts new in the place of every old. The new size; 0: there is no room. */
static size_t replace_all(
	uint8_t *data, size_t size, size_t size_max, const char *old, const char *new)
{
	size_t old_length = strlen(old), new_length = strlen(new);
	size_t count = occurrences(data, size, old);
	uint8_t *end = data + size, *at = data;

	if (size - count * old_length + count * new_length > size_max)
		return 0;
	while ((at = memmem(at, (size_t)(end - at), old, old_length))) {
		memmove(at + new_length, at + old_length,
			(size_t)(end - at) - old_length);
		memcpy(at, new, new_length);
		end = end - old_length + new_length;
		at += new_length;
	}
	return (size_t)(end - data);
}

/* Mostly of the same type. */
static json_t *instead_of(const json_t *value, uint64_t *random)
{
	return json_is_integer(value) && below(random, 4) ? number_near(value, random)
							  : any_value(value, random);
}

/*
 * A member, or a name, becomes another one wherever it stands: two records of a trial
 * must agree, and so must a name in the plan and in the trials. The new size, or 0.
 */
static size_t change_everywhere(uint8_t *data, size_t size, size_t size_max,
	const uint8_t *line, size_t line_size, uint64_t *random)
{
	static struct places places;
	json_t *root = json_loadb((const char *)line, line_size, 0, NULL);
	char *old = NULL, *new = NULL;

	places.count = 0;
	collect(&places, root);
	if (places.count > 0) {
		const struct place *place = &places.list[below(random, places.count)];
		json_t *value = at(place), *other = instead_of(value, random);
		const char *key = json_is_string(value) ? NULL : place->key;

		if (!json_is_object(value) && !json_is_array(value) &&
			(key || json_is_string(value))) {
			old = member_text(key, value);
			new = member_text(key, other);
		}
		json_decref(other);
	}
	size_t size_now = old && new ? replace_all(data, size, size_max, old, new) : 0;

	free(old);
	free(new);
	json_decref(root);
	return size_now;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
	uint64_t random = seed;
	size_t begin, end;

	if (size == 0 || below(&random, 4) == 0)
		return LLVMFuzzerMutate(data, size, size_max);
	choose_line(data, size, &random, &begin, &end);
	if (below(&random, 4) == 0) {
		size_t everywhere = change_everywhere(
			data, size, size_max, data + begin, end - begin, &random);

		if (everywhere > 0)
			return everywhere;
	}
	char *text = changed(data + begin, end - begin, &random);
	size_t length = text ? strlen(text) : 0;

	if (!text || size - (end - begin) + length > size_max) {
		free(text);
		return LLVMFuzzerMutate(data, size, size_max);
	}
	memmove(data + begin + length, data + end, size - end);
	memcpy(data + begin, text, length);
	free(text);
	return size - (end - begin) + length;
}
