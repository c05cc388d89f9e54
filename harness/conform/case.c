/* case.c - the cases of the suite in their order. */
#include "harness/conform/case.h"

const struct conform_case *case_at(size_t index)
{
	static const struct conform_case *const tables[] = {
		cases_bytes,
		cases_ends,
		cases_crowd,
		cases_process,
		cases_own,
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct conform_case *at = tables[i]; at->name; at++)
			if (index-- == 0)
				return at;
	return NULL;
}
